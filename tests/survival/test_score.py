"""What an outage costs, and which crashes a clean stop could have prevented."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from bench.survival.score import Machine, Score, Truth, Vm, Why, score, weight

from ridethrough.sim.fates import Fate, Turn

FAILS = 100.0  # ups1 loses utility power
BACK = 1000.0
QUIET = Truth(
    vms={"vm1": Vm(5, 20.0, "host1", frozenset({"nas"})), "vm2": Vm(0, None, "host1")},
    machines={"host1": Machine(("ups1",)), "host2": Machine(("ups1", "ups2")), "nas": Machine(("ups2",))},
    without_power={"ups1": [(FAILS, BACK)], "ups2": [(FAILS + 300, BACK)]},
    unheard={},
    turns=[],
    hosts_off=0,
    power_is_back=BACK,
)


def of(*turns: tuple[float, str, Fate, str], truth: Truth = QUIET) -> Score:
    return score(replace(truth, turns=[Turn(at, vm, fate, host) for at, vm, fate, host in turns]))


def why(*turns: tuple[float, str, Fate, str], truth: Truth = QUIET) -> Why:
    (found,) = of(*turns, truth=truth).why
    return found


def test_nothing_happened() -> None:
    assert of().total == 0.0


def test_a_clean_stop_costs_its_minutes_by_tier() -> None:
    stopped = [(200.0, vm, Fate.STOPS, "host1") for vm in ("vm1", "vm2")]
    started = [(500.0, vm, Fate.STARTS, "host1") for vm in ("vm1", "vm2")]
    assert of(*stopped, *started).total == pytest.approx(5 * 1.0 + 5 * 2.0)
    assert [weight(tier) for tier in (0, 5, 9)] == [2.0, 1.0, 0.2]


def test_what_does_not_come_back_is_down_until_somebody_comes_by() -> None:
    assert of((400.0, "vm1", Fate.STOPS, "host1")).minutes == pytest.approx((BACK + 3600 - 400) / 60)


def test_each_thing_has_its_price() -> None:
    back = (500.0, "vm1", Fate.STARTS, "host1")
    assert of((500.0, "vm1", Fate.CRASHES, "host1"), back).total == 100.0
    assert of((500.0, "vm1", Fate.STOPPED_HARD, "host1"), back).total == 20.0
    assert of((500.0, "vm1", Fate.MOVES, "host2")).total == 0.01
    assert replace(of(), hosts_off=1).total == 200.0


def test_storage_that_goes_is_counted_once_for_each_host_that_uses_it() -> None:
    lost = [(500.0, "vm1", Fate.LOSES_DISK, "host1"), (500.0, "vm2", Fate.LOSES_DISK, "host1")]
    back = [(500.0, vm, Fate.STARTS, "host1") for vm in ("vm1", "vm2")]
    assert of(*lost, *back).total == 500.0 + 2 * 100.0
    apart = [lost[0], (500.0, "vm2", Fate.LOSES_DISK, "host2")]
    assert of(*apart, *back).total == 2 * 500.0 + 2 * 100.0


def test_a_crash_counts_the_minutes_as_well_so_that_it_never_is_the_cheaper_way() -> None:
    crash, stop = of((400.0, "vm1", Fate.CRASHES, "host1")), of((400.0, "vm1", Fate.STOPS, "host1"))
    assert crash.total == stop.total + 100.0


def test_a_vm_that_did_not_run_before_the_outage_counts_for_nothing() -> None:
    assert of((400.0, "other", Fate.CRASHES, "host1")).total == 0.0


# --- a confirmed outage is one that the card has told of for ten seconds; vm1 is off 20.5 s after it is asked


@pytest.mark.parametrize(("at", "found"), [(130.4, Why.TOO_FAST), (130.6, Why.PREVENTABLE), (900.0, Why.PREVENTABLE)])
def test_a_clean_stop_in_time_could_have_prevented_it(at: float, found: Why) -> None:
    assert why((at, "vm1", Fate.CRASHES, "host1")) is found


def test_a_vm_that_cannot_be_stopped_cleanly() -> None:
    assert why((900.0, "vm2", Fate.CRASHES, "host1")) is Why.NO_CLEAN_STOP


def test_a_vm_that_came_late_could_be_stopped_from_then_on() -> None:
    crash = (900.0, "vm1", Fate.CRASHES, "host1")
    assert why((890.0, "vm1", Fate.MOVES, "host1"), crash) is Why.TOO_FAST
    assert why((870.0, "vm1", Fate.MOVES, "host1"), crash) is Why.PREVENTABLE


def test_a_host_with_two_feeds_is_on_battery_when_both_are() -> None:
    assert why((429.0, "vm1", Fate.CRASHES, "host2")) is Why.TOO_FAST
    assert why((431.0, "vm1", Fate.CRASHES, "host2")) is Why.PREVENTABLE


def test_a_lost_disk_is_judged_by_the_storage() -> None:
    assert why((429.0, "vm1", Fate.LOSES_DISK, "host1")) is Why.TOO_FAST
    assert why((431.0, "vm1", Fate.LOSES_DISK, "host1")) is Why.PREVENTABLE


def test_a_card_that_was_silent_told_nobody() -> None:
    silent = replace(QUIET, unheard={"ups1": [(50.0, math.inf)]})
    assert why((900.0, "vm1", Fate.CRASHES, "host1"), truth=silent) is Why.UNSEEN


def test_a_card_that_falls_silent_later_had_told() -> None:
    silent = replace(QUIET, unheard={"ups1": [(111.0, math.inf)]})
    assert why((900.0, "vm1", Fate.CRASHES, "host1"), truth=silent) is Why.PREVENTABLE


def test_a_card_that_answers_again_tells_from_then_on() -> None:
    silent = replace(QUIET, unheard={"ups1": [(105.0, 800.0)]})
    assert why((829.0, "vm1", Fate.CRASHES, "host1"), truth=silent) is Why.TOO_FAST
    assert why((831.0, "vm1", Fate.CRASHES, "host1"), truth=silent) is Why.PREVENTABLE


def test_of_power_that_flapped_the_last_failure_counts() -> None:
    flapped = replace(QUIET, without_power={"ups1": [(50.0, 60.0), (90.0, 95.0), (FAILS, BACK)]})
    assert why((129.0, "vm1", Fate.CRASHES, "host1"), truth=flapped) is Why.TOO_FAST
    short = replace(QUIET, without_power={"ups1": [(FAILS, FAILS + 5)]})
    assert why((900.0, "vm1", Fate.CRASHES, "host1"), truth=short) is Why.UNSEEN
