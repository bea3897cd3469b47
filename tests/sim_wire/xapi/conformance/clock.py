"""Time for a replay: a loop with real sockets whose clock jumps over every wait."""

from __future__ import annotations

import asyncio
import selectors
from typing import Any

from ridethrough.sim.xapi_wire.pace import Pace

GRACE = 0.0005  # wall seconds for what is under way on loopback, before the clock jumps
ROUNDED_UP = 1e-5  # seconds, so that a sum of floats does not fall short of its moment for ever
LOOK_EVERY = 1.0  # world seconds between looks at a World that has no appointment


class JumpingLoop(asyncio.SelectorEventLoop):
    """An asyncio loop that never waits for time: with nothing to read, it is the next timer's moment."""

    def __init__(self) -> None:
        self.now = 0.0
        super().__init__(_Jumps(self))
        self._clock_resolution = 1e-9

    def time(self) -> float:
        return self.now


class _Jumps(selectors.EpollSelector):
    def __init__(self, loop: JumpingLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None or timeout <= 0:
            return super().select(timeout)
        found = super().select(0) or super().select(GRACE)
        if not found:
            self._loop.now += timeout
        return found


class ExactPace(Pace):
    """Carries the World along at each of its own moments, not at the next nap's end."""

    async def _drive(self) -> None:
        while True:
            self.step()
            due: Any = self.world.next_change()
            nap = LOOK_EVERY if due is None else min(max(due - self.now(), 0.0) + ROUNDED_UP, LOOK_EVERY)
            await asyncio.sleep(nap / self.speed)
