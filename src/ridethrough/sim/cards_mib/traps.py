"""Which traps the simulated cards send, family by family, and when: from two looks at what a card shows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum, auto

from ridethrough.core.model import Seconds
from ridethrough.core.observation import Source
from ridethrough.sim.cards import Family
from ridethrough.sim.cards_mib.shown import Shown

EVERY_MINUTE: Seconds = 60.0  # RFC 1628 repeats upsTrapOnBattery so often
WELL_KNOWN_ALARMS = "1.3.6.1.2.1.33.1.6.3"


class Change(Enum):
    """What happened to the UPS, as its card sees it."""

    ON_BATTERY = auto()
    POWER_BACK = auto()
    LOW = auto()
    LOW_OVER = auto()
    LINK_LOST = auto()
    LINK_BACK = auto()
    COUNTING = auto()
    COUNTING_OVER = auto()
    TEST = auto()  # only on demand


@dataclass(frozen=True, slots=True)
class Numbers:
    """One family's traps: `enterprise` and specific numbers of v1. `dotted`: v2c has a 0 between the two."""

    enterprise: str
    by_change: Mapping[Change, tuple[int, ...]]
    dotted: bool = True

    def oid(self, number: int) -> str:
        """snmpTrapOID."""
        return f"{self.enterprise}.0.{number}" if self.dotted else f"{self.enterprise}.{number}"


# RFC 1628's traps 3 and 4 tell which alarm came or went; there is none for the alarm "on battery", whose own is 1.
ENTRY_ADDED, ENTRY_REMOVED = 3, 4
ALARMS: Mapping[Change, tuple[int, int]] = {
    Change.POWER_BACK: (ENTRY_REMOVED, 2),
    Change.LOW: (ENTRY_ADDED, 3),
    Change.LOW_OVER: (ENTRY_REMOVED, 3),
    Change.LINK_LOST: (ENTRY_ADDED, 20),
    Change.LINK_BACK: (ENTRY_REMOVED, 20),
    Change.COUNTING: (ENTRY_ADDED, 22),
    Change.COUNTING_OVER: (ENTRY_REMOVED, 22),
}
_RFC = {Change.ON_BATTERY: (1,), **{change: (number,) for change, (number, _) in ALARMS.items()}}
RFC1628 = Numbers("1.3.6.1.2.1.33.2", _RFC, dotted=False)
RIELLO = Numbers("1.3.6.1.4.1.5491.10.2", _RFC, dotted=False)


def _numbers(
    enterprise: str,
    fail: tuple[int, ...],
    back: tuple[int, ...],
    low: tuple[int, ...] = (),
    low_over: tuple[int, ...] = (),
    lost: tuple[int, ...] = (),
    found: tuple[int, ...] = (),
    counting: tuple[int, ...] = (),
    over: tuple[int, ...] = (),
    *,
    dotted: bool = True,
) -> Numbers:
    row = {
        Change.ON_BATTERY: fail,
        Change.POWER_BACK: back,
        Change.LOW: low,
        Change.LOW_OVER: low_over,
        Change.LINK_LOST: lost,
        Change.LINK_BACK: found,
        Change.COUNTING: counting,
        Change.COUNTING_OVER: over,
    }
    return Numbers(enterprise, {change: numbers for change, numbers in row.items() if numbers}, dotted)


