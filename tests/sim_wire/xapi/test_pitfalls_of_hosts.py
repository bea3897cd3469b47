"""The pitfalls of a fake XenAPI server (6 to 20, 22, HA of 25): disabling, evacuating, stopping, starting, HA.

Their numbers are those of the project's facts, read in xapi's source. Where they and the laboratory pool differ,
release 8.3 follows the laboratory, and the test says so.
"""

from __future__ import annotations

from typing import Any

import pytest

from ridethrough.core.observation import Power
from ridethrough.sim import boot, faults
from ridethrough.sim.machines import GIB, RELEASES, Guest, Profile, Reach, SimHost, SimVm, uuid_of
from ridethrough.sim.world import World

from .site import NFS, PASSWORD, Caller, of_release, served, vm

NULL = "OpaqueRef:NULL"
releases = pytest.mark.parametrize("release", RELEASES)


async def task(caller: Caller, session: str, ref: str) -> Any:
    return await caller.call("h1", "task.get_record", session, ref)


async def done(caller: Caller, session: str, method: str, *params: object) -> Any:
    """Call it, let a minute pass, and see that it succeeded."""
    ref = await caller.call("h1", f"Async.{method}", session, *params)
    await caller.pass_time(60.0)
    assert (await task(caller, session, ref))["status"] == "success"


def guests(world: World, host: str, *names: str, memory: int = GIB) -> list[SimVm]:
    """Further guests on a host."""
    made = (SimVm(uuid_of("vm", n), n, "p", memory=memory, resident_on=host, storage=frozenset({NFS})) for n in names)
    found = [world.add_vm(guest) for guest in made]
    for guest in found:
        world.changed("vm", guest.ref)
    return found


@releases
async def test_pitfall_06_a_conflicting_call_waits_two_hours_and_can_be_cancelled(release: str) -> None:
    async with served(of_release(release)) as caller:
        session, world = await caller.login(), caller.server.world
        h2, h3, web = world.hosts["h2"], world.hosts["h3"], vm(world, "web")
        web.stalls_move = True
        first = await caller.call("h1", "Async.VM.pool_migrate", session, web.ref, h3.ref, {})
        await caller.pass_time(1.0)
        second = await caller.call("h1", "Async.VM.pool_migrate", session, web.ref, h3.ref, {})
        shutdown = await caller.call("h1", "Async.VM.clean_shutdown", session, web.ref)
        await caller.pass_time(3600.0)
        for waiting in (second, shutdown):
            assert (await task(caller, session, waiting))["status"] == "pending"  # not refused
        await caller.call("h1", "task.cancel", session, shutdown)
        await caller.pass_time(1.0)
        assert (await task(caller, session, shutdown))["status"] == "cancelled"
        await caller.pass_time(3700.0)
        described = ["VM", web.ref, "pool_migrate", first] if release == "8.3-26.1" else ["VM.pool_migrate", web.ref]
        refused = (await task(caller, session, second))["error_info"]
        assert refused == ["OTHER_OPERATION_IN_PROGRESS", *described]
        assert (await task(caller, session, first))["status"] == "pending"

        vm(world, "db").stalls_move, web.stalls_move = True, False
        await caller.call("h1", "task.cancel", session, first)
        await caller.pass_time(1.0)
        evacuation = await caller.call("h1", "Async.host.evacuate", session, h2.ref)
        again = await caller.call("h1", "Async.host.evacuate", session, h2.ref)
        await caller.pass_time(1.0)
        await caller.call("h1", "task.cancel", session, again)  # it waits: that can be cancelled
        await caller.pass_time(1.0)
        assert (await task(caller, session, again))["status"] == "cancelled"
        assert (await task(caller, session, evacuation))["status"] == "pending"


@releases
async def test_pitfall_07_disable_leaves_vms_running_and_is_forgotten(release: str) -> None:
    async with served(of_release(release)) as caller:
        session, world = await caller.login(), caller.server.world
        h2 = world.hosts["h2"]
        await caller.call("h1", "host.disable", session, h2.ref)
        assert await caller.call("h1", "host.get_enabled", session, h2.ref) is False
        await caller.pass_time(3600.0)
        assert vm(world, "web").alive
        assert not h2.enabled
        boot.restart_toolstack(world, h2)
        await caller.pass_time(30.0)
        assert await caller.call("h1", "host.get_enabled", session, h2.ref) is True

        await caller.call("h1", "host.disable", session, h2.ref)
        boot.switch_off(world, h2)
        boot.power_up(world, h2, "is switched on")
        await caller.pass_time(300.0)
        assert await caller.call("h1", "host.get_enabled", session, h2.ref) is True
        if release == "8.3-26.1":
            await caller.call("h1", "host.disable", session, h2.ref, False)
            boot.restart_toolstack(world, h2)
            await caller.pass_time(30.0)
            assert h2.live
            boot.switch_off(world, h2)
            boot.power_up(world, h2, "is switched on")
            await caller.pass_time(300.0)
            assert (h2.live, await caller.call("h1", "host.get_enabled", session, h2.ref)) == (True, False)
            await caller.call("h1", "host.enable", session, h2.ref)
            boot.restart_toolstack(world, h2)
            await caller.pass_time(30.0)
            assert h2.enabled


