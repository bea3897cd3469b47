"""Disable, evacuate, enable: what the lab saw (facts: xapi-lab.md; the numbers name the recording)."""

from __future__ import annotations

from ridethrough.core.observation import Power
from ridethrough.sim import faults
from ridethrough.sim.machines import GIB, Guest, Profile

from .sites import finish, let, outcome, site, vm, xapi


def test_disable_and_enable_are_idempotent_and_leave_guests_alone() -> None:
    world = site()
    calls, host = xapi(world), world.hosts["h2"]
    for _ in range(2):
        assert outcome(world, calls.host_disable(host.ref)) == []
        assert not host.enabled
    assert vm(world, "h2-vm1").resident_on == "h2"
    for _ in range(2):
        assert outcome(world, calls.host_enable(host.ref)) == []
        assert host.enabled


def test_a_disabled_host_takes_no_guest() -> None:
    world = site()
    calls, host = xapi(world), world.hosts["h2"]
    finish(world, calls.host_disable(host.ref))
    moved = calls.vm_pool_migrate(vm(world, "h1-vm1").ref, host.ref)
    assert outcome(world, moved) == ["HOST_DISABLED", host.ref]


def test_evacuate_needs_no_disable_and_never_enables() -> None:  # 02
    world = site()
    calls, host = xapi(world), world.hosts["h2"]
    assert outcome(world, calls.host_evacuate(host.ref)) == []
    assert host.enabled
    assert [v.resident_on for v in world.vms.values()] == ["h1"] * 4
    assert outcome(world, calls.host_evacuate(host.ref)) == []


def test_one_guest_that_cannot_move_keeps_all() -> None:  # 02, 03
    world = site()
    calls, host, stubborn = xapi(world), world.hosts["h2"], vm(world, "h2-vm2")
    faults.lose_tools(world, stubborn.name)
    assert outcome(world, calls.host_evacuate(host.ref)) == ["VM_LACKS_FEATURE", stubborn.ref]
    assert vm(world, "h2-vm1").resident_on == "h2"
    assert calls.host_get_vms_which_prevent_evacuation(host.ref) == {stubborn.ref: ["VM_LACKS_FEATURE", stubborn.ref]}


def test_errors_of_a_plan_carry_the_vm_alone() -> None:  # 03, pitfall 12
    world = site()
    calls, host, guest = xapi(world), world.hosts["h2"], vm(world, "h2-vm1")
    guest.memory = 100 * GIB
    assert calls.host_get_vms_which_prevent_evacuation(host.ref)[guest.ref] == [
        "HOST_NOT_ENOUGH_FREE_MEMORY",
        guest.ref,
    ]
    needed, available = outcome(world, calls.vm_pool_migrate(guest.ref, world.hosts["h1"].ref))[1:]
    assert (int(needed), int(available)) == (100 * GIB, 58 * GIB)
    finish(world, calls.host_disable(world.hosts["h1"].ref))
    assert calls.host_get_vms_which_prevent_evacuation(host.ref)[guest.ref] == ["NO_HOSTS_AVAILABLE", guest.ref]


def test_blocked_paused_and_busy_guests_prevent_evacuation() -> None:  # 03
    world = site(guests=3)
    calls, host = xapi(world), world.hosts["h2"]
    blocked, paused, busy = (vm(world, f"h2-vm{i}") for i in (1, 2, 3))
    calls.vm_add_to_blocked_operations(blocked.ref, "pool_migrate", "not today")
    paused.power_state = Power.PAUSED
    calls.vm_clean_shutdown(busy.ref)
    assert calls.host_get_vms_which_prevent_evacuation(host.ref) == {
        blocked.ref: ["OPERATION_BLOCKED", blocked.ref, "not today"],
        paused.ref: ["VM_BAD_POWER_STATE", paused.ref, "running", "paused"],
        busy.ref: ["OTHER_OPERATION_IN_PROGRESS", "VM.clean_shutdown", busy.ref],
    }


def test_a_dead_host_that_is_still_enabled_blocks_the_evacuation_of_the_others() -> None:  # 12
    world = site(hosts=3)
    calls, host = xapi(world), world.hosts["h2"]
    faults.pull_power(world, "h3")
    let(world, 601)
    assert world.hosts["h3"].enabled
    assert outcome(world, calls.host_evacuate(host.ref)) == ["HOST_NOT_LIVE"]
    assert outcome(world, calls.vm_pool_migrate(vm(world, "h2-vm1").ref, world.hosts["h1"].ref)) == []
    assert outcome(world, calls.host_disable(world.hosts["h3"].ref)) == ["HOST_OFFLINE", world.hosts["h3"].ref]


def test_right_after_a_crash_evacuation_still_plans_onto_the_dead_host() -> None:  # 12
    world = site(hosts=3, guests=3)
    dead = world.hosts["h3"]
    faults.pull_power(world, "h3")
    begun = world.now
    assert outcome(world, xapi(world).host_evacuate(world.hosts["h2"].ref)) == ["CANNOT_CONTACT_HOST", dead.ref]
    assert 64 <= world.now - begun < 80
    assert any(v.resident_on == "h1" for v in world.vms.values() if v.name.startswith("h2"))


def test_cancelling_an_evacuation_does_nothing() -> None:  # 04
    world = site()
    calls = xapi(world)
    task = calls.host_evacuate(world.hosts["h2"].ref)
    let(world, 2)
    calls.task_cancel(task.ref)
    assert outcome(world, task) == []


