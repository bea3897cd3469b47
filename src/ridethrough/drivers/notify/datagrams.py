"""Datagrams to a log of this machine or of another: at once, or not at all."""

from __future__ import annotations

import socket

Address = str | tuple[str, int]  # the path of a socket, or a host and its UDP port


class Datagrams:
    """Never waits: a log that does not take a line now does not get it. A host's name is looked up once.

    Each datagram has a socket of its own: nothing is to be closed, and a path may lead to another log the next time.
    """

    def __init__(self, to: Address) -> None:
        """Raises OSError when the host is not known. A socket's path may appear later."""
        if isinstance(to, str):
            self._family, self._to = int(socket.AF_UNIX), to
        else:
            family, _, _, _, address = socket.getaddrinfo(*to, type=socket.SOCK_DGRAM)[0]
            self._family, self._to = int(family), address  # type: ignore[assignment]

    def send(self, datagram: bytes) -> bool:
        """Whether it was handed over. Never raises OSError."""
        try:
            with socket.socket(self._family, socket.SOCK_DGRAM) as sending:
                sending.setblocking(False)
                sending.sendto(datagram, self._to)
        except OSError:
            return False
        return True
