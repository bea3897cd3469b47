"""The pitfalls of a fake XenAPI server (1 to 5, 21, 23, 24, 25): envelopes, sessions, tasks, maps, records, events.

Their numbers are those of the project's facts, read in xapi's source. Where they and the laboratory pool differ,
release 8.3 follows the laboratory, and the test says so.
"""

from __future__ import annotations

import asyncio
import json
import xmlrpc.client
from typing import Any

import pytest

from ridethrough.core.observation import Power
from ridethrough.sim import boot, faults
from ridethrough.sim.machines import GIB
from ridethrough.sim.xapi_wire.sessions import Sessions

from .site import PASSWORD, of_release, served, small_world, until, vm
from .test_pypi_client import in_thread, official
from .test_wire import xml

NULL = "OpaqueRef:NULL"
A_DAY = 24 * 3600.0


async def test_pitfall_01_an_error_is_http_200_with_status_failure() -> None:
    async with served() as caller:
        session, host = await caller.login(), caller.server.world.hosts["h2"].ref
        for method, params, error in (
            ("host.shutdown", (session, host), ["HOST_NOT_DISABLED"]),
            ("VM.start", (session, "OpaqueRef:nope", False, False), ["HANDLE_INVALID", "VM", "OpaqueRef:nope"]),
            ("pool.get_all", ("nobody",), ["SESSION_INVALID", "nobody"]),
        ):
            assert await xml(caller, method, *params) == {"Status": "Failure", "ErrorDescription": error}
            for version, shown in (("2.0", {"code": 1, "message": error[0], "data": error[1:]}), (None, error)):
                request = {"method": method, "params": params, "id": 1} | ({"jsonrpc": version} if version else {})
                status, _, body = await caller.post("h1", json.dumps(request).encode())
                assert (status, json.loads(body)["error"]) == (200, shown)
        assert (await caller.post("h1", b"<methodCall>", "/RPC2"))[0] == 500  # no call at all: trouble of protocol


async def test_pitfall_02_an_int_is_text_on_xml_rpc_and_a_number_on_json_rpc() -> None:
    world = small_world()
    world.hosts["h3"].memory_total, vm(world, "web").memory = 8 * GIB, 6 * GIB
    async with served(world) as caller:
        session, h2, h3 = await caller.login(), world.hosts["h2"], world.hosts["h3"]
        assert (await xml(caller, "host_metrics.get_memory_total", session, h3.metrics_ref))["Value"] == str(8 * GIB)
        assert await caller.call("h1", "host_metrics.get_memory_total", session, h3.metrics_ref) == 8 * GIB
        code, needed, available = await caller.refusal(
            "h1", "VM.pool_migrate", session, vm(world, "web").ref, h3.ref, {}
        )
        assert (code, needed) == ("HOST_NOT_ENOUGH_FREE_MEMORY", str(6 * GIB))  # a parameter of an error is text
        assert available.isdecimal()
        assert (await xml(caller, "host.disable", session, h3.ref))["Value"] == ""
        assert await caller.call("h1", "host.enable", session, h3.ref) == ""
        # Python's client cannot send more than 31 bits; as text it can.
        with pytest.raises(OverflowError):
            xmlrpc.client.dumps((session, 2**31), "host.evacuate")
        faults.find_vm(world, "web").stalls_move = True
        task = (await xml(caller, "Async.host.evacuate", session, h2.ref, NULL, str(2**33)))["Value"]
        assert await caller.call("h1", "task.get_status", session, task) == "pending"


EMERGENCIES = [("HOST_UNKNOWN_TO_MASTER", "h3"), ("HOST_MASTER_CANNOT_TALK_BACK", "127.0.0.9"), ("HOST_BROKEN",)]