@releases
async def test_pitfall_08_auto_enable(release: str) -> None:
    async with served(of_release(release)) as caller:
        session, world = await caller.login(), caller.server.world
        h2 = world.hosts["h2"]
        if release != "8.3-26.1":
            refused = await caller.refusal("h1", "host.disable", session, h2.ref, False)
            assert refused == ["MESSAGE_PARAMETER_COUNT_MISMATCH", "host.disable", "1", "2"]
            assert h2.enabled
            return
        await caller.call("h1", "host.disable", session, h2.ref)
        await caller.call("h1", "host.disable", session, h2.ref, False)  # disabled already: passed over
        boot.restart_toolstack(world, h2)
        await caller.pass_time(30.0)
        assert await caller.call("h1", "host.get_enabled", session, h2.ref) is True


@pytest.mark.parametrize(("release", "takes"), [("8.2", 1), ("8.3", 3), ("8.3-26.1", 3)])
async def test_pitfall_09_the_signatures_of_evacuate(release: str, takes: int) -> None:
    """(host) up to 1.249.x; a network since 1.297; a batch size since 23.28."""
    async with served(of_release(release)) as caller:
        session, host = await caller.login(), caller.server.world.hosts["h2"].ref
        args = [host, NULL, 2, "one more"]
        await done(caller, session, "host.evacuate", *args[:takes])
        for many in range(takes + 1, 5):
            if takes > 1:  # where some are optional, what comes after them is passed over (lab 02)
                await done(caller, session, "host.evacuate", *args[:many])
                continue
            refused = await caller.refusal("h1", "host.evacuate", session, *args[:many])
            assert refused == ["MESSAGE_PARAMETER_COUNT_MISMATCH", "host.evacuate", str(takes), str(many)]
        none = await caller.refusal("h1", "host.evacuate", session)
        assert none == ["MESSAGE_PARAMETER_COUNT_MISMATCH", "host.evacuate", "1", "0"]


@pytest.mark.parametrize(("release", "batch", "at_once"), [("8.3", 2, 2), ("8.3", 0, 5), ("8.2", None, 1)])
async def test_pitfall_09_a_batch_bounds_the_moves_under_way(release: str, batch: int | None, at_once: int) -> None:
    """0 is the server's own batch of ten; one after the other where there are none."""
    async with served(of_release(release)) as caller:
        session, world = await caller.login(), caller.server.world
        guests(world, "h2", "third", "fourth", "fifth")
        arguments = [] if batch is None else [NULL, batch]
        await caller.call("h1", "Async.host.evacuate", session, world.hosts["h2"].ref, *arguments)
        await caller.pass_time(2.0)
        assert len(world.links.moving) == at_once


async def test_pitfall_10_every_vm_must_fit_every_enabled_host() -> None:
    """Live, storage and memory. Networks that reach only some hosts and CPU features are not simulated; a guest's
    memory is one figure, so dynamic_min is its dynamic_max."""
    async with served() as caller:
        session, world = await caller.login(), caller.server.world
        h2, h3, web, db = world.hosts["h2"], world.hosts["h3"], vm(world, "web"), vm(world, "db")

        async def plan() -> Any:
            return await caller.call("h1", "host.get_vms_which_prevent_evacuation", session, h2.ref)

        assert await plan() == {}
        h3.live = False  # enabled all the same: a crashed host
        assert await plan() == {web.ref: ["HOST_NOT_LIVE"], db.ref: ["HOST_NOT_LIVE"]}
        assert await caller.refusal("h1", "host.evacuate", session, h2.ref) == ["HOST_NOT_LIVE"]
        await done(caller, session, "VM.pool_migrate", db.ref, world.hosts["h1"].ref, {})  # its own target only
        await done(caller, session, "VM.pool_migrate", db.ref, h2.ref, {})
        h3.live = True
        h3.storage.clear()  # its PBD is unplugged
        h3.detached.add(NFS)
        sr = world.storages[NFS].ref
        assert await plan() == {v.ref: ["VM_REQUIRES_SR", v.ref, sr] for v in (web, db)}
        h3.storage.add(NFS)
        h3.detached.clear()
        world.hosts["h1"].memory_total = h3.memory_total = 4 * GIB + 5 * GIB  # one of 4 GiB each
        guests(world, "h2", "third", memory=4 * GIB)
        dumb = vm(world, "dumb")
        dumb.power_state, dumb.resident_on = Power.HALTED, None
        assert list((await plan()).values()) == [["HOST_NOT_ENOUGH_FREE_MEMORY", next(iter(await plan()))]]


