"""The pages' socket: so many connections and no more, and none that asks for nothing."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing, suppress
from typing import Any

import pytest
import uvicorn
from uvicorn.server import ServerState

from ridethrough.cli.listening import Listening, room
from ridethrough.cli.patient import Patient

PATIENCE = 10.0
SOON, LATE = 0.05, 0.5


class Hasty(Patient):
    within = SOON


class Late(Patient):
    within = LATE


class Open(asyncio.Protocol):
    """Says that it is there."""

    def connection_made(self, transport: Any) -> None:
        transport.write(b"!")


async def slow(scope: Any, receive: Any, send: Any) -> None:
    """Reads what comes, and answers late."""
    while (await receive()).get("more_body"):
        pass
    await asyncio.sleep(LATE + SOON)
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"4")]})
    await send({"type": "http.response.body", "body": b"late"})


@asynccontextmanager
async def served(protocol: Callable[[], asyncio.Protocol], most: int) -> AsyncIterator[int]:
    with closing(Listening(socket.AF_INET, most)) as listening:
        listening.bind(("127.0.0.1", 0))
        server = await asyncio.get_running_loop().create_server(protocol, sock=listening)
        async with server:
            yield listening.getsockname()[1]


async def says(reader: asyncio.StreamReader) -> bytes:
    async with asyncio.timeout(PATIENCE):
        return await reader.read(1)


async def test_one_address_has_a_quarter_of_the_connections() -> None:
    async with served(Open, most=8) as port:
        first = await asyncio.open_connection("127.0.0.1", port)
        second = await asyncio.open_connection("127.0.0.1", port)
        assert [await says(first[0]), await says(second[0])] == [b"!", b"!"]
        third = await asyncio.open_connection("127.0.0.1", port)
        assert await says(third[0]) == b""
        other = await asyncio.open_connection("127.0.0.1", port, local_addr=("127.0.0.2", 0))
        assert await says(other[0]) == b"!"
        first[1].close()
        async with asyncio.timeout(PATIENCE):
            while True:  # until the server has heard of it
                again = await asyncio.open_connection("127.0.0.1", port)
                heard = await says(again[0])
                again[1].close()
                if heard == b"!":
                    break
        for _, writer in (second, third, other):
            writer.close()


async def test_all_together_have_no_more_than_there_may_be() -> None:
    async with served(Open, most=2) as port:
        opened = []
        for last in range(1, 4):
            opened.append(await asyncio.open_connection("127.0.0.1", port, local_addr=(f"127.0.0.{last}", 0)))
        assert [await says(reader) for reader, _ in opened] == [b"!", b"!", b""]
        for _, writer in opened:
            writer.close()


def speaking(how: type[Patient]) -> Callable[[], Patient]:
    return lambda: how(uvicorn.Config(slow, log_config=None), ServerState(), {})


HEAD = b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n"


@pytest.mark.parametrize("sent", [b"", b"GET / HT", HEAD, HEAD + b"\r\nhalf"])
async def test_who_asks_for_nothing_is_not_waited_for(sent: bytes) -> None:
    async with served(speaking(Hasty), most=8) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(sent)
        with suppress(ConnectionResetError):
            assert await says(reader) == b""
        writer.close()


async def test_who_has_asked_is_answered_however_late() -> None:
    async with served(speaking(Late), most=8) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(HEAD + b"\r\nall of it")
        async with asyncio.timeout(PATIENCE):
            await reader.readuntil(b"late")
        writer.close()


def test_there_is_room_for_more_than_connections() -> None:
    assert 0 < room() <= 1000
