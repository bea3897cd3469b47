"""Memory and processor time of the real daemon on a calm site, with the simulated equipment in another process.

    python bench/idle.py [--seconds N] [--charts FOLDER] [HOSTS ...]

One pool, and a UPS for every two hosts. `ridethrough run` and `ridethrough sim serve` are started as an owner would
start them; the daemon is left alone for a while, then its share of one core is read from /proc/PID/stat over N
seconds, and its memory from /proc/PID/smaps_rollup.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from pathlib import Path

from chart import save
from wire_site import cpu_seconds, megabytes, pid_of, quietly, ready, write_site

from ridethrough.cli.wire import PROGRAM, Daemon

SETTLED: float = 10.0  # seconds after the first complete status


async def measure(folder: Path, hosts: int, seconds: float) -> tuple[float, float, float]:
    """Resident and own memory in megabytes, and percent of one core."""
    write_site(folder, pools=1, hosts=hosts, upses=max(1, hosts // 2))
    equipment = await asyncio.create_subprocess_exec(
        sys.executable,
        *PROGRAM,
        "sim",
        "serve",
        str(folder / "bench.toml"),
        "--to",
        str(folder),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    daemon = Daemon(folder, speed=1.0)
    try:
        assert equipment.stdout is not None
        while b"is written" not in (line := await equipment.stdout.readline()):
            if not line:
                raise SystemExit("the simulated equipment did not start")
        await ready(daemon)
        await quietly(min(SETTLED, seconds))
        began, used = time.monotonic(), cpu_seconds(pid_of(daemon))
        await quietly(seconds)
        share = 100 * (cpu_seconds(pid_of(daemon)) - used) / (time.monotonic() - began)
        return *megabytes(pid_of(daemon)), share
    finally:
        await daemon.stop()
        equipment.terminate()
        await equipment.wait()


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("hosts", type=int, nargs="*", default=(1, 4, 16))
    options.add_argument("--seconds", type=float, default=60.0)
    options.add_argument("--charts", type=Path)
    given = options.parse_args()
    resident, own, shares = [], [], []
    print("hosts  UPSs  resident MB    own MB  % of a core")
    for hosts in given.hosts:
        with tempfile.TemporaryDirectory(prefix="ridethrough-bench-") as name:
            rss, pss, share = asyncio.run(measure(Path(name), hosts, given.seconds))
        print(f"{hosts:>5} {max(1, hosts // 2):>5} {rss:>12.1f} {pss:>9.1f} {share:>12.2f}")
        resident.append((hosts, rss))
        own.append((hosts, pss))
        shares.append((hosts, max(share, 0.01)))
    lines = {"resident MB": resident, "own MB (PSS)": own, "% of a core": shares}
    save(given.charts, "idle", "The idle daemon", "hosts", "MB, or percent", lines)


if __name__ == "__main__":
    main()
