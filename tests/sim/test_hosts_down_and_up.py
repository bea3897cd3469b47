"""Shutdown, crash, boot, change of coordinator: what the lab saw (the numbers name the recording)."""

from __future__ import annotations

import pytest

from ridethrough.core.observation import Power
from ridethrough.sim import faults
from ridethrough.sim.errors import XapiError
from ridethrough.sim.machines import GIB, Guest, Reach

from .sites import finish, let, outcome, site, told, vm, xapi


def test_an_enabled_host_is_not_shut_down() -> None:  # 06
    world = site()
    assert outcome(world, xapi(world).host_shutdown(world.hosts["h2"].ref)) == ["HOST_NOT_DISABLED"]


def test_shutdown_answers_at_once_and_begins_ten_seconds_later() -> None:  # 06, 14
    world = site(guests=0)
    calls, host = xapi(world), world.hosts["h2"]
    finish(world, calls.host_disable(host.ref))
    assert outcome(world, calls.host_shutdown(host.ref)) == []
    assert world.now < 1
    let(world, 9)
    assert (host.live, host.power) == (True, True)
    let(world, 2)
    assert (host.live, host.enabled, host.power, host.network) == (False, False, True, True)
    assert "shutdown" in host.current_operations.values()
    let(world, host.stop_seconds)
    assert (host.power, host.network) == (False, False)
    for refused in (calls.host_disable(host.ref), calls.host_enable(host.ref), calls.host_shutdown(host.ref)):
        assert outcome(world, refused) == ["HOST_OFFLINE", host.ref]


def test_repeating_the_call_or_enabling_in_between_does_not_stop_it() -> None:  # 06
    world = site(guests=0)
    calls, host = xapi(world), world.hosts["h2"]
    finish(world, calls.host_disable(host.ref))
    finish(world, calls.host_shutdown(host.ref))
    assert outcome(world, calls.host_shutdown(host.ref)) == []
    assert outcome(world, calls.host_enable(host.ref)) == []
    let(world, 40)
    assert not host.power
    assert told(world).count("h2 is off") == 1


def test_running_guests_are_moved_to_any_enabled_host_powered_or_not() -> None:  # 07
    world = site()
    calls, host = xapi(world), world.hosts["h2"]
    world.set_feeder("a", False)
    finish(world, calls.host_disable(host.ref))
    finish(world, calls.host_shutdown(host.ref))
    let(world, 100)
    assert not host.power
    assert vm(world, "h2-vm1").resident_on == "h1"
    assert world.lost == []


def test_a_guest_in_mid_migration_is_killed_by_its_hosts_shutdown() -> None:  # 07
    world = site(guests=1)
    calls, host, guest = xapi(world), world.hosts["h2"], vm(world, "h2-vm1")
    guest.memory = 20 * GIB
    finish(world, calls.host_disable(host.ref))
    move = calls.vm_pool_migrate(guest.ref, world.hosts["h1"].ref)
    let(world, 1)
    finish(world, calls.host_shutdown(host.ref))
    let(world, 12)
    assert move.status == "cancelled"
    assert guest.power_state is Power.HALTED
    assert f"{guest.name} is stopped hard" in told(world)


def test_with_nowhere_to_go_guests_get_sixty_seconds_and_then_the_axe() -> None:  # 07
    world = site()
    calls, host = xapi(world), world.hosts["h2"]
    vm(world, "h2-vm1").guest = Guest.HANGS
    finish(world, calls.host_disable(world.hosts["h1"].ref))
    finish(world, calls.host_disable(host.ref))
    finish(world, calls.host_shutdown(host.ref))
    let(world, 65)
    assert vm(world, "h2-vm2").power_state is Power.HALTED
    assert vm(world, "h2-vm1").power_state is Power.RUNNING
    let(world, 30)
    assert vm(world, "h2-vm1").power_state is Power.HALTED
    assert not host.power


