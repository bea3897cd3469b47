"""The network UPS: a port on which each NAS box reads a UPS of its own, in the protocol of NUT's upsd."""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

from ridethrough.core.model import Seconds

from .box import Box, Life, Shown
from .caller import PACE, Caller, End, Pace
from .conversation import Answer, Conversation
from .register import Known, Line, address_of
from .tls import Tls, TlsFiles

log = logging.getLogger(__name__)

MOST_OF_ADDRESS = 8  # connections
MOST_OF_BOX = 16
MOST = 256
MOST_TOLD = 100  # addresses that are told of in the log


class Listen(Protocol):
    """Where it listens."""

    @property
    def host(self) -> str:
        """An IP address of this machine; `0.0.0.0` or `::` for all."""

    @property
    def port(self) -> int:
        """A TCP port."""


class NetworkUps:
    """The port. `shown(id)` says what a box is told now; it is asked for each question. None: nothing is known.

    A client of NUT that was told ON_BATTERY, and for its DEADTIME (15 s as NUT comes) hears nothing or DATA-STALE,
    takes its UPS for dead and shuts down: answer None only where that may happen.
    """

    def __init__(
        self,
        listen: Listen,
        boxes: Sequence[Box],
        shown: Callable[[str], Shown | None],
        clock: Callable[[], Seconds],
        tls: TlsFiles | None = None,
        pace: Pace = PACE,
    ) -> None:
        self._listen, self._shown, self._clock, self._pace = listen, shown, clock, pace
        self._tls = None if tls is None else Tls(tls)
        self._port_trouble = ""
        self._known: dict[str, Known] = {}
        self._tasks: set[asyncio.Task[End]] = set()
        self._told: set[str] = set()
        self.take(boxes)

    @property
    def trouble(self) -> str:
        """What is wrong with the port or the certificate, in words; "" when all is well."""
        troubles = (self._port_trouble, "" if self._tls is None else self._tls.trouble)
        return "; ".join(filter(None, troubles))

    async def run(self) -> None:
        """Listen until cancelled. A port that is not to be had is told in `trouble`, and tried again."""
        async with asyncio.TaskGroup() as both:
            if self._tls is not None:
                await self._tls.look()
                both.create_task(self._tls.run(self._pace.certificate_every))
            both.create_task(self._listening())

    def life(self, box: str) -> Life:
        """The signs of life of a box. One that is not known has none."""
        known = self._known.get(box)
        return Life() if known is None else known.life

    def take(self, boxes: Sequence[Box]) -> None:
        """These boxes from now on. What was heard of those that stay is kept, and connections that nothing changes."""
        before = self._known
        self._known = {box.id: _taken(box, before.get(box.id)) for box in boxes}
        self._told.clear()
        for id_, known in before.items():
            if self._known.get(id_) is not known:
                for line in known.lines:
                    if line.task is not None:
                        line.task.cancel()

    async def _listening(self) -> None:
        while True:
            server = None
            try:
                server = await asyncio.start_server(self._called, sock=_socket(self._listen))
                self._say("")
                while server.is_serving():  # noqa: ASYNC110 - nothing tells when it no longer is
                    await asyncio.sleep(self._pace.tried_every)
            except OSError as error:
                where = f"[{self._listen.host}]" if ":" in self._listen.host else self._listen.host
                why = error.strerror or str(error)
                self._say(f"the network UPS cannot listen on {where}:{self._listen.port}: {why}")
                await asyncio.sleep(self._pace.tried_every)
            finally:
                if server is not None:
                    server.close()
                await self._end_all()

    async def _end_all(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _say(self, trouble: str) -> None:
        if trouble and trouble != self._port_trouble:
            log.warning("%s; it is tried again every %g s", trouble, self._pace.tried_every)
        self._port_trouble = trouble

    def _called(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer = writer.get_extra_info("peername")
        address = str(address_of(peer[0])) if peer else ""
        known = self._whose(address) if address else None
        if known is None or self._is_one_too_many(known, address):
            why = "no storage of the site has this address" if known is None else "it holds too many connections"
            self._tell_once(address, f"turns {address} away: {why}")
            writer.write(b"ERR ACCESS-DENIED\n")
            writer.close()
            return
        line = Line(address)
        line.task = asyncio.get_running_loop().create_task(self._serve(known, line, (reader, writer)))
        self._tasks.add(line.task)
        known.came(line)

        def ended(task: asyncio.Task[End]) -> None:
            self._tasks.discard(task)
            writer.transport.abort()  # also of one that was cancelled before it began
            known.went(line, not task.cancelled() and task.result() is End.LEFT, self._clock())

        line.task.add_done_callback(ended)

    async def _serve(self, known: Known, line: Line, streams: tuple[asyncio.StreamReader, asyncio.StreamWriter]) -> End:
        conversation = Conversation(known.box, _Desk(known, self._shown), self._context() is not None)

        def heard(answer: Answer) -> None:
            known.heard(line, answer, conversation.is_logged_in, self._clock())
            if answer.is_wrong_login:
                self._tell_once(line.address, f"is given a wrong name or password by {line.address}, {known.box.id}")

        return await Caller(conversation, streams, heard, self._context, self._pace).serve()

    def _context(self) -> ssl.SSLContext | None:
        return None if self._tls is None else self._tls.context

    def _whose(self, address: str) -> Known | None:
        """The box that has this address; of two, the one that names it more narrowly."""
        widths = [(known.width(address_of(address)), known) for known in self._known.values()]
        found = [(width, known.box.id, known) for width, known in widths if width is not None]
        return min(found, key=lambda each: each[:2])[2] if found else None

    def _is_one_too_many(self, known: Known, address: str) -> bool:
        of_address = sum(line.address == address for line in known.lines)
        return of_address >= MOST_OF_ADDRESS or len(known.lines) >= MOST_OF_BOX or len(self._tasks) >= MOST

    def _tell_once(self, address: str, what: str) -> None:
        if address not in self._told and len(self._told) < MOST_TOLD:
            self._told.add(address)
            log.warning("the network UPS %s", what)


@dataclass(frozen=True, slots=True)
class _Desk:
    """One box, for its conversations."""

    known: Known
    all_shown: Callable[[str], Shown | None]

    def shown(self) -> Shown | None:
        return self.all_shown(self.known.box.id)

    def clients(self) -> Sequence[str]:
        return self.known.clients()


def _taken(box: Box, before: Known | None) -> Known:
    if before is None:
        return Known(box)
    return before if before.box == box else before.replaced(box)


def _socket(listen: Listen) -> socket.socket:
    """A listening socket; `::` takes IPv4 too. Raises OSError."""
    family = socket.AF_INET6 if ":" in listen.host else socket.AF_INET
    made = socket.socket(family, socket.SOCK_STREAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            with suppress(OSError):
                made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        made.bind((listen.host, listen.port))
    except BaseException:
        made.close()
        raise
    return made
