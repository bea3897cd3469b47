"""How long it takes to read a pool: over the wire from nothing, to decode its records, to draw the picture of it.

    python bench/read_pool.py [HOSTS ...]

The pool is a simulated one behind real XenAPI and TLS on loopback, in the same process: "first sight" holds the time of
that server too, the other figures are the driver's alone.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import replace as changed

import msgspec
from decide import VMS, Size

from ridethrough.core.model import Seconds
from ridethrough.drivers.xapi import XapiPool
from ridethrough.drivers.xapi.picture import Memo, picture
from ridethrough.drivers.xapi.records import CLASSES
from ridethrough.drivers.xapi.store import Batch, Change, Records, batch
from ridethrough.drivers.xapi.wire import Value
from ridethrough.sim.xapi_server import XapiServer

PASSWORD = "bench"
TIMES = 15


class WallClock:
    """ports.Clock of this process."""

    stood_still = None

    def now(self) -> Seconds:
        return time.monotonic()

    async def sleep(self, seconds: Seconds) -> None:
        await asyncio.sleep(seconds)


async def measure(hosts: int) -> None:
    """Read one pool and print what each part took."""
    vms = VMS.get(hosts, 16 * hosts)
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
    print(f"{hosts:>5} {vms:>6} {len(told) / 1e6:>7.1f} {1000 * first:>11.0f} {figures(told)}")


async def first_sight(pool: XapiPool, vms: int) -> float:
    """Seconds from the driver's start to the first complete snapshot."""
    woken = asyncio.Event()
    began = time.perf_counter()
    await pool.start(woken.set)
    while len((await pool.observe(urgent=False)).vms) < vms:
        await woken.wait()
        woken.clear()
    return time.perf_counter() - began


async def everything(pool: XapiPool) -> bytes:
    """The answer of event.from that holds every record."""
    classes = sorted(CLASSES)
    return bytes(await pool._session.call(msgspec.Raw, "event.from", classes, "", 0.0, deadline=60.0))


def figures(told: bytes) -> str:
    """Milliseconds to decode everything, to draw the whole picture, and to draw it again after one VM changed."""
    decoded: Batch = batch(Value(raw=msgspec.Raw(told)))
    records, memo = Records(), Memo()
    records.apply(decoded.changes)
    picture("pool", records, {}, memo)
    ref, vm = next((ref, vm) for ref, vm in sorted(records.vms.items()) if vm.is_guest)
    one = [Change("vm", ref, msgspec.structs.replace(vm, name_label=name)) for name in ("one", "other")]
    turns = iter(one * TIMES)

    def again() -> None:
        records.apply([changed(next(turns))])
        picture("pool", records, {}, memo)

    parts: list[Callable[[], object]] = [
        lambda: batch(Value(raw=msgspec.Raw(told))),
        lambda: picture("pool", records, {}, Memo()),
        again,
    ]
    return " ".join(f"{1000 * median_of(part):>10.2f}" for part in parts)


def median_of(part: Callable[[], object]) -> float:
    """Median seconds of some runs."""
    took: list[float] = []
    for _ in range(TIMES):
        began = time.perf_counter()
        part()
        took.append(time.perf_counter() - began)
    return statistics.median(took)


def main(sizes: Iterable[int]) -> None:
    print("hosts    VMs      MB  first sight     decode    picture  one change   (milliseconds)")
    for hosts in sizes:
        asyncio.run(measure(hosts))


if __name__ == "__main__":
    main([int(word) for word in sys.argv[1:]] or VMS)