@pytest.mark.parametrize("error", EMERGENCIES, ids=lambda error: error[0])
async def test_pitfall_03_a_member_in_emergency_mode_raises_what_it_stashed(error: tuple[str, ...]) -> None:
    """The laboratory: a member whose coordinator merely died goes on saying HOST_IS_SLAVE, and is in no emergency mode.

    Of the emergency calls, host.local_assert_healthy, propose_new_master and their like are no messages of the public
    datamodel; they are unknown here.
    """
    async with served() as caller:
        world = caller.server.world
        stash = [error[0], *(world.hosts[p].ref if p in world.hosts else p for p in error[1:])]
        coordinator = caller.server.endpoints["h1"][0]
        assert (await caller.refusal("h3", "pool.get_all", "x")) == ["HOST_IS_SLAVE", coordinator]
        faults.refuse_hello(world, "h3", *stash)
        boot.restart_toolstack(world, world.hosts["h3"])
        await caller.pass_time(20.0)
        assert await caller.refusal("h3", "session.login_with_password", "root", "x") == stash  # not HOST_IS_SLAVE
        local = await caller.call("h3", "session.slave_local_login_with_password", "root", PASSWORD)
        assert await caller.call("h3", "host.is_in_emergency_mode", local) is True
        assert await caller.call("h3", "pool.is_slave", local, world.hosts["h3"].ref) is True
        for method in ("host.get_all_records", "event.get_current_id", "pool.get_all"):
            assert await caller.refusal("h3", method, local) == stash
        await caller.call("h3", "session.local_logout", local)
        assert await caller.refusal("h3", "host.is_in_emergency_mode", local) == stash

        faults.accept_hello(world, "h3")
        await caller.pass_time(20.0)
        assert await caller.refusal("h3", "pool.get_all", "x") == ["HOST_IS_SLAVE", coordinator]
        boot.crash(world, world.hosts["h1"], "h1 loses power")
        await caller.pass_time(3600.0)
        assert await caller.refusal("h3", "pool.get_all", "x") == ["HOST_IS_SLAVE", coordinator]


async def test_pitfall_04_sessions_die() -> None:
    async with served() as caller:
        world = caller.server.world
        left, idle, busy = [await caller.login() for _ in range(3)]
        await caller.call("h1", "session.logout", left)
        assert await caller.refusal("h1", "pool.get_all", left) == ["SESSION_INVALID", left]
        await caller.call("h1", "task.create", busy, "long", "")  # never idle while it has a pending task
        await caller.pass_time(A_DAY - 300.0)
        assert await caller.call("h1", "pool.get_all", idle)  # noted: it was not active for more than ten minutes
        await caller.pass_time(A_DAY + 60.0)
        assert await caller.refusal("h1", "pool.get_all", idle) == ["SESSION_INVALID", idle]
        assert await caller.call("h1", "pool.get_all", busy)
        boot.restart_toolstack(world, world.hosts["h1"])
        await caller.pass_time(30.0)
        assert await caller.refusal("h1", "pool.get_all", busy) == ["SESSION_INVALID", busy]


async def test_pitfall_04_the_oldest_session_dies_beyond_the_limit() -> None:
    async with served() as caller:
        unnamed = ("h1", "session.login_with_password", "root", PASSWORD)
        named = await caller.login()
        first = await caller.call(*unnamed)
        await caller.repeat(399, *unnamed)
        assert await caller.call("h1", "pool.get_all", first)
        await caller.call(*unnamed)
        assert await caller.refusal("h1", "pool.get_all", first) == ["SESSION_INVALID", first]
        assert await caller.call("h1", "pool.get_all", named)


@pytest.mark.parametrize(
    ("originator", "role", "most"), [("me", None, 500), ("", "pool-operator", 500), ("", None, 400)]
)
def test_pitfall_04_limits_are_per_originator_and_per_named_user(originator: str, role: str | None, most: int) -> None:
    sessions = Sessions(lambda ref: False)
    other = sessions.open(0.0, "h1", 1, "x", "another")
    opened = [sessions.open(float(n), "h1", 1, "x", originator, role=role) for n in range(most + 1)]
    assert not sessions.is_open(opened[0])
    assert all(sessions.is_open(s) for s in (*opened[1:], other))


@pytest.mark.parametrize(("release", "seconds"), [("8.2", 5.0), ("8.3", 1.6), ("8.3-26.1", 5.0)])
async def test_pitfall_04_a_wrong_password_costs_seconds(release: str, seconds: float) -> None:
    """5 s by the source; the laboratory pool of 8.3 took 1.6 to 1.9 s."""
    async with served(of_release(release), speed=50.0) as caller:
        began = caller.server.pace.now()
        refused = await caller.refusal("h1", "session.login_with_password", "root", "bad")
        assert refused == ["SESSION_AUTHENTICATION_FAILED", "root", "Authentication failure"]
        assert caller.server.pace.now() - began >= seconds