def test_without_a_coordinator_guests_are_cut_with_their_host() -> None:  # facts: xenapi.md 10
    world = site()
    calls, host = xapi(world), world.hosts["h2"]
    finish(world, calls.host_disable(host.ref))
    finish(world, calls.host_shutdown(host.ref))
    faults.pull_power(world, "h1")
    let(world, 60)
    assert not host.power
    assert {"h2-vm1", "h2-vm2"} <= set(world.lost)


def test_a_crashed_member_is_believed_alive_for_ten_minutes() -> None:  # 08
    world = site()
    calls, host, guest = xapi(world), world.hosts["h2"], vm(world, "h2-vm1")
    faults.pull_power(world, "h2")
    let(world, 599)
    assert (host.live, host.enabled, guest.power_state, guest.resident_on) == (True, True, Power.RUNNING, "h2")
    assert outcome(world, calls.host_power_on(host.ref)) == ["HOST_IS_LIVE", host.ref]
    let(world, 2)
    assert (host.live, host.enabled, guest.power_state) == (False, True, Power.RUNNING)


def test_calls_to_a_dead_member_block_for_two_minutes() -> None:  # 08
    world = site()
    calls, host = xapi(world), world.hosts["h2"]
    faults.pull_power(world, "h2")
    for task in (calls.host_disable(host.ref), calls.vm_clean_shutdown(vm(world, "h2-vm1").ref)):
        begun = task.created
        assert outcome(world, task) == ["CANNOT_CONTACT_HOST", host.ref]
        assert task.finished is not None
        assert 130 < task.finished - begun < 146


def test_a_call_under_way_when_its_host_dies_blocks_too() -> None:
    world = site()
    guest = vm(world, "h2-vm1")
    task = xapi(world).vm_clean_shutdown(guest.ref)
    let(world, 5)
    faults.pull_power(world, "h2")
    assert outcome(world, task) == ["CANNOT_CONTACT_HOST", world.hosts["h2"].ref]
    assert not guest.busy


def test_declare_dead_frees_the_guests_of_a_dead_host_only() -> None:  # 08, 12
    world = site()
    calls, host, guest = xapi(world), world.hosts["h2"], vm(world, "h2-vm1")
    assert outcome(world, calls.host_declare_dead(host.ref)) == ["HOST_IS_LIVE", host.ref]
    faults.pull_power(world, "h2")
    assert outcome(world, calls.host_declare_dead(host.ref)) == []
    assert (host.enabled, host.live, guest.power_state) == (False, False, Power.HALTED)
    assert outcome(world, calls.vm_start(guest.ref)) == []
    assert guest.resident_on == "h1"


def test_a_member_boots_in_steps_and_enables_itself() -> None:  # 07, 08, 14; pitfall 18
    world = site()
    calls, host, guest = xapi(world), world.hosts["h2"], vm(world, "h2-vm1")
    faults.pull_power(world, "h2")
    let(world, 30)
    faults.plug_in(world, "h2")
    let(world, 3 + host.boot_seconds + 1)
    assert world.reach("h2") is Reach.REFUSED
    let(world, 5)
    assert world.reach("h2") is Reach.JOINING  # 18: it points to its coordinator already
    let(world, host.toolstack_seconds - 6.1)
    assert world.reach("h2") is Reach.BOOTING
    let(world, 0.2)
    assert world.reach("h2") is Reach.MEMBER
    assert (host.live, host.enabled, guest.power_state) == (True, False, Power.HALTED)
    assert outcome(world, calls.host_enable(host.ref)) == ["HOST_STILL_BOOTING"]
    let(world, 1)
    assert host.enabled


def test_wake_on_lan_starts_a_host_that_was_shut_down() -> None:
    world = site(guests=0)
    calls, host = xapi(world), world.hosts["h2"]
    finish(world, calls.host_disable(host.ref))
    finish(world, calls.host_shutdown(host.ref))
    let(world, 60)
    host.power_on_mode = ""
    assert outcome(world, calls.host_power_on(host.ref)) == ["HOST_POWER_ON_MODE_DISABLED"]
    host.power_on_mode = "wake-on-lan"
    assert outcome(world, calls.host_power_on(host.ref)) == []
    assert host.live


