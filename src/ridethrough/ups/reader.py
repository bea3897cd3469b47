"""From a card's answers to a reading: what feeds the output, whether the input is dead, what is believable."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum
from operator import is_

from ridethrough.core.model import CardTimers, Percent, Seconds
from ridethrough.core.observation import Source, UpsReading
from ridethrough.ups import clean
from ridethrough.ups.countdown import Countdown
from ridethrough.ups.meaning import Field
from ridethrough.ups.told import Told

CARRIED = frozenset({Source.UTILITY, Source.BYPASS, Source.BOOST, Source.TRIM, Source.ECO})
ALIVE_VOLTS = 50.0  # half of nominal, for a card that tells no nominal voltage
LONGEST_NAME = 63  # characters, RFC 1628 upsIdentModel
FORGET_AFTER = 5  # polls without volts, on utility power, until a line is held to be no line
STATE: tuple[Field, ...] = ("source", "testing", "moved_for_test", "low", "charge")
SET_UP: tuple[Field, ...] = (
    *("warning_period", "shutdown_delay", "action", "maker", "model"),
    *("nominal_volts", "low_transfer", "high_transfer"),
)
PLAIN = frozenset({Source.UTILITY, Source.BATTERY, Source.BOOST, Source.TRIM, Source.ECO})  # no other sign is needed
LEAST_HERTZ = 40.0  # of an input that carries alternating current
SAME_CHARGE: Percent = 10.0  # two objects that differ by so much tell the same: they are read one after the other
USUAL = (0.8, 1.2)  # input limits as parts of nominal, for a card that tells no transfer points


@dataclass(frozen=True, slots=True)
class State:
    """What feeds the output, and how the battery is."""

    source: Source
    testing: bool
    low: bool
    charge: Percent | None
    spent: bool


@dataclass(slots=True)
class Reader:
    """Reads one card. It remembers what one answer alone cannot say: which input lines exist, what counts down."""

    trusts_idle: bool  # the family shows a running countdown
    description: str = ""  # sysDescr, for a card that names no model
    _countdowns: dict[str, Countdown] = field(default_factory=dict)  # by OID
    _alive: set[str] = field(default_factory=set)  # input lines once seen alive
    _dark: dict[str, int] = field(default_factory=dict)  # polls in a row without volts while on utility power
    _last: tuple[Told, UpsReading] | None = None
    _state: tuple[Sequence[object], State] | None = None
    _setup: tuple[Sequence[object], str, tuple[CardTimers, str, Limits]] | None = None  # of what hardly ever changes

    def read(self, told: Told, at: Seconds) -> UpsReading:
        """One reading; `at` is when the answer was asked for: what it says was true then or later. Never raises."""
        if told.any("link_lost"):
            return UpsReading(at, Source.UNKNOWN, link_lost=True)
        if self._last is not None and self._last[0] is told and not self._dark:
            # Nothing has changed but the time, which counts for countdowns and dark lines alone.
            counts = self._see_countdowns(told, at)
            return _at(self._last[1], at, counts, self._tells_countdown())
        reading = self._read(told, at)
        self._last = told, reading
        return reading

    def _read(self, told: Told, at: Seconds) -> UpsReading:
        state, (timers, model, limits) = self._find_state(told), self._set_up(told)
        dead = self._input_dead(told, limits.half, state.source, state.testing)
        return UpsReading(
            at,
            state.source,
            state.testing,
            False if dead else self._input_good(told, limits),
            dead,
            state.low,
            state.charge,
            _runtime(told, state),
            _load(told),
            self._see_countdowns(told, at),
            self._tells_countdown(),
            False,
            timers,
            model,
            self._input_volts(told),
            told.any("replace_battery"),
        )

    def _find_state(self, told: Told) -> State:
        """What feeds the output and how the battery is; found anew only where something of it is told anew."""
        said = [told.found.get(field) for field in STATE]
        if self._state is not None and all(map(is_, said, self._state[0])):
            return self._state[1]
        source, low, charge = what_feeds(told), told.any("low"), _charge(told)
        state = State(source, _tests(told, source), low, charge, low or (charge is not None and charge < clean.SPENT))
        # Where the status alone proves nothing, volts and load count too.
        self._state = (said, state) if is_plain(told) else None
        return state

    def _set_up(self, told: Told) -> tuple[CardTimers, str, Limits]:
        """Timers, model and limits, made anew only where they are told anew."""
        said = [told.found.get(field) for field in SET_UP]
        if self._setup is None or not all(map(is_, said, self._setup[0])) or self._setup[1] != self.description:
            self._setup = said, self.description, (_timers(told), self._model(told), limits_of(told))
        return self._setup[2]

    def _see_countdowns(self, told: Told, at: Seconds) -> Seconds | None:
        if not self._countdowns and "countdown" not in told.found and "off_delay" not in told.found:
            return None
        sign, delays = told.any("shutting_down"), told.numbers("off_delay")
        shown = told.numbers("countdown") | delays
        for oid in shown:
            if oid not in self._countdowns:
                self._countdowns[oid] = Countdown(self.trusts_idle, zero_is_idle=oid in delays)
        least: Seconds | None = None
        for oid, countdown in self._countdowns.items():
            left = countdown.see(shown.get(oid), at, sign)
            if left is not None and (least is None or left < least):
                least = left
        return least

    def _tells_countdown(self) -> bool:
        tells = False
        for countdown in self._countdowns.values():
            if countdown.pending:
                return False
            tells = tells or countdown.tells()
        return tells

    def _input_dead(self, told: Told, half: float, source: Source, testing: bool) -> bool:
        """The card calls its input bad, or a line is below half of nominal while on battery.

        Volts of 0 on utility power are a sensor that is not there (14 NUT dumps), so a line counts once it has
        been seen alive. On first contact, on battery and not testing, all lines below half are believed.
        """
        if told.any("input_bad"):
            return True
        lines = {oid: v for oid, n in told.numbers("input_volts").items() if (v := clean.volts(n)) is not None}
        self._learn_lines(lines, half, source in CARRIED)
        if source is not Source.BATTERY:
            return False
        if self._alive:
            return any(oid in self._alive and v < half for oid, v in lines.items())
        return bool(lines) and not testing and not self._dark

    def _learn_lines(self, lines: dict[str, float], half: float, carried: bool) -> None:
        for oid, volts in lines.items():
            if volts >= half:
                self._alive.add(oid)
                self._dark.pop(oid, None)
            elif carried:
                # Volts may fall a poll before the status does, so one dark poll alone forgets no line.
                self._dark[oid] = self._dark.get(oid, 0) + 1
                if self._dark[oid] >= FORGET_AFTER:
                    self._alive.discard(oid)

    def _input_good(self, told: Told, limits: Limits) -> bool | None:
        """Whether every line that exists is within the limits; None when the card does not tell."""
        lines = [v for oid, v in told.numbers("input_volts").items() if oid in self._alive]
        if not lines or limits.kind is Kind.ALIVE:
            return None
        good = limits.low <= min(lines) and max(lines) <= limits.high
        return good if limits.kind is Kind.TOLD else (good or None)

    def _input_volts(self, told: Told) -> float | None:
        """Of the lowest line that exists; where none was seen alive yet, of the highest that is told."""
        lines = {oid: v for oid, n in told.numbers("input_volts").items() if (v := clean.volts(n)) is not None}
        alive = [volts for oid, volts in lines.items() if oid in self._alive]
        return min(alive) if alive else max(lines.values(), default=None)

    def _model(self, told: Told) -> str:
        maker, model = clean.name(told.text("maker"))[:LONGEST_NAME], clean.name(told.text("model"))[:LONGEST_NAME]
        if not model:
            return maker or clean.name(self.description)[:LONGEST_NAME]
        return model if not maker or model.casefold().startswith(maker.casefold()) else f"{maker} {model}"


def _at(reading: UpsReading, at: Seconds, countdown: Seconds | None, tells_countdown: bool) -> UpsReading:
    """The same reading at another moment. By hand: dataclasses.replace takes thrice as long."""
    return UpsReading(
        at,
        reading.source,
        reading.testing,
        reading.input_good,
        reading.input_dead,
        reading.low_battery,
        reading.charge,
        reading.runtime,
        reading.load,
        countdown,
        tells_countdown,
        reading.link_lost,
        reading.timers,
        reading.model,
        reading.input_volts,
        reading.replace_battery,
    )


def _charge(told: Told) -> Percent | None:
    """The first that is believable."""
    for value in told.numbers("charge").values():
        if (charge := clean.charge(value)) is not None:
            return charge
    return None


def _runtime(told: Told, state: State) -> Seconds | None:
    """The first that is believable."""
    for value in told.numbers("runtime").values():
        if (runtime := clean.runtime(value, state.source is Source.BATTERY, state.spent)) is not None:
            return runtime
    return None


def _load(told: Told) -> Percent | None:
    """The highest of all phases."""
    highest: Percent | None = None
    for value in told.numbers("load").values():
        load = clean.load(value)
        if load is not None and (highest is None or load > highest):
            highest = load
    return highest


class Kind(Enum):
    """Where a UPS's limits come from."""

    TOLD = "its transfer points"
    USUAL = "so much of its nominal voltage"
    ALIVE = "it tells neither: whatever is alive"