async def test_pitfall_05_a_request_arrives_twice() -> None:
    """The official module sends again after a connection that was closed without an answer; both were executed."""
    async with served(speed=50.0) as caller:
        world, wire = caller.server.world, caller.server.faults
        h2, h3, web = world.hosts["h2"].ref, world.hosts["h3"].ref, vm(world, "web").ref

        def work() -> None:
            with official(caller) as session:
                session.xenapi.login_with_password("root", PASSWORD)
                x = session.xenapi
                wire.lose_answer("VM.pool_migrate")
                x.VM.pool_migrate(web, h3, {"live": "true"})
                wire.lose_answer("VM.clean_shutdown")
                x.Async.VM.clean_shutdown(web)
                x.host.disable(h2)
                wire.lose_answer("host.shutdown")
                x.host.shutdown(h2)

        await in_thread(work)
        for method in ("VM.pool_migrate", "VM.clean_shutdown", "host.shutdown"):
            assert [c.outcome for c in caller.server.log.of(method)] == ["ok, answer lost", "ok"], method
        await until(caller, lambda: not vm(world, "web").alive)
        asked = [t for t in world.tasks.values() if t.name == "Async.VM.clean_shutdown"]
        await until(caller, lambda: not any(t.pending for t in asked))
        assert sorted(t.status for t in asked) == ["failure", "success"]
        assert {t.error_info[0] for t in asked if t.error_info} == {"VM_BAD_POWER_STATE"}
        assert [line.text for line in world.story].count("h2 accepts its shutdown") == 2


async def test_pitfall_21_tasks_vanish() -> None:
    async with served() as caller:
        session, world = await caller.login(), caller.server.world
        web, dumb = vm(world, "web"), vm(world, "dumb")

        async def record(task: str) -> Any:
            return await caller.call("h1", "task.get_record", session, task)

        failed = await caller.call("h1", "Async.VM.clean_shutdown", session, dumb.ref)
        told = await record(failed)
        assert (told["status"], told["progress"], told["result"]) == ("failure", 1.0, "")
        good = await caller.call("h1", "Async.pool.sync_database", session)
        assert (await record(good))["result"] == "<value></value>"  # XML, also over JSON-RPC
        answered = await caller.call("h1", "Async.host.compute_free_memory", session, world.hosts["h1"].ref)
        assert (await record(answered))["result"] == f"<value>{world.memory_available('h1')}</value>"
        assert (await record(answered))["status"] == "success"

        hidden = await caller.call("h1", "Async.VM.clean_shutdown", session, web.ref)
        assert (await record(hidden))["result"] == ""
        await caller.call("h1", "task.destroy", session, hidden)
        assert await caller.refusal("h1", "task.get_record", session, hidden) == ["HANDLE_INVALID", "task", hidden]
        await caller.pass_time(60.0)
        assert not web.alive  # its work went on

        await caller.pass_time(62 * 60.0)  # 65 minutes after its end it goes
        await caller.call("h1", "pool.get_all", session)
        assert await caller.call("h1", "task.get_status", session, good) == "success"
        await caller.pass_time(2 * 60.0 + 31.0)
        await caller.call("h1", "pool.get_all", session)
        assert await caller.refusal("h1", "task.get_status", session, good) == ["HANDLE_INVALID", "task", good]

        oldest = await caller.call("h1", "Async.pool.sync_database", session)
        await caller.repeat(202, "h1", "Async.pool.sync_database", session)
        await caller.pass_time(31.0)
        await caller.call("h1", "pool.get_all", session)
        known = await caller.call("h1", "task.get_all", session)
        assert len(known) == 200
        assert oldest not in known
        lasting = await caller.call("h1", "task.create", session, "kept nowhere", "")
        boot.restart_toolstack(world, world.hosts["h1"])
        await caller.pass_time(30.0)
        session = await caller.login()
        assert await caller.refusal("h1", "task.get_status", session, lasting) == ["HANDLE_INVALID", "task", lasting]


