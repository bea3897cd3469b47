"""Utility power, batteries, cards, and the hosts behind them."""

from __future__ import annotations

import pytest

from ridethrough.core.model import CardAction, CardTimers
from ridethrough.core.observation import Source
from ridethrough.sim import faults
from ridethrough.sim.cards import Family
from ridethrough.sim.machines import SimHost

from .sites import card_that, let, site, told


def test_the_card_cuts_after_its_warning_period_and_its_delay() -> None:
    world = site()
    world.set_feeder("a", False)
    let(world, 299.9)
    assert world.hosts["h1"].power
    let(world, 0.2)
    assert not world.upses["ups1"].output
    assert not world.hosts["h1"].power
    assert world.crashed == ["h1"]
    assert world.lost == ["h1-vm1", "h1-vm2"]


@pytest.mark.parametrize("action", [CardAction.DISABLED, CardAction.WARNING, CardAction.CLIENT])
def test_a_card_that_does_not_cut_leaves_the_output_on(action: CardAction) -> None:
    world = site()
    card_that(world, action=action)
    world.set_feeder("a", False)
    let(world, 1000)
    assert world.upses["ups1"].output


def test_power_that_returns_within_the_warning_period_resets_it() -> None:
    world = site()
    world.set_feeder("a", False)
    let(world, 170)
    world.set_feeder("a", True)
    let(world, 5)
    world.set_feeder("a", False)
    let(world, 290)
    assert world.upses["ups1"].output
    let(world, 15)
    assert not world.upses["ups1"].output


@pytest.mark.parametrize("cancels", [True, False])
def test_power_that_returns_in_the_countdown_cancels_it_or_not(cancels: bool) -> None:
    world = site()
    card_that(world).cancels_on_return = cancels
    world.set_feeder("a", False)
    let(world, 200)
    world.set_feeder("a", True)
    let(world, 99)
    assert (world.upses["ups1"].card.cut_at is None) == cancels
    let(world, 3)
    assert world.upses["ups1"].output == cancels
    let(world, 10)
    assert world.upses["ups1"].output, "it comes back by itself: utility power is there"


def test_a_silent_card_goes_on_counting() -> None:
    world = site()
    world.set_feeder("a", False)
    faults.silence_card(world, "ups1")
    let(world, 301)
    assert world.upses["ups1"].reading(world.now) is None
    assert not world.upses["ups1"].output


def test_a_card_that_lost_its_ups_starts_no_countdown_and_one_that_finds_it_begins_anew() -> None:
    world = site()
    faults.lose_link(world, "ups1")
    world.set_feeder("a", False)
    let(world, 400)
    assert world.upses["ups1"].output
    faults.restore_link(world, "ups1")
    let(world, 299)
    assert world.upses["ups1"].output
    let(world, 2)
    assert not world.upses["ups1"].output


def test_the_battery_carries_the_load_as_long_as_it_says_and_not_longer() -> None:
    world = site(capacity_wh=50.0)
    card_that(world, action=CardAction.CLIENT)
    world.set_feeder("a", False)
    let(world, 0)
    assert world.upses["ups1"].runtime == pytest.approx(600.0)
    let(world, 599)
    assert world.hosts["h1"].power
    let(world, 2)
    assert not world.hosts["h1"].power
    assert "ups1's battery is empty: its output is off" in told(world)


def test_less_load_lasts_longer() -> None:
    world = site(capacity_wh=50.0)
    world.add_host(SimHost("h9", "p", fed_by=("ups1",), watts=300.0))
    card_that(world, action=CardAction.CLIENT)
    world.set_feeder("a", False)
    let(world, 100)
    assert world.upses["ups1"].runtime == pytest.approx(200.0)
    faults.pull_power(world, "h9")
    assert world.upses["ups1"].runtime == pytest.approx(400.0)


def test_a_card_may_promise_more_than_there_is() -> None:
    world = site(capacity_wh=50.0)
    card_that(world, action=CardAction.CLIENT)
    world.upses["ups1"].promise = 2.0
    world.set_feeder("a", False)
    let(world, 300)
    assert world.upses["ups1"].runtime == pytest.approx(600.0)
    let(world, 301)
    assert not world.upses["ups1"].output


