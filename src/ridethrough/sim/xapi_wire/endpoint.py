"""A host's address on the wire: it serves, it refuses, or it is dead and swallows every packet.

New connections are the business of `sim.plug`. Open ones of a dead machine fall silent without FIN or RST.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Awaitable, Callable
from enum import Enum

from aiohttp import web

from ridethrough.sim.plug import RESET, Plug

GOODBYE = 5.0  # wall seconds that a client has to answer a TLS goodbye before the connection is closed all the same


class Line(Enum):
    """What a packet finds at the address."""

    SERVES = "serves"
    REFUSES = "refuses"  # the machine answers, no toolstack listens
    DEAD = "dead"  # no power, no network: packets vanish


class Dropped(Exception):  # noqa: N818
    """Raised by a handler: close the connection without an answer."""


class Vanished(Exception):  # noqa: N818
    """Raised by a handler: whoever should answer is no more. What the client sees of it is for `become` to decide."""


class Endpoint:
    """One listening address with TLS. `answer` is called for each POST with the path and the body."""

    def __init__(
        self,
        address: str,
        port: int,
        tls: ssl.SSLContext,
        answer: Callable[[web.BaseRequest], Awaitable[web.Response]],
    ) -> None:
        """`port` 0 takes a free one at `open` and keeps it. `answer` may raise Dropped and Vanished."""
        self._tls, self._answer = tls, answer
        self.line, self.life = Line.DEAD, -1
        self._http = web.Server(self._handle, access_log=None, keepalive_timeout=3600.0)
        self._lives: dict[asyncio.BaseTransport, int] = {}  # connection -> the life of the toolstack that took it
        self._busy: set[asyncio.BaseTransport] = set()
        self._leaving: list[asyncio.BaseTransport] = []
        self._carries, self._closed = asyncio.Event(), asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._plug = Plug(address, port, self._accepted)
        self.address, self.port = address, self._plug.port

    async def become(self, line: Line, life: int) -> None:
        """Take this state. `life` counts the toolstack's starts: connections of an earlier life are never served."""
        was, self.line, self.life = self.line, line, life
        match line:
            case Line.SERVES:
                self._end_old_connections(silently=was is Line.DEAD)
                self._carries.set()
                self._plug.serve()
            case Line.REFUSES:
                self._end_old_connections(silently=was is Line.DEAD)
                self._plug.refuse()
            case Line.DEAD:
                self._carries.clear()
                for transport in list(self._lives):
                    _pause(transport)
                await self._plug.die()

    async def close(self) -> None:
        """End every connection and free the port."""
        self._closed.set()
        self._plug.close()
        for task in list(self._tasks):
            task.cancel()
        for transport in (*self._lives, *self._leaving):
            _abort(transport)
        await self._http.shutdown(0.5)
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def drop_connections(self) -> None:
        """Close every open connection, as a firewall that lost its table would."""
        for transport in list(self._lives):
            _reset(transport)
            self._lives.pop(transport, None)

    # --- listening

    def _accepted(self, accepted: socket.socket) -> None:
        task = asyncio.create_task(self._greet(accepted))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _greet(self, accepted: socket.socket) -> None:
        life, loop = self.life, asyncio.get_running_loop()
        with contextlib.suppress(OSError, asyncio.CancelledError):  # a client that goes away while shaking hands
            transport, _ = await loop.connect_accepted_socket(
                self._http, accepted, ssl=self._tls, ssl_shutdown_timeout=GOODBYE
            )
            self._lives = {t: n for t, n in self._lives.items() if not t.is_closing()} | {transport: life}
            if self.line is Line.DEAD:
                _pause(transport)

    # --- open connections

    def _end_old_connections(self, silently: bool) -> None:
        """`silently`: the machine came back and knows nothing of them; each gets RST when it speaks next."""
        for transport, life in list(self._lives.items()):
            if life == self.life and self.line is Line.SERVES:
                _resume(transport)
                continue
            del self._lives[transport]
            if silently and isinstance(transport, asyncio.Transport) and not transport.is_closing():
                transport.set_protocol(_Stranger(transport))
                _resume(transport)
                self._leaving.append(transport)  # its client may never speak again
            elif transport in self._busy:
                _reset(transport)
            else:
                transport.close()  # lab 19b: who waited for an answer saw a reset, who was idle an orderly end
                self._leaving.append(transport)

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        transport = request.transport
        life = self._lives.setdefault(transport, self.life) if transport else self.life
        self._busy.update({transport} if transport else ())
        try:
            response: web.StreamResponse = await self._answer(request)
            while not self._closed.is_set() and (self.line is Line.DEAD or life != self.life):
                await self._until_carried(life)
        except Dropped:
            _reset(transport)
            return web.Response()  # goes nowhere: the connection is gone
        except Vanished:
            await self._closed.wait()
            return web.Response()
        else:
            return response
        finally:
            self._busy.difference_update({transport})

    async def _until_carried(self, life: int) -> None:
        """Wait for the network; for ever (until the end) when the toolstack that was asked is gone."""
        if life != self.life:
            await self._closed.wait()
        else:
            await _first(self._carries.wait(), self._closed.wait())


class _Stranger(asyncio.Protocol):
    """A connection of an earlier life: whatever arrives is answered with RST."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        _reset(self._transport)


async def _first(*waits: Awaitable[object]) -> None:
    tasks = [asyncio.ensure_future(wait) for wait in waits]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()


def _pause(transport: asyncio.BaseTransport) -> None:
    if isinstance(transport, asyncio.Transport) and not transport.is_closing() and transport.is_reading():
        transport.pause_reading()


def _resume(transport: asyncio.BaseTransport) -> None:
    if isinstance(transport, asyncio.Transport) and not transport.is_closing() and not transport.is_reading():
        transport.resume_reading()


def _reset(transport: asyncio.BaseTransport | None) -> None:
    if isinstance(transport, asyncio.Transport):
        with contextlib.suppress(OSError, AttributeError):  # AttributeError: asyncio's, for one that its client closed
            transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        _abort(transport)


def _abort(transport: asyncio.BaseTransport) -> None:
    """End it now. Python 3.11.2 stumbles over a TLS transport that was closed twice: it has no protocol any more."""
    if isinstance(transport, asyncio.Transport):
        with contextlib.suppress(AttributeError):
            transport.abort()