def test_a_packet_that_nobody_hears_fails_after_ten_minutes() -> None:
    world = site(guests=0)
    calls, host = xapi(world), world.hosts["h2"]
    host.ignores_wake = True
    finish(world, calls.host_disable(host.ref))
    finish(world, calls.host_shutdown(host.ref))
    let(world, 60)
    assert outcome(world, calls.host_power_on(host.ref))[0] == "INTERNAL_ERROR"


def test_a_restarted_coordinator_first_calls_every_host_disabled_and_dead() -> None:  # 10, 11, 13
    world = site(hosts=3)
    faults.restart_toolstack(world, "h1")
    let(world, 4)
    assert world.reach("h1") is Reach.COORDINATOR
    assert [h.enabled for h in world.members("p")] == [False] * 3
    assert [h.live for h in world.members("p")] == [True, False, False]
    let(world, 10)
    assert [h.enabled and h.live for h in world.members("p")] == [True] * 3


def test_tasks_and_sessions_die_with_the_coordinators_toolstack_and_their_work_goes_on() -> None:  # pitfall 21
    world = site()
    calls, guest = xapi(world), vm(world, "h2-vm1")
    guest.memory = 4 * GIB
    task = calls.vm_pool_migrate(guest.ref, world.hosts["h1"].ref)
    let(world, 5)
    epoch = world.pools["p"].session_epoch
    faults.restart_toolstack(world, "h1")
    assert world.pools["p"].session_epoch == epoch + 1
    assert task.lost
    assert not guest.busy
    with pytest.raises(XapiError, match="HANDLE_INVALID"):
        calls.task(task.ref)
    let(world, 60)
    assert guest.resident_on == "h1"


def test_a_change_of_coordinator_enables_what_we_had_disabled() -> None:  # 10, 18
    world = site(hosts=3)
    calls = xapi(world)
    finish(world, calls.host_disable(world.hosts["h3"].ref))
    assert outcome(world, calls.pool_designate_new_master(world.hosts["h2"].ref)) == []
    assert world.now < 2
    let(world, 9)
    assert world.pools["p"].coordinator == "h1"
    let(world, 2)
    assert [world.reach(h) for h in ("h1", "h2", "h3")] == [Reach.REFUSED] * 3
    let(world, 20)
    assert world.coordinator("p") is world.hosts["h2"]
    assert [world.reach(h) for h in ("h1", "h2", "h3")] == [Reach.MEMBER, Reach.COORDINATOR, Reach.MEMBER]
    assert [h.enabled for h in world.members("p")] == [True] * 3


def test_a_new_coordinator_needs_every_host() -> None:  # pitfall 19
    world = site(hosts=3)
    calls = xapi(world)
    assert outcome(world, calls.pool_designate_new_master(world.hosts["h1"].ref)) == []
    faults.pull_power(world, "h3")
    answer = outcome(world, calls.pool_designate_new_master(world.hosts["h2"].ref))
    assert answer == ["CANNOT_CONTACT_HOST", world.hosts["h3"].ref]
    world.pools["p"].ha_enabled = True
    assert outcome(world, calls.pool_designate_new_master(world.hosts["h2"].ref)) == ["HA_IS_ENABLED"]


def test_members_of_a_lost_coordinator_wait_for_ever() -> None:  # 11
    world = site(hosts=3)
    faults.pull_power(world, "h1")
    let(world, 2000)
    assert world.coordinator("p") is None
    assert world.reach("h2") is Reach.MEMBER
    assert world.hosts["h2"].follows == "h1"
    assert vm(world, "h2-vm1").alive


