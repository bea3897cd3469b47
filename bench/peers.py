"""Others that read UPSs over SNMP: net-snmp's C library and NUT's snmp-ups; and net-snmp's agent, for version 3."""

from __future__ import annotations

import asyncio
import getpass
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

PRIVATE = Path(sys.prefix, "nut")  # where ./test unpacks what is not installed
USER, PASSWORD = "reader", "a password of the bench"  # SHA-1 and AES-128
STEP_LIMIT = 240  # as in netsnmp.c
IDENTITY = "1.3.6.1.2.1.33.1.1"  # upsIdent
PATIENCE = 20.0


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one poll and of one card."""

    cpu: float  # microseconds
    kilobytes: float | None
    requests: float | None = 1.0  # a poll
    p99: float | None = None  # milliseconds that 99 of 100 polls take at most


def _first(*paths: Path) -> Path | None:
    return next((path for path in paths if path.exists()), None)


def _environment(home: Path) -> dict[str, str]:
    libraries = os.pathsep.join(str(p) for p in (PRIVATE / "usr/lib").glob("*-linux-gnu*"))
    private = {"LD_LIBRARY_PATH": libraries, "SNMP_PERSISTENT_DIR": str(home), "MIBS": ""}
    return {
        "PATH": "/usr/bin:/bin",
        "HOME": str(home),
        "NUT_STATEPATH": str(home),
        "NUT_CONFPATH": str(home),
        **private,
    }


def net_snmp(version: str, port: int, step: int, oids: Sequence[str], cards: int, polls: int) -> Cost | str:
    """Synchronous polls by net-snmp's C library in a C program, compiled here; or why it cannot be measured."""
    headers = next((p for p in (Path("/usr/include"), PRIVATE / "usr/include") if (p / "net-snmp").exists()), None)
    if not shutil.which("gcc") or headers is None:
        return "not measured: it needs gcc and the Debian package libsnmp-dev"
    with tempfile.TemporaryDirectory() as folder:
        program, source = Path(folder, "netsnmp"), Path(__file__).with_name("netsnmp.c")
        libraries = [f"-L{p}" for p in (PRIVATE / "usr/lib").glob("*-linux-gnu*")]
        words = ["gcc", "-O2", f"-I{headers}", str(source), "-o", str(program), *libraries, "-l:libnetsnmp.so.40"]
        made = subprocess.run(words, capture_output=True, text=True, check=False)
        if made.returncode:
            return f"not measured: {made.stderr.splitlines()[0]}"
        asked = [version, str(polls), str(cards), str(port), str(step), *oids]
        environment = _environment(Path(folder))
        ran = subprocess.run([program, *asked], capture_output=True, text=True, env=environment, check=False)
    if ran.returncode:
        return f"not measured: it ended with {ran.returncode} {ran.stderr.strip()}"
    cpu, kilobytes, p99 = ran.stdout.split()
    return Cost(float(cpu), float(kilobytes), p99=float(p99))


async def snmp_ups(settings: Mapping[str, str], asked: Callable[[], int] | None, seconds: float) -> Cost | str:
    """NUT's driver for SNMP, one card, every object each second; or why it cannot be measured.

    `asked`: how many requests its card has had, where that is known.
    """
    driver = _first(*(p / "snmp-ups" for p in (PRIVATE / "lib/nut", PRIVATE / "usr/lib/nut", Path("/lib/nut"))))
    if driver is None:
        return "not measured: it needs the Debian package nut-snmp"
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        given = {"mibs": "ietf", "pollfreq": "1", "semistaticfreq": "1000", **settings}
        options = [word for key, value in given.items() for word in ("-x", f"{key}={value}")]
        words = [str(driver), "-s", "card", "-F", "-i", "1", "-u", getpass.getuser(), *options]
        process = await _started(words, home)
        try:
            if not await _until(lambda: _has_begun(home) and process.returncode is None):
                return f"not measured: {_last_words(home)}"
            await asyncio.sleep(3.0)  # so that it is in its stride
            before, requests, began = _cpu(process.pid), asked() if asked else 0, time.monotonic()
            await asyncio.sleep(seconds)
            polls = time.monotonic() - began  # one a second
            used = _cpu(process.pid) - before
            each = (asked() - requests) / polls if asked else None
            return Cost(1e6 * used / polls, _resident(process.pid), each)
        finally:
            await _end(process)


@asynccontextmanager
async def snmpd(objects: Mapping[str, int]) -> AsyncIterator[int | str]:
    """net-snmp's agent with one v3 user and these objects: its port; or why there is none."""
    program = _first(PRIVATE / "usr/sbin/snmpd", Path("/usr/sbin/snmpd"))
    if program is None:
        yield "not measured: it needs the Debian package snmpd"
        return
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    lines = [f"agentaddress udp:127.0.0.1:{port}", f'createUser {USER} SHA "{PASSWORD}" AES "{PASSWORD}"']
    lines += [f"override .{IDENTITY}.{n}.0 octet_str bench" for n in (1, 2, 3, 4)]  # or snmp-ups takes it for no UPS
    lines += [f"rouser {USER} priv", *(f"override .{oid} integer {value}" for oid, value in objects.items())]
    with tempfile.TemporaryDirectory() as folder:
        home, configuration = Path(folder), Path(folder, "snmpd.conf")
        _write(configuration, lines)
        words = [str(program), "-f", "-Lo", "-C", "-c", str(configuration), "-p", str(home / "pid")]
        process = await _started(words, home)
        try:
            up = await _until(lambda: "NET-SNMP version" in _last_words(home))
            yield port if up else "not measured: snmpd does not start"
        finally:
            await _end(process)


async def _started(words: Sequence[str], home: Path) -> asyncio.subprocess.Process:
    """What it prints is in `home`/log."""
    line = ["sh", "-c", 'exec "$@" >log 2>&1 </dev/null', "sh", *words]
    return await asyncio.create_subprocess_exec(*line, env=_environment(home), cwd=home)


def _write(path: Path, lines: Sequence[str]) -> None:
    path.write_text("\n".join(lines) + "\n")


def _has_begun(home: Path) -> bool:
    """Whether snmp-ups has opened its socket for upsd."""
    return any(home.glob("*card*"))


def _last_words(home: Path) -> str:
    log = home / "log"
    return log.read_text(errors="replace")[-300:] if log.exists() else ""


async def _end(process: asyncio.subprocess.Process) -> None:
    with suppress(ProcessLookupError):
        process.kill()
    await process.wait()


async def _until(is_so: Callable[[], bool]) -> bool:
    ends = time.monotonic() + PATIENCE
    while not is_so():
        if time.monotonic() > ends:
            return False
        await asyncio.sleep(0.05)
    return True


def _cpu(process: int) -> float:
    """Seconds; the finest count that Linux keeps."""
    return int(Path(f"/proc/{process}/schedstat").read_text().split()[0]) / 1e9


def _resident(process: int) -> float:
    pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1024
