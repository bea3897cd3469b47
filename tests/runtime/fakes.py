"""Fakes that implement the ports, for the tests of the runtime."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from pathlib import Path

import sqlalchemy as sa

from ridethrough.core.events import Armed, Event
from ridethrough.runtime.journal import engine_for


def armed(number: int) -> Event:
    """A small event that can be told from others."""
    return Armed(float(number), f"person {number}")


async def until(true: Callable[[], bool], seconds: float = 5.0) -> None:
    """Wait for a condition; fails after `seconds`."""
    async with asyncio.timeout(seconds):
        while not true():  # noqa: ASYNC110 - the condition is another thread's or process's
            await asyncio.sleep(0.005)


class SlowDisk:
    """An engine whose commits hang while `hanging`, fail while `broken`, or fail after they were written."""

    def __init__(self) -> None:
        self.released = threading.Event()
        self.released.set()
        self.broken = False
        self.lying = False
        self.waiting = 0

    def hang(self) -> None:
        self.released.clear()

    def answer(self) -> None:
        self.released.set()

    def engine(self, path: Path) -> sa.Engine:
        engine = engine_for(path)
        sa.event.listen(engine, "commit", self._commit)
        return engine

    def _commit(self, connection: sa.Connection) -> None:
        self.waiting += 1
        self.released.wait(30.0)
        self.waiting -= 1
        if self.broken:
            raise OSError(5, "Input/output error")
        if self.lying:
            connection.connection.dbapi_connection.commit()  # type: ignore[union-attr]
            raise OSError(5, "Input/output error")


class HandClock:
    """A clock that stands still until it is set by hand; sleeping in it takes no time."""

    def __init__(self) -> None:
        self.time = 0.0

    def now(self) -> float:
        return self.time

    async def sleep(self, seconds: float) -> None:
        self.time += seconds
        await asyncio.sleep(0)
