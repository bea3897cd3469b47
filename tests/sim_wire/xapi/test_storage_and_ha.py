"""Storage, suspend, HA and the boot script as clients see them. Read from source, not seen running."""

from __future__ import annotations

from typing import Any

from ridethrough.core.observation import Power
from ridethrough.sim import boot, faults
from ridethrough.sim.machines import GIB, SimSr, pbd_uuid, ref_of, uuid_of
from ridethrough.sim.world import World

from .site import NFS, Caller, served, small_world, until, vm

LOCAL = uuid_of("sr", "local")


def world_with_a_local_disk() -> World:
    """As small_world; spare, halted, has its disk on h2's own storage."""
    world = small_world()
    world.add_storage(SimSr(LOCAL, "Local storage", shared=False))
    world.hosts["h2"].storage.add(LOCAL)
    vm(world, "spare").storage = frozenset({LOCAL})
    return world


async def records(caller: Caller, session: str, xapi_class: str) -> dict[str, Any]:
    found: dict[str, Any] = await caller.call("h1", f"{xapi_class}.get_all_records", session)
    return found


async def kinds(caller: Caller, session: str, token: str) -> tuple[set[tuple[str, str]], str]:
    batch = await caller.call("h1", "event.from", session, ["*"], token, 0.0)
    return {(e["operation"], e["class"]) for e in batch["events"]}, batch["token"]


async def test_sr_pbd_vbd_and_vdi_name_each_other() -> None:
    async with served(world_with_a_local_disk()) as caller:
        session = await caller.login()
        stores, plugs = await records(caller, session, "SR"), await records(caller, session, "PBD")
        disks, drives = await records(caller, session, "VDI"), await records(caller, session, "VBD")
        guests, hosts = await records(caller, session, "VM"), await records(caller, session, "host")
        shared, local = stores[ref_of(NFS)], stores[ref_of(LOCAL)]
        assert (shared["shared"], len(shared["PBDs"]), len(shared["VDIs"])) == (True, 3, 3)
        assert (local["shared"], len(local["PBDs"]), len(local["VDIs"])) == (False, 1, 1)
        for ref, plug in plugs.items():
            assert ref in stores[plug["SR"]]["PBDs"]
            assert ref in hosts[plug["host"]]["PBDs"]
        for ref, drive in drives.items():
            assert ref in guests[drive["VM"]]["VBDs"]
            assert ref in disks[drive["VDI"]]["VBDs"]
            assert drive["VDI"] in stores[disks[drive["VDI"]]["SR"]]["VDIs"]
        spare = vm(caller.server.world, "spare").ref
        assert await caller.call("h1", "VM.get_possible_hosts", session, spare) == [caller.server.world.hosts["h2"].ref]
        h1 = caller.server.world.hosts["h1"].ref
        refused = await caller.refusal("h1", "VM.assert_can_boot_here", session, spare, h1)
        assert refused == ["VM_REQUIRES_SR", spare, ref_of(LOCAL)]


async def test_a_pbd_is_unplugged_and_plugged_again() -> None:
    async with served(world_with_a_local_disk(), speed=50.0) as caller:
        session = await caller.login()
        plug = ref_of(pbd_uuid(caller.server.world.hosts["h2"].uuid, LOCAL))
        _, token = await kinds(caller, session, "")
        await caller.call("h1", "PBD.unplug", session, plug)
        assert (await caller.call("h1", "PBD.get_record", session, plug))["currently_attached"] is False
        told, token = await kinds(caller, session, token)
        assert {("mod", "pbd"), ("mod", "sr")} <= told
        assert await caller.refusal("h1", "SR.scan", session, ref_of(LOCAL)) == ["SR_NO_PBDS", ref_of(LOCAL)]
        await caller.call("h1", "PBD.plug", session, plug)
        assert await caller.call("h1", "PBD.get_currently_attached", session, plug) is True
        used = ref_of(pbd_uuid(caller.server.world.hosts["h2"].uuid, NFS))
        refused = await caller.refusal("h1", "PBD.unplug", session, used)
        assert (refused[0], len(refused)) == ("VDI_IN_USE", 1 + 2)  # web's and db's


async def test_a_suspended_guest_shows_its_image_and_wakes_where_that_is() -> None:
    async with served(world_with_a_local_disk(), speed=200.0) as caller:
        session, world = await caller.login(), caller.server.world
        web = vm(world, "web")
        pool = world.pools["p"].ref
        assert await caller.refusal("h1", "VM.suspend", session, web.ref) == ["VM_NO_SUSPEND_SR", web.ref]
        await caller.call("h1", "pool.set_suspend_image_SR", session, pool, ref_of(NFS))
        await caller.call("h1", "VM.set_suspend_SR", session, web.ref, ref_of(LOCAL))
        assert await caller.call("h1", "VM.get_suspend_SR", session, web.ref) == ref_of(LOCAL)
        _, token = await kinds(caller, session, "")
        await caller.call("h1", "VM.suspend", session, web.ref)
        told, token = await kinds(caller, session, token)
        assert {("add", "vdi"), ("mod", "vm"), ("mod", "sr")} <= told
        record = await caller.call("h1", "VM.get_record", session, web.ref)
        assert (record["power_state"], record["resident_on"]) == ("Suspended", "OpaqueRef:NULL")
        image = await caller.call("h1", "VDI.get_record", session, record["suspend_VDI"])
        assert (image["type"], image["SR"]) == ("suspend", ref_of(LOCAL))
        assert record["suspend_VDI"] in await caller.call("h1", "SR.get_VDIs", session, ref_of(LOCAL))
        h3 = world.hosts["h3"].ref
        refused = await caller.refusal("h1", "VM.resume_on", session, web.ref, h3, False, False)
        assert refused == ["VM_REQUIRES_SR", web.ref, ref_of(LOCAL)]
        await caller.call("h1", "VM.resume", session, web.ref, False, False)
        assert web.resident_on == "h2"
        gone = await caller.refusal("h1", "VDI.get_record", session, record["suspend_VDI"])
        assert gone == ["HANDLE_INVALID", "VDI", record["suspend_VDI"]]
        told, _ = await kinds(caller, session, token)
        assert ("del", "vdi") in told


