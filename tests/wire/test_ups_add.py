"""`ridethrough ups add` with NUT's own programs, on a simulated UPS on a pseudo-terminal."""

from __future__ import annotations

import asyncio
import os
import socket
from functools import partial
from getpass import getuser
from pathlib import Path

import pytest

from ridethrough.drivers.nut.server import Server, ServerConfig
from ridethrough.local_upsd.programs import MachinePrograms
from ridethrough.sim.battery import Battery
from ridethrough.sim.cards import SimCard, SimUps
from ridethrough.sim.megatec import Megatec
from ridethrough.sim.serial_port import SerialPort
from ridethrough.sim.world import World
from tests.cli.live import ridethrough
from tests.drivers.nut.real import NUTDRV_QX, UPSD
from tests.drivers.program import find, free_port, own_libraries

UPSDRVCTL = find("sbin/upsdrvctl")
pytestmark = pytest.mark.skipif(
    UPSD is None or NUTDRV_QX is None or UPSDRVCTL is None,
    reason="NUT's programs are not here (Debian package nut-server)",
)
PATIENCE = 120.0


class Machine:
    """A folder of its own for NUT's files, and NUT's programs on the PATH."""

    def __init__(self, folder: Path) -> None:
        self.etc, self.run, self.site, self.secrets = (folder / name for name in ("nut", "run", "site.toml", "secrets"))
        for made in (self.etc, self.run, folder / "bin"):
            made.mkdir()
            made.chmod(0o770)
        self.secrets.mkdir(mode=0o700)
        self.site.write_text('[site]\nname = "S"\n')
        assert UPSD is not None
        assert UPSDRVCTL is not None
        assert NUTDRV_QX is not None
        # Debian's /sbin/upsd reads /etc/nut/nut.conf and starts this one.
        (folder / "bin" / "upsd").symlink_to(UPSD)
        (folder / "bin" / "upsdrvctl").symlink_to(UPSDRVCTL)
        (self.etc / "ups.conf").write_text(f"maxretry = 1\nuser = {getuser()}\ndriverpath = {NUTDRV_QX.parent}\n")
        self.port = free_port(socket.SOCK_STREAM)
        own = own_libraries()
        self.environment = {
            **own,
            "PATH": f"{folder / 'bin'}{os.pathsep}{own['PATH']}",
            "NUT_STATEPATH": str(self.run),
            "NUT_ALTPIDPATH": str(self.run),
            "NUT_CONFPATH": str(self.etc),
        }

    async def ridethrough(self, *arguments: str) -> tuple[int, str]:
        command = partial(ridethrough, *arguments, columns=None, typed=None)
        result = await asyncio.to_thread(command, **self.environment)
        return result.exit_code, result.output

    async def add(self, name: str, serial: Path, *more: str) -> tuple[int, str]:
        where = ("--nut-dir", str(self.etc), "--port", str(self.port), "--site", str(self.site))
        kept = ("--secrets", str(self.secrets))
        return await self.ridethrough("ups", "add", name, "--serial", str(serial), *where, *kept, "--yes", name, *more)

    async def show(self, name: str) -> tuple[int, str]:
        return await self.ridethrough("ups", "show", name, "--site", str(self.site), "--secrets", str(self.secrets))

    async def until_says(self, name: str, status: str) -> None:
        """Wait until upsd does."""
        server = Server(ServerConfig("127.0.0.1", self.port))
        async with asyncio.timeout(PATIENCE):
            while (await server.variables(name))["ups.status"] != status:  # noqa: ASYNC110
                await asyncio.sleep(0.1)
        server.close()

    async def end(self) -> None:
        programs = MachinePrograms(self.etc, self.environment)
        for name, *arguments in (("upsdrvctl", "stop"), ("upsd", "-c", "stop")):
            await asyncio.to_thread(programs.run, name, "-u", getuser(), *arguments)

    def files(self) -> dict[str, str]:
        return {path.name: path.read_text() for path in sorted(self.etc.iterdir())}


async def test_a_ups_on_a_serial_port_is_added_and_another_that_fails_is_not(tmp_path: Path) -> None:
    world = World()
    ups = world.add_ups(SimUps("cellar", "a", Battery.full(50.0), SimCard(), base_load_watts=300.0))
    port = SerialPort(Megatec(world, ups).answer, tmp_path / "cellar.tty")
    machine = Machine(tmp_path)
    before = machine.files()
    port.start()
    try:
        # What is no UPS: everything stays as it is, and nothing runs.
        code, said = await machine.add("cellar", Path("/dev/null"))
        assert code == 1, said
        assert "This is no serial port; NUT's files are as they were" in said
        assert machine.files() == before
        calibrated = ("--set", "runtimecal=300,30,600,15", "--set", "pollfreq=1")
        code, said = await machine.add("cellar", tmp_path / "cellar.tty", *calibrated)
        assert code == 0, said
        for text in ("Ridethrough Megatec", "charge     100 %", "runtime    10 min", "OL", "for systemd does not run"):
            assert text in said
        assert "It tells no" not in said
        files = machine.files()
        assert files.pop("ups.conf.before-cellar") == before["ups.conf"]
        assert files["ups.conf"].startswith(before["ups.conf"] + "\n[cellar]\n")
        assert files["nut.conf"] == "MODE=standalone\n"
        assert (machine.etc / "upsd.users").stat().st_mode & 0o777 == 0o640
        password = (machine.secrets / "cellar-upsd").read_text()
        assert f"password = {password}\n" in files["upsd.users"]
        assert password not in said

        # A second one fails: the first goes on.
        code, said = await machine.add("attic", Path("/dev/null"))
        assert (code, machine.files()) == (1, files | {"ups.conf.before-cellar": before["ups.conf"]}), said
        world.set_feeder("a", False)
        await machine.until_says("cellar", "OB")
        code, said = await machine.show("cellar")
        assert code == 0, said
        for text in (
            "on battery",
            "charge ",
            " of runtime",
            "commands: off with restart (on battery only), cancel",
        ):
            assert text in said

        # The same again: nothing is written, it is started anew.
        code, said = await machine.add("cellar", tmp_path / "cellar.tty", *calibrated)
        assert (code, "it is written there already" in said, "site.toml has it already" in said) == (0, True, True), (
            said
        )
    finally:
        await machine.end()
        port.stop()
