"""Starting, stopping and moving guests: what the lab saw (the numbers name the recording)."""

from __future__ import annotations

import pytest

from ridethrough.core.observation import Power
from ridethrough.sim import faults
from ridethrough.sim.errors import XapiError
from ridethrough.sim.machines import GIB, Guest

from .sites import NAS, finish, let, outcome, site, vm, xapi


@pytest.mark.parametrize(
    ("guest", "code", "after"),
    [
        (Guest.ACKNOWLEDGES, [], 20),
        (Guest.IGNORES, ["VM_FAILED_SHUTDOWN_ACKNOWLEDGMENT"], 60),
        (Guest.HANGS, ["VM_SHUTDOWN_TIMEOUT", "1200."], 1200),
        (Guest.NO_TOOLS, ["VM_LACKS_FEATURE"], 0),
    ],
)
def test_a_clean_shutdown_has_four_endings(guest: Guest, code: list[str], after: float) -> None:  # 05, pitfall 22
    world = site()
    it = vm(world, "h2-vm1")
    it.guest = guest
    task = xapi(world).vm_clean_shutdown(it.ref)
    assert [p for p in outcome(world, task) if p != it.ref] == code
    assert world.now == pytest.approx(after, abs=0.2)
    assert it.power_state is (Power.RUNNING if code else Power.HALTED)


def test_our_own_deadline_on_a_hung_guest() -> None:  # 15
    world = site()
    calls, it = xapi(world), vm(world, "h2-vm1")
    it.guest = Guest.HANGS
    task = calls.vm_clean_shutdown(it.ref)
    let(world, 30)
    calls.task_cancel(task.ref)
    let(world, 0.5)
    assert (task.status, task.error_info) == ("cancelled", ())
    hard = finish(world, calls.vm_hard_shutdown(it.ref))
    assert hard.finished is not None
    assert hard.finished - hard.created < 0.5
    assert it.power_state is Power.HALTED


def test_a_guest_that_was_told_goes_down_although_the_call_was_cancelled() -> None:
    world = site()
    calls, it = xapi(world), vm(world, "h2-vm1")
    task = calls.vm_clean_shutdown(it.ref)
    let(world, 5)
    calls.task_cancel(task.ref)
    let(world, 20)
    assert it.power_state is Power.HALTED


def test_a_hard_shutdown_ends_the_clean_one() -> None:  # 05
    world = site()
    calls, it = xapi(world), vm(world, "h2-vm1")
    clean = calls.vm_clean_shutdown(it.ref)
    let(world, 1)
    assert outcome(world, calls.vm_hard_shutdown(it.ref)) == []
    assert clean.status == "cancelled"


@pytest.mark.parametrize("call", ["vm_clean_shutdown", "vm_hard_shutdown", "vm_suspend"])
def test_what_does_not_run_has_a_bad_power_state(call: str) -> None:  # 05
    world = site()
    calls, it = xapi(world), vm(world, "h2-vm1")
    finish(world, calls.vm_hard_shutdown(it.ref))
    code, ref, _, actual = outcome(world, getattr(calls, call)(it.ref))
    assert (code, ref, actual) == ("VM_BAD_POWER_STATE", it.ref, "halted")


def test_start_finds_the_roomiest_host_or_none() -> None:  # 03
    world = site()
    calls, it = xapi(world), vm(world, "h2-vm1")
    finish(world, calls.vm_hard_shutdown(it.ref))
    it.memory = 59 * GIB
    assert outcome(world, calls.vm_start(it.ref)) == []
    assert it.resident_on == "h2"
    finish(world, calls.vm_hard_shutdown(it.ref))
    it.memory = 61 * GIB
    assert outcome(world, calls.vm_start(it.ref)) == ["NO_HOSTS_AVAILABLE"]
    assert outcome(world, calls.vm_start_on(it.ref, world.hosts["h1"].ref)) == [
        "HOST_NOT_ENOUGH_FREE_MEMORY",
        str(61 * GIB),
        str(58 * GIB),
    ]


def test_a_host_takes_no_guest_with_more_vcpus_than_it_has_cpus() -> None:
    """Read from source: a move, a start and a resume are refused, and an evacuation that would need it."""
    world = site()
    calls, it, small = xapi(world), vm(world, "h2-vm1"), world.hosts["h1"]
    it.vcpus, small.cpus = 12, 8
    refused = ["HOST_NOT_ENOUGH_PCPUS", "12", "8"]
    assert outcome(world, calls.vm_pool_migrate(it.ref, small.ref)) == refused
    assert calls.host_get_vms_which_prevent_evacuation(world.hosts["h2"].ref)[it.ref] == refused
    finish(world, calls.vm_hard_shutdown(it.ref))
    assert outcome(world, calls.vm_start_on(it.ref, small.ref)) == refused
    assert outcome(world, calls.vm_start(it.ref)) == []
    assert it.resident_on == "h2"
    next(iter(world.pools.values())).suspend_sr = NAS
    finish(world, calls.vm_suspend(it.ref))
    assert outcome(world, calls.vm_resume_on(it.ref, small.ref)) == refused


@pytest.mark.parametrize("change", [{"vcpus": 8}, {"vcpus": 12, "vcpus_unrestricted": True}, {"vcpus": 12, "cpus": 0}])
def test_a_host_takes_a_guest_with_as_many_vcpus_or_one_that_may_exceed(change: dict[str, int]) -> None:
    world = site()
    it, small = vm(world, "h2-vm1"), world.hosts["h1"]
    small.cpus = change.pop("cpus", 8)
    for key, value in change.items():
        setattr(it, key, value)
    assert outcome(world, xapi(world).vm_pool_migrate(it.ref, small.ref)) == []


