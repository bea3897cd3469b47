"""Workload Balancing under host.evacuate: heeded, waited for, passed over. Read from source, not seen running."""

from __future__ import annotations

import pytest

from ridethrough.sim.machines import Guest, Wlb
from ridethrough.sim.world import World

from .sites import outcome, site, told, vm, xapi


def with_wlb(behaviour: Wlb = Wlb.ANSWERS) -> World:
    """Three hosts; WLB would put both guests of h1 on h3."""
    world = site(hosts=3)
    pool = world.pools["p"]
    pool.wlb_enabled, pool.wlb = True, behaviour
    pool.wlb_advice = {vm(world, name).id: "h3" for name in ("h1-vm1", "h1-vm2")}
    return world


def homes(world: World) -> list[str | None]:
    return [vm(world, name).resident_on for name in ("h1-vm1", "h1-vm2")]


@pytest.mark.parametrize(("behaviour", "before"), [(Wlb.ANSWERS, 0.3), (Wlb.LATE, 20.0)])
def test_an_evacuation_goes_where_wlb_says_and_waits_for_it(behaviour: Wlb, before: float) -> None:
    world = with_wlb(behaviour)
    assert outcome(world, xapi(world).host_evacuate(world.hosts["h1"].ref)) == []
    assert homes(world) == ["h3", "h3"]
    assert world.now > before


def test_a_dead_wlb_costs_half_a_minute_and_nothing_else() -> None:
    world = with_wlb(Wlb.DEAD)
    assert outcome(world, xapi(world).host_evacuate(world.hosts["h1"].ref)) == []
    assert sorted(homes(world), key=str) == ["h2", "h3"]  # xapi spreads them by room
    assert world.now > 30.0
    assert "WLB fails (WLB_TIMEOUT, 30.): h1 is emptied without it" in told(world)


def test_a_guest_that_wlb_does_not_place_counts_as_one_without_room() -> None:
    world = with_wlb()
    left_out = vm(world, "h1-vm2")
    del world.pools["p"].wlb_advice[left_out.id]
    refused = ["HOST_NOT_ENOUGH_FREE_MEMORY", left_out.ref]
    assert outcome(world, xapi(world).host_evacuate(world.hosts["h1"].ref)) == refused
    assert homes(world) == ["h1", "h1"]  # all or nothing


def test_xapis_own_errors_win_over_wlb() -> None:
    world = with_wlb()
    it = vm(world, "h1-vm1")
    it.guest = Guest.NO_TOOLS
    assert outcome(world, xapi(world).host_evacuate(world.hosts["h1"].ref)) == ["VM_LACKS_FEATURE", it.ref]


def test_a_pool_that_ignores_wlb_plans_by_itself() -> None:
    world = with_wlb(Wlb.DEAD)
    world.pools["p"].other_config["wlb_choose_host_disable"] = "true"
    assert outcome(world, xapi(world).host_evacuate(world.hosts["h1"].ref)) == []
    assert world.now < 30.0
