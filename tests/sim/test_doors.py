"""The doors: what the loop sees of a world, and what becomes of each action."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from ridethrough.core import actions as a
from ridethrough.core.observation import Power, Source
from ridethrough.ports import Refused, Unreachable
from ridethrough.sim import faults
from ridethrough.sim.doors import Doors
from ridethrough.sim.machines import GIB, Guest, Profile
from ridethrough.sim.memory_journal import Killed, MemoryJournal
from ridethrough.sim.nas import SimNas
from ridethrough.sim.pool_door import CLAIM, PoolDoor
from ridethrough.sim.virtual_time import VirtualClock, run
from ridethrough.sim.world import World

from .sites import NAS, site, vm

WHY = "a test"


def perform(world: World, *actions: a.Action) -> None:
    """Carry actions out, one after the other, each within its deadline."""

    async def beat(clock: VirtualClock) -> None:
        while True:  # as the loop does: a clock that nobody looks at has stood still
            clock.now()
            await clock.sleep(1)

    async def main() -> None:
        clock = VirtualClock(world)
        door, beating = PoolDoor(world, "p", clock), asyncio.create_task(beat(clock))
        for action in actions:
            async with asyncio.timeout(action.deadline):
                await door.perform(action)
        beating.cancel()

    run(world, main())


def watch(world: World, then: Callable[[Doors], Awaitable[None]]) -> None:
    """Run `then` while the doors' observers watch."""

    async def main() -> None:
        doors = Doors(world, MemoryJournal())
        for observer in doors.observers:
            await observer.start(lambda: None)
        try:
            await then(doors)
        finally:
            for observer in doors.observers:
                await observer.stop()

    run(world, main())


def move(world: World, name: str, target: str, deadline: float = 60.0) -> a.MoveVm:
    it = vm(world, name)
    return a.MoveVm(it.id, it.name, "p", it.resident_on or "", target, WHY, deadline)


def stop(world: World, name: str, deadline: float = 60.0) -> a.StopVm:
    it = vm(world, name)
    return a.StopVm(it.id, it.name, "p", it.resident_on or "", WHY, deadline)


def force(world: World, name: str) -> a.ForceStopVm:
    it = vm(world, name)
    return a.ForceStopVm(it.id, it.name, "p", it.resident_on or "", WHY)


# --- observing


def test_cards_are_polled_and_the_last_two_good_answers_kept() -> None:
    world = site()

    async def then(doors: Doors) -> None:
        await asyncio.sleep(12)
        seen = doors.cards.observe(urgent=False).upses["ups1"]
        assert seen.reading is not None
        assert seen.previous is not None
        assert seen.reading.at - seen.previous.at == pytest.approx(5.0)
        faults.silence_card(world, "ups1")
        await asyncio.sleep(20)
        silent = doors.cards.observe(urgent=False).upses["ups1"]
        assert (silent.reading, silent.trouble) == (seen.reading, "no answer")

    watch(world, then)


def test_cards_are_polled_faster_when_it_is_urgent_and_at_once() -> None:
    world = site()

    async def then(doors: Doors) -> None:
        await asyncio.sleep(12)
        world.set_feeder("a", False)
        doors.cards.observe(urgent=True)
        await asyncio.sleep(4.5)
        seen = doors.cards.observe(urgent=True).upses["ups1"]
        assert seen.reading is not None
        assert seen.previous is not None
        assert seen.reading.at - seen.previous.at == pytest.approx(2.0)
        assert seen.previous.source is Source.BATTERY

    watch(world, then)


def test_a_card_that_lost_its_ups_gives_no_new_reading() -> None:
    world = site()

    async def then(doors: Doors) -> None:
        faults.lose_link(world, "ups1")
        await asyncio.sleep(20)
        seen = doors.cards.observe(urgent=False).upses["ups1"]
        assert seen.answered_at == 0.0
        assert seen.trouble

    watch(world, then)


