"""Fakes that implement the ports, for the tests of the runtime."""

from __future__ import annotations

import asyncio
import selectors
import threading
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any, TypeVar

import sqlalchemy as sa

from ridethrough.core.actions import Action, DisableHost
from ridethrough.core.events import Armed, Event
from ridethrough.core.model import Pool, Ups
from ridethrough.core.observation import Snapshot
from ridethrough.core.site import Site
from ridethrough.ports import JournalFailed, StoodStill
from ridethrough.runtime.journal import engine_for

T = TypeVar("T")


SITE = Site("test", {"a": Ups("a")}, {"main": Pool("main")}, {})


def armed(number: int) -> Event:
    """A small event that can be told from others."""
    return Armed(float(number), f"person {number}")


def disable(host: str, deadline: float = 30.0, pool: str = "main") -> DisableHost:
    """A small action."""
    return DisableHost(host, pool, "a test", deadline)


async def until(true: Callable[[], bool], seconds: float = 5.0) -> None:
    """Wait for a condition; fails after `seconds`."""
    async with asyncio.timeout(seconds):
        while not true():  # noqa: ASYNC110 - the condition is another thread's or process's
            await asyncio.sleep(0.005)


class SlowDisk:
    """An engine whose commits hang, fail, or fail after they were written."""

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

    stood_still: StoodStill | None = None

    def __init__(self) -> None:
        self.time = 0.0

    def now(self) -> float:
        return self.time

    async def sleep(self, seconds: float) -> None:
        self.time += seconds
        await asyncio.sleep(0)


class LoopClock:
    """The event loop's own time."""

    stood_still: StoodStill | None = None

    def now(self) -> float:
        return asyncio.get_running_loop().time()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class _Skip(selectors.DefaultSelector):
    """Waits for nothing: skips to the end of each pause."""

    def __init__(self) -> None:
        super().__init__()
        self.skipped = 0.0

    def select(self, timeout: float | None = None) -> Any:
        if timeout is None:
            raise RuntimeError("everything waits for something that no timer brings")
        self.skipped += max(0.0, timeout)
        return super().select(0)


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop in which pauses take no time."""

    def __init__(self) -> None:
        self._skip = _Skip()
        super().__init__(self._skip)

    def time(self) -> float:
        return self._skip.skipped


def virtually(story: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Run a story in virtual time; afterwards no task of it may be left."""

    async def alone() -> T:
        result = await story()
        left = asyncio.all_tasks() - {asyncio.current_task()}
        assert not left, left
        return result

    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(alone())


class Killed(BaseException):
    """The process was killed here."""


class MemoryJournal:
    """A journal in memory. Its disk can fail, hang, lose answers, and kill its process at a position."""

    def __init__(self, rows: list[Event] | None = None) -> None:
        self.rows = rows if rows is not None else []
        self.failing = ""
        self.hanging = False
        self.tries = 0
        self.kill_after: int | None = None
        self.others = 0  # positions that other islands take before each append
        self.positions: list[int] = []

    async def append(self, events: Sequence[Event]) -> Sequence[int]:
        self.tries += 1
        if self.hanging:
            await asyncio.sleep(2.0)
            raise JournalFailed("the disk did not answer within 2 s")
        if self.failing:
            raise JournalFailed(self.failing)
        first = (self.positions[-1] if self.positions else len(self.rows)) + 1 + self.others
        new = list(range(first, first + len(events)))
        self.positions += new
        self.rows += events
        if self.kill_after is not None and len(self.rows) >= self.kill_after:
            raise Killed
        return new

    async def read(self, after: int = 0) -> Sequence[tuple[int, Event]]:
        return [(n, event) for n, event in enumerate(self.rows, 1) if n > after]

    async def close(self) -> None:
        pass

    def of(self, *kinds: type) -> list[Any]:
        return [event for event in self.rows if isinstance(event, kinds)]


class FakeObserver:
    """Shows a snapshot; can fail, and hang when it is started or stopped."""

    def __init__(self, part: Snapshot | None = None) -> None:
        self.part = part or Snapshot()
        self.asked: list[bool] = []
        self.hanging = False
        self.error: BaseException | None = None
        self.start_error: Exception | None = None
        self.starts = 0
        self.stopped = False
        self.wake: Callable[[], None] = lambda: None

    async def start(self, wake: Callable[[], None]) -> None:
        self.starts += 1
        if self.start_error:
            raise self.start_error
        await self._hang()
        self.wake = wake

    async def stop(self) -> None:
        await self._hang()
        self.stopped = True

    async def _hang(self) -> None:
        while self.hanging:  # noqa: ASYNC110 - a flag that a test sets
            await asyncio.sleep(1.0)

    def observe(self, urgent: bool) -> Snapshot:
        self.asked.append(urgent)
        if self.error:
            raise self.error
        return self.part


class FakeActor:
    """Performs actions as `how` says; keeps what ran when."""

    def __init__(self, how: Callable[[Action], Awaitable[None]] | None = None) -> None:
        self.how = how
        self.begun: list[tuple[float, Action]] = []
        self.ended: list[tuple[float, Action]] = []

    async def perform(self, action: Action) -> None:
        time = asyncio.get_running_loop().time
        self.begun.append((time(), action))
        try:
            if self.how:
                await self.how(action)
        finally:
            self.ended.append((time(), action))


class FakeNotifier:
    """Keeps every sentence."""

    def __init__(self) -> None:
        self.told: list[tuple[int, Event, str]] = []

    def tell(self, position: int, event: Event, sentence: str) -> None:
        self.told.append((position, event, sentence))
