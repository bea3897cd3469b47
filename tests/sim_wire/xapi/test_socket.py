"""The socket in dom0: no password is asked for, a member hands on, and whoever waits for a dead coordinator waits."""

from __future__ import annotations

import asyncio
import xmlrpc.client
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from ridethrough.sim.xapi_socket import own_socket

from .site import Caller, served, until


class Local:
    """XML-RPC over one host's socket."""

    def __init__(self, http: aiohttp.ClientSession) -> None:
        self._http, self.session = http, ""

    async def call(self, method: str, *params: Any) -> Any:
        body = xmlrpc.client.dumps(params, method).encode()
        async with self._http.post("http://localhost/", data=body) as answer:
            told: Any = xmlrpc.client.loads(await answer.text())[0][0]
        return told.get("Value", told.get("ErrorDescription"))


@asynccontextmanager
async def socket_of(caller: Caller, host: str, folder: Path) -> AsyncIterator[Local]:
    async with own_socket(caller.server, host, folder / host) as path:
        connector = aiohttp.UnixConnector(str(path), force_close=True)
        async with aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(20.0)) as http:
            local = Local(http)
            local.session = await local.call("session.login_with_password", "root", "", "1.0", "tests")
            yield local


@pytest.mark.parametrize("host", ["h1", "h2"])
async def test_root_needs_no_password_and_a_member_hands_everything_on(tmp_path: Path, host: str) -> None:
    async with served() as caller, socket_of(caller, host, tmp_path) as local:
        h2 = await local.call("host.get_by_uuid", local.session, caller.server.world.hosts["h2"].uuid)
        await local.call("host.disable", local.session, h2)
        assert not caller.server.world.hosts["h2"].enabled
        assert {one.address for one in caller.server.log.of("host.disable")} == {"local"}
        # The session is the coordinator's, where it is good over the network too.
        assert await caller.call("h1", "host.get_enabled", local.session, h2) is False


async def test_the_password_is_still_asked_for_over_the_network(tmp_path: Path) -> None:
    async with served() as caller, socket_of(caller, "h1", tmp_path):
        refused = await caller.refusal("h1", "session.login_with_password", "root", "", "1.0", "tests")
        assert refused[0] == "SESSION_AUTHENTICATION_FAILED"


async def test_calls_of_a_member_hang_while_its_coordinator_is_gone(tmp_path: Path) -> None:
    async with served(speed=20.0) as caller, socket_of(caller, "h2", tmp_path) as local:
        world = caller.server.world
        world.hosts["h1"].network = False
        await caller.server.settled()
        asked = asyncio.create_task(local.call("pool.get_all", local.session))
        await caller.pass_time(300.0)
        done, _ = await asyncio.wait({asked}, timeout=0.2)
        assert not done
        world.hosts["h1"].network = True
        await until(caller, asked.done)
        assert len(await asked) == 1
