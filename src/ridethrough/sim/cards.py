"""UPSs and their cards: what they are, and what they show."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum

from ridethrough.core.model import CardAction, CardTimers, Percent, Seconds, UpsId
from ridethrough.core.observation import Source, UpsReading

from .agenda import Appointment
from .battery import SECONDS_PER_HOUR, Battery
from .families import INPUT_VOLTS, TELLS, Family, Runtime

__all__ = ["MAKER", "Family", "SelfTest", "SimCard", "SimUps"]

MAKER = "Ridethrough"  # of every simulated card
CLIENTS = (CardAction.CLIENT, CardAction.CLIENT_AND_UPS)


class SelfTest(StrEnum):
    """How the last self-test ended."""

    NONE = "none"
    PASSED = "passed"
    ABORTED = "aborted"


@dataclass(slots=True, eq=False)
class SimCard:
    """A card with timers of its own. It goes on counting while it is silent."""

    warning_period: Seconds = 900.0
    shutdown_delay: Seconds = 120.0
    action: CardAction = CardAction.CLIENT_AND_UPS
    cancels_on_return: bool = True  # a running countdown ends when utility power returns
    tells: Family = Family.EPPC
    low_action: CardAction = CardAction.DISABLED  # what it does when the battery is low; its delay is shutdown_delay
    model: str = "Simulated card"
    tells_runtime: bool = True  # some cards always say 0 minutes

    silent: bool = False  # answers nobody; counts on
    unwired: bool = False  # the switches that lead to it are off
    link_lost: bool = False  # answers, but has lost its UPS: starts nothing
    testing: bool = False  # a self-test runs: on battery while utility power is good

    last_test: SelfTest = SelfTest.NONE
    last_known: UpsReading | None = None  # what it told last before it lost its UPS
    refuses: bool = False  # a fault: it cannot be told to cut its output
    was_told: bool = False  # the countdown that runs was commanded: utility power does not end it
    has_counted: bool = False  # a countdown has run since it was built

    outage_since: Seconds | None = None  # as the card itself saw it
    cut_at: Seconds | None = None  # a countdown runs: when the output will be cut
    warning_ends: Appointment | None = field(default=None, repr=False)
    countdown_ends: Appointment | None = field(default=None, repr=False)
    test_ends: Appointment | None = field(default=None, repr=False)

    @property
    def description(self) -> str:
        """sysDescr."""
        return f"{self.model} (simulated)"

    @property
    def mute(self) -> bool:
        """It answers nobody, or nobody can ask it."""
        return self.silent or self.unwired

    @property
    def tells_countdown(self) -> bool:
        """Whether a running countdown can be read."""
        return TELLS[self.tells].countdown != "never"

    def told_timers(self) -> CardTimers:
        """The timers that can be read from this family of card; what it does not tell is None."""
        tells = TELLS[self.tells]
        delay = self.shutdown_delay if tells.delay else None
        match tells.period:
            case "none":
                return CardTimers(None, delay, None)
            case "events":
                return CardTimers(self.warning_period, delay, self.action)
            case "clients" if self.action in CLIENTS:
                return CardTimers(self.warning_period, delay, CardAction.CLIENT)
            case "clients":  # MGE writes a time of 0 for never, Delta -1
                return CardTimers(0.0 if self.tells is Family.MGE else None, delay, CardAction.DISABLED)

    @property
    def proves_countdown(self) -> bool:
        """Whether a reader can know that this card would show a countdown."""
        return TELLS[self.tells].countdown == "always" or (self.tells_countdown and self.has_counted)

    @property
    def told_name(self) -> str:
        """Maker and model, as far as this family tells them."""
        match TELLS[self.tells].name:
            case "maker and model":
                return f"{MAKER} {self.model}"
            case "model":
                return self.model
            case "description":
                return self.description

    def countdown_left(self, now: Seconds) -> Seconds | None:
        """Seconds until the card cuts the output; None when no countdown runs."""
        return None if self.cut_at is None else max(self.cut_at - now, 0.0)


@dataclass(slots=True, eq=False)
class SimUps:
    """A UPS. `input_good`, `load_watts` and `battery` are current as of the world's last advance."""

    id: UpsId
    feeder: str
    battery: Battery
    card: SimCard
    charger_watts: float = 100.0
    rated_watts: float = 2000.0
    base_load_watts: float = 0.0  # switches and the like, always on its output
    low_runtime: Seconds = 180.0  # low battery when the told runtime is no longer than this
    promise: float = 1.0  # told runtime divided by the true one
    return_delay: Seconds = 5.0  # from utility power at a cut output to output on

    has_card: bool = True  # without one it is on a serial port

    input_good: bool = True
    output: bool = True
    auto_restart: bool = True  # upsAutoRestart: with utility power the output comes back by itself
    stays_off: bool = False  # switched off, and not to come back with utility power
    load_watts: float = 0.0
    on_battery_since: Seconds | None = None
    told_low: bool = False  # the story has told that it is low, this time

    settled_at: Seconds = 0.0
    empty_at: Appointment | None = field(default=None, repr=False)
    low_at: Appointment | None = field(default=None, repr=False)
    returns_at: Appointment | None = field(default=None, repr=False)

    @property
    def teller(self) -> str:
        """Who counts down and cuts, in the story."""
        return f"{self.id}'s card" if self.has_card else self.id

    @property
    def on_battery(self) -> bool:
        """The output is on and the battery feeds it, in an outage or in a self-test."""
        return self.output and (not self.input_good or self.card.testing)

    @property
    def drain_watts(self) -> float:
        """What the battery gives; negative while it is being charged."""
        if self.on_battery:
            return self.load_watts
        return -self.charger_watts if self.input_good else 0.0

    @property
    def charge(self) -> Percent:
        return self.battery.charge

    @property
    def load_percent(self) -> Percent:
        return 100.0 * self.load_watts / self.rated_watts

    @property
    def true_runtime(self) -> Seconds | None:
        """Seconds that the battery carries the present load; None without a load."""
        return self.battery.falls_to(0.0, self.load_watts)

    @property
    def runtime(self) -> Seconds | None:
        """Seconds as the card tells them: the truth times `promise`."""
        true = self.true_runtime
        return None if true is None else true * self.promise

    @property
    def low_battery(self) -> bool:
        runtime = self.runtime
        return self.on_battery and runtime is not None and runtime <= self.low_runtime

    @property
    def low_stored_wh(self) -> float:
        """The energy at which the battery counts as low under the present load, watt hours."""
        return self.low_runtime / self.promise * self.load_watts / SECONDS_PER_HOUR

    @property
    def source(self) -> Source:
        """What the card says feeds the output (upsOutputSource: normal, battery, none)."""
        if not self.output:
            return Source.OFF
        return Source.BATTERY if self.on_battery else Source.UTILITY

    def settle(self, now: Seconds) -> None:
        """Bring the battery up to `now` under the flow that held since the last time."""
        if now > self.settled_at:
            self.battery = self.battery.after(now - self.settled_at, self.drain_watts)
            self.settled_at = now

    def reading(self, now: Seconds) -> UpsReading | None:
        """What a poll at `now` gets, as a driver would hand it on; None when the card is silent."""
        card, tells = self.card, TELLS[self.card.tells]
        if card.mute:
            return None
        if card.link_lost and tells.link:
            return UpsReading(at=now, source=Source.UNKNOWN, link_lost=True)
        if card.link_lost and card.last_known is not None:
            return replace(card.last_known, at=now)
        dead = not self.input_good and (tells.input_bad or self.on_battery)
        return UpsReading(
            at=now,
            source=self.source,
            testing=card.testing and tells.test,
            input_good=(self.input_good and not dead) if dead or tells.limits else None,
            input_dead=dead,
            low_battery=self.low_battery and tells.low,
            charge=float(int(self.charge)),  # upsEstimatedChargeRemaining is a whole number
            runtime=_as_told(self.runtime, tells.runtime, self.on_battery) if card.tells_runtime else None,
            load=float(round(self.load_percent)) if tells.load else None,
            countdown=card.countdown_left(now) if card.tells_countdown else None,
            tells_countdown=card.proves_countdown,
            timers=card.told_timers(),
            model=card.told_name,
            input_volts=(float(INPUT_VOLTS) if self.input_good else 0.0) if tells.volts else None,
        )


def _as_told(runtime: Seconds | None, unit: Runtime, on_battery: bool) -> Seconds | None:
    match unit:
        case _ if runtime is None:
            return None
        case "seconds":
            return float(int(runtime))
        case "minutes on battery" if not on_battery:
            return None
        case _:
            return float(int(runtime / 60.0) * 60)
