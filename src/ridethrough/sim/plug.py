"""A TCP port of a machine on the wire: it takes connections, it refuses them, or the machine is dead.

A closed port on loopback answers RST, which a prober rightly reads as "the network is alive there". A dead machine
answers nothing. So a dead plug keeps listening with a backlog that is full: Linux then drops further SYNs, and connects
time out (tests/sim_wire/xapi/test_endpoint.py).
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections.abc import Callable

RESET = struct.pack("ii", 1, 0)  # SO_LINGER: close with RST


class Plug:
    """One port. `accepted` gets each connection that is taken."""

    def __init__(self, address: str, port: int, accepted: Callable[[socket.socket], None]) -> None:
        """`port` 0 takes a free one and keeps it."""
        self.address, self.port = address, port
        self._accepted = accepted
        self._fillers: list[socket.socket] = []
        self._accepting = False
        self._socket = self._bound()

    def serve(self) -> None:
        """Take connections."""
        if not self._accepting:
            self._unchoke()
            # Not loop.sock_accept: cancelled, it loses a connection that it has just accepted (Python 3.11).
            asyncio.get_running_loop().add_reader(self._socket, self._accept)
            self._accepting = True

    def refuse(self) -> None:
        """The machine answers, and nothing listens."""
        self._pause()
        self._unchoke()
        self._socket.close()
        self._socket = self._bound()

    async def die(self) -> None:
        """No power, no network: packets vanish."""
        self._pause()
        await self._choke()

    def close(self) -> None:
        """Free the port."""
        self._pause()
        for each in (*self._fillers, self._socket):
            each.close()

    def _bound(self) -> socket.socket:
        """A bound socket that does not listen: Linux refuses connects to it, and nobody else can take the port."""
        fresh = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        fresh.setblocking(False)
        fresh.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        fresh.bind((self.address, self.port))
        self.port = fresh.getsockname()[1]
        return fresh

    def _pause(self) -> None:
        if self._accepting:
            asyncio.get_running_loop().remove_reader(self._socket)
            self._accepting = False

    def _accept(self) -> None:
        try:
            accepted, _ = self._socket.accept()
        except (BlockingIOError, ConnectionAbortedError):  # gone before it was greeted
            return
        accepted.setblocking(False)
        self._accepted(accepted)

    async def _choke(self) -> None:
        """Fill the backlog. With listen(0) the first connection is queued, and every SYN after it is dropped."""
        if self._fillers:
            return
        self._socket.listen(0)
        for _ in range(3):
            filler = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
            filler.setblocking(False)
            filler.connect_ex((self.address, self.port))
            self._fillers.append(filler)
        await asyncio.sleep(0)

    def _unchoke(self) -> None:
        """Empty the backlog and listen properly. Who waited in it spoke to a dead machine: RST."""
        for filler in self._fillers:
            filler.close()
        self._fillers.clear()
        self._socket.listen(128)
        with contextlib.suppress(BlockingIOError):
            while True:
                waiting, _ = self._socket.accept()
                waiting.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
                waiting.close()
