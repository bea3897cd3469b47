"""The NAS boxes of a World on the wire: an NFS port each, and a client that asks for its UPS as Synology's DSM does."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial

from ridethrough.core.model import StorageId

from . import nas
from .nas import SimNas
from .plug import Plug
from .world import World
from .xapi_wire.pace import Pace

LOOKED = 0.05  # wall seconds between two looks at what a box has become
ASKS_EVERY = 5.0  # world seconds between two questions for ups.status
PATIENCE = 5.0  # wall seconds for an answer
LOGIN = ("USERNAME monuser", "PASSWORD secret", "LOGIN ups")


@dataclass(slots=True)
class _Box:
    """One box at its address. `was`: the state that its port shows; `told`: what it read last."""

    nas: SimNas
    plug: Plug
    was: str = ""
    told: str = ""
    tasks: set[asyncio.Task[None]] = field(default_factory=set)


class NasServers:
    """All boxes. Those of `asking` ask `ups_at`, where the controller serves a network UPS, and obey what it says."""

    def __init__(
        self,
        world: World,
        pace: Pace,
        addresses: Mapping[StorageId, str],
        asking: frozenset[StorageId] = frozenset(),
        ups_at: tuple[str, int] = ("", 0),
    ) -> None:
        self._world, self._pace, self._asking, self._ups_at = world, pace, asking, ups_at
        self._boxes: dict[StorageId, _Box] = {}
        for id_, box in world.nases.items():
            self._boxes[id_] = _Box(box, Plug(addresses[id_], 0, partial(self._accepted, id_)))
        self._tasks: list[asyncio.Task[None]] = []

    def target(self, storage: StorageId) -> str:
        """What must answer for it to serve: nfs://ADDRESS:PORT."""
        plug = self._boxes[storage].plug
        return f"nfs://{plug.address}:{plug.port}"

    def address(self, storage: StorageId) -> str:
        return self._boxes[storage].plug.address

    async def start(self) -> None:
        """Listen, and begin to ask."""
        for box in self._boxes.values():
            await self._show(box)
        self._tasks = [asyncio.create_task(self._show_on(), name="simulated storage")]
        self._tasks += [
            asyncio.create_task(self._ask_on(box), name=f"{id_} asks for its UPS")
            for id_, box in self._boxes.items()
            if id_ in self._asking
        ]

    async def stop(self) -> None:
        """Close everything."""
        tasks = [*self._tasks, *(task for box in self._boxes.values() for task in box.tasks)]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for box in self._boxes.values():
            box.plug.close()

    # --- its port

    async def _show_on(self) -> None:
        while True:
            for box in self._boxes.values():
                await self._show(box)
            await asyncio.sleep(LOOKED)

    async def _show(self, box: _Box) -> None:
        now = "dead" if not box.nas.power or box.nas.unwired else "serves" if box.nas.serves else "refuses"
        if now == box.was:
            return
        box.was = now
        if now != "serves":
            for task in box.tasks:
                task.cancel()
        match now:
            case "dead":
                await box.plug.die()
            case "refuses":
                box.plug.refuse()
            case _:
                box.plug.serve()

    def _accepted(self, storage: StorageId, accepted: socket.socket) -> None:
        box = self._boxes[storage]
        task = asyncio.create_task(self._serve(box, accepted))
        box.tasks.add(task)
        task.add_done_callback(box.tasks.discard)

    async def _serve(self, box: _Box, accepted: socket.socket) -> None:
        """NFS's procedure NULL, of any version (RFC 5531): an accepted reply with nothing in it."""
        reader, writer = await asyncio.open_connection(sock=accepted)
        try:
            with contextlib.suppress(OSError, EOFError):
                while True:
                    size = int.from_bytes(await reader.readexactly(4)) & 0x7FFF_FFFF
                    call = await reader.readexactly(min(size, 4096))
                    while box.nas.hangs:  # noqa: ASYNC110 - somebody mends it, or nobody does
                        await asyncio.sleep(LOOKED)
                    reply = call[:4] + struct.pack(">5I", 1, 0, 0, 0, 0)
                    writer.write(struct.pack(">I", 0x8000_0000 | len(reply)) + reply)
        finally:
            writer.transport.abort()

    # --- its client

    async def _ask_on(self, box: _Box) -> None:
        while True:
            with contextlib.suppress(OSError, EOFError, TimeoutError):
                if _asks(box.nas):
                    await self._converse(box)
            await asyncio.sleep(ASKS_EVERY / self._pace.speed)

    async def _converse(self, box: _Box) -> None:
        """Log in, and read ups.status until it goes off or is told to go down (NUT:docs/net-protocol.txt)."""
        reader, writer = await asyncio.open_connection(*self._ups_at, local_addr=(box.plug.address, 0))
        try:
            for line in LOGIN:
                await _said(reader, writer, line)
            while _asks(box.nas):
                answer = await _said(reader, writer, "GET VAR ups ups.status")
                if not _asks(box.nas):
                    return
                words = answer.replace('"', "").split()[3:] if answer.startswith("VAR") else []
                if "FSD" in words or {"OB", "LB"} <= set(words):
                    self._pace.step()
                    nas.stop(self._world, box.nas)
                await asyncio.sleep(ASKS_EVERY / self._pace.speed)
        finally:
            writer.transport.abort()


def _asks(box: SimNas) -> bool:
    return box.power and box.serves and not (box.mute or box.unwired)


async def _said(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, line: str) -> str:
    writer.write(f"{line}\n".encode())
    async with asyncio.timeout(PATIENCE):
        answer = await reader.readline()
    if not answer:
        raise EOFError
    return answer.decode("ascii", "replace").strip()