def test_an_old_coordinator_speaks_for_half_a_second_and_steps_down() -> None:  # 11
    world = site(hosts=3)
    calls, old = xapi(world), world.hosts["h1"]
    faults.pull_power(world, "h1")
    let(world, 10)
    finish(world, calls.pool_emergency_transition_to_master(world.hosts["h2"].ref))
    let(world, 15)
    assert calls.pool_recover_slaves() == [world.hosts["h3"].ref]
    let(world, 30)
    assert world.coordinator("p") is world.hosts["h2"]
    faults.plug_in(world, "h1")
    let(world, 3 + old.boot_seconds + old.toolstack_seconds + 0.2)
    assert world.reach("h1") is Reach.COORDINATOR
    let(world, 0.5)
    assert world.reach("h1") is Reach.REFUSED
    let(world, 15)
    assert world.reach("h1") is Reach.MEMBER


def test_a_whole_pool_returns_and_starts_nothing_by_itself() -> None:  # lab, "whole pool down and up"
    world = site()
    world.set_feeder("a", False)
    world.set_feeder("b", False)
    let(world, 400)
    world.set_feeder("a", True)
    world.set_feeder("b", True)
    let(world, 200)
    assert [h.enabled and h.live for h in world.members("p")] == [True, True]
    assert {v.power_state for v in world.vms.values()} == {Power.HALTED}


def test_the_boot_script_starts_marked_guests_if_the_pool_says_so() -> None:  # facts: xenapi.md 10
    world = site()
    world.pools["p"].other_config["auto_poweron"] = "true"
    vm(world, "h2-vm1").other_config["auto_poweron"] = "true"
    world.set_feeder("b", False)
    let(world, 400)
    world.set_feeder("b", True)
    let(world, 200)
    assert vm(world, "h2-vm1").power_state is Power.RUNNING
    assert vm(world, "h2-vm2").power_state is Power.HALTED


def test_a_shutdown_that_never_comes() -> None:
    world = site(guests=0)
    calls, host = xapi(world), world.hosts["h2"]
    faults.ignore_shutdown(world, "h2")
    finish(world, calls.host_disable(host.ref))
    assert outcome(world, calls.host_shutdown(host.ref)) == []
    let(world, 100)
    assert host.power


def test_a_lost_network_looks_like_a_crash_and_is_none() -> None:
    world = site()
    faults.lose_network(world, "h2")
    let(world, 601)
    assert not world.hosts["h2"].live
    assert vm(world, "h2-vm1").alive
    faults.restore_network(world, "h2")
    assert world.hosts["h2"].live


@pytest.mark.parametrize("what", ["move", "stop"])
def test_a_call_that_waited_for_a_starting_toolstack_finds_the_guest_dead(what: str) -> None:
    """Its pool shows it as running until then (pitfall 18), and takes the call."""
    world = site()
    calls, guest, h2 = xapi(world), vm(world, "h2-vm1"), world.hosts["h2"]
    faults.pull_power(world, "h2")
    faults.plug_in(world, "h2")
    faults.switch_on(world, "h2")
    let(world, h2.boot_seconds + 1.0)
    assert (h2.toolstack, guest.power_state, guest.alive) == ("starting", Power.RUNNING, False)
    task = (
        calls.vm_pool_migrate(guest.ref, world.hosts["h1"].ref)
        if what == "move"
        else calls.vm_clean_shutdown(guest.ref)
    )
    assert outcome(world, task) == ["VM_BAD_POWER_STATE", guest.ref, "running", "halted"]
    assert world.moves[guest.name] == 0


def test_a_call_that_waits_for_a_members_toolstack_ends_with_the_coordinators() -> None:
    """The coordinator asks again and again; nobody does when it is gone."""
    world = site(hosts=3)
    calls, h2 = xapi(world), world.hosts["h2"]
    faults.restart_toolstack(world, "h2")
    let(world, 1.8)  # it is asked for again every second, and after the host has enabled itself
    calls.host_disable(h2.ref)
    let(world, 1.0)
    faults.restart_toolstack(world, "h1")
    let(world, 60.0)
    assert (h2.toolstack, h2.enabled) == ("up", True)
