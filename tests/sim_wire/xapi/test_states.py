"""Who answers, and how: members, starting and dead hosts, sessions, lost answers."""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path

import aiohttp
import pytest

from ridethrough.sim import boot
from ridethrough.sim.xapi_server import XapiServer
from ridethrough.sim.xapi_wire import certificates

from .site import PASSWORD, served, small_world, until, vm


async def test_a_wrong_password_takes_its_time() -> None:
    async with served(speed=20.0) as caller:
        before = caller.server.pace.now()
        refused = await caller.refusal("h1", "session.login_with_password", "root", "bad")
        assert refused == ["SESSION_AUTHENTICATION_FAILED", "root", "Authentication failure"]
        assert 1.6 <= caller.server.pace.now() - before <= 4.0


async def test_the_log_holds_every_call_but_no_secret() -> None:
    async with served() as caller:
        session = await caller.login()
        host = caller.server.world.hosts["h2"].ref
        await caller.call("h1", "host_get_enabled", session, host)
        login, getter = list(caller.server.log)
        assert login.arguments == ("root", "***", "1.0", "tests")
        assert (getter.method, getter.arguments, getter.outcome) == ("host.get_enabled", (host,), "ok")
        assert caller.server.log.of("host.get_enabled", "h1") == [getter]


async def test_members_refuse_everything_but_a_local_session() -> None:
    async with served() as caller:
        session, master = await caller.login(), caller.server.endpoints["h1"][0]
        assert await caller.refusal("h2", "host.get_all", session) == ["HOST_IS_SLAVE", master]
        assert await caller.refusal("h2", "host.nosuch", session) == ["HOST_IS_SLAVE", master]
        local = await caller.call("h2", "session.slave_local_login_with_password", "root", PASSWORD)
        assert len(await caller.call("h2", "host.get_all", local)) == 3  # through to the coordinator's database
        assert await caller.call("h2", "host.is_in_emergency_mode", local) is False
        assert await caller.refusal("h3", "host.get_all", local) == ["HOST_IS_SLAVE", master]
        assert await caller.refusal("h1", "host.get_all", local) == ["SESSION_INVALID", local]


async def test_with_the_coordinator_dead_members_point_to_it_for_ever_and_local_reads_hang() -> None:
    async with served(speed=50.0) as caller:
        world, dead = caller.server.world, caller.server.endpoints["h1"][0]
        local = await caller.call("h2", "session.slave_local_login_with_password", "root", PASSWORD)
        boot.crash(world, world.hosts["h1"], "h1 loses power")
        await caller.server.settled()
        assert await caller.refusal("h2", "session.login_with_password", "root", "x") == ["HOST_IS_SLAVE", dead]
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(caller.call("h2", "host.get_all", local), 0.3)
        await caller.call("h2", "pool.emergency_transition_to_master", local)
        await until(caller, lambda: world.hosts["h2"].follows == "h2" and world.hosts["h2"].toolstack == "up")
        session = await caller.login("h2")
        [pool] = (await caller.call("h2", "pool.get_all_records", session)).values()
        assert pool["master"] == world.hosts["h2"].ref
        assert await caller.refusal("h2", "host.get_all", local) == ["SESSION_INVALID", local]


async def test_a_member_that_restarts_without_a_coordinator_is_in_emergency_mode() -> None:
    async with served(speed=50.0) as caller:
        world = caller.server.world
        boot.crash(world, world.hosts["h1"], "h1 loses power")
        boot.restart_toolstack(world, world.hosts["h3"])
        await until(caller, lambda: world.reach("h3").value == "booting")
        assert await caller.refusal("h3", "session.login_with_password", "root", "x") == ["HOST_STILL_BOOTING"]
        local = await caller.call("h3", "session.slave_local_login_with_password", "root", PASSWORD)
        assert await caller.call("h3", "host.is_in_emergency_mode", local) is True
        assert await caller.refusal("h3", "host.get_all", local) == ["HOST_STILL_BOOTING"]
        await caller.call("h3", "pool.emergency_transition_to_master", local)
        await until(caller, lambda: world.reach("h3").value == "coordinator")
        assert await caller.login("h3")


