"""What one simulated card knows at the moment of an answer, and what a SET makes it do."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from ridethrough.core.model import CardAction, Seconds
from ridethrough.core.observation import Source
from ridethrough.sim import power
from ridethrough.sim.cards import SelfTest, SimUps
from ridethrough.sim.cards_mib.tree import BadValue
from ridethrough.sim.world import World

NOMINAL_VOLTS = 230
ACTION_NUMBERS = {  # EPPC and USHA use the same numbers
    CardAction.DISABLED: 1,
    CardAction.WARNING: 2,
    CardAction.CLIENT: 3,
    CardAction.CLIENT_AND_UPS: 4,
}
ACTIONS = {number: action for action, number in ACTION_NUMBERS.items()}


@dataclass(frozen=True, slots=True)
class Shown:
    """What the card shows. Volts and seconds; `countdown` is None while nothing counts down."""

    source: Source
    up_for: Seconds  # since the world began: the card's sysUpTime
    testing: bool = False
    last_test: SelfTest = SelfTest.NONE
    input_volts: int = NOMINAL_VOLTS
    output_volts: int = NOMINAL_VOLTS
    low: bool = False
    charge: int = 100
    runtime: Seconds = 0.0
    load: int = 0
    watts: int = 0
    on_battery_for: Seconds = 0.0
    countdown: Seconds | None = None
    link_lost: bool = False
    line_bads: int = 0  # times that the input went bad

    @property
    def utility(self) -> bool:
        return self.input_volts > 0

    @property
    def on_battery(self) -> bool:
        return self.source is Source.BATTERY


def shown(world: World, ups: SimUps) -> Shown:
    """The card as its UPS is now."""
    since = ups.on_battery_since if ups.on_battery else None
    return Shown(
        source=ups.source,
        up_for=world.now,
        testing=ups.card.testing,
        last_test=ups.card.last_test,
        input_volts=NOMINAL_VOLTS + 1 if ups.input_good else 0,
        output_volts=NOMINAL_VOLTS if ups.output else 0,
        low=ups.low_battery,
        charge=int(ups.charge),
        runtime=ups.runtime if ups.runtime is not None and ups.card.tells_runtime else 0.0,
        load=round(ups.load_percent),
        watts=round(ups.load_watts),
        on_battery_for=world.now - since if since is not None else 0.0,
        countdown=ups.card.countdown_left(world.now),
    )


class Control:
    """What SETs do to one card and its UPS."""

    def __init__(self, world: World, ups: SimUps) -> None:
        self.world, self.ups, self.card = world, ups, ups.card
        self.settings: dict[str, int | bytes] = {}  # objects that people may write and that nothing depends on

    def count_down(self, seconds: int) -> None:
        """Output off in `seconds`; 0 is now, -1 cancels what runs."""
        if seconds < -1:
            raise BadValue
        if self.card.cut_at is not None:
            self.card.cut_at = None
            if self.card.countdown_ends:
                self.card.countdown_ends.cancel()
            self.world.tell(f"{self.ups.id}'s card is told to cancel its countdown")
        if seconds >= 0 and self.ups.output:
            self.card.cut_at = self.world.now + seconds
            self.world.tell(f"{self.ups.id}'s card is told to count down: output off in {seconds} s")
            cut = partial(power.cut_output, self.world, self.ups, f"{self.ups.id}'s card cuts its output")
            self.card.countdown_ends = self.world.agenda.after(seconds, cut)

    def set_action(self, number: int) -> None:
        self.card.action = _action(number)

    def set_low_action(self, number: int) -> None:
        self.card.low_action = _action(number)

    def set_warning_period(self, seconds: int) -> None:
        """From the next outage on."""
        if not 0 <= seconds <= 7 * 24 * 3600:
            raise BadValue
        self.card.warning_period = float(seconds)

    def set_shutdown_delay(self, seconds: int) -> None:
        """From the next countdown on."""
        if not 0 < seconds <= 24 * 3600:
            raise BadValue
        self.card.shutdown_delay = float(seconds)

    def set_low_runtime(self, seconds: int) -> None:
        if not 0 <= seconds <= 3600:
            raise BadValue
        self.ups.low_runtime = float(seconds)
        power.rebalance(self.world)

    def start_test(self) -> None:
        power.start_test(self.world, self.ups)

    def end_test(self) -> None:
        power.end_test(self.world, self.ups)

    def set_inert(self, oid: str, value: int | bytes) -> None:
        """Keep a value that reads back and does nothing."""
        self.settings[oid] = value


def _action(number: int) -> CardAction:
    if number not in ACTIONS:
        raise BadValue
    return ACTIONS[number]
