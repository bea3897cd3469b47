"""One upsd: one connection for all its UPSs, one request at a time, our own deadline."""

from __future__ import annotations

import asyncio
import hmac
import ssl
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TypeVar

from ridethrough.core.model import Seconds, UpsId
from ridethrough.drivers.nut_line import LONGEST_LINE, join, split
from ridethrough.fingerprints import fingerprint
from ridethrough.ports import Refused, Unreachable

T = TypeVar("T")

PORT = 3493
TRACKED_EVERY: Seconds = 0.1
LONGEST_CODE = 60  # characters
MOST_LINES = 2000  # of one list: a UPS with every outlet of a big PDU has some hundred variables
# upsd knows the UPS and has nothing to say of it now: its driver is gone, or has lost the UPS.
SILENT = frozenset({"DATA-STALE", "DRIVER-NOT-CONNECTED"})
NO_TLS = frozenset({"FEATURE-NOT-SUPPORTED", "FEATURE-NOT-CONFIGURED", "UNKNOWN-COMMAND"})


@dataclass(frozen=True, slots=True)
class ServerConfig:
    """How to reach one upsd. `host` is an IP address: DNS dies in outages too.

    Any of `fingerprints` or `ca` asks for STARTTLS: a certificate that is pinned by its SHA-256 (`sha256:` and 64
    hexadecimal digits), or one that an authority of this PEM file has signed. Reading needs no login.
    """

    host: str
    port: int = PORT
    username: str = ""
    password: str = field(default="", repr=False)
    fingerprints: tuple[str, ...] = ()
    ca: str = ""
    timeout: Seconds = 3.0  # per request

    @property
    def address(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class NutConfig:
    """One UPS, and the name that its upsd gives it."""

    ups: UpsId
    server: ServerConfig
    name: str


class Silent(Unreachable):
    """upsd answers, but knows nothing of this UPS now. The connection is good."""


class Server:
    """A conversation with one upsd. `request` may not run beside itself; the connection is opened when it is needed."""

    def __init__(self, config: ServerConfig) -> None:
        self.config = config
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def variables(self, ups: str) -> dict[str, str]:
        """Every variable of a UPS. Raises Unreachable when upsd or the UPS is silent, Refused when upsd says no."""
        return variables_of(await self._list("VAR", ups))

    async def upses(self) -> dict[str, str]:
        """The UPSs that upsd serves, each with its description. Raises as `variables`."""
        found = await self._list("UPS")
        return {row[0]: row[1] if len(row) > 1 else "" for row in found if row}

    async def commands(self, ups: str) -> frozenset[str]:
        """The instant commands that a UPS's driver offers. Raises as `variables`."""
        return frozenset(row[0] for row in await self._list("CMD", ups) if row)

    async def writable(self, ups: str) -> frozenset[str]:
        """The variables of a UPS that can be set. Raises as `variables`."""
        return frozenset(row[0] for row in await self._list("RW", ups) if row)

    async def tell(self, *words: str) -> None:
        """A command that changes something (INSTCMD, SET VAR): sent once, and followed to its end where upsd can tell.

        Raises Refused when it was not carried out, Unreachable when that is not known.
        """

        async def ask() -> None:
            tracked = await self._tracks()
            await self._send([*words])
            answer = await self._answer()
            if answer[:1] != ["OK"]:
                raise ValueError("the answer is neither OK nor an error")
            if tracked and answer[1:2] == ["TRACKING"] and len(answer) > 2:
                await self._followed(answer[2])

        await self._alone(ask)

    def close(self) -> None:
        """Close the connection. The next request opens a new one."""
        if self._writer is not None:
            with suppress(Exception):
                self._writer.close()
        self._reader = self._writer = None

    async def _list(self, *what: str) -> list[list[str]]:
        return await self._alone(lambda: self._rows([*what]))

    async def _tracks(self) -> bool:
        """Whether upsd will tell what became of a command (NUT 2.8 and later)."""
        try:
            await self._ask("SET", "TRACKING", "ON")
        except Refused:
            return False
        return True

    async def _followed(self, number: str) -> None:
        """Wait until the driver has carried a command out. Raises Refused when it could not; the deadline bounds it."""
        while True:
            await self._send(["GET", "TRACKING", number])
            if await self._answer() != ["PENDING"]:
                return
            await asyncio.sleep(TRACKED_EVERY)

    async def _alone(self, work: Callable[[], Awaitable[T]]) -> T:
        """One exchange on the connection, within the deadline, its errors in words."""
        try:
            async with asyncio.timeout(self.config.timeout):
                await self._connect()
                return await work()
        except TimeoutError:
            self.close()
            raise Unreachable(f"{self.config.address}: no answer within {self.config.timeout:g} s") from None
        except (OSError, EOFError, ValueError) as error:
            self.close()
            raise Unreachable(f"{self.config.address}: {_in_words(error)}") from None
        except Silent:
            raise  # the connection is good
        except (Refused, Unreachable):
            self.close()
            raise
        except BaseException:
            self.close()  # cancelled in the middle of an answer: what is left of it belongs to no later question
            raise

    async def _rows(self, what: list[str]) -> list[list[str]]:
        await self._send(["LIST", *what])
        first = await self._answer()
        if first != ["BEGIN", "LIST", *what]:
            raise ValueError("the answer is none to what was asked")
        rows: list[list[str]] = []
        while (row := await self._answer()) != ["END", "LIST", *what]:
            if row[: len(what)] != what or len(rows) >= MOST_LINES:
                raise ValueError("the list is none of what was asked")
            rows.append(row[len(what) :])
        return rows

    async def _connect(self) -> None:
        if self._writer is not None:
            return
        host, port = self.config.host, self.config.port
        self._reader, self._writer = await asyncio.open_connection(host, port, limit=LONGEST_LINE)
        if self.config.fingerprints or self.config.ca:
            await self._secure(self._writer)
        if self.config.username:
            await self._ask("USERNAME", self.config.username)
            await self._ask("PASSWORD", self.config.password)

    async def _secure(self, writer: asyncio.StreamWriter) -> None:
        """STARTTLS; nothing else is sent before the certificate has been checked."""
        try:
            await self._ask("STARTTLS")
        except Refused as refused:
            if refused.code not in NO_TLS:
                raise
            what = "this upsd offers no TLS: give it a certificate (CERTFILE in upsd.conf), or take the"
            raise Refused(refused.code, f"{what} fingerprints and the authority out of site.toml") from None
        await writer.start_tls(_tls(self.config), server_hostname=self.config.host)
        shown = writer.get_extra_info("ssl_object").getpeercert(binary_form=True) or b""
        seen = fingerprint(shown)
        pinned = self.config.fingerprints
        if pinned and not any(hmac.compare_digest(seen, pin) for pin in pinned):
            raise Refused("WRONG_CERTIFICATE", f"it shows a certificate that is not pinned: {seen}")

    async def _ask(self, *words: str) -> None:
        """A command that is answered with OK."""
        await self._send([*words])
        answer = await self._answer()
        if answer[:1] != ["OK"]:
            raise ValueError("the answer is neither OK nor an error")

    async def _send(self, words: list[str]) -> None:
        assert self._writer is not None
        self._writer.write((join(words) + "\n").encode())
        await self._writer.drain()

    async def _answer(self) -> list[str]:
        """One line's words. Raises Silent, Refused for any other error of upsd, EOFError when it has hung up."""
        assert self._reader is not None
        line = await self._reader.readline()
        if not line.endswith(b"\n"):
            raise EOFError
        return words_of(line, self.config.address)


def words_of(line: bytes, address: str = "upsd") -> list[str]:
    """The words of an answer's line. Raises Silent, Refused for any other error of upsd, ValueError for gibberish."""
    words = split(line.decode("utf-8", "replace"))
    if not words:
        raise ValueError("an empty line")
    if words[0] != "ERR":
        return words
    code = words[1][:LONGEST_CODE] if len(words) > 1 else "UNKNOWN"
    if code in SILENT:
        raise Silent(f"{address}: its driver says nothing of this UPS now ({code})")
    raise Refused(code, _REMEDIES.get(code, f"upsd refuses it: {code}"))


def variables_of(rows: Iterable[list[str]]) -> dict[str, str]:
    """What the rows of a list of variables say, by name."""
    return {row[0]: row[1] for row in rows if len(row) == 2}


_REMEDIES = {
    "UNKNOWN-UPS": "upsd serves no UPS of this name: `upsc -l ADDRESS` shows those that it does",
    "ACCESS-DENIED": "upsd lets this user or address not in: look at upsd.users and at LISTEN in upsd.conf",
    "USERNAME-REQUIRED": "upsd wants a login: give username and password",
    "PASSWORD-REQUIRED": "upsd wants a login: give username and password",
    "INVALID-PASSWORD": "wrong password",
    "INVALID-USERNAME": "wrong username",
    "FAILED": "its driver could not carry it out",
    "INVALID-ARGUMENT": "its driver does not take this value",
    "CMD-NOT-SUPPORTED": "its driver has no such command",
    "READONLY": "its driver lets nobody set this",
}


def _tls(config: ServerConfig) -> ssl.SSLContext:
    """Pinned certificates are checked right after the handshake; an authority's must name the address."""
    if config.ca:
        try:
            return ssl.create_default_context(cafile=config.ca)
        except OSError as error:
            why = error.strerror or "it holds no certificate"
            raise Refused("CA", f"{config.ca} cannot be used as its authority: {why}") from None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def _in_words(error: Exception) -> str:
    match error:
        case ssl.SSLError():
            return f"TLS failed: {error.reason or error}"
        case ConnectionRefusedError():
            return "nothing listens there: is upsd running, and does LISTEN in upsd.conf name this address?"
        case OSError():
            return error.strerror or str(error)
        case EOFError():
            return "upsd has hung up"
        case _:
            return f"unusable answer: {error}"