async def test_ha_on_the_wire() -> None:
    async with served(speed=100.0) as caller:
        session, world = await caller.login(), caller.server.world
        pool, web = world.pools["p"].ref, vm(world, "web")

        async def shown(field: str) -> Any:
            return await caller.call("h1", f"pool.get_{field}", session, pool)

        await caller.call("h1", "pool.enable_ha", session, [ref_of(NFS)], {})
        [statefile] = await shown("ha_statefiles")
        disk = await caller.call("h1", "VDI.get_record", session, statefile)
        assert (disk["type"], disk["SR"]) == ("ha_statefile", ref_of(NFS))
        await caller.call("h1", "VM.set_ha_restart_priority", session, web.ref, "restart")
        record = await caller.call("h1", "VM.get_record", session, web.ref)
        assert (record["ha_restart_priority"], record["ha_always_run"]) == ("restart", True)
        refused = await caller.refusal("h1", "VM.set_ha_restart_priority", session, web.ref, "always")
        assert refused == ["INVALID_VALUE", "ha_restart_priority", "always"]
        await caller.call("h1", "pool.set_ha_host_failures_to_tolerate", session, pool, 2)
        assert [await shown(f) for f in ("ha_enabled", "ha_plan_exists_for", "ha_overcommitted")] == [True, 2, False]
        assert await caller.call("h1", "pool.ha_compute_max_host_failures_to_tolerate", session) == 2
        broken = ["HA_OPERATION_WOULD_BREAK_FAILOVER_PLAN"]
        h3 = world.hosts["h3"].ref
        assert await caller.refusal("h1", "host.disable", session, h3) == broken
        assert await caller.refusal("h1", "host.evacuate", session, h3) == broken
        assert await caller.refusal("h1", "pool.designate_new_master", session, h3) == ["HA_IS_ENABLED"]
        web.memory = 70 * GIB
        world.changed("pool", pool)
        assert [await shown(f) for f in ("ha_plan_exists_for", "ha_overcommitted")] == [0, True]
        await caller.call("h1", "pool.disable_ha", session)
        assert [await shown(f) for f in ("ha_enabled", "ha_statefiles")] == [False, []]
        assert await caller.refusal("h1", "pool.disable_ha", session) == ["HA_NOT_ENABLED"]


async def test_ha_restarts_a_protected_guest_and_the_wire_shows_it() -> None:
    async with served(speed=100.0) as caller:
        session, world = await caller.login(), caller.server.world
        web, db = vm(world, "web"), vm(world, "db")
        await caller.call("h1", "VM.set_ha_restart_priority", session, web.ref, "restart")
        await caller.call("h1", "pool.enable_ha", session, [], {})
        faults.pull_power(world, "h2")
        await until(caller, lambda: web.resident_on in ("h1", "h3"))
        states = {ref: record["power_state"] for ref, record in (await records(caller, session, "VM")).items()}
        assert (states[web.ref], states[db.ref]) == ("Running", "Halted")
        assert await caller.call("h1", "host_metrics.get_live", session, world.hosts["h2"].metrics_ref) is False


async def test_the_boot_script_starts_what_pool_and_guest_both_mark() -> None:
    """xapi-autostart-vms: one attempt by each booting host, errors thrown away (facts: xenapi.md 10)."""
    world = small_world()
    world.hosts["h2"].boot_seconds = 10.0
    for name in ("spare", "web"):
        vm(world, name).other_config["auto_poweron"] = "true"
    async with served(world, speed=50.0) as caller:
        session = await caller.login()
        pool, spare, host = world.pools["p"], vm(world, "spare"), world.hosts["h2"]

        async def reboots() -> None:
            started = host.agent_start_time
            faults.pull_power(world, "h2")
            faults.plug_in(world, "h2")
            await until(caller, lambda: host.agent_start_time > started and host.enabled)
            await until(caller, lambda: world.now - host.toolstack_since > boot.BOOT_SCRIPT_AFTER + 5)

        await reboots()
        assert vm(world, "web").power_state is spare.power_state is Power.HALTED  # the pool does not say so
        await caller.call("h1", "pool.add_to_other_config", session, pool.ref, "auto_poweron", "true")
        await reboots()
        await until(caller, lambda: vm(world, "web").power_state is Power.RUNNING)  # the second: one after the other
        states = {r["name_label"]: r["power_state"] for r in (await records(caller, session, "VM")).values()}
        assert (states["spare"], states["web"], states["db"]) == ("Running", "Running", "Halted")