def test_cancelling_one_of_its_migrations_leaves_that_guest_and_fails_it() -> None:  # 04
    world = site()
    calls, guest = xapi(world), vm(world, "h2-vm1")
    task = calls.host_evacuate(world.hosts["h2"].ref)
    let(world, 2)
    (child,) = guest.current_operations
    assert world.tasks[child].subtask_of == task.ref
    migration = world.tasks[child]
    calls.task_cancel(child)
    assert outcome(world, task) == ["INTERNAL_ERROR", f"{child}, unexpected status of migration task"]
    assert (migration.status, migration.error_info) == ("cancelled", ())
    assert child not in world.tasks  # 07: the evacuation destroyed it
    assert (guest.resident_on, guest.scheduled_to_be_resident_on) == ("h2", None)
    assert vm(world, "h2-vm2").resident_on == "h1"


def test_progress_stays_zero_until_a_batch_has_ended() -> None:  # 04
    world = site(guests=3)
    vm(world, "h2-vm1").memory = 20 * GIB
    task = xapi(world).host_evacuate(world.hosts["h2"].ref)
    let(world, 30)
    assert vm(world, "h2-vm2").resident_on == "h1"
    assert task.progress == 0.0


def test_an_evacuation_keeps_starts_away_from_its_host() -> None:  # 02
    world = site()
    calls, host, guest = xapi(world), world.hosts["h2"], vm(world, "h1-vm1")
    finish(world, calls.vm_hard_shutdown(guest.ref))
    calls.host_evacuate(host.ref)
    let(world, 1)
    assert outcome(world, calls.vm_start_on(guest.ref, host.ref)) == ["HOST_EVACUATE_IN_PROGRESS", host.ref]


def test_a_second_evacuation_waits_for_the_first() -> None:  # 04
    world = site()
    calls, host = xapi(world), world.hosts["h2"]
    first, second = calls.host_evacuate(host.ref), calls.host_evacuate(host.ref)
    finish(world, second)
    assert (first.status, second.status) == ("success", "success")
    assert first.finished is not None
    assert second.finished is not None
    assert first.finished < second.finished


def test_a_guest_refusing_its_move_does_not_stop_its_batch() -> None:  # 04
    world = site(guests=3)
    faults.refuse_move(world, "h2-vm1", "VM_MIGRATE_FAILED")
    assert outcome(world, xapi(world).host_evacuate(world.hosts["h2"].ref))[0] == "VM_MIGRATE_FAILED"
    assert [vm(world, f"h2-vm{i}").resident_on for i in (1, 2, 3)] == ["h2", "h1", "h1"]


def test_a_toolstack_restart_enables_a_disabled_host() -> None:  # 07
    world = site()
    host = world.hosts["h2"]
    finish(world, xapi(world).host_disable(host.ref))
    started = host.agent_start_time
    faults.restart_toolstack(world, "h2")
    let(world, 15)
    assert host.enabled
    assert host.agent_start_time > started


def test_auto_enable_false_survives_where_the_server_knows_it() -> None:  # facts: xenapi.md 5.1
    for build, stays in (("24.19.2", False), ("25.33.1", True)):
        world = site()
        world.pools["p"].profile = Profile(build)
        host = world.hosts["h2"]
        finish(world, xapi(world).host_disable(host.ref, auto_enable=False))
        faults.restart_toolstack(world, "h2")
        let(world, 15)
        assert host.enabled != stays
        finish(world, xapi(world).host_enable(host.ref))
        assert host.enabled


def test_auto_enable_is_passed_over_when_the_host_is_disabled_already() -> None:  # pitfall 8
    world = site()
    world.pools["p"].profile = Profile("25.33.1")
    calls, host = xapi(world), world.hosts["h2"]
    finish(world, calls.host_disable(host.ref))
    finish(world, calls.host_disable(host.ref, auto_enable=False))
    faults.restart_toolstack(world, "h2")
    let(world, 15)
    assert host.enabled


def test_old_releases_evacuate_one_by_one() -> None:  # pitfall 13
    world = site()
    world.pools["p"].profile = Profile("1.249.41")
    xapi(world).host_evacuate(world.hosts["h2"].ref)
    let(world, 1)
    assert sum(v.busy for v in world.vms.values()) == 1
    assert (Profile("1.249.41").evacuate_parameters, Profile("24.19.2").evacuate_parameters) == (1, 3)


def test_storage_that_a_target_lacks() -> None:
    world = site()
    calls, guest = xapi(world), vm(world, "h2-vm1")
    world.hosts["h1"].storage.clear()
    (storage,) = world.storages.values()
    expected = ["VM_REQUIRES_SR", guest.ref, storage.ref]
    assert outcome(world, calls.vm_pool_migrate(guest.ref, world.hosts["h1"].ref)) == expected
    assert calls.host_get_vms_which_prevent_evacuation(world.hosts["h2"].ref)[guest.ref] == expected


def test_a_guest_without_tools_can_still_be_forced() -> None:
    world = site()
    guest = vm(world, "h2-vm1")
    guest.guest = Guest.NO_TOOLS
    assert outcome(world, xapi(world).vm_pool_migrate(guest.ref, world.hosts["h1"].ref, {"force": "true"})) == []
