"""The only module that reads a clock: site seconds for decisions, wall clock for people."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import os
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from ridethrough.core.model import Seconds
from ridethrough.ports import StoodStill

FILE = "clock.json"
STILL: Seconds = 10.0  # rounds and status look at the clock every few seconds; a longer gap is a standstill
MARKED_EVERY: Seconds = 10.0
ANOTHER_TIME: Seconds = 1.0  # so far apart, two clocks do not count from the same moment
WALL_AHEAD: Seconds = 60.0  # so far ahead of the ticks at once, the wall clock tells of a pause that they slept through


@dataclass(frozen=True, slots=True)
class Sources:
    """The clocks of the machine. `boot` names this boot, empty where the system cannot tell one from another."""

    boot: Callable[[], str]
    ticks: Callable[[], float]  # seconds that nobody sets, counting while the machine sleeps where it can
    wall: Callable[[], float]  # seconds since 1970


@dataclass(frozen=True, slots=True)
class Anchor:
    """One moment on every clock. Kept in the state directory: the next controller goes on from it."""

    boot: str
    ticks: float
    wall: float
    site: Seconds


def _boot_id() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return ""


def _ticks() -> float:
    # CLOCK_MONOTONIC stands still while the machine sleeps; an outage does not.
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()


SYSTEM = Sources(_boot_id, _ticks, time.time)


class Pulse:
    """Finds out that the process stood still, from the gaps between its looks at the clock."""

    def __init__(self, still: Seconds = STILL) -> None:
        self.stood_still: StoodStill | None = None
        self._still = still
        self._last: tuple[Seconds, float] | None = None

    def beat(self, now: Seconds, wall: float) -> None:
        """Note a look at the clock, in site seconds and seconds of the wall."""
        before, self._last = self._last, (now, wall)
        if before is None:
            return
        gap, ahead = now - before[0], wall - before[1] - (now - before[0])
        if gap > self._still:
            self.stood_still = StoodStill(now, gap)
        elif ahead > WALL_AHEAD:
            self.stood_still = StoodStill(now, ahead, by_wall=True)


class SiteClock:
    """Seconds since the first start on this state directory; implements ports.Clock.

    They never go back. In one boot of the machine they follow its boot time, so no one who sets the wall clock can
    move them. Across a reboot they follow the wall clock, but never below `floor`, the last journalled time.
    """

    def __init__(
        self,
        state_dir: Path,
        floor: Seconds | None = None,
        *,
        keep: bool = True,
        sources: Sources = SYSTEM,
        still: Seconds = STILL,
    ) -> None:
        """With `keep` the anchor is written: for the controller. Commands read it only. Raises OSError.

        `still`: a longer gap between two looks at the clock is a standstill.
        """
        self._pulse = Pulse(still)
        self._path = state_dir / FILE
        self._sources = sources
        self._boot, self._ticks = sources.boot(), sources.ticks()
        anchor = _load(self._path)
        self.alive_until = max(anchor.site, floor or 0.0) if anchor is not None else None  # of whoever ran before
        self._site = max(self._carried_on(anchor, self._ticks), floor or 0.0)
        self._followed = anchor
        self._latest = self._site
        if keep:
            state_dir.mkdir(parents=True, exist_ok=True)
            self.mark()

    def now(self) -> Seconds:
        """Site seconds."""
        self._latest = max(self._latest, self._site + self._sources.ticks() - self._ticks)
        self._pulse.beat(self._latest, self._sources.wall())
        return self._latest

    def follow(self) -> None:
        """For a reader: take up the controller's time, which it may have begun after us. Blocks for the disk.

        Where that was another one, `now` goes back this once.
        """
        anchor = _load(self._path)
        if anchor is None or anchor == self._followed:
            return
        self._followed, ticks = anchor, self._sources.ticks()
        site = self._carried_on(anchor, ticks)
        if abs(site - (self._site + ticks - self._ticks)) > ANOTHER_TIME:
            self._site, self._ticks, self._latest = site, ticks, site

    @property
    def stood_still(self) -> StoodStill | None:
        """See ports.Clock."""
        return self._pulse.stood_still

    async def sleep(self, seconds: Seconds) -> None:
        """Let `seconds` pass."""
        await asyncio.sleep(seconds)

    def wall(self, at: Seconds) -> dt.datetime:
        """The local wall clock time of a moment in site seconds, by what the wall clock says today."""
        seconds = self._sources.wall() - (self.now() - at)
        return dt.datetime.fromtimestamp(seconds, dt.UTC).astimezone()

    def wall_text(self, at: Seconds) -> str:
        """The local time for people: 2026-11-23 08:36:19."""
        return self.wall(at).strftime("%Y-%m-%d %H:%M:%S")

    def mark(self) -> None:
        """Write the anchor anew. Blocks for the disk; raises OSError."""
        anchor = Anchor(self._boot, self._sources.ticks(), self._sources.wall(), self.now())
        fresh = self._path.with_suffix(".new")
        with fresh.open("w", encoding="utf-8") as file:
            json.dump(asdict(anchor), file)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self._path)

    async def keep_marked(self, every: Seconds = MARKED_EVERY) -> None:
        """Write the anchor every `every` seconds until cancelled.

        A wall clock that was wrong when the controller started (no battery-backed clock, then NTP) must not be what
        the time across the next reboot is reckoned from.
        """
        while True:
            await asyncio.sleep(every)
            try:
                await asyncio.to_thread(self.mark)
            except OSError:
                continue  # the journal alerts about the disk; the old anchor still holds

    def _carried_on(self, anchor: Anchor | None, ticks: float) -> Seconds:
        if anchor is None:
            return 0.0
        # Boot time running backwards in one boot: a virtual machine was reverted to a snapshot.
        if self._boot and anchor.boot == self._boot and ticks >= anchor.ticks:
            return anchor.site + ticks - anchor.ticks
        return anchor.site + max(0.0, self._sources.wall() - anchor.wall)


class Stopwatch:
    """Seconds since it was made; for commands that look at a site without a state directory. Implements ports.Clock."""

    stood_still: StoodStill | None = None  # a command acts on nothing: it has no old plan

    def __init__(self, sources: Sources = SYSTEM) -> None:
        self._ticks = sources.ticks
        self._began = sources.ticks()

    def now(self) -> Seconds:
        return self._ticks() - self._began

    async def sleep(self, seconds: Seconds) -> None:
        await asyncio.sleep(seconds)


def _load(path: Path) -> Anchor | None:
    """The anchor; None when there is none, or none that can be read."""
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        return Anchor(str(kept["boot"]), float(kept["ticks"]), float(kept["wall"]), float(kept["site"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None
