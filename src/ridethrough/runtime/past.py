"""The past as the loop uses it: facts are written down, then remembered; a failing disk does not stop that."""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from ridethrough.core.events import ActionFinished, ActionStarted, AlertCleared, Alerted, Event
from ridethrough.core.fold import fold, fold_all
from ridethrough.core.memory import Memory
from ridethrough.core.model import Seconds
from ridethrough.core.site import Site
from ridethrough.ports import Clock, Journal

from .concern import concerning

log = logging.getLogger(__name__)

Written: TypeAlias = tuple[int, Event]

# Positions of facts that are kept in memory only, until the disk takes them: above every real one, so that an
# action which began under such a position can be told from all others for as long as it runs.
PROVISIONAL = 1 << 40
SUBJECT, KEY = "journal", "facts in memory only"
_RETRY: Seconds = 1.0


@dataclass(slots=True)
class _Kept:
    position: int
    event: Event


class Past:
    """Journal and memory in step. While the disk fails, facts are kept here and written when it answers again."""

    def __init__(
        self, journal: Journal, clock: Clock, tell: Callable[[int, Event], None], recovered: Callable[[], None]
    ) -> None:
        """`tell` is called once for each fact, after it was written or kept; `recovered` when all kept is written."""
        self.memory = Memory()
        self.trouble = ""  # why facts are in memory only; empty while the disk answers
        self._journal = journal
        self._clock = clock
        self._tell = tell
        self._recovered = recovered
        self._durable = Memory()  # the fold of what is on the disk
        self._kept: list[_Kept] = []
        self._real: dict[int, int] = {}  # provisional position -> the one on the disk
        self._provisional = itertools.count(PROVISIONAL)
        self._recovery: asyncio.Task[None] | None = None

    async def open(self, site: Site, first: Event) -> None:
        """Read the whole journal, fold what concerns `site`, then write `first`. Raises what reading it raises."""
        facts = concerning(site, await self._journal.read())
        self.memory = self._durable = fold_all(Memory(), facts)
        left_over = (SUBJECT, KEY) in self.memory.alerts
        await self.write([first, AlertCleared(first.at, SUBJECT, KEY)] if left_over else [first])

    async def write(self, events: Sequence[Event]) -> Sequence[Written]:
        """Write facts down, fold them in, and return them with their positions. One call at a time.

        Returns when they are on the disk, or, when that fails, kept: then the positions are provisional.
        """
        known = [self._with_real_start(event) for event in events]
        if not self._kept:
            try:
                positions = await self._journal.append(known)
            except Exception as error:
                return self._begin_keeping(known, error)
            written = list(zip(positions, known, strict=True))
            self.memory = self._durable = fold_all(self._durable, written)
            self._tell_all(written)
            return written
        return self._keep(known)

    async def close(self) -> None:
        """Try once more to write what is kept. What the disk still refuses goes to the log."""
        await self.abandon()
        if self._kept:
            try:
                await self._flush()
            except Exception as error:
                for kept in self._kept:
                    log.critical("not in the journal (%s): %r", error, kept.event)

    async def abandon(self) -> None:
        """End without writing anything more."""
        if self._recovery is not None:
            self._recovery.cancel()
            await asyncio.wait({self._recovery})

    def _begin_keeping(self, events: Sequence[Event], error: Exception) -> Sequence[Written]:
        self.trouble = str(error)
        log.error("the journal fails, facts are kept in memory: %s", error)
        kept = self._keep(events)
        text = (
            f"the journal cannot be written ({error}): facts are kept in memory only, and all goes on; see to the disk"
        )
        self._keep([Alerted(self._clock.now(), SUBJECT, KEY, text)])
        self._recovery = asyncio.create_task(self._recover(), name="journal recovery")
        return kept

    def _keep(self, events: Sequence[Event]) -> Sequence[Written]:
        written = [(next(self._provisional), event) for event in events]
        self._kept += [_Kept(position, event) for position, event in written]
        self.memory = fold_all(self.memory, written)
        self._tell_all(written)
        return written

    async def _recover(self) -> None:
        """Try until everything kept is on the disk, then clear the alert."""
        while self._kept:
            await self._clock.sleep(_RETRY)
            try:
                await self._flush()
            except Exception as error:
                self.trouble = str(error)
                continue
            if self.trouble:
                self.trouble = ""
                self._keep([AlertCleared(self._clock.now(), SUBJECT, KEY)])
        self._recovered()

    async def _flush(self) -> None:
        """Write what is kept, in order. Each try hands in the same event objects: the journal knows them again."""
        while self._kept:
            writable = self._writable()
            positions = await self._journal.append([kept.event for kept in writable])
            del self._kept[: len(writable)]
            for position, kept in zip(positions, writable, strict=True):
                if isinstance(kept.event, ActionStarted):
                    self._real[kept.position] = position
                self._durable = fold(self._durable, position, kept.event)
            for kept in self._kept:
                kept.event = self._with_real_start(kept.event)
            self.memory = fold_all(self._durable, [(kept.position, kept.event) for kept in self._kept])

    def _writable(self) -> list[_Kept]:
        """What can be written now: the end of an action names the position of its beginning, so that comes first."""
        first, *rest = self._kept
        return [first, *itertools.takewhile(lambda kept: not _waits_for_start(kept.event), rest)]

    def _with_real_start(self, event: Event) -> Event:
        if isinstance(event, ActionFinished) and event.started in self._real:
            return replace(event, started=self._real.pop(event.started))
        return event

    def _tell_all(self, written: Sequence[Written]) -> None:
        for position, event in written:
            self._tell(position, event)


def _waits_for_start(event: Event) -> bool:
    return isinstance(event, ActionFinished) and event.started >= PROVISIONAL