def test_a_crashed_host_is_live_for_xapi_and_silent_for_our_probe() -> None:
    world = site()

    async def then(doors: Doors) -> None:
        await asyncio.sleep(10)
        faults.pull_power(world, "h2")
        await asyncio.sleep(30)
        host = doors.pools["p"].observe(urgent=False).hosts["h2"]
        assert host.live
        assert host.toolstack_at is not None
        assert host.toolstack_at <= 10
        assert host.network_at == host.toolstack_at

    watch(world, then)


def test_a_pool_without_coordinator_keeps_its_last_records() -> None:
    world = site()

    async def then(doors: Doors) -> None:
        doors.pools["p"].observe(urgent=False)
        await asyncio.sleep(10)
        doors.pools["p"].observe(urgent=False)
        faults.pull_power(world, "h1")
        await asyncio.sleep(30)
        seen = doors.pools["p"].observe(urgent=False)
        assert seen.pools["p"].coordinator is None
        assert seen.pools["p"].answered_at == 10.0
        assert len(seen.vms) == 4

    watch(world, then)


def test_a_move_under_way_is_seen() -> None:
    world = site()
    it = vm(world, "h2-vm1")

    async def then(doors: Doors) -> None:
        moving = asyncio.create_task(doors.pools["p"].perform(move(world, it.name, "h1")))
        await asyncio.sleep(2)
        seen = doors.pools["p"].observe(urgent=False).vms[it.id]
        assert (seen.resident_on, seen.moving_to, seen.busy) == ("h2", "h1", frozenset({"pool_migrate"}))
        await moving
        seen = doors.pools["p"].observe(urgent=False).vms[it.id]
        assert (seen.resident_on, seen.moving_to, seen.busy) == ("h1", None, frozenset())

    watch(world, then)


# --- acting


def test_disable_marks_and_enable_removes_the_marks() -> None:
    world = site()
    host = world.hosts["h2"]
    for _ in range(2):
        perform(world, a.DisableHost("h2", "p", WHY))
        assert (host.enabled, host.other_config["MAINTENANCE_MODE"]) == (False, "true")
    host.other_config["MAINTENANCE_MODE_EVACUATED_VMS_MIGRATED"] = "some"
    for _ in range(2):
        perform(world, a.EnableHost("h2", "p", WHY))
        assert host.enabled
        assert not [key for key in host.other_config if key.startswith("MAINTENANCE_MODE")]


@pytest.mark.parametrize(("build", "auto_enable"), [("24.19.2", True), ("25.33.1", False)])
def test_disable_keeps_the_host_disabled_where_the_server_can(build: str, auto_enable: bool) -> None:
    world = site()
    world.pools["p"].profile = Profile(build)
    perform(world, a.DisableHost("h2", "p", WHY))
    assert world.hosts["h2"].auto_enable == auto_enable


def test_a_move_twice_is_one_move() -> None:
    world = site()
    perform(world, move(world, "h2-vm1", "h1"), move(world, "h2-vm1", "h1"))
    assert world.moves["h2-vm1"] == 1


def test_a_move_past_its_deadline_is_cancelled() -> None:
    world = site()
    faults.stall_move(world, "h2-vm1")
    with pytest.raises(TimeoutError):
        perform(world, move(world, "h2-vm1", "h1", deadline=30.0))
    world.advance(world.now + 1)
    assert not vm(world, "h2-vm1").busy
    assert vm(world, "h2-vm1").resident_on == "h2"


def test_cancelling_a_move() -> None:
    world = site()
    it = vm(world, "h2-vm1")
    it.memory = 20 * GIB

    async def main() -> None:
        door = PoolDoor(world, "p")
        moving = asyncio.create_task(door.perform(move(world, it.name, "h1")))
        await asyncio.sleep(5)
        await door.perform(a.CancelMove(it.id, it.name, "p", "h2", WHY))
        with pytest.raises(Unreachable, match="TASK_CANCELLED"):
            await moving
        await door.perform(a.CancelMove(it.id, it.name, "p", "h2", WHY))

    run(world, main())
    assert it.resident_on == "h2"


