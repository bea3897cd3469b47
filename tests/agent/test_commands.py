"""The commands of the one file: look, arm, install, remove, and the SysV script; with each Python."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from threading import Event

import pytest

from tests.drivers.nut.fake import FakeUpsd

from .machine import AGENT, GOOD, OUT, Machine, built, fed_by, script
from .pythons import PYTHONS, with_each

pythons = pytest.mark.parametrize("python", PYTHONS)


async def test_once_explains_what_it_reads_and_what_it_would_do(tmp_path: Path) -> None:
    await with_each(tmp_path, _explains)


async def _explains(folder: Path, python: str) -> None:
    async with FakeUpsd({"ups": {**GOOD, "ups.mfr": "Maker", "ups.model": "3000"}}) as upsd:
        machine = Machine(folder, python, agent={"after": "5 min", "armed": "no"}, ups_usb=fed_by(upsd))
        code, told = await machine.once("--once", "--explain")
        assert told.splitlines() == [
            f"usb (ups@127.0.0.1:{upsd.port}): utility power, charge 100 %, runtime 1800 s, Maker 3000",
            "It is shut down when on battery and:",
            "- utility power has been gone for 5 minutes, unless the controller handles it",
            "- the battery is low, unless the controller handles it",
            "- 5 s of power are left: 5 s to stop and 0 s of reserve",
            "Now: nothing to do",
            "DRY RUN: it only says what it would do; `ridethrough-agent arm` arms it",
            "Were it shut down now, the agent",
            f"- would run: {machine.shutdown} -h now",
        ]
        assert code == 0
        upsd.upses["ups"] = OUT
        code, told = await machine.once("--once")
        assert "on battery, charge 90 %, runtime 1700 s" in told
        upsd.errors["ups"] = "DRIVER-NOT-CONNECTED"
        code, told = await machine.once("--once")
        assert code == 1
        assert "TROUBLE: usb is silent: upsd at 127.0.0.1:" in told


@pythons
def test_arming(tmp_path: Path, python: str) -> None:
    machine = Machine(tmp_path, python, agent={"armed": "no"}, ups_usb={"upsd": "ups@127.0.0.1:1"})
    assert machine.ask("arm").stdout == "Armed: it acts\n"
    assert "Armed: it acts" in machine.ask("--once").stdout
    assert machine.ask("disarm").returncode == 0
    assert "DRY RUN" in machine.ask("--once").stdout
    machine.write(agent={"armed": "yes"}, ups_usb={"upsd": "ups@127.0.0.1:1"})
    told = machine.ask("disarm")
    assert (told.returncode, "It stays armed: ridethrough-agent.ini says armed = yes" in told.stdout) == (1, True)
    machine.write(agent={"armed": "no", "state": "/dev/null/x"}, ups_usb={"upsd": "ups@127.0.0.1:1"})
    told = machine.ask("arm")
    assert (told.returncode, "where the disk takes nothing, write armed = yes" in told.stderr) == (1, True)


@pythons
def test_an_error_in_the_file_is_told_and_nothing_runs(tmp_path: Path, python: str) -> None:
    machine = Machine(tmp_path, python, agent={"aftre": "5"}, ups_usb={"upsd": "ups@127.0.0.1:1"})
    told = machine.ask()
    assert (told.returncode, told.stdout) == (2, "")
    assert told.stderr.startswith(f"ridethrough-agent: {machine.ini}: [agent] aftre: there is no such key; there are ")


@pythons
@pytest.mark.parametrize("words", [(), ("--sysv",)])
def test_install_and_remove(tmp_path: Path, python: str, words: tuple[str, ...]) -> None:
    """Below a directory that stands for the root of a machine."""
    root = tmp_path / "root"
    program = [python, str(built(tmp_path))]
    command = [*program, "install", "--root", str(root), *words]
    told = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout
    ini = root / "etc/ridethrough-agent.ini"
    service = root / ("etc/init.d/ridethrough-agent" if words else "etc/systemd/system/ridethrough-agent.service")
    assert f"{service} is written" in told
    assert (ini.stat().st_mode & 0o777, os.access(service, os.X_OK)) == (0o600, bool(words))
    assert python in service.read_text()
    assert "@python@" not in service.read_text()
    ini.write_text("mine")
    again = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout
    assert f"{ini} stays as it is" in again
    assert ini.read_text() == "mine"
    remove = [*program, "remove", "--root", str(root), "--config", str(ini)]
    subprocess.run(remove, capture_output=True, timeout=60, check=True)
    assert [path for path in root.rglob("*") if path.is_file()] == []


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not here")
def test_systemd_takes_the_unit(tmp_path: Path) -> None:
    unit = tmp_path / "ridethrough-agent.service"
    text = (AGENT / "ridethrough_agent/ridethrough-agent.service").read_text()
    unit.write_text(text.replace("@python@", sys.executable))
    told = subprocess.run(["systemd-analyze", "verify", unit], capture_output=True, text=True, timeout=60, check=False)
    assert told.returncode == 0, told.stderr


def test_the_sysv_script_starts_and_stops_it(tmp_path: Path) -> None:
    machine = Machine(tmp_path, ups_usb={"upsd": "ups@127.0.0.1:1"})
    program, log, pid = built(tmp_path), tmp_path / "log", tmp_path / "pid"
    logger = script(tmp_path / "logger", f'exec cat >>"{log}"')
    text = (AGENT / "ridethrough_agent/ridethrough-agent.init").read_text().replace("@python@", sys.executable)
    for name, value in {
        "PROGRAM": program,
        "OPTIONS": f'"--config {machine.ini}"',
        "PIDFILE": pid,
        "LOG": logger,
    }.items():
        line = next(line for line in text.splitlines() if line.startswith(f"{name}="))
        text = text.replace(line, f"{name}={value}")
    init = script(tmp_path / "init", text)

    def ask(word: str) -> tuple[int, str]:
        told = subprocess.run(["sh", init, word], capture_output=True, text=True, timeout=60, check=False)
        return told.returncode, told.stdout

    assert ask("status") == (3, "not running\n")
    try:
        assert ask("start") == (0, "")
        first = int(pid.read_text())
        assert ask("status") == (0, f"running, process {first}\n")
        assert ask("start") == (0, "")
        assert int(pid.read_text()) == first, "a second start changes nothing"
        wait_until(lambda: log.exists() and "usb is silent" in log.read_text())
        assert ask("restart")[0] == 0
        assert int(pid.read_text()) != first
    finally:
        last = int(pid.read_text())
        stopped = ask("stop")
    assert stopped == (0, "")
    wait_until(lambda: not Path(f"/proc/{last}").exists())
    assert ask("bounce")[0] == 2
    assert "ridethrough-agent (Python" in log.read_text()


def wait_until(is_so: Callable[[], bool]) -> None:
    for _ in range(600):
        if is_so():
            return
        Event().wait(0.1)
    raise AssertionError("it never came to be")
