"""When this controller shuts its own machine down: last of all, at the last safe moment."""

from __future__ import annotations

from . import events as e
from .actions import ShutDownController
from .ends import own_left
from .model import CONTROLLER, Seconds
from .power import feeds_of, supply
from .situation import Situation
from .start import start
from .wording import duration


def shut_down(s: Situation) -> list[e.Event]:
    """The order is the commit point: nothing is begun before it, so utility power that returns earlier just ends it.

    Everything that needs this controller has its deadlines from the same moment (`ends.reached_for`).
    """
    seconds = own_left(s, CONTROLLER) if supply(s, CONTROLLER).failing else None
    if not s.site.controller.shuts_down or seconds is None or seconds > last_moment(s):
        return []
    if seconds <= 0.0 and _has_utility_power(s):
        return []  # it was to be cut by now and is not: after its boot it would go down, and nobody would start it
    return start(s, ShutDownController(f"{duration(seconds)} of power left for it, {duration(last_moment(s))} needed"))


def _has_utility_power(s: Situation) -> bool:
    """As its cards say; they may be counting down all the same."""
    return all(s.memory.ups(ups).utility_since is not None for ups in feeds_of(s, CONTROLLER).failing)


def last_moment(s: Situation) -> Seconds:
    """From the order to the cut."""
    return s.site.controller.stop_time + s.policy.reserve