@releases
async def test_pitfall_11_a_plan_fails_whole_and_a_move_fails_alone(release: str) -> None:
    """The laboratory: the task of a parallel evacuation fails when the moves under way have ended, not before."""
    async with served(of_release(release)) as caller:
        session, world = await caller.login(), caller.server.world
        h2, web, db = world.hosts["h2"], vm(world, "web"), vm(world, "db")
        [bare] = guests(world, "h2", "bare")
        bare.guest = Guest.NO_TOOLS
        assert await caller.refusal("h1", "host.evacuate", session, h2.ref) == ["VM_LACKS_FEATURE", bare.ref]
        assert {v.resident_on for v in (web, db, bare)} == {"h2"}  # nothing has moved
        refused = await caller.refusal("h1", "host.assert_can_evacuate", session, h2.ref)
        assert refused == ["CANNOT_EVACUATE_HOST", f"VM_LACKS_FEATURE,{bare.ref}"]

        bare.guest, bare.refuses_move = Guest.ACKNOWLEDGES, ("VM_MIGRATE_FAILED", "why")
        bare.memory = 5 * GIB  # the first to go
        evacuation = await caller.call("h1", "Async.host.evacuate", session, h2.ref)
        serial = release == "8.2"
        under_way = set[str]()  # what the task said while guests were on their way
        for _ in range(120):
            await caller.pass_time(0.5)
            record = await task(caller, session, evacuation)
            if any(v.current_operations for v in (web, db)):
                under_way.add(record["status"])
        assert (record["status"], record["error_info"]) == ("failure", ["VM_MIGRATE_FAILED", "why"])
        assert under_way == (set() if serial else {"pending"})
        assert [v.resident_on == "h2" for v in (bare, web, db)] == [True, serial, serial]  # no rollback
        assert h2.enabled


@releases
async def test_pitfall_12_the_odd_shapes_of_parameters(release: str) -> None:
    async with served(of_release(release)) as caller:
        session, world = await caller.login(), caller.server.world
        h1, h2, h3 = (world.hosts[h] for h in ("h1", "h2", "h3"))
        web, db = vm(world, "web"), vm(world, "db")

        async def plan() -> Any:
            return await caller.call("h1", "host.get_vms_which_prevent_evacuation", session, h2.ref)

        for host in (h1, h3):
            host.memory_total = 9 * GIB
        dumb = vm(world, "dumb")
        dumb.power_state, dumb.resident_on = Power.HALTED, None
        web.memory = 60 * GIB
        assert await plan() == {web.ref: ["HOST_NOT_ENOUGH_FREE_MEMORY", web.ref]}  # one parameter
        refused = await caller.refusal("h1", "VM.pool_migrate", session, web.ref, h3.ref, {})
        assert refused == ["HOST_NOT_ENOUGH_FREE_MEMORY", str(60 * GIB), str(5 * GIB)]  # two
        web.memory = 4 * GIB
        await caller.call("h1", "host.disable", session, h1.ref)
        await caller.call("h1", "host.disable", session, h3.ref)
        assert (await plan())[web.ref] == ["NO_HOSTS_AVAILABLE", web.ref]
        one = await caller.refusal("h1", "host.assert_can_evacuate", session, h2.ref)
        assert one[0] == "CANNOT_EVACUATE_HOST"
        assert sorted(one[1].split("|")) == sorted(f"NO_HOSTS_AVAILABLE,{v.ref}" for v in (web, db))
        await caller.call("h1", "host.disable", session, h2.ref)
        spare = vm(world, "spare").ref
        assert await caller.refusal("h1", "VM.start", session, spare, False, False) == ["NO_HOSTS_AVAILABLE"]
        await caller.call("h1", "host.enable", session, h3.ref)
        db.guest = Guest.HANGS
        stopping = await caller.call("h1", "Async.VM.clean_shutdown", session, db.ref)
        await caller.pass_time(1.0)
        named = ["VM", db.ref, "clean_shutdown", stopping]
        if release != "8.3-26.1":
            named = ["VM.clean_shutdown", db.ref]  # the laboratory
        assert await plan() == {db.ref: ["OTHER_OPERATION_IN_PROGRESS", *named]}


