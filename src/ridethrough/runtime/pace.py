"""An asyncio loop whose time runs faster than the wall clock: a demo plays an outage in a minute."""

from __future__ import annotations

import asyncio
import selectors
from typing import Any

from .clock import SYSTEM, Sources


class _FastSelector(selectors.DefaultSelector):
    """Waits for a fraction of the seconds that it is asked to wait."""

    def __init__(self, speed: float) -> None:
        super().__init__()
        self._speed = speed

    def select(self, timeout: float | None = None) -> Any:
        return super().select(timeout / self._speed if timeout and timeout > 0 else timeout)


class FastEventLoop(asyncio.SelectorEventLoop):
    """All sleeps, timeouts and deadlines of this loop pass `speed` times as fast as on the wall."""

    def __init__(self, speed: float) -> None:
        self._speed = speed
        super().__init__(_FastSelector(speed))

    def time(self) -> float:
        return super().time() * self._speed


def fast_sources(speed: float) -> Sources:
    """The machine's clocks, `speed` times as fast; the wall clock's is true at this moment only.

    Both must run alike, or the moment at which something happened would move with each look at it.
    """
    began = SYSTEM.wall()
    return Sources(SYSTEM.boot, lambda: SYSTEM.ticks() * speed, lambda: began + (SYSTEM.wall() - began) * speed)
