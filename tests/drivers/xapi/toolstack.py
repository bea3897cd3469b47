"""A small toolstack for wire-level tests: one host's HTTP server with a script of answers and of misbehaviour.

Its semantics are scripted by each test; a whole pool with real semantics is `ridethrough.sim`.
"""

from __future__ import annotations

import asyncio
import datetime
import json
import ssl
import tempfile
import xmlrpc.client
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, cast

from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from ridethrough.fingerprints import fingerprint
from ridethrough.ports import StoodStill

COORDINATOR, MEMBER, DISABLED_MEMBER = "OpaqueRef:host-1", "OpaqueRef:host-2", "OpaqueRef:host-3"
Answer = Callable[..., Any]


class No(Exception):  # noqa: N818
    """The toolstack's refusal: code and parameters."""

    def __init__(self, *words: str) -> None:
        super().__init__(*words)
        self.words = words


class Toolstack:
    """One host. `answers` maps a method to a function of its parameters (session first); `calls` keeps every call."""

    def __init__(self, dialects: tuple[str, ...] = ("json", "xml"), json_version: str = "2.0") -> None:
        self.dialects = dialects
        self.json_version = json_version
        self.answers: dict[str, Answer] = {
            "session.login_with_password": self.login,
            "session.logout": lambda session: self.sessions.discard(session),
            "session.get_this_host": lambda session, _: self.known(session) and COORDINATOR,
            "event.from": self.event_from,
        }
        self.calls: list[tuple[str, tuple[Any, ...]]] = []
        self.sessions: set[str] = set()
        self.password = "secret"
        self.coordinator = ""  # address of the coordinator; empty: this host is it
        self.drops: set[str] = set()  # methods executed, then the connection cut without an answer
        self.hangs: set[str] = set()  # methods that never answer
        self.raw_answer: tuple[int, str] | None = None  # HTTP status and text instead of any answer
        self.records: dict[str, dict[str, dict[str, Any]]] = {}  # by class and reference
        self.revision = 0
        self.changed = asyncio.Condition()
        self.log: list[tuple[int, str, str, str]] = []  # revision, operation, class, ref
        self.port = 0
        self.host = "127.0.0.1"
        self._runner: web.AppRunner | None = None
        self._logins = 0
        self._released = asyncio.Event()

    async def start(self, host: str = "127.0.0.1", port: int = 0, tls: ssl.SSLContext | None = None) -> None:
        """Listen."""
        app = web.Application(client_max_size=10**7)
        app.router.add_post("/jsonrpc", self._json)
        app.router.add_post("/", self._xml)
        self._released = asyncio.Event()
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, host, port, ssl_context=tls, reuse_address=True)
        await site.start()
        self.host, self.port = self._runner.addresses[0][:2]

    async def stop(self) -> None:
        """Stop listening: connections are refused from now on."""
        self._released.set()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def restart(self) -> None:
        """The toolstack restarts: sessions are gone."""
        await self.stop()
        self.sessions.clear()
        await self.start(self.host, self.port)

    @property
    def address(self) -> str:
        return f"http://{self.host}:{self.port}"

    def called(self, method: str) -> list[tuple[Any, ...]]:
        """The parameters of every call of a method, without the session."""
        return [params[1:] for name, params in self.calls if name == method]

    # Semantics

    def login(self, user: str, password: str, *_: str) -> str:
        if self.coordinator:
            raise No("HOST_IS_SLAVE", self.coordinator)
        if password != self.password:
            raise No("SESSION_AUTHENTICATION_FAILED", user, "Authentication failure")
        self._logins += 1
        session = f"OpaqueRef:session-{self._logins}-{self.port}-{self.host}"
        self.sessions.add(session)
        return session

    def known(self, session: str) -> bool:
        if self.coordinator:
            raise No("HOST_IS_SLAVE", self.coordinator)
        if session not in self.sessions:
            raise No("SESSION_INVALID", session)
        return True

    async def put(self, cls: str, ref: str, **fields: Any) -> None:
        """Add or change a record and tell it."""
        table = self.records.setdefault(cls, {})
        operation = "mod" if ref in table else "add"
        table[ref] = {**table.get(ref, {}), **fields}
        await self._tell(operation, cls, ref)

    async def drop(self, cls: str, ref: str, tell: bool = True) -> None:
        """Remove a record; `tell=False`: its event is lost."""
        self.records[cls].pop(ref)
        if tell:
            await self._tell("del", cls, ref)

    async def _tell(self, operation: str, cls: str, ref: str) -> None:
        self.revision += 1
        self.log.append((self.revision, operation, cls, ref))
        async with self.changed:
            self.changed.notify_all()

    async def event_from(self, session: str, classes: list[str], token: str, timeout: float) -> dict[str, Any]:
        self.known(session)
        since = int(token) if token else -1
        if since > self.revision or (since == self.revision and timeout):  # a token from the future waits for nothing
            await self._wait_for_news(since, timeout)
        self.known(session)
        events = self._everything() if since < 0 else self._since(since)
        counts = {cls: len(table) for cls, table in self.records.items()}
        return {"events": events, "valid_ref_counts": counts, "token": str(max(self.revision, since))}

    async def _wait_for_news(self, since: int, timeout: float) -> None:
        async with self.changed:
            try:
                async with asyncio.timeout(timeout):
                    await self.changed.wait_for(lambda: self.revision > since)
            except TimeoutError:
                return

    def _everything(self) -> list[dict[str, Any]]:
        return [
            {"id": "1", "timestamp": "0.0", "class": cls, "operation": "add", "ref": ref, "snapshot": record}
            for cls, table in self.records.items()
            for ref, record in table.items()
        ]

    def _since(self, since: int) -> list[dict[str, Any]]:
        last = {(cls, ref): operation for at, operation, cls, ref in self.log if at > since}
        events: list[dict[str, Any]] = []
        for (cls, ref), operation in last.items():
            event: dict[str, Any] = {"id": "1", "timestamp": "0.0", "class": cls, "operation": operation, "ref": ref}
            if operation != "del":
                event["snapshot"] = self.records[cls][ref]
            events.append(event)
        return events

    # Wire

    async def _json(self, request: web.Request) -> web.StreamResponse:
        if self.raw_answer is not None:
            return web.Response(status=self.raw_answer[0], text=self.raw_answer[1])
        if "json" not in self.dialects:
            return web.Response(status=404, text="<html>not found</html>")
        asked = json.loads(await request.text())
        try:
            value = await self._answer(request, asked["method"], tuple(asked["params"]))
        except No as no:
            if self.json_version == "1.0":
                return web.json_response({"result": None, "error": list(no.words), "id": 1})
            error = {"code": 1, "message": no.words[0], "data": list(no.words[1:])}
            return web.json_response({"jsonrpc": "2.0", "error": error, "id": 1})
        if self.json_version == "1.0":
            return web.json_response({"result": value, "error": None, "id": 1})
        return web.json_response({"jsonrpc": "2.0", "result": value, "id": 1})

    async def _xml(self, request: web.Request) -> web.StreamResponse:
        if self.raw_answer is not None:
            return web.Response(status=self.raw_answer[0], text=self.raw_answer[1])
        params, method = xmlrpc.client.loads(await request.text())
        try:
            value = await self._answer(request, str(method), cast(tuple[Any, ...], params))
            answer = {"Status": "Success", "Value": _as_xml(value)}
        except No as no:
            answer = {"Status": "Failure", "ErrorDescription": list(no.words)}
        return web.Response(text=xmlrpc.client.dumps((answer,), methodresponse=True), content_type="text/xml")

    async def _answer(self, request: web.Request, method: str, params: tuple[Any, ...]) -> Any:
        self.calls.append((method, params))
        if method in self.hangs:
            await self._released.wait()
        if method not in ("session.login_with_password", "session.logout"):
            self.known(params[0])
        if method not in self.answers:
            raise No("MESSAGE_METHOD_UNKNOWN", method)
        value = self.answers[method](*params)
        if asyncio.iscoroutine(value):
            value = await value
        if method in self.drops:
            assert request.transport is not None
            request.transport.abort()
            await asyncio.sleep(0)
        return value if value is not None else ""


