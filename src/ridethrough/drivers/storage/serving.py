"""Whether storage serves: asked of the ports that its clients use, and of nothing else."""

from __future__ import annotations

import asyncio
import os
import secrets
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlsplit

from ridethrough.core.model import Seconds

NFS_PORT = 2049


class Asks(StrEnum):
    """What is asked of a port, and so what an answer proves.

    NFS: a call that does nothing (procedure NULL, RFC 5531 and RFC 1813): NFS's own threads run and answer. It says
    nothing of the disks behind them. TCP: a connection, which the kernel alone takes: the machine runs and something
    listens. One that hangs may still do that.
    """

    NFS = "nfs"
    TCP = "tcp"


@dataclass(frozen=True, slots=True)
class Target:
    """A port of a storage, by IP address: DNS dies in outages too."""

    host: str
    port: int
    asks: Asks = Asks.TCP

    @classmethod
    def of(cls, text: str) -> Target:
        """`nfs://192.0.2.20`, with :PORT if it is not 2049, or `tcp://192.0.2.20:445`. Raises ValueError."""
        parts = urlsplit(text)
        port = parts.port or (NFS_PORT if parts.scheme == Asks.NFS else 0)
        if not parts.hostname or not port:
            raise ValueError(f"{text} names no port")
        return cls(parts.hostname, port, Asks(parts.scheme))

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.asks}://{host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Probe:
    """What was found, as old as the moment of asking.

    `serves`: every target has answered. `network`: the machine has answered in some way, were it by refusing to
    connect; where it has not, the network between may be as dead as the storage. `trouble`: what is wrong, in words.
    """

    serves: bool
    network: bool
    trouble: str = ""


async def serves(targets: Sequence[str], deadline: Seconds) -> Probe:
    """Ask all targets (`Target.of`) at once, for at most `deadline` seconds. Raises ValueError for one that is none."""
    found = await asyncio.gather(*(_asked(target, deadline) for target in [Target.of(text) for text in targets]))
    trouble = "; ".join(each.trouble for each in found if each.trouble)
    if not found:
        return Probe(serves=False, network=False, trouble="no port is named that would tell")
    return Probe(all(each.serves for each in found), any(each.network for each in found), trouble)


async def _asked(target: Target, deadline: Seconds) -> Probe:
    is_connected = False
    try:
        async with asyncio.timeout(deadline):
            reader, writer = await asyncio.open_connection(target.host, target.port)
            is_connected = True
            try:
                if target.asks is Asks.NFS:
                    await _call_nothing(reader, writer)
            finally:
                writer.transport.abort()
    except TimeoutError:
        what = "takes connections and does not answer" if is_connected else "no answer"
        return Probe(False, is_connected, f"{target}: {what} within {deadline:g} s")
    except (OSError, EOFError, _NoNfs) as error:
        return Probe(False, is_connected or isinstance(error, ConnectionError), f"{target}: {_in_words(error)}")
    return Probe(serves=True, network=True)


NFS_PROGRAM, OLDEST, NEWEST = 100003, 3, 4
LONGEST_REPLY = 400  # bytes: a NULL reply has 24, and at most 400 of a verifier
REPLY, ACCEPTED, SUCCESS, MISMATCH = 1, 0, 0, 2


class _NoNfs(Exception):  # noqa: N818
    """It answers, but not as an NFS server does."""


async def _call_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """NFS's NULL, of version 3 and, where there is none, of version 4. Raises OSError, EOFError, _NoNfs."""
    for version in (OLDEST, NEWEST):
        xid = secrets.randbits(32)
        call = struct.pack(">10I", xid, 0, 2, NFS_PROGRAM, version, 0, 0, 0, 0, 0)  # CALL, RPC 2, NULL, no credentials
        writer.write(struct.pack(">I", 0x8000_0000 | len(call)) + call)
        if await _answer(reader, xid) == SUCCESS:
            return
    raise _NoNfs("serves neither NFS 3 nor 4")


async def _answer(reader: asyncio.StreamReader, xid: int) -> int:
    """How a call was accepted: SUCCESS, or MISMATCH for a version that it does not have."""
    size = int.from_bytes(await reader.readexactly(4)) & 0x7FFF_FFFF  # the first bit marks the last piece
    accepted = _accepted(await reader.readexactly(size), xid) if size <= LONGEST_REPLY else None
    if accepted not in (SUCCESS, MISMATCH):
        raise _NoNfs("answers, but is no NFS server")
    return accepted


def _accepted(reply: bytes, xid: int) -> int | None:
    """The accept_stat of RFC 5531; None: it is no reply to this call, or one that denies it."""
    try:
        replied, kind, state, _, verifier = struct.unpack_from(">5I", reply)
        (accepted,) = struct.unpack_from(">I", reply, 20 + verifier + -verifier % 4)
    except struct.error:
        return None
    return int(accepted) if (replied, kind, state) == (xid, REPLY, ACCEPTED) else None


def _in_words(error: Exception) -> str:
    match error:
        case ConnectionRefusedError():
            return "nothing listens there"
        case EOFError():
            return "hangs up without an answer"
        case OSError():
            return os.strerror(error.errno) if error.errno else str(error)
        case _:
            return str(error)
