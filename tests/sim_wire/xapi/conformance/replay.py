"""Plays the calls of a recording against a simulated pool, each at its moment and on its kind of connection.

A call begins no earlier than it did after everything that had begun or ended before it in the recording: where the
simulator takes longer, all that follows is later; where it is quicker, the replay waits. Calls that overlapped overlap.
"""

from __future__ import annotations

import asyncio
import json
import xmlrpc.client
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import aiohttp

from ridethrough.core.model import HostId
from ridethrough.sim.world import World
from ridethrough.sim.xapi_server import XapiServer

from .clock import ExactPace
from .compare import Difference, differing, field_of, named
from .names import Names
from .recording import WITHOUT_SESSION, Answered, Call, Step

PASSWORD = "xenroot"  # the laboratory's, in the recorded logins
ROUNDED = 0.0015  # seconds: moments were written down in milliseconds
PATIENCE = 4000.0  # world seconds that a call may block


class Wire:
    """Calls over HTTP to the endpoints of a server, by host, as XML-RPC or JSON-RPC."""

    def __init__(self, server: XapiServer, http: aiohttp.ClientSession) -> None:
        self.server, self.http = server, http
        self._pins = {
            host: aiohttp.Fingerprint(bytes.fromhex(pin.removeprefix("sha256:")))
            for host, (_, _, pin) in server.endpoints.items()
        }  # one object each: connections are kept by it

    async def post(self, host: HostId, path: str, body: bytes, patience: float = PATIENCE) -> tuple[int, bytes]:
        address, port, _ = self.server.endpoints[host]
        limit = aiohttp.ClientTimeout(total=patience)
        url = f"https://{address}:{port}{path}"
        async with self.http.post(url, data=body, ssl=self._pins[host], timeout=limit) as answer:
            return answer.status, await answer.read()

    async def xml(
        self, host: HostId, method: str, *params: Any, path: str = "/RPC2", patience: float = PATIENCE
    ) -> Answered:
        body = xmlrpc.client.dumps(params, method, allow_none=True).encode()
        _, answer = await self.post(host, path, body, patience)
        told: Any = xmlrpc.client.loads(answer)[0][0]
        return Answered(tuple(told.get("ErrorDescription", ())), _plain(told.get("Value")))

    async def json(self, host: HostId, method: str, *params: Any, version: str = "2.0") -> Answered:
        request: dict[str, Any] = {"method": method, "params": params, "id": 1}
        if version == "2.0":
            request["jsonrpc"] = "2.0"
        _, answer = await self.post(host, "/jsonrpc", json.dumps(request).encode())
        told = json.loads(answer)
        error = told.get("error")
        if isinstance(error, dict):
            return Answered((error["message"], *error["data"]))
        return Answered(tuple(error)) if error else Answered((), told["result"])


def _plain(value: Any) -> Any:
    """Moments as the text that they are."""
    if isinstance(value, xmlrpc.client.DateTime):
        return value.value
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    return [_plain(each) for each in value] if isinstance(value, list) else value


@asynccontextmanager
async def served(world: World) -> AsyncIterator[Wire]:
    """The World behind its server, in time that jumps (`JumpingLoop`)."""
    pace = ExactPace(world)
    server = XapiServer(world, pace, users={"root": PASSWORD})
    await server.start()
    pace.start()
    try:
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as http:
            yield Wire(server, http)
    finally:
        await pace.stop()
        await server.stop()


