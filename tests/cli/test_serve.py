"""`sim serve` and `run` as processes: they start, do their work, and end in order when told to."""

from __future__ import annotations

import asyncio
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from pathlib import Path

import pytest

from ridethrough.cli.wire import Daemon, is_ready

from .live import ridethrough

PATIENCE = 30.0


async def serve(folder: Path, *more: str) -> tuple[Process, list[str]]:
    """Start it, and read what it prints until it is ready."""
    command = [sys.executable, "-m", "ridethrough.cli", "sim", "serve", "two_hosts", "--to", str(folder), *more]
    process = await asyncio.create_subprocess_exec(*command, "--speed", "10", stdin=PIPE, stdout=PIPE, stderr=DEVNULL)
    assert process.stdout is not None
    lines: list[str] = []
    async with asyncio.timeout(PATIENCE):
        while not lines or "is written" not in lines[-1]:
            line = await process.stdout.readline()
            assert line, lines
            lines.append(line.decode().rstrip())
    return process, lines


async def end(process: Process) -> int:
    async with asyncio.timeout(PATIENCE):
        await process.communicate()
    assert process.returncode is not None
    return process.returncode


async def test_serve_run_and_stop(tmp_path: Path) -> None:
    folder = tmp_path / "not" / "there" / "yet"
    process, lines = await serve(folder)
    daemon = Daemon(folder, 10.0)
    try:
        assert [line.split()[0] for line in lines[:4]] == ["xenserver1:", "xenserver2:", "ups1:", "ups2:"]
        assert all("https://127.0.10." in line and "sha256:" in line for line in lines[:2])
        assert all(
            "snmp://127.0.20." in line and line.endswith("community public, to set private") for line in lines[2:4]
        )
        assert (folder / "secrets" / "simulated-pool").stat().st_mode & 0o077 == 0
        await daemon.start()
        await daemon.until(is_ready, PATIENCE)
        assert process.stdin is not None
        process.stdin.write(b"fail a\n")
        await process.stdin.drain()
        await daemon.until(lambda status: status["upses"][0]["condition"] == "on battery", PATIENCE)
        await daemon.stop()
        assert "Ridethrough watches two hosts: 2 UPSs, 1 pool\n" in daemon.log_text()
        assert "ups1 is on battery (the input is dead)" in daemon.log_text()
        assert "Traceback" not in daemon.log_text()
        process.terminate()
        assert await end(process) == 0
    finally:
        await daemon.kill()
        if process.returncode is None:
            process.kill()


async def test_quit_ends_it_and_closes_its_ports(tmp_path: Path) -> None:
    process, lines = await serve(tmp_path, "--serial", "ups1", "--quirk", "online")
    assert process.stdin is not None
    assert lines[2].startswith(f"ups1: {tmp_path / 'ups1.tty'} -> /dev/")
    assert (tmp_path / "ups1.tty").is_char_device()
    assert 'source = "nut://127.0.0.1/ups1"' in (tmp_path / "site.toml").read_text()
    process.stdin.write(b"help\nquit\n")
    assert await end(process) == 0
    assert not (tmp_path / "ups1.tty").is_symlink()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--serial", "ups9"), "two_hosts.toml has no UPS ups9; it has ups1, ups2"),
        (("--serial", "ups1", "--quirk", "deaf"), "no quirk is named deaf; there are no-rating, no-vendor,"),
    ],
)
def test_a_ups_or_a_quirk_that_there_is_not(tmp_path: Path, arguments: tuple[str, ...], said: str) -> None:
    result = ridethrough("sim", "serve", "two_hosts", "--to", str(tmp_path / "new"), *arguments)
    assert (result.exit_code, said in result.stderr) == (2, True)
    assert not (tmp_path / "new").exists()


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    result = ridethrough("sim", "serve", "two_hosts", "--to", str(tmp_path / "file" / "folder"))
    assert result.exit_code == 1
    assert result.stderr.startswith("the simulated site cannot be served: ")


def test_run_needs_a_directory_that_it_may_write(live_site: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    result = ridethrough("run", "--site", str(live_site), "--state", str(tmp_path / "file"))
    assert result.exit_code == 1
    assert result.stderr.startswith(f"{tmp_path / 'file'}: ")
    assert "the state directory must be writable" in result.stderr


@pytest.fixture
def live_site(tmp_path: Path) -> Path:
    """A site.toml without any equipment."""
    path = tmp_path / "site.toml"
    path.write_text('[site]\nname = "Empty"\n[ups.ups1]\nsource = "snmp://127.0.0.1:9"\n')
    return path
