"""HA: its plan, what it restarts, what it fences. Read from source and documentation, not seen running."""

from __future__ import annotations

import pytest

from ridethrough.core.observation import Power
from ridethrough.sim import failover_plan, faults
from ridethrough.sim.errors import XapiError
from ridethrough.sim.machines import GIB, Guest, Profile, SimSr, pbd_uuid, ref_of, uuid_of
from ridethrough.sim.world import World

from .sites import NAS, finish, let, outcome, site, told, vm, xapi

BROKEN = ["HA_OPERATION_WOULD_BREAK_FAILOVER_PLAN"]
PROTECTED = "h2-vm1"


def with_ha(hosts: int = 3, failures: int = 1) -> World:
    """HA is on and tolerates one failure; h2-vm1 is protected, nobody else."""
    world = site(hosts=hosts)
    calls = xapi(world)
    calls.vm_set_ha_restart_priority(vm(world, PROTECTED).ref, "restart")
    assert outcome(world, calls.pool_enable_ha([ref_of(NAS)], {})) == []
    calls.pool_set_ha_host_failures_to_tolerate(world.pools["p"].ref, failures)
    return world


# --- on and off


def test_ha_goes_on_and_off_once() -> None:
    world = with_ha()
    calls = xapi(world)
    assert outcome(world, calls.pool_enable_ha([], {})) == ["HA_IS_ENABLED"]
    assert outcome(world, calls.pool_designate_new_master(world.hosts["h2"].ref)) == ["HA_IS_ENABLED"]
    calls.pool_disable_ha()
    with pytest.raises(XapiError, match="HA_NOT_ENABLED"):
        calls.pool_disable_ha()


def test_the_statefile_needs_storage_that_every_host_has() -> None:
    world = site(hosts=2)
    local = world.add_storage(SimSr(uuid_of("storage", "local"), "local", shared=False))
    world.hosts["h1"].storage.add(local.id)
    calls = xapi(world)
    refused = ["HA_CONSTRAINT_VIOLATION_SR_NOT_SHARED", local.ref]
    assert outcome(world, calls.pool_enable_ha([local.ref], {})) == refused
    assert outcome(world, calls.pool_enable_ha([], {})) == []
    assert world.pools["p"].ha_statefile == NAS


# --- the plan


def test_a_plan_counts_the_memory_of_protected_guests() -> None:
    world = with_ha()
    calls = xapi(world)
    assert calls.pool_ha_compute_max_host_failures_to_tolerate() == 2
    vm(world, PROTECTED).memory = 58 * GIB  # h1 and h3 have 58 GiB left
    assert calls.pool_ha_failover_plan_exists(1)
    vm(world, PROTECTED).memory = 59 * GIB
    assert not calls.pool_ha_failover_plan_exists(1)
    assert failover_plan.planned(world, "p") == 0
    everybody = {v.ref: "restart" for v in world.vms.values()}
    assert calls.pool_ha_compute_hypothetical_max_host_failures_to_tolerate(everybody) == 0
    assert calls.pool_ha_compute_hypothetical_max_host_failures_to_tolerate({}) == 2


def test_what_would_break_the_plan_is_refused() -> None:
    world = with_ha(hosts=2)
    calls, host = xapi(world), world.hosts["h2"]
    assert outcome(world, calls.host_disable(host.ref)) == BROKEN
    assert outcome(world, calls.host_evacuate(host.ref)) == BROKEN
    with pytest.raises(XapiError, match=BROKEN[0]):
        calls.pool_set_ha_host_failures_to_tolerate(world.pools["p"].ref, 2)
    calls.pool_set_ha_host_failures_to_tolerate(world.pools["p"].ref, 0)
    assert outcome(world, calls.host_disable(host.ref)) == []


def test_a_move_or_a_start_that_would_break_the_plan_is_refused() -> None:
    world = with_ha(hosts=2)
    calls, h1, big = xapi(world), world.hosts["h1"], vm(world, "h2-vm2")
    vm(world, "h1-vm1").memory, vm(world, PROTECTED).memory, big.memory = 10 * GIB, 20 * GIB, 30 * GIB
    calls.vm_set_ha_restart_priority(vm(world, "h1-vm1").ref, "restart")
    assert outcome(world, calls.vm_pool_migrate(big.ref, h1.ref)) == BROKEN  # h1 has 49 GiB left, and 20 to keep
    assert big.resident_on == "h2"
    finish(world, calls.vm_clean_shutdown(big.ref))
    assert outcome(world, calls.vm_start_on(big.ref, h1.ref)) == BROKEN
    assert outcome(world, calls.vm_start(big.ref)) == []
    assert big.resident_on == "h2"
    world.pools["p"].ha_allow_overcommit = True
    assert outcome(world, calls.vm_pool_migrate(big.ref, h1.ref)) == []


