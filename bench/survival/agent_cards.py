"""What the agent on a host reads of a simulated card: as its own SNMP reader makes it of the objects of each family.

tests/survival compares the two. The four families of `worlds` only.
"""

from __future__ import annotations

from ridethrough.core.model import CardAction, Seconds
from ridethrough.sim.cards import Family, SimUps
from ridethrough_agent import clean
from ridethrough_agent.model import BATTERY, UNKNOWN, UTILITY, Feed, Reading


def reading(ups: SimUps, now: Seconds) -> Reading | None:
    """None: the card is silent."""
    card = ups.card
    if card.mute:
        return None
    power = BATTERY if ups.on_battery else UTILITY if ups.output else UNKNOWN
    told = None
    if card.tells_countdown:
        left = card.countdown_left(now)
        told = 0.0 if left is None else clean.countdown(float(int(left)))
    elif card.tells is Family.XPPC:
        told = 0.0
    return Reading(
        now,
        power,
        low=ups.low_battery or int(ups.charge) <= 0,
        testing=card.testing,
        input_dead=power == BATTERY and not ups.input_good,
        charge=clean.charge(float(int(ups.charge))),
        runtime=_runtime(ups),
        countdown=told,
        off_after=off_after(ups) if card.tells is Family.EPPC else None,
    )


def feed(ups: SimUps) -> Feed:
    """The owner has entered the times of a card that cuts the output by itself and does not tell the agent when."""
    return Feed(ups.id, ups.id, None if ups.card.tells is Family.EPPC else off_after(ups))


def off_after(ups: SimUps) -> Seconds | None:
    card = ups.card
    return card.warning_period + card.shutdown_delay if card.action is CardAction.CLIENT_AND_UPS else None


def _runtime(ups: SimUps) -> Seconds | None:
    runtime = ups.runtime or 0.0
    match ups.card.tells:
        case Family.XPPC:
            return clean.runtime(float(int(runtime)))
        case Family.USHA:
            return None  # in TimeTicks, which the agent does not take for minutes
        case _:
            return clean.runtime(float(int(runtime / 60) * 60))
