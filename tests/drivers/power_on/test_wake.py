"""Wake-on-LAN: what arrives at a UDP port."""

from __future__ import annotations

import asyncio
import socket

import pytest

from ridethrough.core import actions as a
from ridethrough.core.model import PowerWay
from ridethrough.drivers.power_on import SwitchOn, Wake, WakeUp
from ridethrough.drivers.power_on.wake import PACKETS
from ridethrough.ports import Refused
from ridethrough.runtime.clock import Stopwatch

MAC = "52:54:00:12:34:56"


async def test_the_magic_packet_arrives_several_times() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as port:
        port.bind(("127.0.0.1", 0))
        port.setblocking(False)
        actor = SwitchOn({PowerWay.WAKE_ON_LAN: Wake(MAC, "127.0.0.1", port.getsockname()[1])}, Stopwatch())
        await actor.perform(a.PowerOnHost("h1", "pool1", "why", 60.0, PowerWay.WAKE_ON_LAN))
        loop = asyncio.get_running_loop()
        got = [await asyncio.wait_for(loop.sock_recv(port, 2000), 10) for _ in range(PACKETS)]
    assert got == [b"\xff" * 6 + bytes.fromhex(MAC.replace(":", "")) * 16] * PACKETS


async def test_a_storage_is_woken_alike() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as port:
        port.bind(("127.0.0.1", 0))
        port.setblocking(False)
        actor = WakeUp(Wake(MAC, "127.0.0.1", port.getsockname()[1]), Stopwatch())
        await actor.perform(a.WakeStorage("nas1", "why"))
        loop = asyncio.get_running_loop()
        got = await asyncio.wait_for(loop.sock_recv(port, 2000), 10)
    assert got == b"\xff" * 6 + bytes.fromhex(MAC.replace(":", "")) * 16


async def test_a_way_that_is_not_configured_is_refused() -> None:
    with pytest.raises(Refused, match="does not say how"):
        await SwitchOn({}, Stopwatch()).perform(a.PowerOnHost("h1", "pool1", "why", 60.0, PowerWay.IPMI))
