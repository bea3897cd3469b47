"""Memory and processor time of the idle agent, as one file, with UPSs behind a upsd and behind cards.

    python bench/agent.py [--seconds N] [--python PROGRAM] [--charts FOLDER] [UPSES ...]

The upsd and the cards are simulated in this process. The agent looks every five seconds, as it comes. After its first
looks its share of one core is read from /proc/PID/stat over N seconds, that of the `snmpget` that it starts beside it,
and its memory from /proc/PID/smaps_rollup.
"""

from __future__ import annotations

import argparse
import asyncio
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from chart import save
from wire_site import cpu_seconds, cpu_seconds_of_children, megabytes, quietly

from ridethrough.sim.battery import Battery
from ridethrough.sim.cards import Family, SimCard, SimUps
from ridethrough.sim.snmp_agent import SnmpAgent
from ridethrough.sim.world import World

BUILD = Path(__file__).resolve().parents[1] / "agent" / "build"
SETTLED: float = 12.0  # seconds: three looks at everything
VARIABLES = {"ups.status": "OL", "battery.charge": "100", "battery.runtime": "1800", "input.voltage": "230"}


async def upsd(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Whatever UPS is asked for, it has utility power."""
    while line := await reader.readline():
        name = line.decode().split()[-1]
        rows = "".join(f'VAR {name} {key} "{value}"\n' for key, value in VARIABLES.items())
        writer.write(f"BEGIN LIST VAR {name}\n{rows}END LIST VAR {name}\n".encode())
    writer.close()


def sections(way: str, places: list[str]) -> str:
    key = "upsd" if way == "upsd" else "snmp"
    return "".join(f"[ups {way}{n}]\n{key} = {place}\n" for n, place in enumerate(places))


async def measure(folder: Path, python: str, settings: str, seconds: float) -> tuple[float, float, float, float]:
    """Resident and own memory in megabytes; percent of one core, the agent's and that of what it starts."""
    file, ini = folder / "ridethrough-agent", folder / "agent.ini"
    ini.write_text(f"[agent]\nstate = {folder}\n[xenserver]\nenabled = no\n{settings}", encoding="utf-8")
    command = [python, str(file), "--config", str(ini)]
    agent = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.DEVNULL)
    try:
        await quietly(min(SETTLED, seconds))
        began, used, others = time.monotonic(), cpu_seconds(agent.pid), cpu_seconds_of_children(agent.pid)
        await quietly(seconds)
        passed = (time.monotonic() - began) / 100
        share = (cpu_seconds(agent.pid) - used) / passed
        return *megabytes(agent.pid), share, (cpu_seconds_of_children(agent.pid) - others) / passed
    finally:
        agent.terminate()
        await agent.wait()


async def one(way: str, upses: int, python: str, seconds: float) -> tuple[float, float, float, float]:
    world = World()
    for n in range(upses):
        card = SimCard(tells=Family.EPPC, model="Array 3000")
        world.add_ups(SimUps(f"ups{n}", "a", Battery.full(1000), card, base_load_watts=400))
    cards = SnmpAgent(world, dict.fromkeys(world.upses, ("127.0.0.1", 0)))
    await cards.start()
    server = await asyncio.start_server(upsd, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    places = [f"ups{n}@127.0.0.1:{port}" for n in range(upses)]
    if way == "card":
        places = ["{}:{}".format(*cards.address(ups)) for ups in world.upses]
    try:
        with tempfile.TemporaryDirectory(prefix="ridethrough-bench-") as name:
            await asyncio.to_thread(
                subprocess.run, [BUILD, Path(name) / "ridethrough-agent"], check=True, capture_output=True
            )
            return await measure(Path(name), python, sections(way, places), seconds)
    finally:
        server.close()
        await cards.stop()


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("upses", type=int, nargs="*", default=(1, 4))
    options.add_argument("--seconds", type=float, default=60.0)
    options.add_argument("--python", default=sys.executable)
    options.add_argument("--charts", type=Path)
    given = options.parse_args()
    lines: dict[str, list[tuple[float, float]]] = {"resident MB": [], "% of a core, with snmpget": []}
    print("UPSs  behind  resident MB    own MB  % of a core  % of its snmpget")
    for upses in given.upses:
        for way in ("upsd", "card"):
            rss, pss, share, others = asyncio.run(one(way, upses, given.python, given.seconds))
            print(f"{upses:>4}  {way:<6} {rss:>12.1f} {pss:>9.1f} {share:>12.2f} {others:>17.2f}")
        lines["resident MB"].append((upses, rss))
        lines["% of a core, with snmpget"].append((upses, max(share + others, 0.01)))
    save(given.charts, "agent", "The idle agent, with cards", "UPSs", "MB, or percent", lines)


if __name__ == "__main__":
    main()
