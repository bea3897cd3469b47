"""When the controller shuts its own machine down, and when it does not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ridethrough.core import events as e
from ridethrough.core.model import Controller
from ridethrough.core.observation import Source
from ridethrough.core.own_machine import shut_down

from .build import lost, reading, site, situation, snapshot

CUT_AT = 100.0
COUNTS = e.CountdownSeen(60.0, "ups1", CUT_AT)
SEEN_AGAIN = e.UtilitySeen(61.0, "ups1", 61.0, 10.0)


def orders(now: float, *events: e.Event, back: bool, shuts_down: bool = True) -> bool:
    """Its UPS counts down to CUT_AT; whether the order is given at `now`."""
    own = Controller(powered_by=("ups1",), shuts_down=shuts_down, stop_time=10.0)
    the_site = replace(site(1), controller=own)
    seen = snapshot(now, the_site, sources={"ups1": Source.UTILITY if back else Source.BATTERY})
    card = replace(seen.upses["ups1"], reading=reading(now, Source.UTILITY if back else Source.BATTERY, countdown=None))
    seen = replace(seen, upses={"ups1": card})
    return shut_down(situation(now, seen, the_site, lost("ups1", 10.0), COUNTS, *events)) != []


@pytest.mark.parametrize(("now", "given"), [(29.0, False), (31.0, True), (101.0, True)])
def test_at_its_last_safe_moment(now: float, given: bool) -> None:
    """A minute of reserve and its own stop before the cut; also when that is past."""
    assert orders(now, back=False) is given
    assert not orders(now, back=False, shuts_down=False)


def test_a_countdown_outlives_the_outage() -> None:
    assert orders(95.0, SEEN_AGAIN, back=True)


def test_one_that_was_to_be_cut_by_now_and_has_utility_power_stays_up() -> None:
    """It has just booted: the countdown that it knows of has come to nothing, or the cut is over."""
    assert not orders(104.0, SEEN_AGAIN, back=True)
