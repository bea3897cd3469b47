"""The least that an outage must cost."""

from __future__ import annotations

from dataclasses import replace

import pytest
from bench.survival.bound import Battery, Guest, Machine, Outage, bound

HOST = Machine(("ups1",), 1, 300.0, 10.0)
OTHER = Machine(("ups2",), 1, 300.0, 10.0)
VM = Guest("host1", 5, 5.0, tied=False, can_move=True, can_stop=True)
NONE = Battery(0.0, 0.0, None)
TEN_MINUTES = Battery(300.0 * 600, 0.0, None)  # for one host
ALONE = Outage(
    begins=20.0,
    ends=20.0 + 1200,
    without_power={"ups1": [(20.0, 1220.0)]},
    batteries={"ups1": TEN_MINUTES, "ups2": NONE},
    hosts={"host1": HOST},
    storages={},
    guests=[VM],
)


def test_what_the_battery_does_not_carry_is_down() -> None:
    assert bound(ALONE) == pytest.approx(10.0)


def test_a_battery_that_carries_it_all_costs_nothing() -> None:
    assert bound(replace(ALONE, batteries={"ups1": Battery(300.0 * 1200, 0.0, None)})) == 0.0


def test_a_card_that_cuts_ends_its_battery() -> None:
    assert bound(replace(ALONE, batteries={"ups1": Battery(1e9, 0.0, 300.0)})) == pytest.approx(15.0)


def test_a_battery_is_charged_while_power_is_there() -> None:
    flaps = replace(ALONE, without_power={"ups1": [(20.0, 320.0), (620.0, 1220.0)]})
    assert bound(flaps) == pytest.approx(5.0)  # 900 s without power
    assert bound(replace(flaps, batteries={"ups1": Battery(300.0 * 600, 150.0, None)})) == pytest.approx(2.5)


def test_with_another_host_in_the_pool_it_moves() -> None:
    beside = replace(ALONE, hosts={"host1": HOST, "host2": OTHER})
    assert bound(beside) == pytest.approx(0.01)


def test_what_finds_no_room_there_is_down_the_least_weight_first() -> None:
    guests = [replace(VM, tier=0, memory=10.0), replace(VM, tier=8, memory=10.0)]
    beside = replace(ALONE, hosts={"host1": HOST, "host2": OTHER}, guests=guests)
    assert bound(beside) == pytest.approx(10 * 0.4)


def test_two_hosts_that_share_what_a_battery_has_hold_their_vms_on_one_of_them() -> None:
    shared = replace(ALONE, hosts={"host1": HOST, "host2": replace(HOST)}, guests=[replace(VM, host="host2")])
    assert bound(shared) == pytest.approx(10.0)
    assert bound(replace(shared, batteries={"ups1": Battery(300.0 * 1200, 0.0, None)})) == 0.0


def test_a_vm_that_is_tied_to_its_host_goes_with_it() -> None:
    beside = replace(ALONE, hosts={"host1": HOST, "host2": OTHER}, guests=[replace(VM, tied=True, can_move=False)])
    assert bound(beside) == pytest.approx(10.0)
    (tied,) = beside.guests
    assert bound(replace(beside, guests=[replace(tied, can_stop=False)])) == pytest.approx(30.0)


def test_one_that_can_neither_move_nor_be_asked_to_stop_is_stopped_hard_and_may_start_elsewhere() -> None:
    guests = [replace(VM, can_move=False, can_stop=False)]
    assert bound(replace(ALONE, hosts={"host1": HOST, "host2": OTHER}, guests=guests)) == pytest.approx(20.0)


def test_a_vm_ends_with_its_storage() -> None:
    box = Machine(("ups1",), 1, 600.0)
    beside = replace(ALONE, hosts={"host2": OTHER}, storages={"nas": box})
    on_it = replace(beside, guests=[replace(VM, host="host2", storage=frozenset({"nas"}))])
    assert bound(on_it) == pytest.approx(15.0)


def test_one_feed_of_two_is_enough() -> None:
    double = replace(ALONE, hosts={"host1": replace(HOST, feeds=("ups1", "ups2"))})
    assert bound(double) == 0.0
    both = replace(double, without_power={ups: [(20.0, 1220.0)] for ups in ("ups1", "ups2")})
    both = replace(both, batteries=dict.fromkeys(("ups1", "ups2"), Battery(300.0 * 300, 0.0, None)))
    assert bound(both) == pytest.approx(10.0)