def test_stopping_what_is_stopped_is_success() -> None:
    world = site()
    perform(world, stop(world, "h2-vm1"), stop(world, "h2-vm1"), force(world, "h2-vm1"))
    assert vm(world, "h2-vm1").power_state is Power.HALTED


def test_a_clean_stop_past_its_deadline_is_cancelled_and_a_hard_one_works() -> None:
    world = site()
    faults.hang_shutdown(world, "h2-vm1")
    with pytest.raises(TimeoutError):
        perform(world, stop(world, "h2-vm1", deadline=30.0))
    perform(world, force(world, "h2-vm1"))
    assert vm(world, "h2-vm1").power_state is Power.HALTED


def test_a_hard_stop_while_the_clean_one_waits_ends_both() -> None:
    world = site()
    faults.hang_shutdown(world, "h2-vm1")

    async def main() -> None:
        door = PoolDoor(world, "p")
        clean = asyncio.create_task(door.perform(stop(world, "h2-vm1")))
        await asyncio.sleep(5)
        await door.perform(force(world, "h2-vm1"))
        with pytest.raises(Unreachable, match="TASK_CANCELLED"):
            await clean

    run(world, main())


@pytest.mark.parametrize(("wanted", "found"), [("h2", "h2"), ("", "h1"), ("h3", "h1")])
def test_starting_twice_where_it_was_or_where_there_is_room(wanted: str, found: str) -> None:
    world = site(hosts=3)
    it = vm(world, "h2-vm1")
    world.hosts["h2"].memory_total -= 2 * GIB
    world.hosts["h3"].memory_total = 6 * GIB
    start = a.StartVm(it.id, it.name, "p", wanted, WHY)
    perform(world, stop(world, it.name), start, start)
    assert (it.alive, it.resident_on) == (True, found)


def test_down_and_up_again_each_twice() -> None:
    world = site(guests=0)
    perform(world, a.DisableHost("h2", "p", WHY))
    perform(world, a.ShutDownHost("h2", "p", WHY), a.ShutDownHost("h2", "p", WHY))
    world.advance(world.now + 60)
    assert not world.hosts["h2"].power
    perform(world, a.ShutDownHost("h2", "p", WHY))
    perform(world, a.PowerOnHost("h2", "p", WHY), a.PowerOnHost("h2", "p", WHY))
    assert world.hosts["h2"].live


def test_a_host_attaches_again_what_its_nas_serves_again() -> None:
    world = site(guests=0)
    world.add_nas(SimNas("nas1", repositories=frozenset({NAS}), serves=False))
    attach, host = a.AttachRepository("h2", "p", NAS, "nas", WHY), world.hosts["h2"]
    perform(world, a.DisableHost("h2", "p", WHY), a.ShutDownHost("h2", "p", WHY))
    world.advance(world.now + 60)
    assert (host.storage, host.detached) == (set(), {NAS})  # a host that is shut down detaches everything
    perform(world, a.PowerOnHost("h2", "p", WHY))
    world.advance(world.now + 60)
    assert (host.live, host.storage) == (True, set())
    with pytest.raises(Refused, match="Unable to detect an NFS service"):
        perform(world, attach)
    world.nases["nas1"].serves = True
    world.advance(world.now + 600)
    assert host.storage == set()  # nobody else tries again
    perform(world, attach, attach)
    assert (host.storage, host.detached) == ({NAS}, set())


def test_a_dead_host_that_xapi_calls_live_is_not_switched_on_yet() -> None:
    world = site()
    faults.pull_power(world, "h2")
    with pytest.raises(Unreachable):
        perform(world, a.PowerOnHost("h2", "p", WHY))


def test_the_claim_of_another_controller_is_respected() -> None:
    world = site()
    perform(world, a.ClaimPool("p", "one", WHY), a.ClaimPool("p", "one", WHY))
    with pytest.raises(Refused, match="one"):
        perform(world, a.ClaimPool("p", "two", WHY))
    perform(world, a.ReleasePool("p", "two", WHY))
    assert world.pools["p"].other_config[CLAIM] == "one"
    perform(world, a.ReleasePool("p", "one", WHY), a.ClaimPool("p", "two", WHY))
    assert world.pools["p"].other_config[CLAIM] == "two"


