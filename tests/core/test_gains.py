"""What stopping a tier gains, from the load that a UPS measures; and what nobody can know."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ridethrough.core.gains import GUEST_SHARE, Gain, tier_gains
from ridethrough.core.memory import Memory
from ridethrough.core.model import CardTimers
from ridethrough.core.observation import Snapshot, UpsReading
from ridethrough.core.policy import Policy, VmPolicy
from ridethrough.core.site import Site
from ridethrough.core.situation import Situation

from .build import CARD, reading, site, snapshot, vm_seen

VMS = (vm_seen("db", "h1", 6.0), vm_seen("web", "h1", 2.0), vm_seen("far", "h2", 8.0))
TIERS = {"db": VmPolicy(tier=1), "web": VmPolicy(tier=7)}


def there(told: UpsReading, feeds: int = 1) -> Situation:
    built: Site = site(2, feeds, policy=Policy(vms=TIERS))
    upses = {u: replace(it, timers=CardTimers()) for u, it in built.upses.items()}
    seen: Snapshot = snapshot(0.0, built, VMS)
    seen = replace(seen, upses={u: replace(it, reading=told) for u, it in seen.upses.items()})
    return Situation(0.0, seen, Memory(), replace(built, upses=upses))


def test_a_tier_gains_by_its_memory_on_the_hosts_of_the_ups() -> None:
    first, last = tier_gains(there(reading(0.0, runtime=1000.0)), ["ups1"])
    assert (first.tier, first.vms, last.tier, last.vms) == (7, ("web",), 1, ("db",))
    (of_web,), (of_db,) = first.gains, last.gains
    assert of_web.seconds == round(1000.0 / (1 - GUEST_SHARE / 4) - 1000.0, 1) == of_web.together
    assert of_db.seconds == round(1000.0 / (1 - GUEST_SHARE * 3 / 4) - 1000.0, 1)
    assert of_db.together == round(1000.0 / (1 - GUEST_SHARE) - 1000.0, 1)


def test_a_card_that_cuts_takes_the_gain_away() -> None:
    first, last = tier_gains(there(reading(0.0, runtime=1000.0, timers=CARD)), ["ups1"])
    assert first.gains == last.gains == (Gain("ups1", 0.0, 0.0, "its card cuts the output after 300 s all the same"),)


@pytest.mark.parametrize(
    ("told", "why"),
    [(reading(0.0, runtime=None), "ups1 tells no runtime"), (reading(0.0, load=None), "ups1 tells no load")],
)
def test_what_is_not_told_is_not_reckoned(told: UpsReading, why: str) -> None:
    first, *_ = tier_gains(there(told), ["ups1"])
    assert first.gains == (Gain("ups1", None, None, why),)


def test_two_feeds_each_gain_the_same() -> None:
    first, _ = tier_gains(there(reading(0.0, runtime=1000.0), feeds=2), ["ups1", "ups1b"])
    assert first.gains[0].seconds == first.gains[1].seconds == round(1000.0 / (1 - GUEST_SHARE / 4) - 1000.0, 1)


def test_a_ups_that_feeds_nothing_has_no_part() -> None:
    s = there(reading(0.0))
    assert tier_gains(replace(s, site=replace(s.site, hosts={})), ["ups1"]) == ()