async def test_a_restarted_coordinator_refuses_then_calls_everyone_disabled() -> None:
    async with served(speed=10.0) as caller:
        world = caller.server.world
        session = await caller.login()
        task = await caller.call("h1", "task.create", session, "mine", "")
        boot.restart_toolstack(world, world.hosts["h1"])
        await caller.server.settled()
        with pytest.raises(aiohttp.ClientConnectorError):
            await caller.call("h1", "pool.get_all", session)
        await until(caller, lambda: world.reach("h1").value == "coordinator")  # at once, as it listens (lab 19b)
        assert await caller.refusal("h1", "pool.get_all", session) == ["SESSION_INVALID", session]
        session = await caller.login()
        hosts = (await caller.call("h1", "host.get_all_records", session)).values()
        assert {h["enabled"] for h in hosts} == {False}
        assert await caller.refusal("h1", "task.get_status", session, task) == ["HANDLE_INVALID", "task", task]
        await until(caller, lambda: all(h.enabled for h in world.hosts.values()))
        hosts = (await caller.call("h1", "host.get_all_records", session)).values()
        assert {h["enabled"] for h in hosts} == {True}


async def test_a_call_forwarded_to_a_dead_member_blocks_then_cannot_contact_it_later_offline() -> None:
    async with served(speed=200.0) as caller:
        session, world, pace = await caller.login(), caller.server.world, caller.server.pace
        dead = world.hosts["h2"]
        boot.crash(world, dead, "h2 loses power")
        metrics = await caller.call("h1", "host_metrics.get_record", session, dead.metrics_ref)
        assert metrics["live"] is True
        before = pace.now()
        refused = await caller.refusal("h1", "host.disable", session, dead.ref)
        assert refused == ["CANNOT_CONTACT_HOST", dead.ref]
        assert 131.0 <= pace.now() - before <= 145.0
        assert await caller.refusal("h1", "host.get_servertime", session, dead.ref) == [
            "CANNOT_CONTACT_HOST",
            dead.ref,
        ]
        await until(caller, lambda: not dead.live, within=700.0)
        before = pace.now()
        assert await caller.refusal("h1", "host.disable", session, dead.ref) == ["HOST_OFFLINE", dead.ref]
        assert pace.now() - before < 60.0
        assert await caller.call("h1", "host.get_enabled", session, dead.ref) is True  # for ever (lab 08)


async def test_the_coordinator_is_handed_over() -> None:
    async with served(speed=20.0) as caller:
        session, world = await caller.login(), caller.server.world
        await caller.call("h1", "host.disable", session, world.hosts["h3"].ref)
        await caller.call("h1", "pool.designate_new_master", session, world.hosts["h2"].ref)
        assert await caller.call("h1", "pool.get_all", session)  # the switch comes ten seconds later
        await until(caller, lambda: world.reach("h2").value == "coordinator")
        await until(caller, lambda: world.reach("h1").value == "member")
        assert await caller.refusal("h1", "pool.get_all", session) == [
            "HOST_IS_SLAVE",
            caller.server.endpoints["h2"][0],
        ]
        assert await caller.refusal("h2", "pool.get_all", session) == ["SESSION_INVALID", session]
        fresh = await caller.login("h2")
        await until(caller, lambda: all(h.enabled for h in world.hosts.values()))
        records = await caller.call("h2", "host.get_all_records", fresh)
        assert {h["enabled"] for h in records.values()} == {True}  # the disabled one too


async def test_a_task_that_fails_and_one_that_is_cancelled() -> None:
    async with served(speed=20.0) as caller:
        session, world = await caller.login(), caller.server.world
        dumb, web = vm(world, "dumb").ref, vm(world, "web")
        failed = await caller.call("h1", "Async.VM.clean_shutdown", session, dumb)
        record = await caller.call("h1", "task.get_record", session, failed)
        assert (record["status"], record["error_info"]) == ("failure", ["VM_LACKS_FEATURE", dumb])
        nowhere = await caller.call("h1", "Async.VM.start", session, "OpaqueRef:nope", False, False)
        record = await caller.call("h1", "task.get_record", session, nowhere)
        assert record["error_info"] == ["HANDLE_INVALID", "VM", "OpaqueRef:nope"]

        web.stalls_move = True
        moving = await caller.call("h1", "Async.VM.pool_migrate", session, web.ref, world.hosts["h3"].ref, {})
        await until(caller, lambda: web.busy)
        await caller.call("h1", "task.cancel", session, moving)
        await until(caller, lambda: not web.busy)
        record = await caller.call("h1", "task.get_record", session, moving)
        assert (record["status"], record["error_info"]) == ("cancelled", [])
        assert web.resident_on == "h2"


