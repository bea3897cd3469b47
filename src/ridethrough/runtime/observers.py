"""All observers of an island asked at once; one that does not answer keeps its last part of the snapshot."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from ridethrough.core.model import Seconds
from ridethrough.core.observation import Snapshot
from ridethrough.ports import Clock, Observer

log = logging.getLogger(__name__)

DEADLINE: Seconds = 1.0  # for one answer; by the event loop's time, for observers talk to real machines
_START_AGAIN: Seconds = 5.0
_STOP_WITHIN: Seconds = 5.0


@dataclass(eq=False, slots=True)
class _Watched:
    observer: Observer
    part: Snapshot = field(default_factory=Snapshot)
    starting: asyncio.Task[None] | None = None
    asking: asyncio.Task[Snapshot] | None = None
    late: bool = False  # gave no answer last time: rounds do not wait for it until it has
    trouble: str = ""


class Observers:
    """Starts, asks and stops the observers. A failing or hanging one holds up one round at most, by a second."""

    def __init__(self, observers: Sequence[Observer], clock: Clock) -> None:
        self._watched = [_Watched(observer) for observer in observers]
        self._clock = clock

    def start(self, wake: Callable[[], None]) -> None:
        """Let every observer begin; one that fails is started again."""
        for one in self._watched:
            one.starting = asyncio.create_task(self._start(one, wake), name=f"start of {_name(one)}")

    async def look(self, urgent: bool) -> Snapshot:
        """The snapshot of this round."""
        for one in self._watched:
            if one.asking is None:
                one.asking = asyncio.create_task(_ask(one, urgent), name=f"question to {_name(one)}")
        awaited = [one.asking for one in self._watched if one.asking and not one.late]
        if awaited:
            await asyncio.wait(awaited, timeout=DEADLINE)
        seen = Snapshot()
        for one in self._watched:
            _take_answer(one)
            seen = seen.joined(one.part)
        return seen

    async def stop(self) -> None:
        """Stop every observer, side by side. Returns after a few seconds at most."""
        begun = {task for one in self._watched for task in (one.starting, one.asking) if task is not None}
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


async def _ask(one: _Watched, urgent: bool) -> Snapshot:
    async with asyncio.timeout(DEADLINE):
        if one.starting is not None:
            await asyncio.shield(one.starting)
        return await one.observer.observe(urgent)


def _take_answer(one: _Watched) -> None:
    task = one.asking
    if task is None or not task.done():
        one.late = True
        return
    one.asking = None
    one.late = task.cancelled() or task.exception() is not None
    if not one.late:
        one.part, one.trouble = task.result(), ""
        return
    error = None if task.cancelled() else task.exception()
    if error is not None and not isinstance(error, Exception):
        raise error  # a simulated kill
    if one.starting is None or one.starting.done():  # else its start tells its own trouble
        _troubled(one, error or TimeoutError())


def _troubled(one: _Watched, error: BaseException) -> None:
    """Log a new trouble once, not each round."""
    text = f"{type(error).__name__}: {error}"
    if text != one.trouble:
        one.trouble = text
        log.warning("%s gives no answer (%s)", _name(one), text, exc_info=None if _expected(error) else error)


def _expected(error: BaseException) -> bool:
    return isinstance(error, (TimeoutError, OSError))


async def _stop(one: _Watched) -> None:
    try:
        await one.observer.stop()
    except Exception:
        log.exception("%s failed to stop", _name(one))


def _name(one: _Watched) -> str:
    return type(one.observer).__name__