@dataclass(frozen=True, slots=True)
class Limits:
    """Volts: below `half` a line is dead, between `low` and `high` it is good."""

    half: float
    low: float
    high: float
    kind: Kind


def limits_of(told: Told) -> Limits:
    """The limits that a UPS tells, or lets conclude."""
    found = told.above_zero("nominal_volts") or 0
    half = found / 2 if 90 <= found <= 500 else ALIVE_VOLTS
    nominal = clean.volts(found)
    low, high = told.above_zero("low_transfer") or 0, told.above_zero("high_transfer") or 0
    if 0 < low < high and (not nominal or low < nominal < high):
        return Limits(half, low, high, Kind.TOLD)
    if nominal:
        return Limits(half, nominal * USUAL[0], nominal * USUAL[1], Kind.USUAL)
    return Limits(half, ALIVE_VOLTS, math.inf, Kind.ALIVE)


def _tests(told: Told, source: Source) -> bool:
    """A test or a calibration runs. Why the UPS went to its battery last is told for long after it has come back."""
    return told.any("testing") or (source is Source.BATTERY and told.any("moved_for_test"))


def what_feeds(told: Told) -> Source:
    """What feeds the output: the card's status, and other signs where the status alone proves nothing.

    The vendor's own word counts before RFC 1628's. Where one says battery and another utility power, other signs of
    battery decide; without any, a good input speaks for utility power, and otherwise an outage is not overlooked.
    """
    known = [s for s in told.sources() if s is not Source.UNKNOWN]
    said = known[0] if known else Source.UNKNOWN
    carried = next((s for s in known if s in CARRIED), None)
    if carried is not None and is_contradicted(told):
        said = Source.BATTERY if _signs_of_battery(told) or not _input_good(told) else carried
    if said is Source.OFF and carried is not None and _output_alive(told):
        return carried
    match said:
        case Source.BYPASS:
            # 4 is battery for an agent built by RFC 1628's subset statement; such an agent must show alarm 2.
            return Source.BATTERY if told.any("on_battery") else said
        case Source.OFF:
            return _off_or_not(told)
        case Source.UNKNOWN:
            return _by_signs(told)
        case _:
            return said


