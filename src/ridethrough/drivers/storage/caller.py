"""One connection to the network UPS: lines in, answers out, within limits that no NAS reaches."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum, auto

from ridethrough.core.model import Seconds

from .conversation import LONGEST_LINE, Answer, Conversation, Then

GOODBYE: Seconds = 2.0
WRONG_LOGIN_TAKES: Seconds = 1.0
MOST_HELD = 4096  # bytes of questions that are not answered yet: a client waits for each answer
BURST, EACH = 100, 0.1  # questions at once, and seconds for each one later


@dataclass(frozen=True, slots=True)
class Pace:
    """How long the network UPS waits."""

    silent_after: Seconds = 60.0  # for a whole line, as upsd does; boxes ask every 5 s to 15 s
    takes_within: Seconds = 10.0  # for an answer to be taken, and a handshake of TLS
    tried_every: Seconds = 5.0  # for its port
    certificate_every: Seconds = 600.0


PACE = Pace()


class End(Enum):
    """How a connection ended."""

    LEFT = auto()  # the client said so, or closed it
    DROPPED = auto()  # it was ended here: silent, too much, or no longer wanted


class Caller:
    """A connection. `heard` is told of each answer when it is sent; `tls` gives what STARTTLS needs."""

    def __init__(
        self,
        conversation: Conversation,
        streams: tuple[asyncio.StreamReader, asyncio.StreamWriter],
        heard: Callable[[Answer], None],
        tls: Callable[[], ssl.SSLContext | None],
        pace: Pace,
    ) -> None:
        self._conversation, self._heard, self._tls = conversation, heard, tls
        self._reader, self._writer = streams
        self._pace = pace
        self._held = bytearray()
        self._free_at = 0.0

    @property
    def is_logged_in(self) -> bool:
        """Whether it counts as a login."""
        return self._conversation.is_logged_in

    async def serve(self) -> End:
        """Answer until it ends. Raises nothing but CancelledError; the connection is closed then."""
        try:
            return await self._served()
        except (TimeoutError, ssl.SSLError, _TooMuch):
            return End.DROPPED
        except (OSError, EOFError):
            return End.LEFT
        finally:
            await hang_up(self._writer)

    async def _served(self) -> End:
        while True:
            async with asyncio.timeout(self._pace.silent_after):
                line = await self._line()
            answer = self._conversation.answer(line)
            if answer.is_wrong_login:
                await asyncio.sleep(WRONG_LOGIN_TAKES)
            self._writer.write(answer.text.encode("ascii", "replace"))
            async with asyncio.timeout(self._pace.takes_within):
                await self._writer.drain()
            self._heard(answer)
            match answer.then:
                case Then.HANG_UP:
                    return End.LEFT if answer.text.startswith("OK") else End.DROPPED
                case Then.BEGIN_TLS:
                    await self._secure()
                case Then.GO_ON:
                    await self._breathe()

    async def _line(self) -> bytes:
        """The next line; the beginning of one that is too long. Raises EOFError at the end, _TooMuch."""
        while True:
            line, ended, rest = self._held.partition(b"\n")
            if ended or len(line) > LONGEST_LINE:
                self._held = rest
                return bytes(line).rstrip(b"\r")
            more = await self._reader.read(MOST_HELD + 1)
            if not more:
                raise EOFError
            self._held += more
            if len(self._held) > MOST_HELD:
                raise _TooMuch

    async def _secure(self) -> None:
        context = self._tls()
        if context is None or self._held:  # what was sent in the clear before is no question of a secret client
            raise _TooMuch
        await self._writer.start_tls(context, ssl_handshake_timeout=self._pace.takes_within)

    async def _breathe(self) -> None:
        """Others have their turn; one that asks without end has to wait."""
        now = asyncio.get_running_loop().time()
        self._free_at = max(self._free_at, now - BURST * EACH) + EACH
        await asyncio.sleep(max(self._free_at - now, 0.0))


class _TooMuch(Exception):  # noqa: N818
    """It has sent what no client sends."""


async def hang_up(writer: asyncio.StreamWriter) -> None:
    """Close a connection, and do not wait for one that does not take it."""
    try:
        writer.close()
        with suppress(OSError, TimeoutError):
            async with asyncio.timeout(GOODBYE):
                await writer.wait_closed()
    finally:
        writer.transport.abort()