def test_low_battery_is_told_when_the_told_runtime_is_short() -> None:
    world = site(capacity_wh=50.0)
    card_that(world, action=CardAction.CLIENT)
    world.set_feeder("a", False)
    let(world, 419)
    assert not world.upses["ups1"].low_battery
    let(world, 2)
    assert world.upses["ups1"].low_battery
    assert told(world).count("ups1's battery is low") == 1


def test_a_card_may_cut_on_low_battery_long_before_its_warning_period_ends() -> None:
    world = site(capacity_wh=50.0)
    card = card_that(world)
    card.warning_period, card.low_action = 900.0, CardAction.CLIENT_AND_UPS
    world.set_feeder("a", False)
    let(world, 421 + 120)
    assert told(world)[-2].startswith("ups1's card cuts its output")


def test_a_self_test_runs_on_battery_while_utility_power_is_good() -> None:
    world = site()
    faults.start_test(world, "ups1", 30.0)
    reading = world.upses["ups1"].reading(world.now)
    assert reading is not None
    assert (reading.source, reading.testing, reading.input_good) == (Source.BATTERY, True, True)
    let(world, 31)
    after = world.upses["ups1"].reading(world.now)
    assert after is not None
    assert (after.source, after.testing) == (Source.UTILITY, False)


def test_utility_power_that_fails_in_a_self_test_is_an_outage() -> None:
    world = site()
    faults.start_test(world, "ups1", 30.0)
    let(world, 10)
    world.set_feeder("a", False)
    let(world, 300.1)
    assert not world.upses["ups1"].output


def test_two_feeds_of_which_one_is_enough() -> None:
    world = site()
    world.add_host(SimHost("h9", "p", fed_by=("ups1", "ups2"), needs=1))
    assert world.upses["ups1"].load_watts == world.upses["ups2"].load_watts == 450.0
    world.set_feeder("a", False)
    let(world, 301)
    assert world.hosts["h9"].power
    assert world.upses["ups2"].load_watts == 600.0
    world.set_feeder("b", False)
    let(world, 301)
    assert "h9" in world.crashed


def test_two_feeds_of_which_both_are_needed() -> None:
    world = site()
    world.add_host(SimHost("h9", "p", fed_by=("ups1", "ups2"), needs=2))
    world.set_feeder("a", False)
    let(world, 301)
    assert "h9" in world.crashed


@pytest.mark.parametrize("bios", [True, False])
def test_the_bios_starts_a_host_when_its_supply_is_back(bios: bool) -> None:
    world = site()
    world.hosts["h2"].bios_power_on = bios
    world.set_feeder("b", False)
    let(world, 310)
    world.set_feeder("b", True)
    let(world, 300)
    assert world.hosts["h2"].power == bios
    assert world.hosts["h2"].enabled


@pytest.mark.parametrize(
    ("family", "timers", "counts"),
    [
        (Family.EPPC, CardTimers(180, 120, CardAction.CLIENT_AND_UPS), True),
        (Family.USHA, CardTimers(180, 120, CardAction.CLIENT_AND_UPS), False),
        (Family.XPPC, CardTimers(None, 120, None), False),
        (Family.RFC1628, CardTimers(), True),
    ],
)
def test_each_family_of_cards_tells_what_it_can(family: Family, timers: CardTimers, counts: bool) -> None:
    world = site()
    world.upses["ups1"].card.tells = family
    world.set_feeder("a", False)
    let(world, 200)
    reading = world.upses["ups1"].reading(world.now)
    assert reading is not None
    assert reading.timers == timers
    assert reading.countdown == (100.0 if counts else None)
    assert reading.tells_countdown == counts


def test_the_battery_is_charged_again() -> None:
    world = site()
    card_that(world, action=CardAction.CLIENT)
    world.set_feeder("a", False)
    let(world, 600)
    low = world.upses["ups1"].charge
    world.set_feeder("a", True)
    let(world, 600)
    assert low < world.upses["ups1"].charge < 100.0
    let(world, 36_000)
    assert world.upses["ups1"].charge == 100.0