@pytest.mark.parametrize(("release", "at_once"), [("8.2", 1), ("8.3", 10)])
async def test_pitfall_13_evacuation_is_serial_or_by_ten(release: str, at_once: int) -> None:
    """The laboratory: progress stays at nothing until ten have moved. Moves last in proportion to their memory."""
    world = of_release(release)
    guests(world, "h2", *(f"g{n:02}" for n in range(18)))
    vm(world, "web").memory, vm(world, "db").memory = GIB, GIB
    world.hosts["h2"].link_speed = world.links.speeds["h2"] = GIB
    async with served(world) as caller:
        session, h2 = await caller.login(), world.hosts["h2"]
        evacuation = await caller.call("h1", "Async.host.evacuate", session, h2.ref)
        most, seen = 0, set()
        for _ in range(200):
            await caller.pass_time(0.5)
            most = max(most, sum(v.busy for v in world.vms.values()))
            record = await task(caller, session, evacuation)
            seen.add(record["progress"])
            if record["status"] != "pending":
                break
        assert (record["status"], most) == ("success", at_once)
        assert (min(seen), max(seen)) == (0.0, 1.0)
        assert any(0.0 < progress < 0.5 for progress in seen) is (at_once == 1)

        moved = vm(world, "web")
        for memory in (1, 8):
            moved.memory = memory * GIB
            target = "h1" if moved.resident_on == "h3" else "h3"
            began = world.now
            migration = await caller.call(
                "h1", "Async.VM.pool_migrate", session, moved.ref, world.hosts[target].ref, {}
            )
            while world.tasks[migration].pending:
                await caller.pass_time(0.1)
            assert memory * 0.5 <= world.now - began <= memory * 0.5 + 3.4  # 2 GB/s, its overhead and ours


@releases
async def test_pitfall_14_cancelling_an_evacuation_does_nothing(release: str) -> None:
    """error_info of a cancelled task: TASK_CANCELLED by the source, empty in the laboratory's 8.3."""
    async with served(of_release(release)) as caller:
        session, world = await caller.login(), caller.server.world
        h2, web = world.hosts["h2"], vm(world, "web")
        evacuation = await caller.call("h1", "Async.host.evacuate", session, h2.ref)
        await caller.pass_time(1.0)
        assert (await task(caller, session, evacuation))["allowed_operations"] == ["cancel"]  # and yet
        await caller.call("h1", "task.cancel", session, evacuation)
        await caller.pass_time(60.0)
        assert (await task(caller, session, evacuation))["status"] == "success"

        await done(caller, session, "VM.pool_migrate", web.ref, h2.ref, {})
        web.stalls_move = True
        evacuation = await caller.call("h1", "Async.host.evacuate", session, h2.ref)
        await caller.pass_time(2.0)
        [child] = await caller.call("h1", "VM.get_current_operations", session, web.ref)
        await caller.call("h1", "task.cancel", session, child)
        assert (await task(caller, session, child))["status"] in ("pending", "cancelled")  # never "cancelling"
        moving = world.tasks[child]
        await caller.pass_time(2.0)
        assert moving.status == "cancelled"
        assert moving.error_info == (() if release == "8.3" else ("TASK_CANCELLED", child))
        assert child not in world.tasks  # the evacuation destroyed it (lab 07)
        record = await task(caller, session, evacuation)
        failure = ["INTERNAL_ERROR", f"{child}, unexpected status of migration task"]
        assert record["status"] == "failure"
        assert record["error_info"] == (["TASK_CANCELLED", child] if release == "8.2" else failure)
        assert web.resident_on == "h2"

        web.stalls_move = False
        migration = await caller.call("h1", "Async.VM.pool_migrate", session, web.ref, world.hosts["h3"].ref, {})
        while web.resident_on == "h2":
            await caller.pass_time(0.1)
        await caller.call("h1", "task.cancel", session, migration)  # too late: it is there
        await caller.pass_time(2.0)
        assert (await task(caller, session, migration))["status"] == "success"


