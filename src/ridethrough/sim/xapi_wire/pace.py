"""Lets a World live at wall time times a speed, for servers on the wire."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import Protocol

from ridethrough.core.model import Seconds

LONGEST_NAP = 0.05  # wall seconds between looks at the World: some of its states end without an appointment
SHORTEST_NAP = 0.002


class Moving(Protocol):
    """The part of a World that knows about time."""

    @property
    def now(self) -> Seconds: ...

    def advance(self, to: Seconds) -> None: ...

    def next_change(self) -> Seconds | None: ...


class Pace:
    """Maps the loop's clock to world seconds, and carries the World along. One for all servers of a World."""

    def __init__(self, world: Moving, speed: float = 1.0) -> None:
        """`speed`: world seconds per wall second. The World stands still until `start`."""
        self.world, self.speed = world, speed
        self._began: float | None = None
        self._began_at = world.now
        self._driver: asyncio.Task[None] | None = None
        self._after: list[Callable[[], None]] = []

    def after_each_step(self, call: Callable[[], None]) -> None:
        """Call this, without arguments, each time the World was carried along."""
        self._after.append(call)

    def forget(self, call: Callable[[], None]) -> None:
        """Undo `after_each_step`."""
        if call in self._after:
            self._after.remove(call)

    def start(self) -> None:
        """Let time run; a second start changes nothing."""
        if self._driver is None:
            self._began, self._began_at = asyncio.get_running_loop().time(), self.world.now
            self._driver = asyncio.create_task(self._drive())

    async def stop(self) -> None:
        """Let time stand still."""
        driver, self._driver = self._driver, None
        if driver is not None:
            driver.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await driver
            self._began = None

    def now(self) -> Seconds:
        """World seconds by the loop's clock; the World itself may lag by one nap."""
        if self._began is None:
            return self.world.now
        return self._began_at + (asyncio.get_running_loop().time() - self._began) * self.speed

    def step(self) -> None:
        """Carry the World to now, so that whoever looks or calls next finds it current."""
        now = self.now()
        if now > self.world.now:
            self.world.advance(now)
        for call in tuple(self._after):
            call()

    def skip(self, seconds: Seconds) -> None:
        """Let world seconds pass at once, everything in them in its order."""
        self._began_at += seconds
        self.step()

    async def sleep(self, seconds: Seconds) -> None:
        """Let world seconds pass."""
        await asyncio.sleep(max(0.0, seconds) / self.speed)

    async def _drive(self) -> None:
        while True:
            self.step()
            due = self.world.next_change()
            nap = LONGEST_NAP if due is None else (due - self.now()) / self.speed
            await asyncio.sleep(min(max(nap, SHORTEST_NAP), LONGEST_NAP))
