"""How it is known that storage serves: against an NFS server that others wrote, and against all that does not serve."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ridethrough.drivers.storage.serving import MISMATCH, NFS_PROGRAM, Asks, Probe, Target, _accepted, serves
from tests.drivers.program import free_port

from .ganesha import GANESHA, MODULES, ganesha

DEADLINE = 20.0


def nfs(port: int) -> str:
    return f"nfs://127.0.0.1:{port}"


def tcp(port: int) -> str:
    return f"tcp://127.0.0.1:{port}"


@asynccontextmanager
async def answering(*replies: bytes) -> AsyncIterator[int]:
    """A port that answers each call with the next of these, the call's number put in for `XXXX`; none: it hangs up."""
    writers = []

    async def called(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        for reply in replies:
            call = await reader.readexactly(44)
            assert struct.unpack(">4I", call[8:24])[1:3] == (2, NFS_PROGRAM)
            writer.write(reply.replace(b"XXXX", call[4:8]))
        await reader.read(44)
        writer.close()

    server = await asyncio.start_server(called, "127.0.0.1", 0)
    yield server.sockets[0].getsockname()[1]
    server.close()
    for writer in writers:
        writer.transport.abort()


def reply(*words: int, verifier: bytes = b"", kind: int = 1, state: int = 0) -> bytes:
    body = (
        b"XXXX"
        + struct.pack(">4I", kind, state, 0, len(verifier))
        + verifier
        + bytes(-len(verifier) % 4)
        + struct.pack(f">{len(words)}I", *words)
    )
    return struct.pack(">I", 0x8000_0000 | len(body)) + body


@pytest.mark.skipif(GANESHA is None or MODULES is None, reason="NFS-Ganesha is not here (package nfs-ganesha-mem)")
async def test_an_nfs_server_that_serves_hangs_serves_again_and_is_gone() -> None:
    async with ganesha() as server:
        both = [nfs(server.port), tcp(server.port)]
        assert await serves(both, DEADLINE) == Probe(serves=True, network=True)
        server.program.freeze()
        found = await serves(both, 1.0)
        assert found == Probe(False, True, f"{both[0]}: takes connections and does not answer within 1 s")
        assert (await serves(both[1:], DEADLINE)).serves  # what a connection alone proves
        server.program.thaw()
        assert (await serves(both, DEADLINE)).serves
    found = await serves(both, DEADLINE)
    assert found == Probe(False, True, "; ".join(f"{each}: nothing listens there" for each in both))


@pytest.mark.parametrize(
    "replies",
    [
        [reply(0)],
        [reply(0, verifier=b"12345")],
        [reply(MISMATCH, 4, 4), reply(0)],  # NFS 4 alone
    ],
)
async def test_replies_of_one_that_serves(replies: list[bytes]) -> None:
    async with answering(*replies) as port:
        assert await serves([nfs(port)], DEADLINE) == Probe(serves=True, network=True)


@pytest.mark.parametrize(
    ("replies", "why"),
    [
        ([], "hangs up without an answer"),
        ([reply(MISMATCH, 2, 2), reply(MISMATCH, 2, 2)], "serves neither NFS 3 nor 4"),
        ([reply(1)], "is no NFS server"),  # PROG_UNAVAIL
        ([reply(0, kind=0)], "is no NFS server"),
        ([reply(0, state=1)], "is no NFS server"),  # MSG_DENIED
        ([reply(0).replace(b"XXXX", b"YYYY")], "is no NFS server"),
        ([reply()], "is no NFS server"),
        ([b"HTTP/1.1 400 Bad Request\r\n\r\n"], "is no NFS server"),
        ([struct.pack(">I", 0x7FFF_FFFF)], "is no NFS server"),
    ],
)
async def test_what_is_no_nfs_server(replies: list[bytes], why: str) -> None:
    async with answering(*replies) as port:
        found = await serves([nfs(port)], DEADLINE)
        assert not found.serves
        assert found.network
        assert why in found.trouble


@given(st.binary(max_size=60), st.integers(0, 2**32 - 1))
def test_any_reply(data: bytes, xid: int) -> None:
    if _accepted(data, xid) is not None:
        assert data[:12] == struct.pack(">3I", xid, 1, 0)


async def test_one_of_two() -> None:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        there, gone = tcp(listening.getsockname()[1]), tcp(free_port(socket.SOCK_STREAM))
        assert (await serves([there], DEADLINE)) == Probe(serves=True, network=True)
        assert (await serves([there, gone], DEADLINE)) == Probe(False, True, f"{gone}: nothing listens there")


async def test_a_machine_that_is_gone_tells_nothing_of_the_network() -> None:
    """A connection that nobody takes: the queue of a port that accepts none is full."""
    with socket.socket() as full, socket.socket() as waiting:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        waiting.connect(full.getsockname())
        target = tcp(full.getsockname()[1])
        found = await serves([target], 0.3)
        assert found == Probe(False, False, f"{target}: no answer within 0.3 s")


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("nfs://192.0.2.20", Target("192.0.2.20", 2049, Asks.NFS)),
        ("nfs://[2001:db8::20]:12049", Target("2001:db8::20", 12049, Asks.NFS)),
        ("tcp://192.0.2.20:445", Target("192.0.2.20", 445)),
    ],
)
def test_targets(text: str, target: Target) -> None:
    assert Target.of(text) == target == Target.of(str(target))


@pytest.mark.parametrize("text", ["", "tcp://192.0.2.20", "http://192.0.2.20:80", "nfs://", "192.0.2.20:445"])
def test_no_target(text: str) -> None:
    with pytest.raises(ValueError, match=r"names no port|is not a valid Asks"):
        Target.of(text)


async def test_nothing_to_ask() -> None:
    assert not (await serves([], DEADLINE)).serves