def test_a_pool_that_is_overcommitted_already_refuses_nothing() -> None:
    world = with_ha(hosts=2)
    vm(world, PROTECTED).memory = 100 * GIB
    assert outcome(world, xapi(world).host_disable(world.hosts["h2"].ref)) == []


def test_a_guest_that_is_tied_to_its_host_cannot_be_protected() -> None:
    world = with_ha()
    local = world.add_storage(SimSr(uuid_of("storage", "local"), "local", shared=False))
    world.hosts["h1"].storage.add(local.id)
    it = vm(world, "h1-vm1")
    it.storage = frozenset({local.id})
    with pytest.raises(XapiError, match="HA_CONSTRAINT_VIOLATION_SR_NOT_SHARED"):
        xapi(world).vm_set_ha_restart_priority(it.ref, "restart")


@pytest.mark.parametrize(
    ("build", "code"),
    [("24.19.2", "HOST_NOT_ENOUGH_FREE_MEMORY"), ("26.17.0", "HOST_EVACUATE_VM_NOT_HA_PROTECTED")],
)
def test_guests_without_protection_keep_a_host_from_being_evacuated(build: str, code: str) -> None:
    world = with_ha()
    world.pools["p"].profile = Profile(build)
    calls, host = xapi(world), world.hosts["h2"]
    free = vm(world, "h2-vm2")
    assert calls.host_get_vms_which_prevent_evacuation(host.ref) == {free.ref: [code, free.ref]}
    assert outcome(world, calls.vm_pool_migrate(free.ref, world.hosts["h1"].ref)) == []  # a move by name is free to go
    assert outcome(world, calls.host_evacuate(host.ref)) == []


# --- failures


def test_after_a_hosts_failure_protected_guests_start_elsewhere_within_two_minutes() -> None:
    world = with_ha()
    faults.pull_power(world, "h2")
    let(world, 59)
    assert world.hosts["h2"].live
    let(world, 30)
    it, other = vm(world, PROTECTED), vm(world, "h2-vm2")
    assert not world.hosts["h2"].live
    assert (it.power_state, it.resident_on != "h2") == (Power.RUNNING, True)
    assert other.power_state is Power.HALTED  # off for certain, and nobody's business
    assert world.moves[PROTECTED] == 0


def test_a_dead_coordinator_is_replaced_and_its_protected_guests_started() -> None:
    world = with_ha()
    calls, it = xapi(world), vm(world, "h1-vm1")
    calls.vm_set_ha_restart_priority(it.ref, "restart")
    faults.pull_power(world, "h1")
    let(world, 180)
    assert world.pools["p"].coordinator == "h2"
    assert world.coordinator("p") is world.hosts["h2"]
    assert it.power_state is Power.RUNNING
    faults.plug_in(world, "h1")
    let(world, 300)
    assert (world.hosts["h1"].follows, world.hosts["h1"].enabled) == ("h2", True)


def test_a_guest_that_was_shut_down_stays_off_and_one_that_is_started_is_protected_again() -> None:
    world = with_ha()
    calls, it = xapi(world), vm(world, PROTECTED)
    finish(world, calls.vm_clean_shutdown(it.ref))
    faults.pull_power(world, "h2")
    let(world, 300)
    assert it.power_state is Power.HALTED
    finish(world, calls.vm_start(it.ref))
    assert failover_plan.is_protected(it)


def test_a_guest_whose_stop_began_is_protected_no_more_though_it_runs_on() -> None:
    """xapi_vm.ml clean_shutdown_with_timeout: before the guest is asked. The same priority again changes nothing."""
    world = with_ha()
    calls, it = xapi(world), vm(world, PROTECTED)
    it.guest = Guest.IGNORES
    assert outcome(world, calls.vm_clean_shutdown(it.ref))[0] == "VM_FAILED_SHUTDOWN_ACKNOWLEDGMENT"
    assert (it.power_state, failover_plan.is_protected(it)) == (Power.RUNNING, False)
    calls.vm_set_ha_restart_priority(it.ref, "restart")
    assert not failover_plan.is_protected(it)
    calls.vm_set_ha_restart_priority(it.ref, "best-effort")
    calls.vm_set_ha_restart_priority(it.ref, "restart")
    assert failover_plan.is_protected(it)