async def test_pitfall_15_evacuate_does_not_disable() -> None:
    """The laboratory: VM.start_on the host meanwhile is refused; a move to it waits, as the source says."""
    async with served() as caller:
        session, world = await caller.login(), caller.server.world
        h2, spare, web = world.hosts["h2"], vm(world, "spare"), vm(world, "web")
        [late] = guests(world, "h3", "late")
        web.stalls_move = True
        evacuation = await caller.call("h1", "Async.host.evacuate", session, h2.ref)
        await caller.pass_time(1.0)
        record = await caller.call("h1", "host.get_record", session, h2.ref)
        assert (record["enabled"], record["current_operations"]) == (True, {evacuation: "evacuate"})
        refused = await caller.refusal("h1", "VM.start_on", session, spare.ref, h2.ref, False, False)
        assert refused == ["HOST_EVACUATE_IN_PROGRESS", h2.ref]
        coming = await caller.call("h1", "Async.VM.pool_migrate", session, late.ref, h2.ref, {})
        await caller.pass_time(600.0)
        assert (await task(caller, session, coming))["status"] == "pending"
        [child] = web.current_operations
        await caller.call("h1", "task.cancel", session, child)
        await caller.pass_time(60.0)
        assert (await task(caller, session, evacuation))["status"] == "failure"
        assert late.resident_on == "h2"  # it landed afterwards

        web.stalls_move, spare.start_seconds, web.memory = False, 10.0, 40 * GIB  # 20 s to move
        await caller.call("h1", "Async.VM.start_on", session, spare.ref, h2.ref, False, False)
        evacuation = await caller.call("h1", "Async.host.evacuate", session, h2.ref)  # while it still starts
        await caller.pass_time(60.0)
        [code, text] = (await task(caller, session, evacuation))["error_info"]
        assert (code, text) == ("INTERNAL_ERROR", f"evacuate: 1 VMs are still resident on {h2.ref}")
        assert h2.enabled


async def test_pitfall_16_shutdown_succeeds_first_and_comes_later() -> None:
    async with served() as caller:
        session, world = await caller.login(), caller.server.world
        h2, web, db = world.hosts["h2"], vm(world, "web"), vm(world, "db")
        assert await caller.refusal("h1", "host.shutdown", session, h2.ref) == ["HOST_NOT_DISABLED"]
        [stuck] = guests(world, "h2", "stuck")
        stuck.guest = Guest.IGNORES
        await caller.call("h1", "VM.add_to_blocked_operations", session, stuck.ref, "pool_migrate", "x")
        await caller.call("h1", "VM.add_to_blocked_operations", session, db.ref, "pool_migrate", "x")
        await caller.call("h1", "host.disable", session, h2.ref)
        began = world.now
        await caller.call("h1", "host.shutdown", session, h2.ref)  # running guests do not hold it up
        await caller.pass_time(5.0)
        assert (h2.power, web.resident_on, db.alive) == (True, "h2", True)
        await caller.call("h1", "host.enable", session, h2.ref)  # accepted, and stops nothing
        await caller.call("h1", "host.disable", session, h2.ref)
        while h2.toolstack == "up":
            await caller.pass_time(0.5)
        assert world.now - began >= 70.0  # 10 s, and 60 s for the one that does not answer
        assert (db.power_state, stuck.power_state) == (Power.HALTED, Power.HALTED)
        assert web.alive  # moved by itself, to any enabled host
        assert web.resident_on in ("h1", "h3")
        assert h2.power
        await caller.pass_time(h2.stop_seconds + 1.0)
        assert not h2.power
        assert world.lost == []


async def test_pitfall_16_a_move_under_way_is_killed() -> None:
    """Seen in the laboratory (07), so for 8.3."""
    async with served() as caller:
        session, world = await caller.login(), caller.server.world
        h2, web = world.hosts["h2"], vm(world, "web")
        web.stalls_move = True
        moving = await caller.call("h1", "Async.VM.pool_migrate", session, web.ref, world.hosts["h3"].ref, {})
        await caller.call("h1", "host.disable", session, h2.ref)
        await caller.call("h1", "host.shutdown", session, h2.ref)
        await caller.pass_time(60.0)
        assert (await task(caller, session, moving))["status"] == "cancelled"
        assert web.power_state is Power.HALTED