class Player:
    """One recording against one World. `differences` grows as it plays."""

    def __init__(self, wire: Wire, names: Names, hosts: dict[str, HostId], master: HostId) -> None:
        """`hosts`: the laboratory's address -> our host; an address that is none of them was a proxy of `master`'s."""
        self.wire, self.world, self.names = wire, wire.server.world, names
        self.hosts, self.master = hosts, master
        self.differences: list[Difference] = []
        self.sessions: dict[HostId, str | None] = {}
        self.former: str = ""  # the latest session that was given up for a fresh one
        self.ended: dict[int, float] = {}  # call -> our moment
        self.tasks: dict[int, str] = {}  # Async call -> our reference of its task
        self.took: dict[int, float] = {}
        self.labels: dict[int, str] = {}  # Async call -> its method
        self._running: dict[int, asyncio.Task[None]] = {}
        self._awaited: list[asyncio.Task[None]] = []
        self._waited_for: list[tuple[float, int]] = []
        self._began = asyncio.get_running_loop().time()
        self.late = 0.0  # how much later than in the recording all is by now

    def now(self) -> float:
        return asyncio.get_running_loop().time() - self._began

    def ref(self, name: str) -> str:
        return next(ref for ref, known in self.names.ours.items() if known == name)

    def differ(self, key: str, theirs: object, ours: object) -> None:
        self.differences.append(Difference(key, str(theirs), str(ours)))

    # --- time

    async def until(self, step: Step) -> None:
        """Wait for the step's moment: everything that had ended before it has, and as much time has gone by since."""
        for ended, index in [w for w in self._waited_for if w[0] <= step.at + ROUNDED]:
            await self._running[index]
            self._waited_for.remove((ended, index))
            self.late = max(self.late, self.ended[index] - ended)
        await asyncio.sleep(max(0.0, step.at + self.late - self.now()))

    async def finish(self) -> None:
        for running in self._running.values():
            if running not in self._awaited:
                running.cancel()
        await asyncio.gather(*self._awaited)

    # --- calls

    def begin(self, call: Call) -> None:
        if not self._is_a_followers(call):
            self._waited_for.append((call.ended, call.index))
        self.labels[call.index] = call.method
        self._running[call.index] = playing = asyncio.create_task(self._play(call))
        if not self._is_a_followers(call):
            self._awaited.append(playing)

    @staticmethod
    def _is_a_followers(call: Call) -> bool:
        """A long poll whose token was cut off: when it ends says nothing, and nothing waited for it."""
        return call.method == "event.from" and call.answered.cut

    async def _play(self, call: Call) -> None:
        began = self.now()
        ours = await self.ask(call)
        self.ended[call.index] = self.now()
        self.took[call.index] = self.now() - began
        if not self._is_a_followers(call):
            self._compare(call, ours)

    async def ask(self, call: Call) -> Answered:
        host = self.hosts.get(call.address, self.master)
        try:
            if call.body:
                return Answered(("HTTP", str((await self.wire.post(host, call.path, call.body.encode()))[0])))
            ours = await self._send(host, call)
            if ours.error[:1] == ("SESSION_INVALID",) and call.answered.error[:1] != ("SESSION_INVALID",):
                await self.log_in(host)  # as their client did by itself
                ours = await self._send(host, call)
        except (aiohttp.ClientError, TimeoutError) as error:
            return Answered(("NO ANSWER", type(error).__name__))
        return ours

    async def _send(self, host: HostId, call: Call) -> Answered:
        params = self.names.translated(call.params)
        if not call.raw:
            params = [await self._session_for(host, call), *params]
            if call.method == "session.get_record":
                params[1] = params[0]
        elif call.method not in WITHOUT_SESSION and params and params[0] not in ("", "x", "OpaqueRef:bad"):
            params = [await self._session_for(host, call), *params[1:]]
        if call.dialect == "xml":
            return await self.wire.xml(host, call.method, *params, path=call.path)
        return await self.wire.json(host, call.method, *params, version="2.0" if call.dialect == "json" else "1.0")

    async def _session_for(self, host: HostId, call: Call) -> str | None:
        if call.answered.error[:1] == ("INTERNAL_ERROR",) and "got 'N'" in call.answered.error[1]:
            return None  # their client had just logged out, and sent nothing in its place
        return self.sessions.get(host) or await self.log_in(host)

    async def log_in(self, host: HostId) -> str:
        """A fresh session: an ordinary one where the host gives it, else a local one."""
        self.former = self.sessions.get(host) or self.former
        answer = await self.wire.xml(host, "session.login_with_password", "root", PASSWORD, "1.0", "lab")
        if answer.error:
            answer = await self.wire.xml(host, "session.slave_local_login_with_password", "root", PASSWORD)
        self.sessions[host] = str(answer.value)
        return str(answer.value)

    # --- comparison

    def _compare(self, call: Call, ours: Answered) -> None:
        key, theirs = f"{call.method} #{call.index}", call.answered
        host = self.hosts.get(call.address, self.master)
        if call.method.startswith("session.login") or call.method.startswith("session.slave_local"):
            if not ours.error:
                self.sessions[host] = str(ours.value)
        elif call.method in ("session.logout", "session.local_logout"):
            self.former, self.sessions[host] = self.sessions.get(host) or "", None
        if call.method.startswith("Async.") and not theirs.error and not ours.error and not theirs.cut:
            self.tasks[call.index] = str(ours.value)
            self.names.learn(f"task of #{call.index}", theirs.value, str(ours.value))
        their_error, our_error = self.their_words(theirs.error), self.our_words(ours.error)
        if theirs.cut:
            if bool(theirs.error) != bool(ours.error):
                self.differ(key, "failure" if theirs.error else "success", our_error or "success")
        elif their_error[:1] == our_error[:1] == ["NO ANSWER"]:
            pass
        elif their_error or our_error:
            if their_error != our_error:
                self.differ(key, their_error or "success", our_error or f"{ours.value!r:.60}")
        else:
            self._compare_values(key, call.method, theirs.value, ours.value)
        self._compare_time(call)

    def _compare_values(self, key: str, method: str, theirs: Any, ours: Any) -> None:
        if theirs is None and ours == "":
            return  # their client's own null
        if method == "event.from":
            self._compare_batches(key, theirs, ours)
            return
        if theirs == "session":
            theirs = "OpaqueRef:their-session"  # left out of the recording
        field = field_of(method.removeprefix("Async."))
        self.differences += differing(key, field, self.their_words(theirs), self.our_words(ours))

    def _compare_batches(self, key: str, theirs: Any, ours: Any) -> None:
        """What was told of which object in which group, the fields of a snapshot of each class, the counted classes."""
        self.names.tokens[theirs["token"]] = ours["token"]
        if len(theirs["token"]) != len(ours["token"]):
            self.differ(f"{key} token", theirs["token"], ours["token"])
        told = [_told(self.their_words(theirs["events"])), _told(self.our_words(ours["events"]))]
        if told[0].keys() != told[1].keys():
            self.differ(key, sorted(told[0].keys() - told[1].keys()), sorted(told[1].keys() - told[0].keys()))
        for each in sorted(told[0].keys() & told[1].keys()):
            self.differences += differing(f"{key} {' '.join(each)}", "", told[0][each], told[1][each])
        counts = set(theirs["valid_ref_counts"]), set(ours["valid_ref_counts"])
        if missing := counts[0] - counts[1]:
            self.differ(f"{key} counts", sorted(missing), "not there")

    def _compare_time(self, call: Call) -> None:
        """Whether both answered within seconds, and if not, whether they took about as long."""
        theirs, ours = call.ended - call.at, self.took[call.index]
        if max(theirs, ours) > 5.0 and max(theirs, ours) > 2.0 * min(theirs, ours):
            self.differ(f"{call.method} #{call.index} time", f"{theirs:.0f} s", f"{ours:.0f} s")

    def their_words(self, value: Any) -> Any:
        """With names in place of references and addresses."""
        return named(_with_hosts(value, self.hosts), self.names.of_theirs)

    def our_words(self, value: Any) -> Any:
        addresses = {address: host for host, (address, _, _) in self.wire.server.endpoints.items()}
        return named(_with_hosts(value, addresses), self.names.of_ours)


def _told(events: list[dict[str, Any]]) -> dict[tuple[str, str, str], Any]:
    return {(e["operation"], e["class"], e["ref"]): e.get("snapshot") for e in events}


def _with_hosts(value: Any, hosts: Mapping[str, HostId]) -> Any:
    """A whole text that is a host's address becomes words for it."""
    if isinstance(value, str):
        return f"the address of {hosts[value]}" if value in hosts else value
    if isinstance(value, dict):
        return {key: _with_hosts(each, hosts) for key, each in value.items()}
    return [_with_hosts(each, hosts) for each in value] if isinstance(value, list | tuple) else value