def test_what_is_worth_a_try_starts_after_what_is_protected_once_and_where_there_is_room() -> None:
    """xapi_ha_vm_failover.ml: VMs of best effort that fell with their host."""
    world = with_ha()
    it, other = vm(world, PROTECTED), vm(world, "h2-vm2")
    xapi(world).vm_set_ha_restart_priority(other.ref, "best-effort")
    faults.pull_power(world, "h2")
    let(world, 120)
    started = [line for line in told(world) if "restart" in line]
    assert started == [f"HA restarts {PROTECTED}", "HA tries to restart h2-vm2"]
    assert (it.power_state, other.power_state) == (Power.RUNNING, Power.RUNNING)


def test_restarts_wait_where_they_are_prevented() -> None:
    world = with_ha()
    xapi(world).pool_ha_prevent_restarts_for(300)
    faults.pull_power(world, "h2")
    let(world, 250)
    assert vm(world, PROTECTED).power_state is Power.HALTED
    let(world, 100)
    assert vm(world, PROTECTED).power_state is Power.RUNNING


# --- fencing


def test_a_host_that_loses_its_network_is_reset() -> None:
    world = with_ha()
    faults.lose_network(world, "h2")
    let(world, 61)
    assert "HA fences h2: it has lost the other hosts" in told(world)
    assert world.lost == [PROTECTED, "h2-vm2"]
    let(world, 120)
    assert vm(world, PROTECTED).resident_on in ("h1", "h3")
    let(world, 600)
    assert world.hosts["h2"].power  # it has booted, and its network is as it was
    assert not world.hosts["h2"].network
    faults.restore_network(world, "h2")
    let(world, 60)
    assert world.hosts["h2"].enabled


def test_a_network_that_is_back_in_time_costs_nothing() -> None:
    world = with_ha()
    faults.lose_network(world, "h2")
    let(world, 50)
    faults.restore_network(world, "h2")
    let(world, 600)
    assert world.lost == []


def test_without_ha_a_lost_network_fences_nobody() -> None:
    world = site(hosts=3)
    faults.lose_network(world, "h2")
    let(world, 900)
    assert world.lost == []


def test_a_host_that_loses_the_statefile_is_reset_unless_all_have_lost_it() -> None:
    world = with_ha()
    faults.lose_statefile(world, "h2")
    let(world, 61)
    assert world.crashed == ["h2"]
    world = with_ha()
    for host in ("h1", "h2", "h3"):
        faults.lose_statefile(world, host)
    let(world, 600)
    assert world.crashed == []
    world.hosts["h2"].enabled = False
    assert outcome(world, xapi(world).host_shutdown(world.hosts["h2"].ref)) == ["HA_LOST_STATEFILE"]


def test_a_toolstack_restart_under_ha_resets_its_host() -> None:
    world = with_ha()
    faults.restart_toolstack(world, "h2")
    assert world.crashed == ["h2"]
    let(world, 300)
    assert world.hosts["h2"].enabled
    assert vm(world, PROTECTED).power_state is Power.RUNNING


def test_a_host_that_is_shut_down_in_order_is_not_missed() -> None:
    world = with_ha(failures=0)
    calls, host = xapi(world), world.hosts["h2"]
    for guest in world.guests("h2"):
        finish(world, calls.vm_clean_shutdown(guest.ref))
    finish(world, calls.host_disable(host.ref))
    finish(world, calls.host_shutdown(host.ref))
    let(world, 300)
    assert not host.power
    assert not [line for line in told(world) if line.startswith("HA declares")]
    assert world.crashed == []


def test_a_pbd_of_a_protected_guest_and_of_the_statefile_stays_plugged() -> None:
    world = with_ha()
    calls, host = xapi(world), world.hosts["h3"]
    pbd = ref_of(pbd_uuid(host.uuid, NAS))
    assert outcome(world, calls.pbd_unplug(pbd)) == BROKEN
    calls.vm_set_ha_restart_priority(vm(world, PROTECTED).ref, "")
    assert outcome(world, calls.pbd_unplug(pbd)) == ["HA_IS_ENABLED"]
