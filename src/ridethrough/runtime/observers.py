"""All observers of an island asked in turn; one that fails keeps its last part of the snapshot."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from ridethrough.core.model import Seconds
from ridethrough.core.observation import Snapshot
from ridethrough.ports import Clock, Observer

log = logging.getLogger(__name__)

_START_WITHIN: Seconds = 1.0  # the first round waits so long for observers to begin; by the event loop's time
_START_AGAIN: Seconds = 5.0
_STOP_WITHIN: Seconds = 5.0


@dataclass(eq=False, slots=True)
class _Watched:
    observer: Observer
    part: Snapshot = field(default_factory=Snapshot)
    starting: asyncio.Task[None] | None = None
    trouble: str = ""

    @property
    def runs(self) -> bool:
        return self.starting is not None and self.starting.done()


class Observers:
    """Starts, asks and stops the observers. One that hangs or fails takes nothing from the others."""

    def __init__(self, observers: Sequence[Observer], clock: Clock) -> None:
        self._watched = [_Watched(observer) for observer in observers]
        self._clock = clock

    async def start(self, wake: Callable[[], None]) -> None:
        """Let every observer begin; one that fails is started again. Returns after a second at most."""
        for one in self._watched:
            one.starting = asyncio.create_task(self._start(one, wake), name=f"start of {_name(one)}")
        if starting := [one.starting for one in self._watched if one.starting is not None]:
            await asyncio.wait(starting, timeout=_START_WITHIN)

    def look(self, urgent: bool) -> Snapshot:
        """The snapshot of this round."""
        seen = Snapshot()
        for one in self._watched:
            if one.runs:
                _ask(one, urgent)
            seen = seen.joined(one.part)
        return seen

    async def stop(self) -> None:
        """Stop every observer, side by side. Returns after a few seconds at most."""
        begun = {one.starting for one in self._watched if one.starting is not None}
        for task in begun:
            task.cancel()
        started = [one for one in self._watched if one.starting is not None]
        begun |= {asyncio.create_task(_stop(one), name=f"stop of {_name(one)}") for one in started}
        if not begun:
            return
        _, hanging = await asyncio.wait(begun, timeout=_STOP_WITHIN)
        for task in hanging:
            task.cancel()
            log.error("%s does not end", task.get_name())

    async def _start(self, one: _Watched, wake: Callable[[], None]) -> None:
        while True:
            try:
                await one.observer.start(wake)
            except Exception as error:
                _troubled(one, error)
                await self._clock.sleep(_START_AGAIN)
            else:
                return


def _ask(one: _Watched, urgent: bool) -> None:
    try:
        one.part = one.observer.observe(urgent)
    except Exception as error:
        _troubled(one, error)
    else:
        one.trouble = ""


def _troubled(one: _Watched, error: Exception) -> None:
    """Log a new trouble once, not each round."""
    text = f"{type(error).__name__}: {error}"
    if text != one.trouble:
        one.trouble = text
        log.warning("%s gives no answer (%s)", _name(one), text, exc_info=None if isinstance(error, OSError) else error)


async def _stop(one: _Watched) -> None:
    try:
        await one.observer.stop()
    except Exception:
        log.exception("%s failed to stop", _name(one))


def _name(one: _Watched) -> str:
    return type(one.observer).__name__