async def test_pitfall_23_maps_are_not_dictionaries() -> None:
    """XenCenter's own habit (it disables a host again that is live, enabled and marked) and `xe host-enable` (removes
    the mark, then enables) are what clients do with these calls; the server has no part in them.

    MAP_DUPLICATE_KEY names the object by its reference, as in the laboratory; the source says its uuid.
    """
    async with served() as caller:
        session, h2 = await caller.login(), caller.server.world.hosts["h2"]
        before = await caller.call("h1", "host.get_other_config", session, h2.ref)
        assert {"agent_start_time", "boot_time"} <= set(before)  # xapi's own
        await caller.call("h1", "host.add_to_other_config", session, h2.ref, "MAINTENANCE_MODE", "true")
        again = await caller.refusal("h1", "host.add_to_other_config", session, h2.ref, "MAINTENANCE_MODE", "no")
        assert again == ["MAP_DUPLICATE_KEY", "host", "other_config", h2.ref, "MAINTENANCE_MODE"]
        await caller.call("h1", "host.remove_from_other_config", session, h2.ref, "absent")
        await caller.call("h1", "host.disable", session, h2.ref)
        await caller.call("h1", "host.enable", session, h2.ref)  # does not take the mark away
        boot.restart_toolstack(caller.server.world, h2)
        await caller.pass_time(30.0)
        after = await caller.call("h1", "host.get_other_config", session, h2.ref)
        assert after["MAINTENANCE_MODE"] == "true"
        assert after["agent_start_time"] != before["agent_start_time"]
        boots = float(after["boot_time"]), float(before["boot_time"])
        assert abs(boots[0] - boots[1]) <= 1.0  # worked out anew, to a second (recordings 07 to 09)


async def test_pitfall_24_operations_are_advice_and_a_block_wins_over_everything() -> None:
    """That xapi works allowed_operations out somewhat later than the change that moved them is not simulated."""
    async with served() as caller:
        session, world = await caller.login(), caller.server.world
        h2, web, spare = world.hosts["h2"], vm(world, "web"), vm(world, "spare")
        assert "shutdown" not in await caller.call("h1", "host.get_allowed_operations", session, h2.ref)
        await caller.call("h1", "host.disable", session, h2.ref)
        listed = await caller.call("h1", "host.get_allowed_operations", session, h2.ref)
        assert {"vm_start", "evacuate"} <= set(listed)  # the laboratory: vm_start is listed on a disabled host
        refused = await caller.refusal("h1", "VM.start_on", session, spare.ref, h2.ref, False, False)
        assert refused == ["HOST_DISABLED", h2.ref]
        for operation in ("clean_shutdown", "hard_shutdown", "pool_migrate"):
            await caller.call("h1", "VM.add_to_blocked_operations", session, web.ref, operation, "mine")
        for method, rest in (("clean_shutdown", ()), ("hard_shutdown", ()), ("pool_migrate", (h2.ref, {}))):
            blocked = await caller.refusal("h1", f"VM.{method}", session, web.ref, *rest)
            assert blocked == ["OPERATION_BLOCKED", web.ref, "mine"]
        web.power_state = Power.PAUSED  # before its state is looked at
        assert (await caller.refusal("h1", "VM.clean_shutdown", session, web.ref))[0] == "OPERATION_BLOCKED"


async def test_pitfall_24_guest_metrics_come_minutes_after_the_start() -> None:
    world = small_world()
    spare = vm(world, "spare")
    spare.tools_seconds = 120.0
    async with served(world) as caller:
        session = await caller.login()
        await (await caller.begin("h1", "Async.VM.start", session, spare.ref, False, False))
        await caller.pass_time(60.0)
        assert spare.power_state is Power.RUNNING
        assert await caller.call("h1", "VM.get_guest_metrics", session, spare.ref) == NULL
        assert await caller.refusal("h1", "VM.clean_shutdown", session, spare.ref) == ["VM_LACKS_FEATURE", spare.ref]
        assert len(await caller.call("h1", "VM_guest_metrics.get_all", session)) == 2
        await caller.pass_time(120.0)
        metrics = await caller.call("h1", "VM.get_guest_metrics", session, spare.ref)
        assert (await caller.call("h1", "VM_guest_metrics.get_record", session, metrics))["PV_drivers_detected"]


async def test_pitfall_24_who_is_resident_and_what_is_a_vm() -> None:
    """Driver domains, further control domains besides dom0, are not simulated."""
    world = small_world()
    vm(world, "web").snapshots = ("before the update",)
    async with served(world) as caller:
        session = await caller.login()
        h2, web, db = world.hosts["h2"], vm(world, "web"), vm(world, "db")
        web.power_state, db.power_state, db.resident_on = Power.PAUSED, Power.SUSPENDED, None
        for guest in (web, db):
            world.changed("vm", guest.ref)
        world.changed("host", h2.ref)
        residents = await caller.call("h1", "host.get_resident_VMs", session, h2.ref)
        assert set(residents) == {web.ref, await caller.call("h1", "host.get_control_domain", session, h2.ref)}
        records = await caller.call("h1", "VM.get_all_records", session)
        others = [r for r in records.values() if r["is_control_domain"] or r["is_a_template"] or r["is_a_snapshot"]]
        assert {tuple(r[f"is_{kind}"] for kind in ("control_domain", "a_template", "a_snapshot")) for r in others} == {
            (True, False, False),
            (False, True, False),
            (False, True, True),
        }
        assert len(records) - len(others) == 4


