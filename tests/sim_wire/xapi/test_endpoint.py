"""A host without power must look like one on loopback too: silence, not a refusal."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import sys

import aiohttp
import pytest

from ridethrough.sim import boot

from .site import Caller, connect, served, until, vm

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the full backlog is a trick of Linux")


async def knock(caller: Caller, host: str, seconds: float = 0.3) -> str:
    address, port, _ = caller.server.endpoints[host]
    return await asyncio.to_thread(connect, address, port, seconds)


async def test_without_power_every_connect_times_out_and_the_network_comes_back_with_it() -> None:
    async with served() as caller:
        h2 = caller.server.world.hosts["h2"]
        assert await knock(caller, "h2") == "connected"
        boot.crash(caller.server.world, h2, "h2 loses power")
        await caller.server.settled()
        assert [await knock(caller, "h2") for _ in range(3)] == ["silence"] * 3
        assert await knock(caller, "h1") == "connected"

        h2.power = h2.network = True  # the machine is up, its toolstack is not
        await caller.server.settled()
        assert await knock(caller, "h2") == "refused"
        h2.toolstack = "up"
        await caller.server.settled()
        assert await knock(caller, "h2") == "connected"


async def test_a_cut_network_holds_the_answer_back_and_delivers_it_later() -> None:
    async with served() as caller:
        session = await caller.login()
        blocked = asyncio.create_task(caller.call("h1", "event.from", session, ["nosuch"], "", 0.3))
        await asyncio.sleep(0.1)
        host = caller.server.world.hosts["h1"]
        host.network = False
        await caller.server.settled()
        assert await knock(caller, "h1") == "silence"
        assert not blocked.done()
        host.network = True
        await caller.server.settled()
        assert (await blocked)["events"] == []
        assert await caller.call("h1", "pool.get_all", session)


async def test_a_connection_to_a_machine_that_died_is_silent_then_reset_when_it_is_back() -> None:
    async with served() as caller:
        address, port, _ = caller.server.endpoints["h1"]
        trusting = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
        reader, writer = await asyncio.open_connection(address, port, ssl=trusting)
        request = b"POST /jsonrpc HTTP/1.1\r\nHost: h1\r\nContent-Length: 4\r\n\r\nnone"
        writer.write(request)
        assert (await reader.readline()).startswith(b"HTTP/1.1 500")
        await reader.readuntil(b"</html>")

        host = caller.server.world.hosts["h1"]
        boot.crash(caller.server.world, host, "h1 loses power")
        await caller.server.settled()
        writer.write(request)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(reader.read(1), 0.3)
        host.power = host.network = True
        host.toolstack = "up"
        await caller.server.settled()
        with pytest.raises(ConnectionResetError):
            await asyncio.wait_for(reader.read(1), 2.0)
        writer.close()
        with contextlib.suppress(ConnectionResetError):
            await writer.wait_closed()
        assert await caller.login()


async def test_who_waits_for_an_answer_when_the_power_goes_hears_nothing_at_all() -> None:
    async with served(speed=100.0) as caller:
        session = await caller.login()
        world = caller.server.world
        blocked = [
            asyncio.create_task(caller.call("h1", "event.from", session, ["pool"], "99999999,0", 3000.0)),
            asyncio.create_task(caller.call("h1", "VM.clean_shutdown", session, vm(world, "web").ref)),
        ]
        await asyncio.sleep(0.1)
        boot.crash(world, world.hosts["h1"], "h1 loses power")
        await caller.server.settled()
        done, _ = await asyncio.wait(blocked, timeout=0.5)
        assert not done
        for task in blocked:
            task.cancel()


async def test_a_killed_toolstack_closes_its_connections_at_once() -> None:
    async with served() as caller:
        session = await caller.login()
        blocked = asyncio.create_task(caller.call("h1", "event.from", session, ["pool"], "99999999,0", 60.0))
        await asyncio.sleep(0.1)
        boot.restart_toolstack(caller.server.world, caller.server.world.hosts["h1"])
        await caller.server.settled()
        with pytest.raises((aiohttp.ServerDisconnectedError, aiohttp.ClientOSError)):
            await asyncio.wait_for(blocked, 2.0)
        assert await knock(caller, "h1") == "refused"


async def test_a_toolstack_that_is_killed_again_and_again_under_clients_that_give_up() -> None:
    """Connections that their clients close at the very moment must not disturb the endpoint."""
    async with served(speed=20.0) as caller:
        host = caller.server.world.hosts["h1"]
        for _ in range(5):
            session = await caller.login()
            calls = [
                asyncio.create_task(caller.call("h1", "event.from", session, ["pool"], "99999999,0", 60.0))
                for _ in range(5)
            ]
            await asyncio.sleep(0.05)
            for call in calls:
                call.cancel()
            await asyncio.sleep(0.05)  # long enough for the server to see them go, while their calls still run
            boot.restart_toolstack(caller.server.world, host)
            await caller.server.settled()
            assert await knock(caller, "h1") == "refused"
            await until(caller, lambda: caller.server.world.reach("h1").value == "coordinator")
