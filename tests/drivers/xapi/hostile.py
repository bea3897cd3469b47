"""A toolstack that means harm: it reads whole requests and answers with bytes of the test's choice."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

from ridethrough.drivers.xapi.address import Address

Reply = Callable[[asyncio.StreamWriter, bytes], Awaitable[None]]


class Hostile:
    """`reply` answers each request (its body is handed over); `sent` counts the bytes of endless answers."""

    def __init__(self, reply: Reply) -> None:
        self.reply = reply
        self.requests = 0
        self._server: asyncio.Server | None = None
        self._talks: set[asyncio.Task[None]] = set()

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> Address:
        self._server = await asyncio.start_server(self._accept, host, port)
        name, number = self._server.sockets[0].getsockname()[:2]
        return Address(name, number, "http")

    async def stop(self) -> None:
        assert self._server is not None
        self._server.close()
        for talk in self._talks:
            talk.cancel()
        await asyncio.gather(*self._talks, return_exceptions=True)
        await self._server.wait_closed()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._talks.add(task)
        task.add_done_callback(self._talks.discard)
        with suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            head = await reader.readuntil(b"\r\n\r\n")
            length = next(int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:"))
            self.requests += 1
            await self.reply(writer, await reader.readexactly(length))
            await writer.drain()
        writer.transport.abort()


def page(body: bytes, head: bytes = b"HTTP/1.1 200 OK\r\n", length: int | None = None) -> bytes:
    """An HTTP answer; `length` announces another length than the body has."""
    return head + b"Content-Length: %d\r\n\r\n" % (len(body) if length is None else length) + body


def says(answer: bytes) -> Reply:
    """The same bytes to every request, then the connection ends."""

    async def reply(writer: asyncio.StreamWriter, _: bytes) -> None:
        writer.write(answer)
        await writer.drain()
        writer.write_eof()
        await asyncio.sleep(0.05)

    return reply


def drips(answer: bytes, every: float = 0.05) -> Reply:
    """A byte at a time."""

    async def reply(writer: asyncio.StreamWriter, _: bytes) -> None:
        for letter in answer:
            writer.write(bytes([letter]))
            await writer.drain()
            await asyncio.sleep(every)

    return reply


class Endless:
    """A beginning, and then the same piece for ever. `sent`: bytes so far."""

    def __init__(self, beginning: bytes, piece: bytes) -> None:
        self.sent = 0
        self._beginning, self._piece = beginning, piece

    async def __call__(self, writer: asyncio.StreamWriter, _: bytes) -> None:
        writer.write(self._beginning)
        while True:
            writer.write(self._piece)
            self.sent += len(self._piece)
            await writer.drain()


@asynccontextmanager
async def hostile(reply: Reply) -> AsyncIterator[Address]:
    made = Hostile(reply)
    address = await made.start()
    try:
        yield address
    finally:
        await made.stop()
