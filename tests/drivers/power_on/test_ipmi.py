"""IPMI against OpenIPMI's simulated BMC."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio

from ridethrough.drivers.power_on import Bmcs, Ipmi
from ridethrough.ports import Refused, Unreachable
from ridethrough.runtime.clock import Stopwatch
from tests.drivers.program import Program, find, free_port

SIMULATOR = find("bin/ipmi_sim")
needs_it = pytest.mark.skipif(SIMULATOR is None, reason="ipmi_sim is not installed (Debian: openipmi)")
WITHIN = 30.0

LAN = """name "bmc"
set_working_mc 0x20
  startlan 1
    addr 127.0.0.1 {port}
    priv_limit admin
    allowed_auths_callback none md2 md5 straight
    allowed_auths_user none md2 md5 straight
    allowed_auths_operator none md2 md5 straight
    allowed_auths_admin none md2 md5 straight
    guid a123456789abcdefa123456789abcdef
  endlan
  chassis_control "{chassis} 0x20"
  user 1 true "" "none" user 10 none md2 md5 straight
  user 2 true "ops" "secret" admin 10 none md2 md5 straight
"""
COMMANDS = """mc_setbmc 0x20
mc_add 0x20 0 no-device-sdrs 0x23 9 8 0x9f 0x1291 0xf02 persist_sdr
mc_enable 0x20
"""
CHASSIS = """#!/bin/sh
case "$2 $3" in
"get power") echo "power:$(cat {state})" ;;
"set power") echo "$4" >{state} ;;
esac
"""


@dataclass
class Machine:
    """A host that is off, behind its BMC."""

    port: int
    state: Path

    def bmc(self, password: str = "secret") -> Ipmi:
        return Ipmi("127.0.0.1", self.port, "ops", password)

    @property
    def power(self) -> str:
        return self.state.read_text().strip()


@pytest_asyncio.fixture
async def machine(tmp_path: Path) -> AsyncIterator[Machine]:
    it = Machine(free_port(socket.SOCK_DGRAM), tmp_path / "power")
    it.state.write_text("0")
    chassis = tmp_path / "chassis"
    chassis.write_text(CHASSIS.format(state=it.state))
    chassis.chmod(0o755)
    (tmp_path / "lan.conf").write_text(LAN.format(port=it.port, chassis=chassis))
    (tmp_path / "commands").write_text(COMMANDS)
    options = ["-n", "-c", str(tmp_path / "lan.conf"), "-f", str(tmp_path / "commands"), "-s", str(tmp_path)]
    program = await Program.start(SIMULATOR, *options, log=tmp_path / "log", environment={})
    try:
        yield it
    finally:
        await program.end()


async def answered(bmc: Ipmi) -> bool:
    """It may take a moment to listen."""
    for _ in range(3):
        try:
            return await bmc.is_on(WITHIN)
        except Unreachable:
            continue
    return await bmc.is_on(WITHIN)


@needs_it
async def test_a_host_is_switched_on_and_its_power_is_told(machine: Machine) -> None:
    bmc = machine.bmc()
    assert await answered(bmc) is False
    await bmc.switch_on(WITHIN)
    assert machine.power == "1"
    assert await bmc.is_on(WITHIN) is True
    await bmc.switch_on(WITHIN)  # one that is on stays on
    assert machine.power == "1"


@needs_it
async def test_a_wrong_password_is_refused_and_switches_nothing(machine: Machine) -> None:
    await answered(machine.bmc())
    with pytest.raises(Refused, match=r"[Pp]assword"):
        await machine.bmc("wrong").switch_on(WITHIN)
    assert machine.power == "0"


@needs_it
async def test_the_observer_tells_when_it_was_off(machine: Machine) -> None:
    await answered(machine.bmc())
    woken, clock = asyncio.Event(), Stopwatch()
    observer = Bmcs({"h1": machine.bmc()}, clock.now)
    await observer.start(woken.set)
    try:
        await asyncio.wait_for(woken.wait(), WITHIN)
        seen = observer.observe(urgent=False).bmcs["h1"]
        assert seen.off_at is not None
        assert seen.trouble == ""
    finally:
        await observer.stop()


async def test_a_bmc_that_does_not_answer_is_told_as_that() -> None:
    nobody = Ipmi("127.0.0.1", free_port(socket.SOCK_DGRAM), "ops", "secret")
    with pytest.raises(Unreachable):
        await nobody.is_on(WITHIN)
    with pytest.raises(Unreachable, match="no answer within 0 s"):
        await nobody.is_on(0.1)  # whoever waits is not held up by a library that does
