"""A pool of three hosts for the tests, served on loopback, and a small JSON-RPC client."""

from __future__ import annotations

import asyncio
import json
import random
import socket
import ssl
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from ridethrough.core.model import HostId
from ridethrough.core.observation import Power
from ridethrough.sim.machines import GIB, RELEASES, Guest, SimHost, SimPool, SimSr, SimVm, uuid_of
from ridethrough.sim.world import World
from ridethrough.sim.xapi_server import XapiServer

RECORDINGS = Path(__file__).parents[4] / "shared" / "recordings" / "xapi"
PASSWORD = "secret"
NFS = uuid_of("sr", "nfs")


def recording(name: str) -> Any:
    """A recording of the laboratory pool; skips the test where there is none."""
    file = RECORDINGS / f"{name}.json"
    if not file.exists():
        pytest.skip("the recordings of the laboratory pool (../shared) are not here")
    return json.loads(file.read_text())


def small_world() -> World:
    """Coordinator h1, members h2 and h3; web and db on h2, dumb (no tools) on h3, spare halted."""
    world, net = World(), random.SystemRandom().randrange(20, 250)
    world.add_pool(SimPool("p", "h1", name="the pool"))
    world.add_storage(SimSr(NFS, "nfs"))
    for n in (1, 2, 3):
        world.add_host(SimHost(f"h{n}", "p", address=f"127.0.{net}.{n}", storage={NFS}, link_speed=2e9))
    disks = frozenset({NFS})
    for name in ("web", "db"):
        world.add_vm(SimVm(uuid_of("vm", name), name, "p", memory=4 * GIB, resident_on="h2", storage=disks))
    world.add_vm(SimVm(uuid_of("vm", "dumb"), "dumb", "p", guest=Guest.NO_TOOLS, resident_on="h3", storage=disks))
    world.add_vm(SimVm(uuid_of("vm", "spare"), "spare", "p", power_state=Power.HALTED, storage=disks))
    return world


def of_release(name: str, world: World | None = None) -> World:
    """The small world with hosts of a release: one of "8.2", "8.3" and "8.3-26.1"."""
    world = world or small_world()
    world.pools["p"].profile = RELEASES[name]
    return world


def vm(world: World, name: str) -> SimVm:
    return next(v for v in world.vms.values() if v.name == name)


class Refusal(Exception):  # noqa: N818
    """The API answered with an error."""

    def __init__(self, error: list[str]) -> None:
        super().__init__(*error)
        self.error = error


class Caller:
    """JSON-RPC 2.0 to any host of a server, with the host's certificate pinned."""

    def __init__(self, server: XapiServer, http: aiohttp.ClientSession) -> None:
        self.server, self.http = server, http
        self._ids = count()

    def url(self, host: HostId, path: str = "/jsonrpc") -> str:
        address, port, _ = self.server.endpoints[host]
        return f"https://{address}:{port}{path}"

    def pin(self, host: HostId) -> aiohttp.Fingerprint:
        return aiohttp.Fingerprint(bytes.fromhex(self.server.endpoints[host][2].removeprefix("sha256:")))

    async def post(self, host: HostId, body: bytes, path: str = "/jsonrpc") -> tuple[int, str, bytes]:
        """Status, Content-Type and body of the answer."""
        async with self.http.post(self.url(host, path), data=body, ssl=self.pin(host)) as answer:
            return answer.status, answer.headers["Content-Type"], await answer.read()

    async def call(self, host: HostId, method: str, *params: object) -> Any:
        request = {"jsonrpc": "2.0", "method": method, "params": params, "id": next(self._ids)}
        status, kind, body = await self.post(host, json.dumps(request).encode())
        assert (status, kind) == (200, "application/json"), body
        answer = json.loads(body)
        assert answer["id"] == request["id"]
        if "error" in answer:
            assert answer["error"]["code"] == 1
            raise Refusal([answer["error"]["message"], *answer["error"]["data"]])
        return answer["result"]

    async def login(self, host: HostId = "h1", user: str = "root") -> str:
        return str(await self.call(host, "session.login_with_password", user, PASSWORD, "1.0", "tests"))

    async def begin(self, host: HostId, method: str, *params: object) -> asyncio.Task[Any]:
        """A call that is under way at the server: its answer is for later."""
        log = self.server.log
        before = len(log.of(method, host))
        task = asyncio.create_task(self.call(host, method, *params))
        for _ in range(10_000):
            if len(log.of(method, host)) > before:
                return task
            await asyncio.sleep(0.002)
        raise AssertionError(f"{method} did not arrive")

    async def repeat(self, times: int, host: HostId, method: str, *params: object) -> None:
        """The same call many times on one connection, without looking at the answers."""
        address, port, _ = self.server.endpoints[host]
        trusting = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
        reader, writer = await asyncio.open_connection(address, port, ssl=trusting)
        body = json.dumps({"method": method, "params": params, "id": 1}).encode()
        request = f"POST /jsonrpc HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body
        writer.write(request * times)
        for _ in range(times):
            assert b'"error":null' in await reader.readuntil(b'"id":1}')
        writer.close()
        await writer.wait_closed()

    async def pass_time(self, seconds: float) -> None:
        """Let world seconds pass at once."""
        self.server.pace.skip(seconds)
        await self.server.settled()

    async def refusal(self, host: HostId, method: str, *params: object) -> list[str]:
        """The error of a call that must fail."""
        try:
            result = await self.call(host, method, *params)
        except Refusal as refusal:
            return refusal.error
        raise AssertionError(f"{method} answered {result!r}")


@asynccontextmanager
async def served(
    world: World | None = None, speed: float = 1.0, roles: Mapping[str, str] | None = None
) -> AsyncIterator[Caller]:
    """A server on loopback at `speed`, and a client for it. Connections are not kept alive between calls.

    `roles`: further users and their roles, with the same password.
    """
    users = dict.fromkeys(("root", *(roles or {})), PASSWORD)
    server = XapiServer(world or small_world(), speed=speed, users=users, roles=roles)
    await server.start()
    try:
        timeout = aiohttp.ClientTimeout(total=20.0)
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(force_close=True), timeout=timeout) as http:
            yield Caller(server, http)
    finally:
        await server.stop()


async def until(caller: Caller, is_so: Callable[[], bool], within: float = 600.0) -> None:
    """Let world time pass until `is_so`, at most `within` world seconds."""
    pace = caller.server.pace
    deadline = pace.now() + within
    while not is_so():
        assert pace.now() < deadline, "it never came to be"
        await pace.sleep(0.05)
        pace.step()
    await caller.server.settled()


def connect(address: str, port: int, seconds: float) -> str:
    """What a plain connect finds: "connected", "refused" or "silence"."""
    with socket.socket() as probe:
        probe.settimeout(seconds)
        try:
            probe.connect((address, port))
        except TimeoutError:
            return "silence"
        except ConnectionRefusedError:
            return "refused"
        return "connected"
