"""`ridethrough ups watch`: a picture on a terminal, lines elsewhere."""

from __future__ import annotations

import asyncio
import os
import pty
import subprocess
import sys
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest

from ridethrough.cli.watch import LONGEST_CHART, Drawn, chart
from ridethrough.core.observation import Source, UpsReading, UpsSeen
from tests.drivers.snmp.own_cards import FAMILIES
from tests.drivers.snmp.replay import ReplayCard, on_battery

from .live import ridethrough
from .test_upses import site_of


@pytest.mark.parametrize(
    ("values", "most", "drawn"),
    [
        ([0, 50, 100], 100, "▁▅█"),
        ([100, None, 98], 100, "█ █"),
        ([1200, 600, 0], 1200, "█▅▁"),
        ([150, -3], 100, "█▁"),  # more than all and less than nothing
        ([], 100, ""),
        ([0, 0], 0, "▁▁"),
    ],
)
def test_a_chart(values: list[float | None], most: float, drawn: str) -> None:
    assert chart(values, most) == drawn


def test_a_picture_keeps_the_last_answers_only() -> None:
    picture = Drawn("ups1")
    for second in range(LONGEST_CHART + 20):
        reading = UpsReading(float(second), Source.BATTERY, charge=100.0 - second, load=20.0, runtime=1200.0)
        picture.answers.append(reading)
    *_, charge, load, runtime = picture.lines(UpsSeen(reading), 100)
    assert charge.startswith("charge   ")
    assert charge.endswith("21 %")
    assert len(charge) == len("charge   ") + LONGEST_CHART + len("  21 %")
    assert load.endswith("20 %")
    assert runtime.endswith("20 min")
    assert max(len(line) for line in picture.lines(UpsSeen(reading), 60)) <= 60


def test_a_ups_that_does_not_answer_leaves_a_gap() -> None:
    picture = Drawn("ups1")
    picture.answers.append(None)
    lines = list(picture.lines(UpsSeen(trouble="192.0.2.11: no answer"), 100))
    assert lines[1] == "192.0.2.11: no answer"
    assert lines[2] == "charge      not told"


async def test_lines_where_there_is_no_terminal(tmp_path: Path) -> None:
    async with ReplayCard(on_battery(FAMILIES["EPPC"])) as card:
        site = site_of(tmp_path, f"snmp://{card.address}")[:2]
        result = await asyncio.to_thread(partial(ridethrough, "ups", "watch", "ups1", *site, "--times", "2"))
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert len(lines) == 2
    assert all("on battery, charge 90 %, 20 min of runtime" in line for line in lines)


async def test_a_picture_on_a_terminal(tmp_path: Path) -> None:
    async with ReplayCard(FAMILIES["EPPC"]) as card:
        site = site_of(tmp_path, f"snmp://{card.address}")[:2]
        shown = await asyncio.to_thread(_on_a_terminal, "ups", "watch", "ups1", *site, "--times", "2")
    first, _, second = shown.partition("\x1b[5A\x1b[J")  # the second picture stands over the first
    assert "UPS ups1, " in first
    assert "██  100 %" in second


def _on_a_terminal(*arguments: str) -> str:
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "ridethrough.cli", *arguments]
    wide = {**os.environ, "COLUMNS": "100"}
    process = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, env=wide)
    os.close(theirs)
    shown = b""
    with suppress(OSError):  # the other side has hung up
        while part := os.read(ours, 4096):
            shown += part
    os.close(ours)
    process.wait()
    return shown.decode().replace("\r\n", "\n")