async def test_pitfall_25_events() -> None:
    async with served() as caller:
        session, world = await caller.login(), caller.server.world
        pool = world.pools["p"]

        async def changes(token: str, timeout: float = 0.0, classes: tuple[str, ...] = ("*",)) -> Any:
            return await caller.call("h1", "event.from", session, classes, token, timeout)

        everything = await changes("")
        assert {e["operation"] for e in everything["events"]} == {"add"}
        assert all(e["class"] == e["class"].lower() and e["snapshot"]["uuid"] for e in everything["events"])
        told = {e["class"] for e in everything["events"]}
        assert {"pool", "host", "host_metrics", "vm", "vm_metrics", "sr", "pbd"} <= told

        brief = await caller.call("h1", "task.create", session, "brief", "")
        await caller.call("h1", "task.destroy", session, brief)
        for value in ("1", "2"):
            await caller.call("h1", "pool.remove_from_other_config", session, pool.ref, "n")
            await caller.call("h1", "pool.add_to_other_config", session, pool.ref, "n", value)
        [event] = (await changes(everything["token"]))["events"]  # the task never shows
        assert (event["class"], event["operation"], event["snapshot"]["other_config"]["n"]) == ("pool", "mod", "2")

        lasting = await caller.call("h1", "task.create", session, "lasting", "")
        token = (await changes(everything["token"]))["token"]
        await caller.call("h1", "task.destroy", session, lasting)
        [gone] = (await changes(token))["events"]
        assert (gone["operation"], "snapshot" in gone) == ("del", False)

        token = (await changes(token))["token"]
        for_ever = await caller.begin("h1", "event.from", session, ["pool"], token, -1.0)  # 24 hours, and no poll
        began = caller.server.pace.now()
        empty = await changes(token, 0.3, ("pool",))  # the same session is served meanwhile
        assert empty["events"] == []
        assert caller.server.pace.now() - began >= 0.3  # only after the timeout
        assert not for_ever.done()
        await caller.call("h1", "pool.add_to_other_config", session, pool.ref, "woken", "")
        assert len((await asyncio.wait_for(for_ever, 10.0))["events"]) == 1


async def test_pitfall_25_a_token_hides_deletions_after_a_hand_over() -> None:
    """The laboratory: after a hand-over the new coordinator counts on from where the old one was; what was deleted
    meanwhile is told by valid_ref_counts alone."""
    async with served() as caller:
        session, world = await caller.login(), caller.server.world
        task = await caller.call("h1", "task.create", session, "of the old coordinator", "")
        before = await caller.call("h1", "event.from", session, ["task"], "", 0.0)
        assert [e["ref"] for e in before["events"]] == [task]
        await (await caller.begin("h1", "Async.pool.designate_new_master", session, world.hosts["h2"].ref))
        await caller.pass_time(40.0)
        token = before["token"]
        assert (await caller.refusal("h2", "event.from", session, ["task"], token, 0.0))[0] == "SESSION_INVALID"
        after = await caller.call("h2", "event.from", await caller.login("h2"), ["task"], token, 0.0)
        assert (after["events"], after["valid_ref_counts"]["task"]) == ([], 0)


async def test_pitfall_25_a_token_is_void_after_an_emergency_transition() -> None:
    """A copy of the database, some minutes old, counts from where it was: the token is accepted and tells nothing."""
    async with served() as caller:
        session, world = await caller.login(), caller.server.world
        token = (await caller.call("h1", "event.from", session, ["*"], "", 0.0))["token"]
        local = await caller.call("h2", "session.slave_local_login_with_password", "root", PASSWORD)
        boot.crash(world, world.hosts["h1"], "h1 loses power")
        await caller.call("h2", "pool.emergency_transition_to_master", local)
        await caller.pass_time(40.0)
        fresh = await caller.login("h2")
        await caller.call("h2", "pool.add_to_other_config", fresh, world.pools["p"].ref, "n", "1")
        assert (await caller.call("h2", "event.from", fresh, ["*"], token, 0.0))["events"] == []
        again = await caller.call("h2", "event.from", fresh, ["pool"], "", 0.0)
        assert [e["operation"] for e in again["events"]] == ["add"]