async def test_pitfall_17_liveness_lags() -> None:
    async with served() as caller:
        session, world = await caller.login(), caller.server.world
        h2, h3, web, dumb = world.hosts["h2"], world.hosts["h3"], vm(world, "web"), vm(world, "dumb")

        async def believed(host: SimHost) -> tuple[bool, bool]:
            record = await caller.call("h1", "host.get_record", session, host.ref)
            return await caller.call("h1", "host_metrics.get_live", session, record["metrics"]), record["enabled"]

        await caller.call("h1", "VM.hard_shutdown", session, dumb.ref)
        await caller.call("h1", "host.disable", session, h3.ref)
        await caller.call("h1", "host.shutdown", session, h3.ref)
        await caller.pass_time(11.0)
        assert await believed(h3) == (False, False)  # a clean stop is told at once
        assert await caller.refusal("h1", "host.enable", session, h3.ref) == ["HOST_OFFLINE", h3.ref]

        boot.crash(world, h2, "h2 loses power")
        crashed_at = world.now
        blocked = await caller.begin("h1", "Async.host.disable", session, h2.ref)
        await caller.pass_time(120.0)
        assert (await task(caller, session, await blocked))["status"] == "pending"  # it hangs
        await caller.pass_time(25.0)
        assert (await task(caller, session, await blocked))["error_info"] == ["CANNOT_CONTACT_HOST", h2.ref]
        await caller.pass_time(crashed_at + 585.0 - world.now)
        assert await believed(h2) == (True, True)
        record = await caller.call("h1", "VM.get_record", session, web.ref)
        assert (record["power_state"], record["resident_on"]) == ("Running", h2.ref)
        assert await caller.refusal("h1", "host.power_on", session, h2.ref) == ["HOST_IS_LIVE", h2.ref]
        await caller.pass_time(20.0)
        assert await believed(h2) == (False, True)
        assert await caller.refusal("h1", "host.disable", session, h2.ref) == ["HOST_OFFLINE", h2.ref]
        assert await caller.refusal("h1", "VM.clean_shutdown", session, web.ref) == ["HOST_OFFLINE", h2.ref]
        await caller.pass_time(24 * 3600.0 - 700.0)
        assert await believed(h2) == (False, True)  # enabled for ever
        assert (await caller.call("h1", "VM.get_record", session, web.ref))["power_state"] == "Running"


async def test_pitfall_18_boot_is_a_sequence() -> None:
    async with served(speed=0.1) as caller:  # some of its states are short
        session, world = await caller.login(), caller.server.world
        h2, h3, web, dumb = world.hosts["h2"], world.hosts["h3"], vm(world, "web"), vm(world, "dumb")
        boot.crash(world, h2, "h2 loses power")
        before = await caller.call("h1", "host.get_other_config", session, h2.ref)
        boot.power_up(world, h2, "is switched on")
        await caller.pass_time(h2.boot_seconds + 1.0)
        assert (await caller.call("h1", "VM.get_record", session, web.ref))["power_state"] == "Running"
        assert await caller.call("h1", "host.get_other_config", session, h2.ref) == before
        while h2.toolstack != "up":
            await caller.pass_time(0.1)
        record = await caller.call("h1", "host.get_record", session, h2.ref)
        assert (h2.live, record["enabled"]) == (True, False)
        assert await caller.refusal("h1", "host.enable", session, h2.ref) == ["HOST_STILL_BOOTING"]
        assert (await caller.call("h1", "VM.get_record", session, web.ref))["power_state"] == "Halted"  # only now
        assert {k for k in ("agent_start_time", "boot_time") if record["other_config"][k] == before[k]} == set()
        await caller.pass_time(5.0)
        assert await caller.call("h1", "host.get_enabled", session, h2.ref) is True  # by itself

        dumb.guest, dumb.stop_seconds = Guest.SLOW, 100.0
        stopping = await caller.call("h1", "Async.VM.clean_shutdown", session, dumb.ref)
        await caller.pass_time(1.0)
        boot.restart_toolstack(world, h3)
        await caller.pass_time(30.0)
        assert (await task(caller, session, stopping))["status"] == "cancelled"  # its hello said so
        assert (await caller.call("h1", "VM.get_record", session, dumb.ref))["current_operations"] == {}
        await caller.pass_time(100.0)
        assert not dumb.alive  # the work went on


async def test_pitfall_19_a_hand_over_needs_every_host() -> None:
    """Which hosts miss the end of a failed hand-over: those that cannot be reached at that moment."""
    async with served() as caller:
        session, world = await caller.login(), caller.server.world
        h1, h2, h3 = (world.hosts[h] for h in ("h1", "h2", "h3"))
        boot.crash(world, h3, "h3 loses power")
        failing = await caller.begin("h1", "pool.designate_new_master", session, h1.ref)
        assert await failing == ""  # it is that already
        handing = await caller.call("h1", "Async.pool.designate_new_master", session, h3.ref)
        await caller.pass_time(60.0)  # h2 has agreed, h3 does not answer
        faults.lose_network(world, "h2")
        await caller.pass_time(100.0)
        assert (await task(caller, session, handing))["error_info"] == ["CANNOT_CONTACT_HOST", h3.ref]
        assert [h.follows for h in (h1, h2, h3)] == ["h1"] * 3  # roles unchanged
        faults.restore_network(world, "h2")
        boot.power_up(world, h3, "is switched on")
        await caller.pass_time(200.0)
        code, reason = await caller.refusal("h1", "pool.designate_new_master", session, h2.ref)
        assert code == "HA_ABORT_NEW_MASTER"
        assert reason.startswith(f"Already agreed to commit host address '{h3.address}' at 20")
        await caller.pass_time(600.0)

        world.pools["p"].ha_enabled = True
        assert await caller.refusal("h1", "pool.designate_new_master", session, h2.ref) == ["HA_IS_ENABLED"]
        world.pools["p"].ha_enabled = False
        await caller.call("h1", "host.disable", session, h3.ref)
        await caller.call("h1", "task.create", session, "lost soon", "")
        await (await caller.begin("h1", "Async.pool.designate_new_master", session, h2.ref))
        await caller.pass_time(5.0)
        assert await caller.call("h1", "pool.get_all", session)  # the fuse
        while world.reach("h1") is not Reach.REFUSED:
            await caller.pass_time(0.5)
        assert [world.reach(h) for h in ("h1", "h2", "h3")] == [Reach.REFUSED] * 3
        await caller.pass_time(30.0)
        new = caller.server.endpoints["h2"][0]
        assert await caller.refusal("h1", "pool.get_all", session) == ["HOST_IS_SLAVE", new]
        assert await caller.refusal("h2", "pool.get_all", session) == ["SESSION_INVALID", session]
        fresh = await caller.login("h2")
        assert await caller.call("h2", "task.get_all", fresh) == []
        assert await caller.call("h2", "host.get_enabled", fresh, h3.ref) is True  # it was disabled


