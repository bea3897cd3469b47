"""Redfish against OpenStack's emulator of a BMC, over TLS."""

from __future__ import annotations

import asyncio
import socket
import sys
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import bcrypt
import pytest
import pytest_asyncio
from cryptography import x509
from cryptography.hazmat.primitives import hashes

from ridethrough.api.own_certificate import FILE, own
from ridethrough.drivers.power_on import Redfish
from ridethrough.ports import Refused, Unreachable
from ridethrough.runtime.clock import Stopwatch
from tests.drivers.program import Program, free_port

WITHIN = 60.0
UUID = "27946b59-9e44-4fa7-8e91-f3527a1ef094"


@dataclass
class Machine:
    """A host that is off, behind its BMC."""

    port: int
    pin: str

    def bmc(self, password: str = "secret", pin: str = "") -> Redfish:
        return Redfish(f"https://127.0.0.1:{self.port}", "ops", password, (pin or self.pin,))


@pytest_asyncio.fixture
async def machine(tmp_path: Path) -> AsyncIterator[Machine]:
    port = free_port(socket.SOCK_STREAM)
    own(tmp_path, "bmc", (), ("127.0.0.1",), time.time())  # key and certificate in one file
    both = tmp_path / FILE
    found = x509.load_pem_x509_certificate(both.read_bytes())
    logins = tmp_path / "logins"
    logins.write_text("ops:" + bcrypt.hashpw(b"secret", bcrypt.gensalt(4)).decode())
    systems = [{"uuid": UUID, "name": "h1", "power_state": "Off", "external_notifier": False, "nics": []}]
    (tmp_path / "config").write_text(
        f"SUSHY_EMULATOR_FAKE_SYSTEMS = {systems!r}\n"
        f"SUSHY_EMULATOR_STATE_DIR = {str(tmp_path)!r}\n"
        f"SUSHY_EMULATOR_AUTH_FILE = {str(logins)!r}\n"
    )
    options = ["--fake", "--config", str(tmp_path / "config"), "--interface", "127.0.0.1", "--port", str(port)]
    options += ["--ssl-certificate", str(both), "--ssl-key", str(both)]
    emulator = Path(sys.executable).parent / "sushy-emulator"
    program = await Program.start(emulator, *options, log=tmp_path / "log", environment={})
    try:
        await program.until(lambda: listens(port))
        yield Machine(port, found.fingerprint(hashes.SHA256()).hex())
    finally:
        await program.end()


def listens(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as caller:
        return caller.connect_ex(("127.0.0.1", port)) == 0


async def test_a_host_is_switched_on_and_its_power_is_told(machine: Machine) -> None:
    bmc = machine.bmc()
    assert await bmc.is_on(WITHIN) is False
    await bmc.switch_on(WITHIN)
    async with asyncio.timeout(WITHIN):
        while not await bmc.is_on(WITHIN):  # it takes a few seconds, as a BMC does
            await Stopwatch().sleep(0.5)
    await bmc.switch_on(WITHIN)  # one that is on stays on


async def test_a_wrong_password_and_another_certificate_are_refused(machine: Machine) -> None:
    with pytest.raises(Refused, match="password"):
        await machine.bmc(password="wrong").switch_on(WITHIN)
    with pytest.raises(Unreachable):
        await machine.bmc(pin="00" * 32).is_on(WITHIN)
    assert await machine.bmc().is_on(WITHIN) is False


async def test_without_a_fingerprint_an_authority_must_have_signed_it(machine: Machine) -> None:
    with pytest.raises(Unreachable):
        await Redfish(f"https://127.0.0.1:{machine.port}", "ops", "secret").is_on(WITHIN)


async def test_a_bmc_that_does_not_answer_is_told_as_that() -> None:
    with pytest.raises(Unreachable):
        await Redfish(f"https://127.0.0.1:{free_port(socket.SOCK_STREAM)}", "ops", "secret").is_on(WITHIN)
