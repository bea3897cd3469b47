"""The pseudo-terminal of a simulated UPS, opened as a client opens a serial port."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from ridethrough.sim.serial_port import LONGEST, SerialPort


@pytest.fixture
async def port(tmp_path: Path) -> AsyncIterator[SerialPort]:
    port = SerialPort(lambda command: None if command == "mute" else command.upper(), tmp_path / "ups1.tty")
    port.start()
    yield port
    port.stop()
    assert not (tmp_path / "ups1.tty").is_symlink()


async def heard(client: int, until: bytes) -> bytes:
    found = b""
    async with asyncio.timeout(20):
        while not found.endswith(until):
            await asyncio.sleep(0)
            try:
                found += os.read(client, 1000)
            except BlockingIOError:
                await asyncio.sleep(0.01)
    return found


async def test_commands_in_pieces_noise_and_a_client_that_comes_back(port: SerialPort, tmp_path: Path) -> None:
    assert (tmp_path / "ups1.tty").resolve() == port.path
    for _ in range(2):
        client = os.open(tmp_path / "ups1.tty", os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        os.write(client, b"mute\rq")
        await asyncio.sleep(0.05)
        os.write(client, b"1\ri\r")
        assert await heard(client, b"I\r") == b"Q1\rI\r"
        os.write(client, b"x" * (2 * LONGEST) + b"\rf\r")
        assert await heard(client, b"F\r") == b"F\r"
        os.close(client)
