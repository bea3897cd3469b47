"""One call to one toolstack: JSON-RPC 2.0 where it is spoken, XML-RPC else.

Every call has a deadline and is sent once. `/jsonrpc` exists from XenServer 7.3 on; the dialect of each address is
found out with its first call, which is always a login.
"""

from __future__ import annotations

import asyncio
import xmlrpc.client
from collections.abc import AsyncIterator, Callable, Iterable
from typing import Any, Literal, TypeVar, cast
from xml.parsers.expat import ExpatError

import aiohttp
import msgspec

from ridethrough.core.model import Seconds
from ridethrough.ports import NotBegun, Unreachable

from .address import Address
from .pins import Pins, Trust, WrongCertificate

# What decoders raise on what is no answer; the last five come out of xmlrpc's parser.
UNREADABLE = (
    ValueError,  # msgspec's errors are some
    RecursionError,
    TypeError,
    KeyError,
    xmlrpc.client.Error,
    ExpatError,
    ArithmeticError,
    AttributeError,
    LookupError,
)

T = TypeVar("T")
Dialect = Literal["json", "xml"]
IsOld = Callable[[], bool]

LARGE = 1_000_000  # bytes; a larger answer is decoded in a thread
MOST = {"event.from": 256 * 2**20, "VM.get_all_records": 256 * 2**20}  # bytes: the whole database, of a huge pool
MOST_ELSE = 16 * 2**20  # bytes of every other answer
PIECE = 256 * 1024  # bytes read at once
WORDS, LETTERS = 20, 1000  # of an error: it ends in the journal
CONNECT = 4.0  # seconds for TCP and TLS; a host that needs longer is silent
HEADERS = {"json": "application/json", "xml": "text/xml"}
PLAIN = {"Accept-Encoding": "identity"}  # xapi does not compress; a small answer must not unpack into a huge one
PATHS = {"json": "/jsonrpc", "xml": "/"}


class XapiFailure(Exception):  # noqa: N818
    """The toolstack said no: its error code and parameters, as they came."""

    def __init__(self, code: str, *params: str) -> None:
        self.code = code[:LETTERS]
        self.params = tuple(param[:LETTERS] for param in params[:WORDS])
        super().__init__(", ".join((self.code, *self.params)))


class NotSent(Unreachable):
    """No connection: the call was surely not executed, so it may be sent again."""


class Broken(Unreachable):
    """The connection broke before the answer was there: the call may have been executed."""


class Gibberish(Unreachable):
    """An answer, but not one of a toolstack: a proxy, a page in HTML, another dialect."""


class Value:
    """An answer that is decoded when its type is known; only the wanted fields are read."""

    __slots__ = ("_plain", "_raw")

    def __init__(self, raw: msgspec.Raw | None = None, plain: object = None) -> None:
        self._raw, self._plain = raw, plain

    def decode(self, want: type[T]) -> T:
        """The answer as `want`. int64 is a number in JSON and text in XML. Raises Gibberish."""
        try:
            return self._decode(want)
        except (ValueError, RecursionError) as error:  # msgspec's errors are ValueErrors
            raise Gibberish(f"an answer that cannot be read: {error}") from None

    def _decode(self, want: type[T]) -> T:
        if self._raw is None:
            return msgspec.convert(self._plain, type=want, strict=False)
        try:
            return msgspec.json.decode(self._raw, type=want, strict=False)
        except UnicodeDecodeError:  # a name in another encoding must not hide a pool
            return msgspec.json.decode(bytes(self._raw).decode("utf-8", "replace"), type=want, strict=False)

    @property
    def is_plain(self) -> bool:
        """Came over XML-RPC, already taken apart."""
        return self._raw is None

    @property
    def is_large(self) -> bool:
        """Better decoded in a thread."""
        return self._raw is None or len(bytes(self._raw)) > LARGE


class _JsonAnswer(msgspec.Struct):
    result: msgspec.Raw = msgspec.Raw()  # empty: there is none
    error: Any = None
    id: Any = 1