def _as_xml(value: Any) -> Any:
    """XML-RPC of xapi: int64 as text, null as an empty string."""
    match value:
        case bool() | str() | float():
            return value
        case int():
            return str(value)
        case dict():
            return {key: _as_xml(item) for key, item in value.items()}
        case list() | tuple():
            return [_as_xml(item) for item in value]
        case _:
            return ""


class WallClock:
    """ports.Clock on the running loop, with a push button."""

    stood_still: StoodStill | None = None

    def __init__(self) -> None:
        self.ahead = 0.0

    def now(self) -> float:
        return asyncio.get_running_loop().time() + self.ahead

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


@asynccontextmanager
async def half_open(host: str = "127.0.0.1", port: int = 0) -> AsyncIterator[tuple[str, int]]:
    """A host that accepts connections and never says a word."""
    writers: list[asyncio.StreamWriter] = []

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        with suppress(ConnectionError):
            await reader.read()
        writer.close()

    server = await asyncio.start_server(accept, host, port)
    try:
        yield server.sockets[0].getsockname()[:2]
    finally:
        server.close()
        await asyncio.sleep(0.05)  # connections that were accepted just now become writers
        for writer in writers:
            writer.close()
        await asyncio.gather(*(writer.wait_closed() for writer in writers), return_exceptions=True)
        await server.wait_closed()


def certificate() -> tuple[ssl.SSLContext, str]:
    """A self-signed certificate for a server, and its fingerprint."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "xcp1")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.TemporaryDirectory() as folder:
        chain = Path(folder) / "both.pem"
        chain.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
            + made.public_bytes(serialization.Encoding.PEM)
        )
        context.load_cert_chain(chain)
    return context, fingerprint(made.public_bytes(serialization.Encoding.DER))


async def until(condition: Callable[[], object], within: float = 5.0) -> None:
    """Wait for a condition; fail after `within` seconds."""
    async with asyncio.timeout(within):
        while not condition():  # noqa: ASYNC110 - any condition, not an event
            await asyncio.sleep(0.01)