def test_auto_poweron_off_and_on() -> None:
    world = site()
    world.pools["p"].other_config["auto_poweron"] = "true"
    perform(world, a.SuspendAutoPoweron("p", WHY), a.SuspendAutoPoweron("p", WHY))
    assert world.pools["p"].other_config["auto_poweron"] == "false"
    perform(world, a.RestoreAutoPoweron("p", WHY))
    assert world.pools["p"].other_config["auto_poweron"] == "true"


def test_another_coordinator() -> None:
    world = site()
    perform(world, a.DesignateCoordinator("h2", "p", WHY))
    assert (coordinator := world.coordinator("p")) is not None
    assert coordinator.id == "h2"
    perform(world, a.DesignateCoordinator("h2", "p", WHY))


def test_no_other_coordinator_while_ha_is_on() -> None:
    world = site()
    world.pools["p"].ha_enabled = True
    with pytest.raises(Refused) as refused:
        perform(world, a.DesignateCoordinator("h2", "p", WHY))
    assert refused.value.code == "HA_IS_ENABLED"


def test_ha_off_and_on_as_it_was() -> None:
    world = site()
    pool = world.pools["p"]
    pool.ha_enabled, pool.ha_failures, pool.ha_statefile = True, 1, NAS
    suspend = a.SuspendHa("p", 1, (NAS,), (), WHY)
    perform(world, suspend, suspend)
    assert not pool.ha_enabled
    restore = a.RestoreHa("p", True, 1, (NAS,), (), WHY)
    perform(world, restore, restore)
    assert (pool.ha_enabled, pool.ha_failures, pool.ha_statefile) == (True, 1, NAS)
    perform(world, a.LowerHa("p", 1, WHY))
    assert pool.ha_failures == 0
    perform(world, a.RestoreHa("p", False, 1, (), (), WHY))
    assert pool.ha_failures == 1


def test_ha_that_a_person_has_set_meanwhile_stands() -> None:
    world = site()
    pool = world.pools["p"]
    pool.ha_enabled, pool.ha_failures = True, 2
    perform(world, a.RestoreHa("p", True, 1, (NAS,), (), WHY))
    assert pool.ha_failures == 2


def test_a_refusal_carries_xapis_code() -> None:
    world = site()
    vm(world, "h2-vm1").guest = Guest.NO_TOOLS
    with pytest.raises(Refused) as refused:
        perform(world, stop(world, "h2-vm1"))
    assert refused.value.code == "VM_LACKS_FEATURE"


@pytest.mark.parametrize("fault", [faults.pull_power, faults.restart_toolstack, faults.lose_network])
def test_without_a_coordinator_everything_is_unreachable(fault: Callable[[World, str], None]) -> None:
    world = site()
    fault(world, "h1")
    with pytest.raises(Unreachable):
        perform(world, a.DisableHost("h2", "p", WHY))


def test_a_task_that_is_lost_with_its_coordinator_is_unreachable() -> None:
    world = site()

    async def main() -> None:
        moving = asyncio.create_task(PoolDoor(world, "p").perform(move(world, "h2-vm1", "h1")))
        await asyncio.sleep(3)
        faults.restart_toolstack(world, "h1")
        with pytest.raises(Unreachable):
            await moving

    run(world, main())


# --- death


def test_nothing_of_a_killed_controller_reaches_the_world_or_the_journal() -> None:
    world = site()
    journal = MemoryJournal()

    async def main() -> None:
        doors = Doors(world, journal)
        moving = asyncio.create_task(doors.pools["p"].perform(move(world, "h2-vm1", "h1")))
        await asyncio.sleep(3)
        doors.cut()
        moving.cancel()
        await asyncio.wait({moving})
        with pytest.raises(Killed):
            await doors.journal.append([])
        await asyncio.sleep(30)

    run(world, main())
    assert vm(world, "h2-vm1").resident_on == "h1", "the migration runs on: a dead controller cancels nothing"
    assert journal.entries == []