class Wire:
    """Connections to the toolstacks of one pool.

    Commands travel on a fresh connection each: a kept one may have died unseen, and then nobody could tell whether
    the command was executed. Reads share kept connections.
    """

    def __init__(self, fingerprints: Iterable[str] = (), trust: Trust | None = None) -> None:
        self.pins = Pins(fingerprints, trust)
        self._dialects: dict[Address, Dialect] = {}
        self._kept: aiohttp.ClientSession | None = None
        self._fresh: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        """Close every connection."""
        for session in (self._kept, self._fresh):
            if session is not None:
                await session.close()
        self._kept = self._fresh = None

    async def call(
        self,
        address: Address,
        method: str,
        params: tuple[object, ...],
        *,
        deadline: Seconds,
        kept: bool = False,
        is_old: IsOld | None = None,
    ) -> Value:
        """Call `method` once and return its answer.

        `is_old` is asked when the connection stands, with nothing sent yet; if it is, NotBegun is raised instead.
        Raises XapiFailure when the toolstack says no, NotSent when no connection came about, WrongCertificate when
        an unpinned host answered, and Unreachable else: then the call may have been executed.
        """
        try:
            async with asyncio.timeout(deadline):
                dialect = self._dialects.get(address)
                if dialect is None:
                    return await self._first_call(address, method, params, is_old)
                return await self._exchange(address, dialect, method, params, kept, is_old)
        except TimeoutError:
            raise Unreachable(f"{address} did not answer {method} within {deadline:.0f} s") from None

    async def _first_call(
        self, address: Address, method: str, params: tuple[object, ...], is_old: IsOld | None
    ) -> Value:
        """Try JSON-RPC, then XML-RPC. Gibberish was not executed, so the second try is no repetition."""
        try:
            answer = await self._exchange(address, "json", method, params, False, is_old)
        except XapiFailure:
            self._dialects[address] = "json"
            raise
        except Gibberish:
            try:
                answer = await self._exchange(address, "xml", method, params, False, is_old)
            except XapiFailure:
                self._dialects[address] = "xml"
                raise
            self._dialects[address] = "xml"
            return answer
        self._dialects[address] = "json"
        return answer

    async def _exchange(
        self,
        address: Address,
        dialect: Dialect,
        method: str,
        params: tuple[object, ...],
        kept: bool,
        is_old: IsOld | None,
    ) -> Value:
        body = _json_request(method, params) if dialect == "json" else _xml_request(method, params)
        answer = await self._post(address, dialect, method, body, kept, is_old)
        read = _json_answer if dialect == "json" else _xml_answer
        try:
            return await in_thread(read, answer) if len(answer) > LARGE else read(answer)
        except UNREADABLE:
            # A restarting or overloaded toolstack may answer with a page in HTML.
            raise Gibberish(f"{address} answered {method} with something else than XenAPI") from None

    async def _post(
        self, address: Address, dialect: Dialect, method: str, body: bytes, kept: bool, is_old: IsOld | None
    ) -> bytes:
        session = self._session(kept)
        headers = {"Content-Type": HEADERS[dialect], "Content-Length": str(len(body)), **PLAIN}
        data = body if is_old is None else _at_the_last_moment(body, method, is_old)
        url = address.url + PATHS[dialect]
        try:
            async with session.post(url, data=data, headers=headers, allow_redirects=False) as response:
                if response.status != 200:
                    raise Gibberish(f"{address} answered {method} with HTTP {response.status}")
                answer = bytearray()
                async for piece in response.content.iter_chunked(PIECE):
                    answer += piece
                    if len(answer) > MOST.get(method, MOST_ELSE):
                        raise Gibberish(f"{address} answers {method} without end")
                return bytes(answer)
        except aiohttp.ServerFingerprintMismatch as error:
            raise WrongCertificate(str(address), "sha256:" + error.got.hex()) from None
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.InvalidURL) as error:
            raise NotSent(f"{address}: {_in_words(error)}") from None
        except (aiohttp.ClientError, OSError) as error:
            if isinstance(error.__cause__, NotBegun):
                raise error.__cause__ from None
            raise Broken(f"{address} broke the connection during {method}: {_in_words(error)}") from None

    def _session(self, kept: bool) -> aiohttp.ClientSession:
        if kept:
            self._kept = self._kept or self._new_session(force_close=False)
            return self._kept
        self._fresh = self._fresh or self._new_session(force_close=True)
        return self._fresh

    def _new_session(self, force_close: bool) -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(ssl=self.pins, limit=0, force_close=force_close, ttl_dns_cache=300)
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=CONNECT)
        return aiohttp.ClientSession(
            connector=connector, timeout=timeout, cookie_jar=aiohttp.DummyCookieJar(), auto_decompress=False
        )


async def _at_the_last_moment(body: bytes, method: str, is_old: IsOld) -> AsyncIterator[bytes]:
    """The request, unless it has become old while the connection was made: a process may be frozen there too."""
    if is_old():
        raise NotBegun(f"{method} was decided before a standstill")
    yield body


async def in_thread(read: Callable[[bytes], T], answer: bytes) -> T:
    """Decode a large answer without holding up the other pools."""
    return await asyncio.to_thread(read, answer)


def _json_request(method: str, params: tuple[object, ...]) -> bytes:
    return msgspec.json.encode({"jsonrpc": "2.0", "method": method, "params": params, "id": 1})


def _xml_request(method: str, params: tuple[object, ...]) -> bytes:
    return xmlrpc.client.dumps(cast(Any, params), methodname=method, allow_none=False).encode(
        "utf-8", "xmlcharrefreplace"
    )


def _json_answer(body: bytes) -> Value:
    """JSON-RPC 2.0 puts code and params into an object, 1.0 into an array (XenServer 7.1)."""
    answer = msgspec.json.decode(body, type=_JsonAnswer)
    if answer.id != 1:
        raise ValueError("the answer to another call")
    match answer.error:
        case None:
            if not bytes(answer.result):
                raise ValueError("neither a result nor an error")
            return Value(raw=answer.result)
        case {"message": code, "data": [*params]}:
            raise XapiFailure(str(code), *map(str, params))
        case {"message": code}:
            raise XapiFailure(str(code))
        case [code, *params]:
            raise XapiFailure(str(code), *map(str, params))
        case other:
            raise XapiFailure("INTERNAL_ERROR", str(other))


def _xml_answer(body: bytes) -> Value:
    """A struct of Status and Value or ErrorDescription; a Fault is only for trouble with the protocol."""
    (answer,), _ = xmlrpc.client.loads(body)
    if not isinstance(answer, dict):
        raise TypeError("no struct")
    if answer["Status"] == "Success":
        return Value(plain=_without_dates(answer["Value"]))
    if not isinstance(answer["ErrorDescription"], list):
        raise TypeError("no list")
    code, *params = answer["ErrorDescription"]
    raise XapiFailure(str(code), *map(str, params))


def _without_dates(value: Any) -> Any:
    """XML-RPC's own date objects as the text that JSON-RPC would have shown."""
    match value:
        case dict():
            return {key: _without_dates(item) for key, item in value.items()}
        case list():
            return [_without_dates(item) for item in value]
        case xmlrpc.client.DateTime():
            return str(value)
        case _:
            return value


def _in_words(error: BaseException) -> str:
    return str(error) or type(error).__name__
