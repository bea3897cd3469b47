"""Keeps the pool's records current over `event.from`, and says how current they are.

Each connection begins with an empty token, which brings every record: a token of another database, or one from its
future, would be accepted and then tell nothing (facts: lab, 09).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import UTC, datetime

from ridethrough.core.model import Seconds
from ridethrough.ports import Clock, Refused, Unreachable, is_from_before_a_standstill

from .records import CLASSES
from .session import Held, PoolSession
from .store import Batch, Records, batch
from .wire import Broken, Value, XapiFailure

log = logging.getLogger(__name__)

CALM, URGENT = 5.0, 2.0  # seconds that the coordinator may hold an event.from without events
SLACK = 3.0  # seconds more until the connection counts as dead
EVERYTHING = 60.0  # deadline of the first batch: a large pool's records are tens of megabytes
GAP = 0.1  # seconds after a batch, in which the coordinator gathers the next one
RETRY = 1.0  # seconds between attempts to reach the coordinator
RESYNC = 10.0  # seconds at least between two resyncs because of lost changes


class Watch:
    """The event stream of one pool."""

    def __init__(self, session: PoolSession, clock: Clock) -> None:
        self.records = Records()
        self.answered_at: Seconds | None = None  # the last moment at which `records` were known to be current
        self.coordinator_since: Seconds | None = None  # when the coordinator's toolstack started, on our clock
        self.connected = False
        self.trouble = ""
        self.urgent = False
        self._session = session
        self._clock = clock
        self._reckoned: tuple[tuple[str, float], Seconds] | None = None  # a start as told, and when that was for us

    async def run(self, changed: Callable[[], None]) -> None:
        """Watch for ever; `changed` is called after each batch with changes, and when the connection comes or goes."""
        while True:
            try:
                await self._session.connect()
                await self._follow(changed)
            except (Unreachable, Refused, XapiFailure) as error:
                self._note(str(error), changed)
            await self._clock.sleep(RETRY)

    def failed(self, trouble: str) -> None:
        """A watcher ended by a bug: what we hold may be old, and is no longer vouched for."""
        self._session.doubt()
        self.connected, self.trouble = False, trouble

    def _note(self, trouble: str, changed: Callable[[], None]) -> None:
        self._session.doubt()
        was, self.connected, self.trouble = (self.connected, self.trouble), False, trouble
        if was != (self.connected, self.trouble):
            log.info("%s", trouble)
            changed()

    async def _follow(self, changed: Callable[[], None]) -> None:
        """One connection, from everything to whatever breaks it."""
        records, token = Records(revision=self.records.revision + 1), ""
        suspicious, resynced_at = 0, self._clock.now()
        held = await self._session.connect()
        while True:
            if (current := await self._session.connect()) != held:
                held, token = current, ""  # somebody else's call renewed the session: perhaps another database
            asked_at = self._clock.now()
            news = await self._next(held, token)
            if is_from_before_a_standstill(self._clock, asked_at):
                raise Unreachable("stood still while the coordinator answered: its answer may be old")
            if not token:
                records = Records(revision=self.records.revision + 1)
            records.apply(news.changes)
            # Before anybody sees the records: those of a young coordinator must never be shown with an old one's age.
            since = await self._start_of_coordinator(records)
            self.records, self.answered_at, self.coordinator_since = records, self._clock.now(), since
            self._session.learn(host.address for host in records.hosts.values())
            first, self.connected, self.trouble = not self.connected, True, ""
            if news.changes or first:
                changed()
            if token:
                await self._clock.sleep(GAP)
            token = news.token
            missing = records.missing(news.counts)
            suspicious = suspicious + 1 if missing else 0
            if suspicious > 1 and self._clock.now() - resynced_at > RESYNC:
                log.info("changes of %s were lost; all records are read again", ", ".join(missing))
                token, suspicious, resynced_at = "", 0, self._clock.now()

    async def _next(self, held: Held, token: str) -> Batch:
        """The next batch. A read is harmless: asked again when its kept connection had died in the meantime."""
        try:
            answer = await self._ask(held, token, kept=True)
        except Broken:
            answer = await self._ask(held, token, kept=False)
        except XapiFailure as failure:
            if failure.code != "EVENT_FROM_TOKEN_PARSE_FAILURE" or not token:
                raise
            raise Unreachable("the coordinator no longer knows our place in its events") from None
        return await asyncio.to_thread(batch, answer) if answer.is_large else batch(answer)

    async def _ask(self, held: Held, token: str, kept: bool) -> Value:
        hold = URGENT if self.urgent else CALM
        deadline = hold + SLACK if token else EVERYTHING
        params = (held.ref, sorted(CLASSES), token, hold if token else 0.0)
        return await self._session.wire.call(held.address, "event.from", params, deadline=deadline, kept=kept)

    async def _start_of_coordinator(self, records: Records) -> Seconds | None:
        """The start of the coordinator's toolstack on our clock, from the age that its own clock gives it.

        After a session was lost to a restart or a move, the database may still show the start before: then the
        coordinator is taken to be as young as our new session. So it is when its age is not to be had.
        """
        since = await self._told_start(records)
        renewed = self._session.renewed_at
        if since is None:
            return self._session.established_at
        return since if renewed is None else max(since, renewed)

    async def _told_start(self, records: Records) -> Seconds | None:
        found = records.coordinator
        if found is None:
            return None
        ref, host = found
        mark = (ref, host.agent_started)
        if self._reckoned is None or self._reckoned[0] != mark:
            age = await self._age(ref, host.agent_started)
            if age is None:
                return None
            self._reckoned = (mark, self._clock.now() - age)
        return self._reckoned[1]

    async def _age(self, ref: str, started: float) -> Seconds | None:
        """Seconds since the coordinator's toolstack started, by the coordinator's clock; None when not to be had."""
        if not started:
            return None
        try:
            text = await self._session.call(str, "host.get_servertime", ref, deadline=SLACK)
            age = parsed(text).timestamp() - started
        except (Unreachable, XapiFailure, ValueError):
            return None
        return max(0.0, age)


def parsed(text: str) -> datetime:
    """A date of XenAPI, such as 20261123T03:41:17Z. Raises ValueError."""
    return datetime.strptime(text.rstrip("Z"), "%Y%m%dT%H:%M:%S").replace(tzinfo=UTC)