async def test_pitfall_20_without_its_coordinator_the_api_stops_and_no_vm_does() -> None:
    async with served() as caller:
        session, world = await caller.login(), caller.server.world
        old = caller.server.endpoints["h1"][0]
        boot.crash(world, world.hosts["h1"], "h1 loses power")
        await caller.pass_time(3600.0)
        for member in ("h2", "h3"):
            assert await caller.refusal(member, "pool.get_all", session) == ["HOST_IS_SLAVE", old]  # nobody promotes
        assert vm(world, "web").alive


async def test_pitfall_20_a_member_goes_on_with_an_old_copy() -> None:
    async with served() as caller:
        session, world = await caller.login(), caller.server.world
        pool, h1 = world.pools["p"], world.hosts["h1"]
        await caller.pass_time(200.0)
        await caller.call("h1", "pool.add_to_other_config", session, pool.ref, "kept", "before the last copy")
        await caller.pass_time(150.0)
        await caller.call("h1", "pool.add_to_other_config", session, pool.ref, "lost", "after it")
        boot.crash(world, h1, "h1 loses power")
        local = await caller.call("h2", "session.slave_local_login_with_password", "root", PASSWORD)
        await caller.call("h2", "pool.emergency_transition_to_master", local)
        await caller.pass_time(30.0)
        fresh = await caller.login("h2")
        assert set(await caller.call("h2", "pool.get_other_config", fresh, pool.ref)) == {"kept"}
        assert await caller.call("h2", "pool.recover_slaves", fresh) == [world.hosts["h3"].ref]
        await caller.pass_time(30.0)

        boot.power_up(world, h1, "is switched on")  # the old coordinator returns, and finds the new one
        await caller.pass_time(300.0)
        new = caller.server.endpoints["h2"][0]
        assert await caller.refusal("h1", "pool.get_all", "x") == ["HOST_IS_SLAVE", new]
        boot.crash(world, h1, "h1 loses power")
        h1.follows = "h1"  # and once more, as it was when it lost its power; the new one cannot be reached now
        faults.lose_network(world, "h2")
        boot.power_up(world, h1, "is switched on")
        await caller.pass_time(300.0)
        again = await caller.login("h1")
        assert await caller.call("h1", "pool.get_master", again, pool.ref) == h1.ref
        assert world.reach("h1") is Reach.COORDINATOR
        faults.restore_network(world, "h2")
        assert {world.reach("h1"), world.reach("h2")} == {Reach.COORDINATOR}  # split brain


