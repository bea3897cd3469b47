"""Storage repositories, their PBDs and the memory of suspended guests. Read from source, not seen running."""

from __future__ import annotations

import pytest

from ridethrough.core.model import HostId, RepositoryId
from ridethrough.core.observation import Power
from ridethrough.sim.errors import XapiError
from ridethrough.sim.machines import GIB, Guest, SimSr, disk_uuid, pbd_uuid, ref_of, uuid_of
from ridethrough.sim.world import World

from .sites import NAS, finish, outcome, site, vm, xapi

LOCAL = uuid_of("storage", "local h1")


def with_a_local_disk() -> World:
    """h1-vm1 has its disk on a storage that only h1 has."""
    world = site()
    world.add_storage(SimSr(LOCAL, "local h1", shared=False))
    world.hosts["h1"].storage.add(LOCAL)
    vm(world, "h1-vm1").storage = frozenset({LOCAL})
    return world


def pbd(world: World, host: HostId, storage: RepositoryId) -> str:
    return ref_of(pbd_uuid(world.hosts[host].uuid, storage))


def test_a_local_disk_ties_its_guest_to_its_host() -> None:
    world = with_a_local_disk()
    calls, it, h2 = xapi(world), vm(world, "h1-vm1"), world.hosts["h2"]
    requires = ["VM_REQUIRES_SR", it.ref, ref_of(LOCAL)]
    assert outcome(world, calls.vm_pool_migrate(it.ref, h2.ref)) == requires
    assert calls.host_get_vms_which_prevent_evacuation(world.hosts["h1"].ref) == {it.ref: requires}
    finish(world, calls.vm_clean_shutdown(it.ref))
    assert outcome(world, calls.vm_start_on(it.ref, h2.ref)) == requires
    world.hosts["h1"].enabled = False
    assert outcome(world, calls.vm_start(it.ref, False, False)) == ["NO_HOSTS_AVAILABLE"]


def test_an_unplugged_pbd_on_one_host_keeps_every_guest_from_being_evacuated() -> None:
    world = site(hosts=3)
    calls, it = xapi(world), vm(world, "h1-vm1")
    for guest in [v for v in world.vms.values() if v.resident_on == "h3"]:
        finish(world, calls.vm_hard_shutdown(guest.ref))
    assert outcome(world, calls.pbd_unplug(pbd(world, "h3", NAS))) == []
    assert outcome(world, calls.host_evacuate(world.hosts["h1"].ref)) == ["VM_REQUIRES_SR", it.ref, ref_of(NAS)]
    assert outcome(world, calls.vm_pool_migrate(it.ref, world.hosts["h2"].ref)) == []  # its own target is checked alone
    assert outcome(world, calls.pbd_plug(pbd(world, "h3", NAS))) == []
    assert outcome(world, calls.host_evacuate(world.hosts["h1"].ref)) == []


def test_a_pbd_stays_plugged_under_a_running_guest_and_names_the_disks() -> None:
    world = site()
    calls = xapi(world)
    disks = [ref_of(disk_uuid(vm(world, f"h2-vm{k}").id, NAS)) for k in (1, 2)]
    assert outcome(world, calls.pbd_unplug(pbd(world, "h2", NAS))) == ["VDI_IN_USE", *disks]
    assert NAS in world.hosts["h2"].storage
    assert outcome(world, calls.pbd_plug(pbd(world, "h2", NAS))) == []  # plugged already


def test_a_local_storage_has_no_pbd_on_another_host_and_keeps_its_own_when_unplugged() -> None:
    world = with_a_local_disk()
    calls, it = xapi(world), vm(world, "h1-vm1")
    with pytest.raises(XapiError, match="HANDLE_INVALID"):
        calls.pbd_plug(pbd(world, "h2", LOCAL))
    finish(world, calls.vm_clean_shutdown(it.ref))
    assert outcome(world, calls.pbd_unplug(pbd(world, "h1", LOCAL))) == []
    assert outcome(world, calls.vm_start_on(it.ref, world.hosts["h1"].ref)) == ["VM_REQUIRES_SR", it.ref, ref_of(LOCAL)]
    assert outcome(world, calls.pbd_plug(pbd(world, "h1", LOCAL))) == []
    assert outcome(world, calls.vm_start_on(it.ref, world.hosts["h1"].ref)) == []