E = "1.3.6.1.4.1"
_EATON = _numbers(f"{E}.534.1.11.4.1", (3,), (5,), (4,), (6,), (26,), (49,), (27,))
TRAPS: Mapping[Family, Numbers] = {
    Family.RFC1628: RFC1628,
    Family.RIELLO: RIELLO,
    Family.XPPC: _numbers(f"{E}.935", (5,), (9,), (7,), (11,), (1,), (8,)),
    Family.EPPC: _numbers(f"{E}.935.10.1.2", (1, 7), (2, 8), (3,), (4,), (13,), (14,), (15,), (16,)),
    Family.USHA: _numbers(f"{E}.2468.1.2.1.2", (2, 8), (1, 7), (4,), (3,), (13,), (14,), (15,), (20,)),
    Family.APC: _numbers(f"{E}.318", (5,), (9,), (7,), (11,), (1,), (8,)),
    Family.CYBERPOWER: _numbers(f"{E}.3808", (5,), (9,), (7,), (11,), (1,), (8,), (25,), (33,)),
    Family.MGE: _numbers(f"{E}.705.1.11", (11, 17), (12, 18), (5,), (6,), (37,), (38,)),
    Family.XUPS: Numbers(_EATON.enterprise, {**_EATON.by_change, Change.TEST: (100,)}),
    Family.PXGX: Numbers(_EATON.enterprise, {**_EATON.by_change, Change.TEST: (100,)}),
    Family.DELTA: _numbers(f"{E}.2254.2.4.20", (3,), (4,), (5,), (6,), (1,), (2,)),
    Family.DELL: _numbers(f"{E}.674.10902.2", (57, 47), (58, 48), (43,), (44,), counting=(41,), over=(42,)),
}
# What a cut is not: with it a countdown has ended, and was not cancelled. RFC 1628's alarms go all the same.
_CALMING = (Change.LOW_OVER, Change.COUNTING_OVER)
# Of the others' traps nothing is known: here they send RFC 1628's.
# Their documents define traps of v1; what is none of these is sent by v2c.
OF_V1 = frozenset({Family.XPPC, Family.EPPC, Family.USHA, Family.APC, Family.CYBERPOWER})


@dataclass(frozen=True, slots=True)
class Sent:
    """One trap to be sent. `alarm`: what RFC 1628's third and fourth tell of."""

    oid: str
    enterprise: str
    number: int
    alarm: str = ""


@dataclass(slots=True)
class TrapSender:
    """One card's traps: what has changed since it looked last."""

    family: Family
    _seen: Shown | None = None
    _repeated_at: Seconds = 0.0
    _tests: int = field(default=0)

    def look(self, s: Shown, test_traps: int = 0) -> list[Sent]:
        """What is to be sent now. `test_traps`: how many were asked for since the card was built."""
        found: list[Sent] = []
        before, self._seen = self._seen, s
        if before is not None:
            for change in _changes(before, s):
                if not (change in _CALMING and s.source is Source.OFF and self._numbers not in (RFC1628, RIELLO)):
                    found += self._of(change)
        if s.on_battery and not s.testing and not s.link_lost:
            if before is None or not _outage(before):
                self._repeated_at = s.up_for
            elif self._numbers in (RFC1628, RIELLO) and s.up_for - self._repeated_at >= EVERY_MINUTE:
                self._repeated_at = s.up_for
                found += self._of(Change.ON_BATTERY)
        found += [trap for _ in range(test_traps - self._tests) for trap in self._of(Change.TEST)]
        self._tests = test_traps
        return found

    @property
    def _numbers(self) -> Numbers:
        return TRAPS.get(self.family, RFC1628)

    def _of(self, change: Change) -> list[Sent]:
        numbers = self._numbers
        rfc = numbers in (RFC1628, RIELLO)
        alarm = f"{WELL_KNOWN_ALARMS}.{ALARMS[change][1]}" if rfc and change in ALARMS else ""
        return [Sent(numbers.oid(n), numbers.enterprise, n, alarm) for n in numbers.by_change.get(change, ())]


def _outage(s: Shown) -> bool:
    return s.on_battery and not s.testing


def _changes(before: Shown, now: Shown) -> Iterator[Change]:
    """A card that has lost its UPS tells that, and nothing else of it."""
    if before.link_lost != now.link_lost:
        yield Change.LINK_LOST if now.link_lost else Change.LINK_BACK
    pairs = (
        (_outage(before), _outage(now), Change.ON_BATTERY, None),
        (before.utility, now.utility, Change.POWER_BACK, None),
        (before.low, now.low, Change.LOW, Change.LOW_OVER),
        (before.countdown is not None, now.countdown is not None, Change.COUNTING, Change.COUNTING_OVER),
    )
    for was, is_so, came, went in pairs:
        if is_so and not was:
            yield came
        elif was and not is_so and went is not None:
            yield went
