"""One card: learn it, poll it, read it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

from ridethrough.core.model import Seconds
from ridethrough.core.observation import UpsReading
from ridethrough.drivers.snmp import discovery
from ridethrough.drivers.snmp.discovery import Profile
from ridethrough.drivers.snmp.mibs import rfc1628
from ridethrough.drivers.snmp.session import AT_ONCE, CardConfig, Incomplete, Session
from ridethrough.ports import Unreachable
from ridethrough.ups.meaning import Field, Value, number
from ridethrough.ups.reader import CARRIED, Reader
from ridethrough.ups.told import Told

LEARN_EVERY: Seconds = 600.0  # firmware changes, and cards that answer NULL until their UPS has spoken
SLOW_EVERY: Seconds = 60.0
MOST_ALARMS = 32


class Card:
    """Polls one card. `poll` must not run beside itself."""

    def __init__(self, config: CardConfig, now: Callable[[], Seconds]) -> None:
        self.config = config
        self.profile: Profile | None = None
        self.disturbed = False  # the input was disturbed since the poll before: look again soon
        self.told, self.values = Told({}), dict[str, Value]()  # the last answer
        self._now = now
        self._session = Session(config)
        self._reader = Reader(trusts_idle=False)
        self._learned_at: Seconds = 0.0
        self._oids: list[str] = []  # what each poll asks
        self._required: frozenset[str] = frozenset()  # of those
        self._needed: frozenset[Field] = frozenset()
        self._stale = False  # the card no longer answers what it was learned to have
        self._slow: dict[str, Value] = {}
        self._slow_at: Seconds | None = None
        self._alarms: dict[str, Field] = {}  # what the alarms say that are present
        self._walk_after: Seconds = -math.inf
        self._line_bads: float | None = None
        self._carried = False  # the last reading showed utility power

    async def poll(self) -> UpsReading:
        """One good answer, `link_lost` when it is the answer of a card that has lost its UPS.

        Raises Unreachable when no answer came, or none that holds the family's required objects; Refused when the
        card is no UPS that can be read.
        """
        profile = await self._known()
        asked_at = self._now()
        oids = self._oids
        try:
            values = await self._session.get(oids, self._required)
        except Incomplete:
            self._stale = True
            raise
        self._stale = _lost_a_part(oids, values)
        alarms = await self._present_alarms(values)
        values = {**await self._slow_values(profile), **values}
        told = Told.of(profile.rows, values, alarms)
        self.told, self.values = told, values
        if not told.sources() or not all(told.all(field) for field in self._needed):
            raise Unreachable(f"{self.config.address}: its status is none that {profile.family} defines")
        reading = self._reader.read(told, asked_at)
        self._notice(told, reading)
        return reading

    def close(self) -> None:
        self._session.close()

    async def _known(self) -> Profile:
        """The card's profile: learned at first contact, now and then on utility power, and when answers fall short."""
        age = self._now() - self._learned_at
        if self.profile is None or (self._stale and age >= SLOW_EVERY) or (self._carried and age >= LEARN_EVERY):
            profile = await discovery.learn(self._session)
            if self.profile is None or self.profile.mibs != profile.mibs:
                self._reader = Reader(trusts_idle=profile.mibs[0].tells_countdown)
            self._reader.description = profile.description
            self.profile, self._learned_at, self._slow_at = profile, self._now(), None
            self._oids, self._required, self._needed = profile.oids(slow=False), profile.required, profile.needed
        return self.profile

    async def _slow_values(self, profile: Profile) -> dict[str, Value]:
        """What hardly ever changes: asked once a minute, and once known not in an outage, where it would cost time."""
        due = self._slow_at is None or self._now() - self._slow_at >= SLOW_EVERY
        if due and (self._carried or not self._slow):
            self._slow_at = self._now()
            try:
                self._slow = await self._session.get(profile.oids(slow=True))
            except Unreachable:
                return self._slow  # the status has been read, and must not be lost for this
        return self._slow

    async def _present_alarms(self, values: Mapping[str, Value]) -> dict[str, Field]:
        """The well-known alarms in the card's table. When the table cannot be read, those read last."""
        present = number(values.get(f"{rfc1628.UPS}.6.1.0")) or 0
        if present <= 0:
            self._alarms = {}
        elif self._now() >= self._walk_after:
            try:
                rows = await self._session.walk(rfc1628.ALARM_ID_COLUMN, MOST_ALARMS)
            except Unreachable:
                # The status has been read, and must not be lost for this, nor late at each poll of an outage.
                self._walk_after = self._now() + SLOW_EVERY
            else:
                self._alarms = rfc1628.said_by(n for v in rows.values() if (n := _well_known(v)) is not None)
        return self._alarms

    def _notice(self, told: Told, reading: UpsReading) -> None:
        if not reading.link_lost:
            self._carried = reading.source in CARRIED
        bads = told.number("line_bads")
        self.disturbed = bads is not None and self._line_bads is not None and bads > self._line_bads
        self._line_bads = bads


def _lost_a_part(oids: Sequence[str], values: Mapping[str, Value]) -> bool:
    """Whether one whole request came back empty: in v1 one object that has gone empties the answer of all."""
    parts = (oids[start : start + AT_ONCE] for start in range(0, len(oids), AT_ONCE))
    return any(not any(oid in values for oid in part) for part in parts)


def _well_known(value: Value) -> int | None:
    """The number of one of RFC 1628's alarms; vendors put their own OIDs, and zeros, into the same table."""
    if not isinstance(value, str):
        return None
    head, _, last = value.lstrip(".").rpartition(".")
    return int(last) if head == rfc1628.WELL_KNOWN_ALARMS and last.isdecimal() else None