# --- suspend and resume


def test_suspended_memory_lies_on_the_guests_own_storage_else_the_pools_else_the_hosts() -> None:
    world = with_a_local_disk()
    calls, first, second = xapi(world), vm(world, "h1-vm1"), vm(world, "h1-vm2")
    assert outcome(world, calls.vm_suspend(first.ref)) == ["VM_NO_SUSPEND_SR", first.ref]
    world.hosts["h1"].suspend_sr = LOCAL
    assert outcome(world, calls.vm_suspend(first.ref)) == []
    assert (first.power_state, first.suspended_to, first.resident_on) == (Power.SUSPENDED, LOCAL, None)
    world.pools["p"].suspend_sr = NAS
    assert outcome(world, calls.vm_suspend(second.ref)) == []
    assert second.suspended_to == NAS
    third = vm(world, "h2-vm1")
    third.suspend_sr = LOCAL  # h2 does not reach it
    assert outcome(world, calls.vm_suspend(third.ref)) == []
    assert third.suspended_to == NAS


def test_an_image_on_a_local_storage_ties_the_guest_until_it_runs_again() -> None:
    world = with_a_local_disk()
    calls, it, h2 = xapi(world), vm(world, "h1-vm2"), world.hosts["h2"]
    it.suspend_sr = LOCAL
    finish(world, calls.vm_suspend(it.ref))
    assert outcome(world, calls.vm_resume_on(it.ref, h2.ref)) == ["VM_REQUIRES_SR", it.ref, ref_of(LOCAL)]
    assert outcome(world, calls.vm_resume(it.ref)) == []
    assert (it.power_state, it.resident_on, it.suspended_to) == (Power.RUNNING, "h1", None)
    assert outcome(world, calls.vm_pool_migrate(it.ref, h2.ref)) == []


def test_a_full_suspend_storage_refuses_and_a_hard_shutdown_throws_the_image_away() -> None:
    world = site()
    calls, first, second = xapi(world), vm(world, "h1-vm1"), vm(world, "h1-vm2")
    world.pools["p"].suspend_sr = NAS
    world.storages[NAS].suspend_room = GIB
    assert outcome(world, calls.vm_suspend(first.ref)) == []
    assert outcome(world, calls.vm_suspend(second.ref)) == ["SR_SUSPEND_SPACE_INSUFFICIENT", ref_of(NAS)]
    assert outcome(world, calls.vm_hard_shutdown(first.ref)) == []
    assert (first.power_state, first.suspended_to) == (Power.HALTED, None)
    assert outcome(world, calls.vm_suspend(second.ref)) == []


@pytest.mark.parametrize(
    ("guest", "error", "after"),
    [
        (Guest.NO_TOOLS, ["VM_LACKS_FEATURE"], 0),
        (Guest.IGNORES, ["VM_FAILED_SUSPEND_ACKNOWLEDGMENT"], 30),
        (Guest.HANGS, ["VM_SUSPEND_TIMEOUT", "1200."], 1200),
    ],
)
def test_a_guest_that_cannot_be_suspended_runs_on(guest: Guest, error: list[str], after: float) -> None:
    world = site()
    world.pools["p"].suspend_sr = NAS
    it = vm(world, "h2-vm1")
    it.guest = guest
    task = xapi(world).vm_suspend(it.ref)
    assert [p for p in outcome(world, task) if p != it.ref] == error
    assert world.now == pytest.approx(after, abs=0.2)
    assert it.power_state is Power.RUNNING
