"""Wake-on-LAN: the magic packet, several times."""

from __future__ import annotations

import asyncio

from ridethrough.core.model import Seconds
from ridethrough.ports import Unreachable

PACKETS = 3  # UDP may lose one
APART: Seconds = 1.0


class Wake:
    """A network card that wakes its host."""

    def __init__(self, mac: str, host: str, port: int) -> None:
        self._mac, self._host, self._port = mac, host, port

    async def switch_on(self, within: Seconds) -> None:
        """Send the packets. Nothing answers: whether the host starts is seen by the host. Raises Unreachable."""
        from wakeonlan import wake  # not before it is needed

        for number in range(PACKETS):
            if number:
                await asyncio.sleep(APART)
            try:
                wake(self._mac, host=self._host, port=self._port)
            except OSError as error:
                raise Unreachable(f"the packet cannot be sent to {self._host}: {error.strerror or error}") from None
