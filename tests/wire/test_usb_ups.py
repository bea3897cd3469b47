"""The manual's first case with a UPS that has no card: nutdrv_qx and upsd read it on its port."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from ridethrough.cli.wire import PROGRAM, Daemon, WireSite, is_ready
from ridethrough.core.events import Ask
from ridethrough.sim.megatec import Quirks
from tests.drivers.nut.real import NUTDRV_QX, UPSD, RealUpsd

from .outage import PATIENCE, SPEED, Outage, all_is_well, fast_site, in_order, nothing_twice

pytestmark = pytest.mark.skipif(
    UPSD is None or NUTDRV_QX is None, reason="NUT's upsd and nutdrv_qx are not here (Debian package nut-server)"
)
FAST = 1.5 * SPEED
LOOK = FAST * 1.0  # nutdrv_qx looks at its UPS every second of the wall, and nothing makes it faster
USERS = "[ridethrough]\npassword = x\nactions = SET\ninstcmds = shutdown.return\ninstcmds = shutdown.stop\n"


@asynccontextmanager
async def protected(root: Path, folder: Path) -> AsyncIterator[Outage]:
    """Two hosts: the UPS of the first is on a serial port, that of the second has a card."""
    home = folder / "nut"
    home.mkdir()
    # By its maker's table it lasts 25 minutes with this load. Once it was cut it comes back with utility power.
    section = f"port = {folder / 'ups1.tty'}\npollfreq = 2\nondelay = 0\nruntimecal = 750,30,1500,15"
    upsd = RealUpsd(home, {}, USERS, sections={"ups1": section})
    wire = WireSite(
        fast_site(root, "two_hosts"), folder, FAST, serial={"ups1": Quirks()}, upsd=f"127.0.0.1:{upsd.port}"
    )
    daemon = Daemon(folder, FAST)
    await wire.start()
    try:
        text = (folder / "site.toml").read_text()
        source = f'source = "nut://127.0.0.1:{upsd.port}/ups1"\n'
        assert source in text
        login = 'username = "ridethrough"\npassword = "secret:upsd"\n'
        (folder / "site.toml").write_text(text.replace(source, source + login))
        (folder / "secrets" / "upsd").write_text("x")
        (folder / "secrets" / "upsd").chmod(0o600)
        async with upsd:
            await daemon.start()
            await daemon.until(is_ready, PATIENCE)
            assert (await daemon.ask(Ask.ARM)).accepted
            await daemon.until(lambda status: bool(status["armed"]), PATIENCE)
            yield Outage(wire, daemon)
            await daemon.stop()
    finally:
        await daemon.stop()
        await wire.stop()
    assert "Traceback" not in daemon.log_text(), daemon.log_text()


async def switch_off(run: Outage) -> tuple[int, str]:
    """A person spares the battery, with the command."""
    folder = run.daemon.folder
    where = ("--site", folder / "site.toml", "--secrets", folder / "secrets", "--state", run.daemon.state)
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *PROGRAM,
        *("ups", "off", "ups1", "--after", "30", "--soon", "--yes", "ups1"),
        *map(str, where),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate()
    return process.returncode or 0, said.decode()


async def test_case_one_with_a_ups_without_a_card(root: Path, tmp_path: Path) -> None:
    async with protected(root, tmp_path) as run:
        ups1 = run.world.upses["ups1"]
        run.fail("a")
        await run.until(lambda: not run.world.hosts["xenserver1"].power, "xenserver1 is off", 300)
        off = asyncio.create_task(switch_off(run))
        await run.until(lambda: not ups1.output, "ups1 is cut", 300)
        assert (await off)[0] == 0, await off
        run.restore("a")
        await run.until_restored(400)
    in_order(
        run.told,
        "utility power fails on feeder a",
        "xenserver1 is disabled",
        "has moved from xenserver1 to xenserver2",
        "xenserver1 shuts down",
        "xenserver1 is off",
        "ups1 is told to shut down: output off in 30 s",
        "ups1 cuts its output",
        "utility power returns on feeder a",
        "ups1 switches its output on",
        "xenserver1's toolstack is up",
    )
    in_order(
        run.narrative,
        "ups1 is on battery",
        "xenserver1 enters maintenance mode",
        "-> move ",
        "xenserver1 must go down",
        "-> shut xenserver1 down",
        "ups1",
        "xenserver1 has started again",
        "-> let xenserver1 exit maintenance mode",
        "pool1 is restored, as it was before",
    )
    # The manual's times, and up to two looks of the driver later.
    assert 60 <= run.at("xenserver1 is disabled") < 90 + 3 * LOOK
    assert 120 <= run.at("xenserver1 shuts down") < 170 + 3 * LOOK
    assert run.world.moves == {"web1": 1, "files1": 1, "db1": 1}
    all_is_well(run)
    nothing_twice(run)
