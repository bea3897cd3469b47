"""The manager beside the real daemon, with people looking on: processor time, memory, traffic, first paint.

    python bench/web.py [--seconds N] [--viewers N] [--charts FOLDER] [HOSTS:VMS:UPSS ...]

One pool; `ridethrough run` and `ridethrough sim serve` as an owner would start them, at speed 1. Each viewer reads the
event stream. Shares of one core are read from /proc/PID/stat over N seconds, first without viewers ("alone"), then with
them. The workers ("w.") are the processes in which the manager works out what an outage would do.
First paint is Chromium's own figure for the Site page (Paint Timing, "first-contentful-paint") in a new, empty
profile that is logged in, on loopback: the median of several. Linux only.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path

import aiohttp
from chart import save
from wire_site import children_of, cpu_seconds, cpu_seconds_of_children, megabytes, pid_of, quietly, ready, write_site

from ridethrough.cli.wire import PROGRAM, Daemon, free_tcp_port

CHROMIUM = shutil.which("chromium")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
PAINTS = 5
SETTLED: float = 10.0
PASSWORD = "a bench, not a site"
SIZES = ("3:15:2", "64:1000:200")


async def begun(daemon: Daemon) -> str:
    """The link for the first administrator."""
    async with asyncio.timeout(60.0):
        while not (link := re.search(r"(http://\S+)/setup#(\S+)", daemon.log_text())):  # noqa: ASYNC110
            await asyncio.sleep(0.1)
    return link[0]


def manager_of(daemon: Daemon) -> int:
    return children_of(pid_of(daemon))[0]


async def log_in(link: str) -> tuple[str, str]:
    """Where the pages are, and the cookie of a session."""
    at, _, token = link.partition("/setup#")
    body = {"token": token, "name": "bench", "password": PASSWORD}
    async with (
        aiohttp.ClientSession(headers={"Origin": at}) as session,
        session.post(f"{at}/api/v1/setup", json=body) as answer,
    ):
        answer.raise_for_status()
        return at, answer.cookies["ridethrough_session"].value


async def view(at: str, cookie: str, read: list[int]) -> None:
    """Follow the event stream and count its bytes."""
    endless = aiohttp.ClientTimeout(total=None)
    async with (
        aiohttp.ClientSession(headers={"Cookie": f"ridethrough_session={cookie}"}, timeout=endless) as session,
        session.get(f"{at}/api/v1/events", raise_for_status=True) as stream,
    ):
        async for chunk in stream.content.iter_any():
            read.append(len(chunk))


async def shares(daemon: Daemon, seconds: float) -> tuple[float, float, float]:
    """Percent of a core of the controller, of the manager, and of the workers that it has started."""
    controller, manager = pid_of(daemon), manager_of(daemon)

    def used() -> tuple[float, float, float]:
        return cpu_seconds(controller), cpu_seconds(manager), cpu_seconds_of_children(manager)

    before, began = used(), time.monotonic()
    await quietly(seconds)
    passed = time.monotonic() - began
    first, second, third = (100 * (now - then) / passed for now, then in zip(used(), before, strict=True))
    return first, second, third


async def paint(at: str, cookie: str) -> float | None:
    """Seconds to the first paint with content; None without Chromium."""
    if CHROMIUM is None:
        return None
    from playwright.async_api import async_playwright

    found = []
    async with async_playwright() as p:
        browser = await p.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        for _ in range(PAINTS):
            context = await browser.new_context()
            await context.add_cookies([{"name": "ridethrough_session", "value": cookie, "url": at}])
            page = await context.new_page()
            await page.goto(at)
            await page.wait_for_function("performance.getEntriesByName('first-contentful-paint').length")
            script = "performance.getEntriesByName('first-contentful-paint')[0].startTime"
            found.append(await page.evaluate(script) / 1000)
            await context.close()
        await browser.close()
    return statistics.median(found)


async def measure(folder: Path, size: str, viewers: int, seconds: float) -> dict[str, float]:
    hosts, vms, upses = (int(n) for n in size.split(":"))
    fed = min(upses, hosts)
    write_site(folder, pools=1, hosts=hosts, upses=fed, others=upses - fed, vms=round(vms / hosts))
    equipment = await asyncio.create_subprocess_exec(
        sys.executable,
        *PROGRAM,
        *("sim", "serve", str(folder / "bench.toml"), "--to", str(folder)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    daemon, following = Daemon(folder, speed=1.0), list[asyncio.Task[None]]()
    try:
        assert equipment.stdout is not None
        while b"is written" not in (line := await equipment.stdout.readline()):
            if not line:
                raise SystemExit("the simulated equipment did not start")
        with (folder / "site.toml").open("a", encoding="utf-8") as site:
            site.write(f'\n[manager]\nlisten = "127.0.0.1:{free_tcp_port()}"\nhttp = true\n')
        await ready(daemon)
        at, cookie = await log_in(await begun(daemon))
        await quietly(min(SETTLED, seconds))
        _, alone, alone_workers = await shares(daemon, seconds)
        read: list[int] = []
        following = [asyncio.create_task(view(at, cookie, read)) for _ in range(viewers)]
        await quietly(min(SETTLED, seconds))
        read.clear()
        controller, watched, workers = await shares(daemon, seconds)
        traffic = sum(read) / seconds / 1000 / max(viewers, 1)
        painted = await paint(at, cookie)
        own, manager = megabytes(pid_of(daemon))[1], megabytes(manager_of(daemon))[1]
        imagined = sum(megabytes(worker)[1] for worker in children_of(manager_of(daemon)))
        return {
            "controller %": controller,
            "manager %": watched,
            "workers %": workers,
            "alone %": alone,
            "alone w. %": alone_workers,
            "controller MB": own,
            "manager MB": manager,
            "workers MB": imagined,
            "kB/s a viewer": traffic,
            "first paint s": painted if painted is not None else float("nan"),
        }
    finally:
        for task in following:
            task.cancel()
        await asyncio.gather(*following, return_exceptions=True)
        await daemon.stop()
        equipment.terminate()
        await equipment.wait()


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("sizes", nargs="*", default=SIZES, metavar="HOSTS:VMS:UPSS")
    options.add_argument("--seconds", type=float, default=60.0)
    options.add_argument("--viewers", type=int, default=5)
    options.add_argument("--charts", type=Path)
    given = options.parse_args()
    if CHROMIUM is None:
        print("Chromium is not on this machine: first paint is not measured.")
    lines: dict[str, list[tuple[float, float]]] = {}
    for number, size in enumerate(given.sizes):
        with tempfile.TemporaryDirectory(prefix="ridethrough-bench-") as name:
            found = asyncio.run(measure(Path(name), size, given.viewers, given.seconds))
        if number == 0:
            print(f"{'hosts:VMs:UPSs':<15}" + "".join(f"{what:>15}" for what in found))
        print(f"{size:<15}" + "".join(f"{value:>15.2f}" for value in found.values()))
        for what in ("controller %", "manager %", "workers %", "manager MB"):
            lines.setdefault(what, []).append((int(size.split(":")[0]), max(found[what], 0.01)))
    save(given.charts, "web", f"The manager, {given.viewers} viewers", "hosts", "MB, or percent of a core", lines)


if __name__ == "__main__":
    main()