async def test_pitfall_22_clean_shutdown_has_two_clocks_and_three_endings() -> None:
    """VM_MISSING_PV_DRIVERS is of 6.5, which is not simulated."""
    async with served() as caller:
        session, world = await caller.login(), caller.server.world
        web, db, dumb = vm(world, "web"), vm(world, "db"), vm(world, "dumb")
        assert await caller.refusal("h1", "VM.clean_shutdown", session, dumb.ref) == ["VM_LACKS_FEATURE", dumb.ref]
        web.guest, db.guest, db.stop_seconds = Guest.IGNORES, Guest.SLOW, 1500.0

        async def shut_down(guest: SimVm) -> str:
            return str(await caller.call("h1", "Async.VM.clean_shutdown", session, guest.ref))

        ignored, slow = await shut_down(web), await shut_down(db)
        await caller.pass_time(45.0)
        assert (await task(caller, session, ignored))["status"] == "pending"
        await caller.pass_time(20.0)
        refused = (await task(caller, session, ignored))["error_info"]
        assert refused == ["VM_FAILED_SHUTDOWN_ACKNOWLEDGMENT", web.ref]
        await caller.pass_time(1100.0)
        assert (await task(caller, session, slow))["status"] == "pending"
        await caller.pass_time(50.0)
        assert (await task(caller, session, slow))["error_info"] == ["VM_SHUTDOWN_TIMEOUT", db.ref, "1200."]
        assert (await caller.call("h1", "VM.get_power_state", session, db.ref)) == "Running"
        await caller.pass_time(300.0)
        assert (await caller.call("h1", "VM.get_power_state", session, db.ref)) == "Halted"  # later all the same

        web.guest = Guest.HANGS
        hanging = await shut_down(web)
        await caller.pass_time(30.0)
        hard = await caller.call("h1", "Async.VM.hard_shutdown", session, web.ref)
        await caller.pass_time(2.0)
        states = [(await task(caller, session, t))["status"] for t in (hanging, hard)]
        assert states == ["cancelled", "success"]
        bad = await caller.refusal("h1", "VM.clean_shutdown", session, web.ref)
        assert bad == ["VM_BAD_POWER_STATE", web.ref, "running", "halted"]


async def under_ha(caller: Caller, session: str, *protected: SimVm) -> None:
    """HA goes on, with these guests protected and one host's failure to be tolerated."""
    world = caller.server.world
    await done(caller, session, "pool.enable_ha", [world.storages[NFS].ref], {})
    for guest in protected:
        await caller.call("h1", "VM.set_ha_restart_priority", session, guest.ref, "restart")
    await caller.call("h1", "pool.set_ha_host_failures_to_tolerate", session, world.pools["p"].ref, 1)


async def test_pitfall_16_under_ha_a_shutdown_needs_the_statefile() -> None:
    """Read from source. Clustered storage (CLUSTERED_SR_DEGRADED) is not simulated."""
    async with served() as caller:
        session, world = await caller.login(), caller.server.world
        h3, dumb = world.hosts["h3"], vm(world, "dumb")
        await caller.call("h1", "VM.hard_shutdown", session, dumb.ref)
        await under_ha(caller, session)
        await caller.call("h1", "host.disable", session, h3.ref)
        h3.statefile_lost = True
        assert await caller.refusal("h1", "host.shutdown", session, h3.ref) == ["HA_LOST_STATEFILE"]
        h3.statefile_lost = False
        await caller.call("h1", "host.shutdown", session, h3.ref)


@pytest.mark.parametrize(
    ("build", "code"),
    [("24.19.2", "HOST_NOT_ENOUGH_FREE_MEMORY"), ("26.17.0", "HOST_EVACUATE_VM_NOT_HA_PROTECTED")],
)
async def test_pitfall_25_under_ha_an_unprotected_vm_blocks_evacuation(build: str, code: str) -> None:
    """Read from source. No release that we name is as late as 26.17, where the code says what it means."""
    world = of_release("8.3")
    world.pools["p"].profile = Profile(build)
    async with served(world) as caller:
        session, h2, web, db = await caller.login(), world.hosts["h2"], vm(world, "web"), vm(world, "db")
        await under_ha(caller, session, web)
        blocked = await caller.call("h1", "host.get_vms_which_prevent_evacuation", session, h2.ref)
        assert blocked == {db.ref: [code, db.ref]}
        assert await caller.refusal("h1", "host.evacuate", session, h2.ref) == [code, db.ref]
        assert web.resident_on == "h2"


async def test_pitfall_25_under_ha_disable_and_evacuate_may_break_the_failover_plan() -> None:
    """Read from source."""
    world = of_release("8.3")
    for host in world.hosts.values():
        host.memory_total = 18 * GIB  # 14 GiB for guests: any two hosts carry all four of them, one host does not
    guests(world, "h1", "fourth")
    for guest in world.vms.values():
        guest.memory = 5 * GIB
    dumb = vm(world, "dumb")
    dumb.guest = Guest.ACKNOWLEDGES
    async with served(world) as caller:
        session, h3 = await caller.login(), world.hosts["h3"]
        await under_ha(caller, session, vm(world, "web"), vm(world, "db"), dumb)
        for method in ("host.disable", "host.evacuate"):
            refused = await caller.refusal("h1", method, session, h3.ref)
            assert refused == ["HA_OPERATION_WOULD_BREAK_FAILOVER_PLAN"], method
        assert h3.enabled
        pool = world.pools["p"].ref
        await caller.call("h1", "pool.set_ha_host_failures_to_tolerate", session, pool, 0)
        await caller.call("h1", "host.disable", session, h3.ref)
        assert not h3.enabled
