"""One card: learn it, poll it, read it."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Mapping

from ridethrough.core.model import Seconds
from ridethrough.core.observation import UpsReading
from ridethrough.drivers.snmp import discovery
from ridethrough.drivers.snmp.discovery import Profile
from ridethrough.drivers.snmp.mibs import rfc1628
from ridethrough.drivers.snmp.session import AT_ONCE, MANY_AT_ONCE, CardConfig, Incomplete, Question, Session, question
from ridethrough.drivers.snmp.wire import Deadlines
from ridethrough.ports import Unreachable
from ridethrough.ups.meaning import Field, Value, number
from ridethrough.ups.reader import CARRIED, Reader
from ridethrough.ups.told import Hearing, Told

LEARN_EVERY: Seconds = 600.0  # firmware changes, and cards that answer NULL until their UPS has spoken
SLOW_EVERY: Seconds = 60.0
MOST_ALARMS = 32
MOST_REFUSALS = 3  # of more objects in one request, until that is not tried again
NO_ALARM = frozenset({"", "0", "0.0", "0.0.0.0.0.0.0.0.0.0.0"})  # in an empty row; a real card's spelling is the last
ALARMS_PRESENT = f"{rfc1628.UPS}.6.1.0"


class Card:
    """Polls one card. `poll` must not run beside itself."""

    def __init__(
        self,
        config: CardConfig,
        now: Callable[[], Seconds],
        deadlines: Deadlines | None = None,
        learning: asyncio.Semaphore | None = None,
        share: float = 0.0,
    ) -> None:
        """`deadlines` and `learning` are those of all cards that are watched together: few are learned at once.
        `share`, 0 to 1: how much of `LEARN_EVERY` and `SLOW_EVERY` this card is early the first time, so that they do
        not all do the same in the same minute.
        """
        self.config = config
        self.profile: Profile | None = None
        self.disturbed = False  # the input was disturbed since the poll before: look again soon
        self.told, self._fast = Told({}), dict[str, Value]()  # the last answer
        self._now = now
        self._session = Session(config, deadlines)
        self._learning = learning if learning is not None else asyncio.Semaphore()
        self._early = share
        self._reader = Reader(trusts_idle=False)
        self._hearing = Hearing(())
        self._learned_at: Seconds = 0.0
        self._polled = Question(())  # what each poll asks
        self._seldom = Question(())  # what hardly ever changes
        self._needed: frozenset[Field] = frozenset()
        self._stale = False  # the card no longer answers what it was learned to have
        self._slow: dict[str, Value] = {}
        self._slow_at: Seconds = -math.inf
        self._tries_more = False  # it is to be tried whether the card takes more objects in one request
        self._refusals = 0
        self._fell_short = False  # the last answer came in smaller parts than were asked for
        self._alarms: dict[str, Field] = {}  # what the alarms say that are present
        self._alarm_rows: tuple[str, ...] = ()  # of the table, which are asked with all else
        self._with_alarms = self._polled
        self._walk_after: Seconds = -math.inf
        self._line_bads: float | None = None
        self._carried = False  # the last reading showed utility power

    async def poll(self) -> UpsReading:
        """One good answer, `link_lost` when it is the answer of a card that has lost its UPS.

        Raises Unreachable when no answer came, or none that holds the family's required objects; Refused when the
        card is no UPS that can be read.
        """
        profile, asked_at = await self._known()
        values = await self._ask()
        self._stale = self._fell_short or (len(values) < len(self._polled.oids) and _lost_a_part(self._polled, values))
        alarms = await self._present_alarms(values)
        slow = await self._slow_values(asked_at)
        told = self._hearing.hear(values, slow, alarms)
        self.told, self._fast = told, values
        if not told.sources() or not self._needed <= told.found.keys():
            raise Unreachable(f"{self.config.address}: its status is none that {profile.family} defines")
        reading = self._reader.read(told, asked_at)
        self._notice(told, reading)
        return reading

    @property
    def values(self) -> dict[str, Value]:
        """Every object of the last answer."""
        return self._slow | self._fast

    def close(self) -> None:
        self._session.close()

    async def _known(self) -> tuple[Profile, Seconds]:
        """The card's profile, and the moment: learned at first contact, now and then on utility power, and when answers
        fall short.
        """
        now = self._now()
        age = now - self._learned_at
        if self.profile is None or (self._stale and age >= SLOW_EVERY) or (self._carried and age >= LEARN_EVERY):
            if self.profile is not None and self._learning.locked():
                return self.profile, now  # so many others are being learned that this poll would be late
            at_once = self._session.at_once
            profile = await discovery.learn(self._session, self._learning)
            if self.profile is None or self.profile.mibs != profile.mibs:
                self._reader = Reader(trusts_idle=profile.mibs[0].tells_countdown)
            self._reader.description = profile.description
            now = self._now()
            self._hearing = Hearing(profile.rows)
            self.profile, self._learned_at, self._slow_at = profile, now - self._early * LEARN_EVERY, -math.inf
            before, self._polled = self._polled, question(tuple(profile.oids(slow=False)), profile.required, known=True)
            self._seldom = question(tuple(profile.oids(slow=True)), known=True)
            self._needed = profile.needed
            self._expect_alarms(())
            if self._session.at_once == at_once:
                # What fell short by other objects than are asked now fell short by these, and not by their number.
                self._session.at_once = min(at_once, AT_ONCE) if before is self._polled else AT_ONCE
            self._tries_more = self._refusals < MOST_REFUSALS
        return self.profile, now

    async def _ask(self) -> dict[str, Value]:
        """What each poll asks, with as many objects in one request as the card has shown that it takes.

        In v1 one object that has gone empties the whole answer, so the fewer in one the better.
        """
        asked = self._with_alarms
        if self._tries_more and self._carried:
            self._tries_more = False
            if len(asked.oids) > self._session.at_once and (found := await self._try_more(asked)):
                return found
        at_once = self._session.at_once
        try:
            found = await self._session.ask(asked)
        except Incomplete:
            self._stale = True
            raise
        self._fell_short = AT_ONCE >= at_once > self._session.at_once
        if at_once > max(AT_ONCE, self._session.at_once):
            self._refusals += 1
        return found

    async def _try_more(self, asked: Question) -> dict[str, Value]:
        """Ask as much as one request may hold, and keep to that if all is answered that was answered before.

        The answer, where it is the whole one.
        """
        more = AT_ONCE if self.config.version == "1" or self._session.at_once < AT_ONCE else MANY_AT_ONCE
        part, *rest = asked.parts(more)
        if len(part.oids) <= self._session.at_once:
            return {}
        found = await self._session.ask_once(Question(part.oids, part.required | self._fast.keys()))
        if not found:
            self._refusals += 1
            return {}
        self._session.at_once = more
        return {} if rest else found

    async def _slow_values(self, now: Seconds) -> dict[str, Value]:
        """What hardly ever changes: asked once a minute, and once known not in an outage, where it would cost time."""
        if now - self._slow_at >= SLOW_EVERY and (self._carried or not self._slow):
            self._slow_at, self._early = now - self._early * SLOW_EVERY, 0.0
            try:
                self._slow = await self._session.ask(self._seldom)
            except Unreachable:
                return self._slow  # the status has been read, and must not be lost for this
        return self._slow

    async def _present_alarms(self, values: Mapping[str, Value]) -> dict[str, Field]:
        """The well-known alarms in the card's table. When the table cannot be read, those read last."""
        present = number(values.get(ALARMS_PRESENT)) or 0
        if present <= 0:
            self._alarms = {}
            self._expect_alarms(())
            return self._alarms
        rows = {oid: values[oid] for oid in self._alarm_rows if oid in values}
        if present == len(rows) == len(self._alarm_rows):
            self._alarms = _said_by(rows)
        elif self._now() >= self._walk_after:
            try:
                rows = await self._alarm_table(present)
            except Unreachable:
                # The status has been read, and must not be lost for this, nor late at each poll of an outage.
                self._walk_after = self._now() + SLOW_EVERY
            else:
                self._alarms = _said_by(rows)
                few = self.config.version != "1" and len(rows) == present <= AT_ONCE
                self._expect_alarms(tuple(rows) if few else ())
        return self._alarms

    async def _alarm_table(self, present: float) -> dict[str, Value]:
        """The table's rows. Most cards number them from one: those are tried first, which takes one request.

        Those count only when each names an alarm of its own: a card may keep its rows, and empty those it does not use.
        """
        if self.config.version != "1" and present <= AT_ONCE:
            first = tuple(f"{rfc1628.ALARM_ID_COLUMN}.{row}" for row in range(1, int(present) + 1))
            rows = await self._session.ask(question(first))
            if len(rows) == present == len({*map(str, rows.values())} - NO_ALARM):
                return rows
        return await self._session.walk(rfc1628.ALARM_ID_COLUMN, MOST_ALARMS)

    def _expect_alarms(self, rows: tuple[str, ...]) -> None:
        """Ask for these rows of the alarm table with each poll."""
        if rows != self._alarm_rows or not rows:
            self._alarm_rows = rows
            self._with_alarms = (
                question((*self._polled.oids, *rows), self._polled.required, known=True) if rows else self._polled
            )

    def _notice(self, told: Told, reading: UpsReading) -> None:
        if not reading.link_lost:
            self._carried = reading.source in CARRIED
        bads = told.number("line_bads")
        self.disturbed = bads is not None and self._line_bads is not None and bads > self._line_bads
        self._line_bads = bads


def _lost_a_part(asked: Question, values: Mapping[str, Value]) -> bool:
    """Whether one whole request came back empty: in v1 one object that has gone empties the answer of all."""
    return any(values.keys().isdisjoint(part.oids) for part in asked.parts(AT_ONCE))


def _said_by(rows: Mapping[str, Value]) -> dict[str, Field]:
    """What the well-known alarms among these rows of the table say."""
    return rfc1628.said_by(n for value in rows.values() if (n := _well_known(value)) is not None)


def _well_known(value: Value) -> int | None:
    """The number of one of RFC 1628's alarms; vendors put their own OIDs, and zeros, into the same table."""
    if not isinstance(value, str):
        return None
    head, _, last = value.lstrip(".").rpartition(".")
    return int(last) if head == rfc1628.WELL_KNOWN_ALARMS and last.isdecimal() else None