def test_a_second_operation_waits_for_the_first() -> None:  # 02, 03
    world = site()
    calls, it = xapi(world), vm(world, "h2-vm1")
    move = calls.vm_pool_migrate(it.ref, world.hosts["h1"].ref)
    stop = calls.vm_clean_shutdown(it.ref)
    let(world, 5)
    assert list(it.current_operations.values()) == ["pool_migrate"]
    finish(world, stop)
    assert (move.status, stop.status, it.power_state) == ("success", "success", Power.HALTED)


def test_a_move_takes_its_memory_over_the_link_and_0_6_s_more() -> None:  # 20
    world = site()
    it = vm(world, "h2-vm1")
    task = finish(world, xapi(world).vm_pool_migrate(it.ref, world.hosts["h1"].ref))
    assert task.finished == pytest.approx(GIB / 125e6 + 0.6, abs=0.1)


def test_residence_changes_a_moment_before_the_task_succeeds() -> None:  # 14
    world = site()
    it = vm(world, "h2-vm1")
    task = xapi(world).vm_pool_migrate(it.ref, world.hosts["h1"].ref)
    let(world, GIB / 125e6 + 0.4)
    assert it.resident_on == "h1"
    assert it.busy
    assert task.pending


def test_guests_on_their_way_in_take_their_room() -> None:
    world = site()
    calls = xapi(world)
    first, second = vm(world, "h2-vm1"), vm(world, "h2-vm2")
    first.memory = second.memory = 40 * GIB
    calls.vm_pool_migrate(first.ref, world.hosts["h1"].ref)
    let(world, 1)
    assert world.memory_free("h1") == 58 * GIB
    assert outcome(world, calls.vm_pool_migrate(second.ref, world.hosts["h1"].ref))[0] == "HOST_NOT_ENOUGH_FREE_MEMORY"


def test_a_stalled_move_can_be_cancelled_and_the_guest_stays() -> None:  # 15
    world = site()
    calls, it = xapi(world), vm(world, "h2-vm1")
    faults.stall_move(world, it.name)
    task = calls.vm_pool_migrate(it.ref, world.hosts["h1"].ref)
    let(world, 300)
    assert task.pending
    calls.task_cancel(task.ref)
    let(world, 0.5)
    assert (task.status, it.resident_on, it.alive) == ("cancelled", "h2", True)
    assert world.links.moving == []


def test_a_target_that_dies_leaves_the_guest_at_home() -> None:
    world = site()
    it = vm(world, "h1-vm1")
    it.memory = 20 * GIB
    task = xapi(world).vm_pool_migrate(it.ref, world.hosts["h2"].ref)
    let(world, 5)
    faults.pull_power(world, "h2")
    assert outcome(world, task) == ["CANNOT_CONTACT_HOST", world.hosts["h2"].ref]
    assert (it.resident_on, it.alive, it.scheduled_to_be_resident_on) == ("h1", True, None)


def test_suspend_needs_an_sr_and_takes_its_time() -> None:  # 05
    world = site()
    calls, it = xapi(world), vm(world, "h2-vm1")
    assert outcome(world, calls.vm_suspend(it.ref)) == ["VM_NO_SUSPEND_SR", it.ref]
    world.pools["p"].suspend_sr = NAS
    assert outcome(world, calls.vm_suspend(it.ref)) == []
    assert (it.power_state, it.resident_on) == (Power.SUSPENDED, None)
    assert outcome(world, calls.vm_resume(it.ref)) == []
    assert it.power_state is Power.RUNNING


def test_maps_refuse_a_second_value_and_forgive_a_missing_key() -> None:  # 01, pitfall 23
    world = site()
    calls, host = xapi(world), world.hosts["h2"]
    calls.host_add_to_other_config(host.ref, "MAINTENANCE_MODE", "true")
    with pytest.raises(XapiError) as refused:
        calls.host_add_to_other_config(host.ref, "MAINTENANCE_MODE", "true")
    assert refused.value.description == ["MAP_DUPLICATE_KEY", "host", "other_config", host.uuid, "MAINTENANCE_MODE"]
    calls.host_remove_from_other_config(host.ref, "MAINTENANCE_MODE")
    calls.host_remove_from_other_config(host.ref, "MAINTENANCE_MODE")


def test_unknown_references_are_invalid_handles() -> None:
    calls = xapi(site())
    for call in (calls.host_disable, calls.vm_start, calls.task_cancel):
        with pytest.raises(XapiError, match="HANDLE_INVALID"):
            call("OpaqueRef:nothing")


def test_a_destroyed_task_hides_and_its_work_goes_on() -> None:
    world = site()
    calls, it = xapi(world), vm(world, "h2-vm1")
    task = calls.vm_clean_shutdown(it.ref)
    calls.task_destroy(task.ref)
    with pytest.raises(XapiError, match="HANDLE_INVALID"):
        calls.task_destroy(task.ref)
    let(world, 30)
    assert it.power_state is Power.HALTED


def test_every_change_is_announced() -> None:
    world = site()
    seen: list[tuple[str, str]] = []
    world.on_change(lambda kind, ref: seen.append((kind, ref)))
    task = finish(world, xapi(world).host_disable(world.hosts["h2"].ref))
    assert seen == [("task", task.ref), ("host", world.hosts["h2"].ref), ("task", task.ref)]
    assert world.revision == 3
