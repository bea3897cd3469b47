"""The pools of a World as XenAPI on the wire: one TLS endpoint for each host, at loopback addresses."""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from aiohttp import web

from ridethrough.core.model import HostId

from .machines import Reach, SimHost
from .world import World
from .xapi_wire import certificates, envelope
from .xapi_wire.access import Access, AccessLog
from .xapi_wire.calls import Caller, PoolCalls
from .xapi_wire.endpoint import Dropped, Endpoint, Line, Vanished
from .xapi_wire.envelope import Failure, Malformed, Request
from .xapi_wire.faults import WireFaults
from .xapi_wire.pace import Pace

LOCAL = "local"  # where a call came from that came over a host's own socket
LINES = {Reach.NOTHING: Line.DEAD, Reach.REFUSED: Line.REFUSES}  # every other reach serves


@dataclass(slots=True)
class _Door:
    """A host's endpoint, and how its machine was when last looked at."""

    host: SimHost
    endpoint: Endpoint
    calls: PoolCalls
    life: int = 0
    seen: tuple[object, ...] = ()
    line: Line | None = None
    wanted: asyncio.Event = field(default_factory=asyncio.Event)
    reached: asyncio.Event = field(default_factory=asyncio.Event)


class XapiServer:
    """XenAPI over TLS for every pool of a World.

    The coordinator of a pool serves, members answer HOST_IS_SLAVE, a host without power or network swallows every
    packet. `faults` and the World may be changed while it runs; `log` holds every call. Everything runs on the loop
    that `start` is called on, and the World must be changed on that loop only.
    """

    def __init__(
        self,
        world: World,
        pace: Pace | None = None,
        *,
        speed: float = 1.0,
        users: Mapping[str, str] | None = None,
        roles: Mapping[str, str] | None = None,
        port: int = 0,
        addresses: Mapping[HostId, str] | None = None,
        certificates_in: Path | None = None,
    ) -> None:
        """Hands in `pace` when another server of the same World brings it along; else one of `speed` is made.

        `users`: name -> password, by default root with the password "ridethrough". `roles`: name -> role, such as
        "pool-operator", for those that come from a directory; the others are local superusers. `port`: the same for
        every host, since HOST_IS_SLAVE names only an address; 0 takes a free one. `addresses`: where each host
        listens; by default its own address when that is a loopback one, else 127.0.10.N. `certificates_in`: a folder
        in which certificates
        survive a restart; without it they live in memory.
        """
        self.world = world
        self.pace = pace or Pace(world, speed)
        self._own_pace = pace is None
        self.users, self.roles = dict(users or {"root": "ridethrough"}), dict(roles or {})
        self.faults, self.log = WireFaults(), AccessLog()
        self.endpoints: dict[HostId, tuple[str, int, str]] = {}  # address, port, "sha256:..."
        self._port, self._folder = port, certificates_in
        self._addresses = _addresses(world, addresses or {})
        self._doors: dict[HostId, _Door] = {}
        self._keepers: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Listen at every host's address, as the World is now, and let time run."""
        made = {h: self._certificate(h) for h in sorted(self.world.hosts)}
        pems = {h: certificate.certificate for h, certificate in made.items()}
        pools = {
            p: PoolCalls(self.world, p, self.pace, self.users, self._addresses, pems, self.roles)
            for p in sorted(self.world.pools)
        }
        for name, certificate in made.items():
            host = self.world.hosts[name]
            self._open(host, certificate, pools[host.pool])
        self.world.on_change(self._changed)
        self.pace.after_each_step(self._look)
        self._look()
        self._keepers = [asyncio.create_task(self._keep(door)) for door in self._doors.values()]
        await asyncio.gather(*(door.reached.wait() for door in self._doors.values()))
        if self._own_pace:
            self.pace.start()

    async def stop(self) -> None:
        """Close everything; the World keeps its state."""
        if self._own_pace:
            await self.pace.stop()
        self.world.forget(self._changed)
        self.pace.forget(self._look)
        for keeper in self._keepers:
            keeper.cancel()
        ended = await asyncio.gather(*self._keepers, return_exceptions=True)
        await asyncio.gather(*(door.endpoint.close() for door in self._doors.values()))
        self._doors.clear()
        for bug in ended:
            if isinstance(bug, Exception):  # an endpoint that stopped following its host must not go unseen
                raise bug

    async def settled(self) -> None:
        """Wait until every endpoint is as its host is now (after a change made by hand)."""
        self._look()
        await asyncio.gather(*(door.reached.wait() for door in self._doors.values()))

    def drop_connections(self, host: HostId) -> None:
        """Break every open connection to a host, with RST."""
        self._doors[host].endpoint.drop_connections()

    # --- endpoints

    def _certificate(self, host: HostId) -> certificates.Certificate:
        address = self._addresses[host]
        return certificates.keep(self._folder, host, address) if self._folder else certificates.make(host, address)

    def _open(self, host: SimHost, certificate: certificates.Certificate, calls: PoolCalls) -> None:
        async def answer(request: web.BaseRequest) -> web.Response:
            return await self._answer(door, request)

        address = self._addresses[host.id]
        endpoint = Endpoint(address, self._port, certificate.context(), answer)
        self._port = endpoint.port
        door = self._doors[host.id] = _Door(host, endpoint, calls)
        self.endpoints[host.id] = (address, endpoint.port, certificate.fingerprint)

    def _changed(self, kind: str, ref: str) -> None:
        for calls in {id(d.calls): d.calls for d in self._doors.values()}.values():
            calls.database.touch(kind, ref)

    def _look(self) -> None:
        """See what became of every host's machine and toolstack."""
        for door in self._doors.values():
            reach, host = self.world.reach(door.host.id), door.host
            line = LINES.get(reach, Line.SERVES)
            down = host.toolstack == "down" or reach is Reach.REFUSED
            seen = (host.life, host.follows, down)
            if seen != door.seen:
                door.life, door.seen = door.life + 1, seen
                door.calls.in_new_life(host.id, door.life)
            if (line, door.life) != (door.line, door.endpoint.life):
                door.line = line
                door.reached.clear()
                door.wanted.set()

    async def _keep(self, door: _Door) -> None:
        """Bring the endpoint to what its host is, one step at a time, always to the latest."""
        while True:
            await door.wanted.wait()
            door.wanted.clear()
            await door.endpoint.become(door.line or Line.DEAD, door.life)
            if not door.wanted.is_set():
                door.reached.set()

    # --- calls

    async def _answer(self, door: _Door, request: web.BaseRequest) -> web.Response:
        if request.path not in envelope.PATHS or request.method != "POST":
            return web.Response(status=404, text="not found")
        try:
            call = envelope.read(request.path, await request.read())
        except Malformed as error:
            return web.Response(status=500, body=error.page, content_type="text/html")
        self.pace.step()
        method = door.calls.full_name(call.method)
        access = self.log.note(self.pace.now(), door.host.id, door.endpoint.address, method, call.params)
        try:
            body = await self._call(door, call, access)
        except (Dropped, Vanished):
            if access.outcome == "running":
                access.outcome = "no answer"
            raise
        finally:
            access.took = self.pace.now() - access.at
        return web.Response(body=body, headers={**envelope.HEADERS, "Content-Type": call.dialect.content_type})

    async def answer_locally(self, host: HostId, body: bytes) -> bytes:
        """One XML-RPC request over the host's own socket in dom0, and its answer.

        Raises Malformed; Vanished, and Dropped, where there is none.
        """
        call, door = envelope.read("/", body), self._doors[host]
        self.pace.step()
        method = door.calls.full_name(call.method)
        access = self.log.note(self.pace.now(), host, LOCAL, method, call.params)
        try:
            return await self._call(door, call, access, locally=True)
        except (Dropped, Vanished):
            access.outcome = access.outcome if access.outcome != "running" else "no answer"
            raise
        finally:
            access.took = self.pace.now() - access.at

    async def _call(self, door: _Door, call: Request, access: Access, locally: bool = False) -> bytes:
        host, bare = door.host.id, access.method.removeprefix("Async.")
        if delay := self.faults.delay.get(host):
            await self.pace.sleep(delay)
            self.pace.step()
        if self.faults.take("drop request", bare, host):
            raise Dropped
        try:
            carry_out = door.calls.call_locally if locally else door.calls.call
            answer = await carry_out(Caller(door.host, door.life), call.method, call.params)
            access.outcome = "ok"
            body = call.success(answer.kind, answer.value, door.calls.catalogue.kind)
        except Failure as failure:
            access.outcome = failure.error[0]
            body = call.failure(failure.error)
        if self.faults.take("lose answer", bare, host):
            access.outcome += ", answer lost"
            raise Dropped
        return body


def _addresses(world: World, given: Mapping[HostId, str]) -> dict[HostId, str]:
    """A loopback address for each host: the given one, its own, or the next of 127.0.10.N."""
    taken = set(given.values()) | {h.address for h in world.hosts.values()}
    free = (f"127.0.{10 + n // 250}.{n % 250 + 1}" for n in range(5000))
    chosen: dict[HostId, str] = {}
    for name, host in sorted(world.hosts.items()):
        address = given.get(name) or host.address
        if not (name in given or _is_loopback(address)) or address in chosen.values():
            address = next(a for a in free if a not in taken)
        chosen[name] = address
    return chosen


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False
