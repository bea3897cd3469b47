"""A site of any size on the wire, for the benches that measure the real daemon as a process of its own."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from pathlib import Path

from remembered import Remembered

from ridethrough.cli.wire import Daemon, WireSite, is_ready
from ridethrough.core.model import UpsId
from ridethrough.sim.site_file import SimSite, load_site
from ridethrough.sim.snmp_agent import SnmpAgent


def write_site(
    folder: Path, pools: int, hosts: int, upses: int, after: float = 60.0, others: int = 0, vms: int = 5
) -> SimSite:
    """`pools` pools of `hosts` hosts on `upses` UPSs each, and `others` UPSs that feed nothing of ours.

    `after`: each host's timer until it is emptied, in seconds; none is shut down. UPS n of pool p hangs on feeder "p",
    the others on "others". `vms`: on each host.
    """
    lines = ['[site]\nname = "bench"', "[world.storage.nas]"]
    for p in range(pools):
        lines += [f'[pool.p{p}]\n[world.pool.p{p}]\ncoordinator = "p{p}h0"']
        for n in range(upses):
            lines.append(f'[ups.p{p}u{n}]\n[world.ups.p{p}u{n}]\nfeeder = "{p}"\ncapacity_wh = 5000.0')
        for n in range(hosts):
            name, fed = f"p{p}h{n}", f"p{p}u{n * upses // hosts}"
            options = f"\nmaintenance = {{ enabled = true, after = {after} }}"
            lines.append(f'[host.{name}]\npool = "p{p}"\npowered_by = ["{fed}"]\nswitch = "sw"{options}')
            lines.append(f"[world.host.{name}]\nmemory_gib = 256")
            lines += [f'[world.vm.{name}v{v}]\nhost = "{name}"\nmemory_gib = 2' for v in range(vms)]
    for n in range(others):
        lines.append(f'[ups.other{n:03}]\n[world.ups.other{n:03}]\nfeeder = "others"\ncapacity_wh = 5000.0')
    path = folder / "bench.toml"
    path.write_text("\n".join(lines), encoding="utf-8")
    return load_site(path)


class QuickAgent(SnmpAgent):
    """The cards, of which those named "other..." answer from memory what they answered the first time."""

    def __init__(self, wire: WireSite, answered: Callable[[UpsId, bytes], None]) -> None:
        """`answered` is called after each answer of a card that is not canned, with the question."""
        cards = {ups: (f"127.0.{20 + n // 200}.{n % 200 + 11}", 0) for n, ups in enumerate(sorted(wire.world.upses))}
        super().__init__(wire.world, cards, before_answer=wire.pace.step)
        self._answered = answered
        self._remembered = Remembered()

    def _answer(self, ups: UpsId, datagram: bytes) -> bytes | None:
        if ups.startswith("other"):
            return self._remembered.answer(datagram, lambda question: super(QuickAgent, self)._answer(ups, question))
        response = super()._answer(ups, datagram)
        self._answered(ups, datagram)
        return response


async def ready(daemon: Daemon, seconds: float = 120.0) -> None:
    """Start the daemon and wait until it hears everything."""
    await daemon.start()
    await daemon.until(is_ready, seconds)


def pid_of(daemon: Daemon) -> int:
    assert daemon._process is not None
    return daemon._process.pid


def cpu_seconds(pid: int) -> float:
    """User and system time of a process so far (/proc/PID/stat, fields 14 and 15)."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def children_of(pid: int) -> list[int]:
    """The processes that a process has started and not yet waited for, by whichever of its threads."""
    listed = [task.joinpath("children").read_text(encoding="ascii") for task in Path(f"/proc/{pid}/task").iterdir()]
    return [int(child) for line in listed for child in line.split()]


def cpu_seconds_of_children(pid: int) -> float:
    """The same of all processes that a process has started, ended ones too (fields 16 and 17), and of theirs."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    ended = (int(fields[13]) + int(fields[14])) / os.sysconf("SC_CLK_TCK")
    return ended + sum(cpu_seconds(child) + cpu_seconds_of_children(child) for child in children_of(pid))


def megabytes(pid: int) -> tuple[float, float]:
    """Resident memory of a process, and its own share of it (PSS), in millions of bytes."""
    rolled = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines()[1:]
    sizes = {line.split()[0]: int(line.split()[1]) * 1024 / 1e6 for line in rolled}
    return sizes["Rss:"], sizes["Pss:"]


async def quietly(seconds: float) -> None:
    """Let time pass for everybody."""
    await asyncio.sleep(seconds)