async def test_a_call_goes_on_when_its_client_goes_away() -> None:
    async with served(speed=20.0) as caller:
        session, world = await caller.login(), caller.server.world
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(caller.call("h1", "VM.clean_shutdown", session, vm(world, "db").ref), 0.2)
        await until(caller, lambda: not vm(world, "db").alive)


async def test_an_answer_lost_after_execution_and_a_request_lost_before() -> None:
    async with served() as caller:
        session, world = await caller.login(), caller.server.world
        caller.server.faults.lose_answer("host.disable")
        with pytest.raises(aiohttp.ClientError):
            await caller.call("h1", "host.disable", session, world.hosts["h2"].ref)
        assert world.hosts["h2"].enabled is False
        caller.server.faults.drop_request("host.disable", host="h1")
        with pytest.raises(aiohttp.ClientError):
            await caller.call("h1", "host.disable", session, world.hosts["h3"].ref)
        assert world.hosts["h3"].enabled is True
        outcomes = [c.outcome for c in caller.server.log.of("host.disable")]
        assert outcomes == ["ok, answer lost", "no answer"]


async def test_a_slow_toolstack() -> None:
    async with served(speed=50.0) as caller:
        session = await caller.login()
        caller.server.faults.delay["h1"] = 7.0
        before = caller.server.pace.now()
        await caller.call("h1", "pool.get_all", session)
        assert caller.server.pace.now() - before >= 7.0


async def test_finished_tasks_are_collected_after_an_hour() -> None:
    async with served(speed=1000.0) as caller:
        session, world = await caller.login(), caller.server.world
        task = await caller.call("h1", "Async.pool.sync_database", session)
        assert (await caller.call("h1", "task.get_record", session, task))["status"] == "success"
        world.advance(world.now + 70 * 60.0)
        session = await caller.login()
        assert await caller.refusal("h1", "task.get_record", session, task) == ["HANDLE_INVALID", "task", task]


async def test_certificates_are_each_hosts_own_with_its_address_and_may_be_kept(tmp_path: Path) -> None:
    async def fingerprints() -> dict[str, str]:
        server = XapiServer(small_world(), certificates_in=tmp_path)
        await server.start()
        await server.stop()
        return {host: endpoint[2] for host, endpoint in server.endpoints.items()}

    first = await fingerprints()
    assert len(set(first.values())) == 3
    assert await fingerprints() == first
    async with served() as caller:
        session = await caller.login()
        pem = await caller.call("h1", "host.get_server_certificate", session, caller.server.world.hosts["h1"].ref)
        trusting = ssl.create_default_context(cadata=pem)  # the address is among its names
        async with caller.http.post(caller.url("h1"), data=b"", ssl=trusting) as answer:
            assert answer.status == 500
    made = certificates.make("h9", "127.0.0.9")
    assert made.fingerprint.startswith("sha256:")
    assert len(made.fingerprint) == 7 + 64


async def test_hosts_without_a_loopback_address_get_one_and_are_shown_with_it() -> None:
    world = small_world()
    for n, host in enumerate(world.hosts.values()):
        host.address = f"10.20.30.{n + 1}"
    async with served(world) as caller:
        addresses = {e[0] for e in caller.server.endpoints.values()}
        assert len({e[1] for e in caller.server.endpoints.values()}) == 1  # HOST_IS_SLAVE names no port
        records = (await caller.call("h1", "host.get_all_records", await caller.login())).values()
        assert {h["address"] for h in records} == addresses
        refused = await caller.refusal("h2", "session.login_with_password", "root", "x")
        assert refused == ["HOST_IS_SLAVE", caller.server.endpoints["h1"][0]]
