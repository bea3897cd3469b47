"""Lines of standard input that fail and restore the feeders of a simulated site."""

from __future__ import annotations

import asyncio
import os
import stat
import sys
from typing import TYPE_CHECKING

import typer

from ridethrough.sim.world import World

if TYPE_CHECKING:
    from .wire import WireSite

HELP = "fail FEEDER | restore FEEDER | status | help | quit"


async def obey_lines(wire: WireSite) -> bool:
    """Carry out the lines of standard input until it ends or says quit; whether it said so."""
    if not _is_readable(sys.stdin.fileno()):
        return False
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        if not _obey(wire, line.decode(errors="replace").split()):
            return True
    return False


def _is_readable(standard_input: int) -> bool:
    """Whether lines may come: a terminal, a pipe or a socket, and no file, /dev/null for one."""
    mode = os.fstat(standard_input).st_mode
    return os.isatty(standard_input) or stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)


def _obey(wire: WireSite, words: list[str]) -> bool:
    """Carry out one line; False ends the demo."""
    match words:
        case ["quit" | "exit"]:
            return False
        case ["fail" | "restore", feeder] if feeder in wire.world.feeders:
            wire.pace.step()
            wire.world.set_feeder(feeder, words[0] == "restore")
        case ["status"]:
            _show(wire.world)
        case []:
            pass
        case _:
            typer.echo(f"{HELP}\nFeeders: {', '.join(sorted(wire.world.feeders))}")
    return True


def _show(world: World) -> None:
    for host in world.hosts.values():
        vms = [v.name for v in world.vms.values() if v.resident_on == host.id and v.alive]
        state = "up" if host.power else "off"
        mode = "enabled" if host.enabled else "in maintenance mode"
        typer.echo(f"  {host.id}: {state}, {mode}; VMs: {', '.join(vms) or 'none'}")
    for name, on in sorted(world.feeders.items()):
        typer.echo(f"  feeder {name}: {'utility power' if on else 'failed'}")
