"""A site whose UPSs are behind NUT's own upsd, as its owner would try it: check, then the daemon through a failure."""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from ridethrough.cli.wire import Daemon
from tests.drivers.nut.real import DUMMY_UPS, UPSD, RealUpsd
from tests.drivers.nut.test_upsd import dump

from .live import as_json, ridethrough

pytestmark = pytest.mark.skipif(
    UPSD is None or DUMMY_UPS is None, reason="NUT's upsd and dummy-ups are not here (Debian package nut-server)"
)


def site_of(folder: Path, port: int, *names: str) -> Path:
    path = folder / "site.toml"
    sections = [f'[ups.{name}]\nsource = "nut://127.0.0.1:{port}/{name}"\n' for name in names]
    path.write_text('[site]\nname = "Cellar"\n' + "".join(sections))
    (folder / "secrets").mkdir(exist_ok=True)
    return path


def is_(condition: str, status: dict[str, Any]) -> bool:
    return any(ups["condition"] == condition for ups in status["upses"])


async def test_check_tells_what_upsd_tells(tmp_path: Path) -> None:
    home = tmp_path / "nut"
    home.mkdir()
    async with RealUpsd(home, {"good": dump(tmp_path / "good.dev")}) as upsd:
        site = site_of(tmp_path, upsd.port, "good", "missing")
        result = await asyncio.to_thread(ridethrough, "check", "--site", str(site), "--json")
    good, missing = as_json(result)["upses"]
    assert (good["source"], good["charge"], good["runtime"]) == ("utility", 100, 1800)
    assert (good["family"], good["model"]) == ("NUT", "Maker 3000")
    assert good["why"].startswith("upsd reads it with dummy-ups 2.")
    assert good["address"] == f"127.0.0.1:{upsd.port}/good"
    assert "serves no UPS of this name" in missing["troubles"][0]


async def test_the_daemon_sees_utility_power_fail_and_come_back(tmp_path: Path) -> None:
    home = tmp_path / "nut"
    home.mkdir()
    sequence = tmp_path / "outage.seq"
    first = "battery.charge: 100\nbattery.runtime: 1800\n"
    sequence.write_text(
        first + "ups.status: OL\ninput.voltage: 230\nTIMER 8\nups.status: OB\ninput.voltage: 0\nTIMER 8\n"
    )
    async with RealUpsd(home, {"ups": sequence}) as upsd:
        site_of(tmp_path, upsd.port, "ups")
        daemon = Daemon(tmp_path, 1.0)
        await daemon.start()
        try:
            for condition in ("good", "on battery", "settling"):
                await daemon.until(partial(is_, condition), 40.0)
        finally:
            await daemon.stop()
    assert [type(event).__name__ for _, event in daemon.news() if hasattr(event, "ups")][:2] == [
        "UpsKnown",
        "UtilityLost",
    ]
