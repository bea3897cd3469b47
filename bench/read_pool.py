"""How long it takes to read a pool: over the wire from nothing, to decode its records, to draw the picture of it.

    python bench/read_pool.py [--charts FOLDER] [HOSTS:VMS ...]

The pool is a simulated one behind real XenAPI and TLS on loopback, in the same process: "first sight" is wall time and
holds that server's work too. The others are the driver's alone, in processor time: decoding every record and taking it
over, drawing the whole picture (both together are a resync), and an event: one VM's record decoded, taken over, drawn
and compared.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import msgspec
from chart import Point, save
from decide import Size
from percentile import percentile

from ridethrough.core.model import Seconds
from ridethrough.drivers.xapi import XapiPool
from ridethrough.drivers.xapi.picture import Memo, picture
from ridethrough.drivers.xapi.records import CLASSES, Vm
from ridethrough.drivers.xapi.store import Records, batch
from ridethrough.drivers.xapi.wire import Value
from ridethrough.sim.xapi_server import XapiServer

PASSWORD = "bench"
TIMES = 15
SIZES = ((1, 15), (16, 250), (64, 1000), (64, 5000))


@dataclass(frozen=True, slots=True)
class Figures:
    """Seconds, and the size of the answer that holds every record."""

    megabytes: float
    first_sight: float
    decode: float
    picture: float
    event: float


class WallClock:
    """ports.Clock of this process."""

    stood_still = None

    def now(self) -> Seconds:
        return time.monotonic()

    async def sleep(self, seconds: Seconds) -> None:
        await asyncio.sleep(seconds)


async def measure(hosts: int, vms: int) -> Figures:
    """Read one pool."""
    server = XapiServer(Size(hosts, vms).build(), users={"root": PASSWORD})
    await server.start()
    pins = [fingerprint for _, _, fingerprint in server.endpoints.values()]
    address, port, _ = server.endpoints[f"host{hosts - 1:02}"]
    pool = XapiPool("pool", [f"{address}:{port}"], "root", PASSWORD, pins, {}, WallClock())
    try:
        first = await first_sight(pool, vms)
        told = await everything(pool)
    finally:
        await pool.stop()
        await server.stop()
    return figures(first, told)


async def first_sight(pool: XapiPool, vms: int) -> float:
    """Seconds from the driver's start to the first complete snapshot."""
    woken = asyncio.Event()
    began = time.perf_counter()
    await pool.start(woken.set)
    while len(pool.observe(urgent=False).vms) < vms:
        await woken.wait()
        woken.clear()
    return time.perf_counter() - began


async def everything(pool: XapiPool) -> bytes:
    """The answer of event.from that holds every record."""
    classes = sorted(CLASSES)
    return bytes(await pool._session.call(msgspec.Raw, "event.from", classes, "", 0.0, deadline=60.0))


def figures(first: float, told: bytes) -> Figures:
    """What the driver alone needs for this answer, and for one VM that changes after it."""
    records, memo = Records(), Memo()
    records.apply(batch(Value(raw=msgspec.Raw(told))).changes)
    before = picture("pool", records, {}, memo).matters
    ref, vm = next((ref, vm) for ref, vm in sorted(records.vms.items()) if vm.is_guest)
    turns = itertools.cycle([changed(ref, vm, "one"), changed(ref, vm, "other")])

    def follow() -> None:
        nonlocal before
        records.apply(batch(Value(raw=msgspec.Raw(next(turns)))).changes)
        now = picture("pool", records, {}, memo).matters
        assert now != before
        before = now

    return Figures(
        len(told) / 1e6,
        first,
        median_of(lambda: Records().apply(batch(Value(raw=msgspec.Raw(told))).changes)),
        median_of(lambda: picture("pool", records, {}, Memo())),
        median_of(follow),
    )


def changed(ref: str, vm: Vm, name: str) -> bytes:
    """An answer of event.from that tells of one VM's new name."""
    snapshot = msgspec.structs.replace(vm, name_label=name)
    event = {"class": "vm", "operation": "mod", "ref": ref, "snapshot": snapshot}
    return msgspec.json.encode({"token": "1", "events": [event], "valid_ref_counts": {}})


def median_of(part: Callable[[], object]) -> float:
    """Median seconds of processor time of some runs."""
    took: list[float] = []
    for _ in range(TIMES):
        began = time.thread_time()
        part()
        took.append(time.thread_time() - began)
    return percentile(took, 50)


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("sizes", type=size, nargs="*", default=SIZES, metavar="HOSTS:VMS")
    options.add_argument("--charts", type=Path)
    given = options.parse_args()
    lines: dict[str, list[Point]] = {"full resync": [], "one event": []}
    print("hosts    VMs      MB  first sight     decode    picture     resync  one event   (milliseconds)")
    for hosts, vms in given.sizes:
        f = asyncio.run(measure(hosts, vms))
        resync = f.decode + f.picture
        shown = " ".join(f"{1000 * value:>10.2f}" for value in (f.decode, f.picture, resync, f.event))
        print(f"{hosts:>5} {vms:>6} {f.megabytes:>7.1f} {1000 * f.first_sight:>11.0f} {shown}")
        lines["full resync"].append((vms, 1000 * resync))
        lines["one event"].append((vms, 1000 * f.event))
    save(given.charts, "read_pool", "Reading and following a pool", "VMs", "milliseconds of processor time", lines)


def size(text: str) -> tuple[int, int]:
    """HOSTS:VMS."""
    hosts, _, vms = text.partition(":")
    return int(hosts), int(vms)


if __name__ == "__main__":
    main()
