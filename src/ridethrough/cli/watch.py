"""`ridethrough ups watch`: one UPS as it is now, again and again."""

from __future__ import annotations

import sys
import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass, field
from typing import Annotated

import typer

from ridethrough.config import Configuration
from ridethrough.core.observation import UpsReading, UpsSeen
from ridethrough.core.wording import duration

from .answer import condition, said
from .common import DEFAULT_SITE, SecretsDir, SiteFile, configuration, run_async
from .text import width
from .upses import Name, must_be_there

BLOCKS = "▁▂▃▄▅▆▇█"
LONGEST_CHART = 60  # columns, one a poll
NOTHING = " "
BESIDE_A_CHART = 24  # columns


def watch(
    name: Name,
    site: SiteFile = DEFAULT_SITE,
    secrets: SecretsDir = None,
    times: Annotated[int, typer.Option("--times", min=0, help="End after so many answers; 0: go on.")] = 0,
) -> None:
    """Poll one UPS every two seconds, and draw its charge, load and runtime. Ctrl-C ends it.

    Into a file or a pipe it prints a line for each answer instead.
    """
    found = configuration(site, secrets)
    must_be_there(found, name, site)
    with suppress(KeyboardInterrupt):
        run_async(_watch(found, name, times))


async def _watch(found: Configuration, name: str, times: int) -> None:
    from ridethrough.assemble import follow  # the drivers take half a second to import
    from ridethrough.runtime.clock import Stopwatch

    drawn = Drawn(name)
    seen_so_far = 0
    async with aclosing(follow(found, name, Stopwatch())) as answers:
        async for seen in answers:
            if sys.stdout.isatty():
                drawn.draw(seen)
            else:
                typer.echo(f"{time.strftime('%H:%M:%S')} {seen.trouble or condition(said(seen.reading))}")
            seen_so_far += 1
            if seen_so_far == times:
                return


@dataclass
class Drawn:
    """What stands on the terminal, and the last answers."""

    name: str
    answers: deque[UpsReading | None] = field(default_factory=lambda: deque(maxlen=LONGEST_CHART))
    _lines: int = 0

    def draw(self, seen: UpsSeen) -> None:
        """Draw over what was drawn before."""
        self.answers.append(None if seen.trouble else seen.reading)
        lines = list(self.lines(seen, width()))
        typer.echo(f"\x1b[{self._lines}A\x1b[J" if self._lines else "", nl=False)
        typer.echo("\n".join(line[: width()] for line in lines))
        self._lines = len(lines)

    def lines(self, seen: UpsSeen, columns: int) -> Iterator[str]:
        """The picture, a line at a time, on a terminal of so many columns."""
        reading = seen.reading
        yield f"UPS {self.name}, {time.strftime('%H:%M:%S')}" + (f", {reading.model}" if reading else "")
        yield seen.trouble or condition(said(reading))
        polls = min(LONGEST_CHART, max(columns - BESIDE_A_CHART, 10))
        charges, loads, runtimes = (
            [getattr(answer, what) if answer else None for answer in self.answers][-polls:]
            for what in ("charge", "load", "runtime")
        )
        yield f"charge   {chart(charges, 100)}  {_percent(charges)}"
        yield f"load     {chart(loads, 100)}  {_percent(loads)}"
        known = [value for value in runtimes if value is not None]
        last = duration(runtimes[-1]) if runtimes and runtimes[-1] is not None else "not told"
        yield f"runtime  {chart(runtimes, max(known, default=1.0))}  {last}"


def chart(values: Sequence[float | None], most: float) -> str:
    """A block a value, from nothing to `most`; a gap where none was told."""
    return "".join(NOTHING if v is None else BLOCKS[_step(v, most)] for v in values)


def _step(value: float, most: float) -> int:
    part = value / most if most > 0 else 0.0
    return min(max(round(part * (len(BLOCKS) - 1)), 0), len(BLOCKS) - 1)


def _percent(values: Sequence[float | None]) -> str:
    return f"{values[-1]:g} %" if values and values[-1] is not None else "not told"
