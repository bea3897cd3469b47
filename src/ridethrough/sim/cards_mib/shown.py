"""What one simulated card knows of its UPS at the moment of an answer."""

from __future__ import annotations

from dataclasses import dataclass

from ridethrough.core.model import CardAction, Seconds
from ridethrough.core.observation import Source
from ridethrough.sim.cards import SelfTest, SimUps
from ridethrough.sim.families import INPUT_VOLTS, NOMINAL_VOLTS
from ridethrough.sim.world import World

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

    @property
    def spent(self) -> bool:
        return self.charge <= 0

    @property
    def counting(self) -> int | None:
        """Whole seconds until the cut."""
        return None if self.countdown is None else int(self.countdown)


def shown(world: World, ups: SimUps) -> Shown:
    """The card as its UPS is now."""
    since = ups.on_battery_since if ups.on_battery else None
    return Shown(
        source=ups.source,
        up_for=world.now,
        testing=ups.card.testing,
        last_test=ups.card.last_test,
        input_volts=INPUT_VOLTS if ups.input_good else 0,
        output_volts=NOMINAL_VOLTS if ups.output else 0,
        low=ups.low_battery,
        charge=int(ups.charge),
        runtime=ups.runtime if ups.runtime is not None and ups.card.tells_runtime else 0.0,
        load=round(ups.load_percent),
        watts=round(ups.load_watts),
        on_battery_for=world.now - since if since is not None else 0.0,
        countdown=ups.card.countdown_left(world.now),
    )
