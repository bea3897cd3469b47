"""The socket of the pages: how many may connect at once, so that they take no files from the rest."""

from __future__ import annotations

import logging
import resource
import socket
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

from ridethrough.api.accounts.throttle import network

log = logging.getLogger(__name__)

FILES = 4096  # that may be open, where the system allows as many
KEPT_FREE = 256  # of them, for files and notifications
MOST = 1000  # connections
READS_WITHIN = 15.0  # seconds for what is sent to be taken
TOLD_EVERY = 60.0  # seconds between two lines about those that are closed


def room() -> int:
    """How many connections there may be, with as many files as the system allows."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    unlimited = resource.RLIM_INFINITY
    wanted = FILES if hard == unlimited else min(hard, FILES)
    if soft != unlimited and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        soft = wanted
    return MOST if soft == unlimited else min(MOST, max(soft - KEPT_FREE, soft // 2))


class Listening(socket.socket):
    """Lets in so many connections at once, a quarter of them of one address; one more is closed as soon as it comes."""

    def __init__(self, family: int, most: int) -> None:
        super().__init__(family, socket.SOCK_STREAM)
        self._most, self._of_one = most, max(most // 4, 1)
        self._open: Counter[str] = Counter()
        self._told = -TOLD_EVERY
        self.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if hasattr(socket, "TCP_USER_TIMEOUT"):  # those that are accepted have it from here (tcp(7))
            self.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, round(READS_WITHIN * 1000))

    def accept(self) -> tuple[socket.socket, Any]:
        """As a socket does. Raises ConnectionAbortedError, over which a server goes on, for one too many."""
        accepted, address = super().accept()
        host = network(address[0])
        if self._open.total() >= self._most or self._open[host] >= self._of_one:
            accepted.close()
            self._tell(host)
            raise ConnectionAbortedError(f"too many connections are open already; {host} is not let in")
        self._open[host] += 1
        return Accepted(accepted, lambda: self._close(host)), address

    def _close(self, host: str) -> None:
        self._open -= Counter({host: 1})

    def _tell(self, host: str) -> None:
        if time.monotonic() - self._told >= TOLD_EVERY:
            self._told = time.monotonic()
            told = "%d connections are open, %d of them from %s: one more is closed"
            log.warning(told, self._open.total(), self._open[host], host)


class Accepted(socket.socket):
    """A connection that says when it is closed."""

    def __init__(self, accepted: socket.socket, closed: Callable[[], None]) -> None:
        super().__init__(accepted.family, accepted.type, accepted.proto, fileno=accepted.detach())
        self._when_closed: Callable[[], None] | None = closed

    def close(self) -> None:
        """As a socket does."""
        super().close()
        told, self._when_closed = self._when_closed, None
        if told is not None:
            told()
