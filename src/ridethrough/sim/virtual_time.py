"""An asyncio event loop whose time is a world's time: nothing waits, everything happens in order."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from contextvars import Context
from itertools import count
from typing import Any, Protocol, TypeVar, TypeVarTuple, Unpack

from ridethrough.core.model import Seconds
from ridethrough.ports import StoodStill
from ridethrough.runtime.clock import Pulse

T = TypeVar("T")
Ts = TypeVarTuple("Ts")


class Timeline(Protocol):
    """What moves when the loop would sleep; `World` is one."""

    @property
    def now(self) -> Seconds:
        """Seconds since it began."""

    def next_change(self) -> Seconds | None:
        """When it will do something by itself; None when never."""

    def advance(self, to: Seconds) -> None:
        """Let time pass up to `to`."""


class Deadlock(Exception):  # noqa: N818 - a state, and the name for it
    """Every task waits for something that will never happen."""


class VirtualLoop(asyncio.SelectorEventLoop):
    """Runs coroutines on a timeline: where a loop would wait, time jumps to the next thing that is due.

    Of timers that are due at the same moment, which a real clock hardly knows, that comes first that was set first:
    asyncio's own order among them depends on what else waits.
    """

    def __init__(self, timeline: Timeline) -> None:
        super().__init__(_Jumps(timeline))
        self._timeline = timeline
        self._clock_resolution = 1e-9  # sums of floats may fall short of their target by the last digit

    def time(self) -> Seconds:
        return self._timeline.now

    def call_at(
        self, when: float, callback: Callable[[Unpack[Ts]], object], *args: *Ts, context: Context | None = None
    ) -> asyncio.TimerHandle:
        return super().call_at(_Due(when), callback, *args, context=context)


class _Due(float):
    """A moment that comes before an equal one made later."""

    _numbers = count()

    def __init__(self, _: float) -> None:
        self._number = next(self._numbers)

    def __lt__(self, other: float) -> bool:
        if isinstance(other, _Due) and self == other:
            return self._number < other._number
        return super().__lt__(other)


class _Jumps(selectors.SelectSelector):
    """A selector that advances the timeline instead of waiting; no file is ever ready."""

    def __init__(self, timeline: Timeline) -> None:
        super().__init__()
        self._timeline = timeline

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is not None and timeout <= 0:
            return []
        change = self._timeline.next_change()
        if timeout is None and change is None:
            raise Deadlock("every task waits, and nothing will happen any more")
        moments = [change] if change is not None else []
        if timeout is not None:
            moments.append(self._timeline.now + timeout)
        self._timeline.advance(min(moments))
        return []


class VirtualClock:
    """ports.Clock on a timeline."""

    def __init__(self, timeline: Timeline, wall_ahead: Callable[[], Seconds] = lambda: 0.0) -> None:
        self._timeline = timeline
        self._wall_ahead = wall_ahead  # of the timeline
        self._pulse = Pulse()

    def now(self) -> Seconds:
        self._pulse.beat(self._timeline.now, self._timeline.now + self._wall_ahead())
        return self._timeline.now

    @property
    def stood_still(self) -> StoodStill | None:
        return self._pulse.stood_still

    async def sleep(self, seconds: Seconds) -> None:
        await asyncio.sleep(seconds)


def run(timeline: Timeline, main: Coroutine[Any, Any, T]) -> T:
    """Run `main` to its end on the timeline, and return what it returns. Raises Deadlock, and what `main` raises."""
    with asyncio.Runner(loop_factory=lambda: VirtualLoop(timeline)) as runner:
        return runner.run(main)