def is_plain(told: Told) -> bool:
    """Whether the status alone proves what feeds the output: all that is said of it is the same."""
    said = set(told.sources()) - {Source.UNKNOWN}
    return len(said) == 1 and said <= PLAIN


def is_contradicted(told: Told) -> bool:
    """Whether one of the card's objects says that the battery feeds the output, and another that it does not."""
    sources = set(told.sources())
    return Source.BATTERY in sources and not sources.isdisjoint(CARRIED)


def contradictions(told: Told) -> tuple[str, ...]:
    """Of what two of its objects say different things, in words. The rules for which counts: docs/upses.md."""
    found = []
    if is_contradicted(told):
        found.append("what feeds its output")
    if {True, False} <= {meaning for meaning in told.all("low") if isinstance(meaning, bool)}:
        found.append("whether its battery is low")
    charges = [c for value in told.numbers("charge").values() if (c := clean.charge(value)) is not None]
    if charges and max(charges) - min(charges) > SAME_CHARGE:
        found.append("how full its battery is")
    return tuple(found)


def _off_or_not(told: Told) -> Source:
    """Standby is also said of loads that are up: they run from the battery, or from raw utility power.

    Said together with battery ("OFF OB" of snmp-ups), it counts only when the output is told to carry nothing.
    """
    alive, says_battery = _output_alive(told), Source.BATTERY in told.sources()
    if alive is False or (alive is None and not says_battery):
        return Source.OFF
    return Source.BATTERY if says_battery or _signs_of_battery(told) else Source.BYPASS


def _by_signs(told: Told) -> Source:
    alive = _output_alive(told)
    if alive is False or told.any("output_off"):
        return Source.OFF
    if _signs_of_battery(told):
        return Source.BATTERY
    return Source.UTILITY if alive and _input_alive(told) and told.any("battery_fine") else Source.UNKNOWN


def _input_alive(told: Told) -> bool:
    half = limits_of(told).half
    return any((clean.volts(v) or 0) >= half for v in told.numbers("input_volts").values())


def _input_good(told: Told) -> bool:
    """Whether an input is told that the UPS can run from."""
    lines = [v for n in told.numbers("input_volts").values() if (v := clean.volts(n)) is not None]
    if lines:
        limits = limits_of(told)
        return limits.low <= max(lines) <= limits.high
    return any(hertz >= LEAST_HERTZ for hertz in told.numbers("input_hertz").values())


def _signs_of_battery(told: Told) -> bool:
    on_battery_for = told.numbers("on_battery_for").values()
    said = told.any("on_battery") or told.any("input_bad") or told.any("discharging")
    return said or any(clean.on_battery_for(seconds) for seconds in on_battery_for)


def _output_alive(told: Told) -> bool | None:
    """Whether the output carries volts or a load; None when the card tells neither."""
    volts = [v for n in told.numbers("output_volts").values() if (v := clean.volts(n)) is not None]
    loads = [v for n in told.numbers("load").values() if (v := clean.load(n)) is not None]
    if not volts:
        return True if any(loads) else None
    return max(volts) >= limits_of(told).half


def _timers(told: Told) -> CardTimers:
    """The card's own timers. A period without a known action is no period: unsupported tables read as zeros."""
    action = told.action()
    period = clean.period(told.number("warning_period")) if action else None
    return CardTimers(period, clean.delay(told.number("shutdown_delay")), action)
