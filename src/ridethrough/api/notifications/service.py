"""Hears the journal for each target, and sends: again with growing pauses, and as one message when many wait."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sqlite3
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from ridethrough.config import NotifyTarget
from ridethrough.core.events import Event
from ridethrough.core.narrative import tell
from ridethrough.core.notice import EventClass, Severity, notice
from ridethrough.ports import Refused, Unreachable
from ridethrough.runtime.codec import UnreadableEvent, readable
from ridethrough.runtime.journal_file import JournalRefused, read_journal

from .message import Letter, Message, letter, summary
from .queue import Queue, State

log = logging.getLogger(__name__)

EVERY = 1.0  # seconds between two looks at the journal
CHUNK = 500  # events at once
ALONE = 5  # messages that are sent one by one; more that wait are sent as one
SHORTEST, LONGEST = 5.0, 600.0  # seconds between two tries

Send = Callable[[str, str, str, str], Awaitable[None]]


class Times(Protocol):
    """The clock of the site, as people read it."""

    def wall(self, at: float) -> float:
        """Seconds since 1970 of a moment in site seconds."""

    def now(self) -> float:
        """Seconds since 1970."""


@dataclass(slots=True)
class _Tries:
    """Of one target, since the last message that got through."""

    failed: int = 0
    not_before: float = 0.0  # seconds of the event loop
    task: asyncio.Task[None] | None = None


@dataclass(frozen=True, slots=True)
class TargetState:
    """How it stands with a target. `retry_in`: seconds until the next try; None: none is needed."""

    target: NotifyTarget
    state: State | None
    failed: int
    retry_in: float | None


class Notifications:
    """`targets()` gives who is to be notified (it may block), `site()` the site's name.

    `send(url, title, text, severity)` sends one message; it raises Refused or Unreachable, without a secret in it.
    """

    def __init__(
        self,
        state_dir: Path,
        targets: Callable[[], Mapping[str, NotifyTarget]],
        site: Callable[[], str],
        send: Send,
        times: Times,
        when: Callable[[float], str],
        shortest: float = SHORTEST,
    ) -> None:
        """`when` writes seconds since 1970 for people; `shortest` is the first pause after a failure, seconds."""
        self._state_dir, self._find_targets, self._site = state_dir, targets, site
        self._send, self._times, self._when, self._shortest = send, times, when, shortest
        self._targets: Mapping[str, NotifyTarget] = {}
        self._queue: Queue | None = None
        self._tries: dict[str, _Tries] = {}
        self._trouble = ""

    async def run(self) -> None:
        """Hear and send until cancelled. Trouble with the files is logged once; the journal keeps what is not told."""
        try:
            while True:
                await self.step()
                await asyncio.sleep(EVERY)
        finally:
            tasks = [tries.task for tries in self._tries.values() if tries.task is not None]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            if self._queue is not None:
                self._queue.close()
                self._queue = None

    async def step(self) -> None:
        """One look: what is new is queued, and what waits and is due is begun to be sent."""
        try:
            await asyncio.to_thread(self._hear)
            self._trouble = ""
        except (JournalRefused, UnreadableEvent, sqlite3.Error, OSError) as error:
            if str(error) != self._trouble:
                log.warning("notifications wait: %s", error)
            self._trouble = str(error)
            return
        for name in self._targets:
            tries = self._tries.setdefault(name, _Tries())
            if tries.task is None and asyncio.get_running_loop().time() >= tries.not_before:
                tries.task = asyncio.create_task(self._deliver(name, tries))

    async def settled(self) -> None:
        """Wait until nothing is being sent."""
        while tasks := [tries.task for tries in self._tries.values() if tries.task is not None]:
            await asyncio.wait(tasks)

    async def states(self) -> list[TargetState]:
        """Every target that is configured, and how it stands."""
        found: dict[str, State] = {}
        if self._queue is not None:
            with contextlib.suppress(sqlite3.Error):
                found = await asyncio.to_thread(self._queue.states)
        targets = await asyncio.to_thread(self._find_targets)  # as the file is now: who has just added one sees it
        now = asyncio.get_running_loop().time()
        rows = []
        for name, target in sorted(targets.items()):
            tries = self._tries.get(name, _Tries())
            retry_in = max(tries.not_before - now, 0.0) if tries.failed else None
            rows.append(TargetState(target, found.get(name), tries.failed, retry_in))
        return rows

    async def test(self, name: str) -> str:
        """Send a test to this target, at once; "" when it got through, else why not. Raises KeyError."""
        target = (await asyncio.to_thread(self._find_targets))[name]
        text = f"This is a test. {name} is notified of {told_of(target)}.\n"
        return await self._sent(target, Letter(f"{self._site()}: a test of {name}", text, Severity.INFO))

    def _hear(self) -> None:
        self._targets = self._find_targets()
        if self._queue is None:
            if not self._targets:
                return  # nobody is to be notified: no file is made
            self._queue = Queue(self._state_dir)
        last = read_journal(self._state_dir, last=1)
        self._queue.keep_only(self._targets.keys(), last[0][0] if last else 0)
        positions = self._queue.positions()
        while positions and (events := read_journal(self._state_dir, min(positions.values()), first=CHUNK)):
            end = events[-1][0]
            for name, heard in positions.items():
                if heard < end:
                    new = [(position, event) for position, event in events if position > heard]
                    self._queue.put(name, end, self._messages(self._targets[name], new))
                    positions[name] = end

    def _messages(self, target: NotifyTarget, events: Sequence[tuple[int, Event]]) -> list[Message]:
        found = []
        for position, event in events:
            told = notice(event)
            if told is not None and wants(target, told.about, told.severity):
                at, text = self._times.wall(event.at), readable(tell(event)).strip()
                found.append(Message(position, at, str(told.about), told.severity, readable(told.subject), text))
        return found

    async def _deliver(self, name: str, tries: _Tries) -> None:
        """Send what waits; ends with the first that does not get through."""
        try:
            while (target := self._targets.get(name)) is not None and self._queue is not None:
                waiting = await asyncio.to_thread(self._queue.waiting, name)
                if not waiting:
                    return
                many = len(waiting) > ALONE
                batch = waiting if many else waiting[:1]
                left_out = (await asyncio.to_thread(self._queue.states))[name].left_out
                what = (
                    summary(self._site(), batch, left_out, self._when)
                    if many
                    else letter(self._site(), batch[0], self._when)
                )
                await asyncio.to_thread(self._queue.sending, batch)
                trouble = await self._sent(target, what)
                await asyncio.to_thread(self._queue.ended, name, batch, self._times.now(), trouble)
                if trouble:
                    self._pause(name, tries, trouble)
                    return
                tries.failed = 0
        except Exception as error:  # the file's, or a bug
            bug = error if not isinstance(error, sqlite3.Error | OSError) else None
            log.warning("notifications to %s wait: %s", name, error, exc_info=bug)
            self._pause(name, tries, str(error))
        finally:
            tries.task = None

    async def _sent(self, target: NotifyTarget, what: Letter) -> str:
        """Why it did not get through; "" when it did."""
        try:
            await self._send(target.url.value, what.title, what.text, str(what.severity))
        except (Refused, Unreachable) as error:
            return str(error) or "it did not get through"
        except Exception as error:  # its words may hold the URL
            return f"it failed ({type(error).__name__})"
        return ""

    def _pause(self, name: str, tries: _Tries, trouble: str) -> None:
        if not tries.failed:
            log.warning("%s could not be notified, and is tried again: %s", name, trouble)
        pause = min(self._shortest * 2.0**tries.failed, LONGEST)
        tries.failed = min(tries.failed + 1, 30)
        tries.not_before = asyncio.get_running_loop().time() + pause


def wants(target: NotifyTarget, about: EventClass, severity: Severity) -> bool:
    """Whether the target is to be told of this."""
    return severity.reaches(target.severity) and (not target.classes or about in target.classes)


def told_of(target: NotifyTarget) -> str:
    """What a target is told, in words."""
    classes = ", ".join(sorted(target.classes)) or "everything"
    return f"{classes}, from {target.severity} on"
