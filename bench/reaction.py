"""From a card's confirming answer to the first XenAPI call on the wire, with the host's timer at 0.

    python bench/reaction.py [--times N] [--charts FOLDER] [OTHERS ...]

The real daemon, as a process of its own, watches 16 pools of one host with one UPS each, and OTHERS UPSs besides.
The simulated cards and pools live in this process and share its monotonic clock: a card's answer is stamped when it
has been sent, a call when it arrived. Again and again one pool's utility power fails at a random moment. The first
answer that says "battery" also says that the input is dead, which confirms it; the answer counted is the last datagram
of that poll. "First call" is the next of the pool's calls that is not its observer's own: `pool.get_all`, to see who is
in charge. "First change" is `pool.add_to_other_config`, which claims the pool, some calls later.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TypeVar

from chart import Point, save
from percentile import percentile
from wire_site import QuickAgent, quietly, ready, write_site

from ridethrough.cli.wire import Daemon, WireSite
from ridethrough.core.events import Ask, Event, PoolRecorded, PoolRestored, UtilityBack, UtilityLost
from ridethrough.core.model import HostId, Seconds, UpsId
from ridethrough.sim.xapi_wire.access import Access, AccessLog

POOLS = 16  # an outage of one returns after more than a minute: flapping would make it settle for longer
CLAIM = "pool.add_to_other_config"
OBSERVERS = ("session.", "event.", "host.get_servertime")
GET = 0xA0
COMMUNITY = b"public"

T = TypeVar("T", bound=Event)


@dataclass(frozen=True, slots=True)
class Reaction:
    """Seconds from the confirming answer."""

    first_call: float
    first_change: float


class StampedLog(AccessLog):
    """The server's own log, with the moment of each call by the monotonic clock. Calls of observers are left out."""

    def __init__(self) -> None:
        super().__init__()
        self._arrived: list[tuple[float, HostId, str]] = []

    def note(self, at: Seconds, host: HostId, address: str, method: str, params: Sequence[object]) -> Access:
        if not method.startswith(OBSERVERS):
            self._arrived.append((time.monotonic(), host, method))
        return super().note(at, host, address, method, params)

    def first(self, host: HostId, after: float, method: str = "") -> float | None:
        """When the first call of a method ("" is any) arrived at a host after a moment; None when none has."""
        return next((at for at, h, m in self._arrived if at > after and h == host and method in ("", m)), None)


class Polls:
    """The polls of each card since it was told to listen: when the last datagram of each was answered.

    On battery a card has an alarm, so a poll is one or more GETs and then a walk of the alarm table.
    """

    def __init__(self) -> None:
        self._heard: dict[UpsId, list[tuple[bool, float]]] = {}

    def listen(self, ups: UpsId) -> None:
        self._heard[ups] = []

    def answered(self, ups: UpsId, question: bytes) -> None:
        if ups in self._heard:
            is_get = question[question.index(COMMUNITY) + len(COMMUNITY)] == GET
            self._heard[ups].append((is_get, time.monotonic()))

    def ends(self, ups: UpsId) -> list[float]:
        """When each poll ended, the first first."""
        heard = self._heard[ups]
        last_of_one = [not is_get and following for (is_get, _), (following, _) in pairwise(heard)]
        return [at for (_, at), ends in zip(heard, [*last_of_one, True], strict=True) if ends]


class Story:
    """What the daemon's journal says so far."""

    def __init__(self, daemon: Daemon) -> None:
        self._daemon = daemon
        self._events: list[Event] = []

    def of(self, kind: type[T], subject: str) -> list[T]:
        """The events of one kind about one UPS or pool."""
        self._events += [event for _, event in self._daemon.news()]
        found = [event for event in self._events if isinstance(event, kind)]
        return [event for event in found if subject in (getattr(event, "ups", ""), getattr(event, "pool", ""))]

    def is_over(self, pool: str) -> bool:
        """Whether every outage of a pool so far has ended and left it as it was."""
        ended = len(self.of(UtilityLost, f"{pool}u0")) == len(self.of(UtilityBack, f"{pool}u0"))
        return ended and len(self.of(PoolRecorded, pool)) == len(self.of(PoolRestored, pool))


async def measure(folder: Path, others: int, times: int) -> list[Reaction]:
    """How the daemon reacted, each time."""
    wire = WireSite(write_site(folder, POOLS, hosts=1, upses=1, after=0.0, others=others), folder)
    polls, log = Polls(), StampedLog()
    wire.agent, wire.server.log = QuickAgent(wire, polls.answered), log
    daemon = Daemon(folder, speed=1.0)
    story = Story(daemon)
    await wire.start()
    try:
        await ready(daemon)
        await daemon.ask(Ask.ARM)
        took: list[Reaction] = []
        for turn in range(times):
            pool = f"p{turn % POOLS}"
            await until(lambda pool=pool: story.is_over(pool))
            took += await once(wire, story, polls, log, pool)
        return took
    finally:
        await daemon.stop()
        await wire.stop()


async def once(wire: WireSite, story: Story, polls: Polls, log: StampedLog, pool: str) -> list[Reaction]:
    """Fail the power of one pool, wait for the claim, give it back; one value, or none if two polls were needed."""
    ups, host = f"{pool}u0", f"{pool}h0"
    await quietly(random.uniform(0.0, 5.0))  # at any moment of the card's pace
    polls.listen(ups)
    switch(wire, pool, on=False)
    failed = time.monotonic()
    with suppress(TimeoutError):
        await until(lambda: log.first(host, failed, CLAIM) is not None, 30.0)
    switch(wire, pool, on=True)
    lost = [event for event in story.of(UtilityLost, ups) if event.proof == "the input is dead"]
    if len(lost) != len(story.of(UtilityLost, ups)) or not polls.ends(ups):
        return []
    confirmed = polls.ends(ups)[0]
    called, changed = log.first(host, confirmed), log.first(host, confirmed, CLAIM)
    return [Reaction(called - confirmed, changed - confirmed)] if called and changed else []


def switch(wire: WireSite, pool: str, on: bool) -> None:
    """Utility power of a pool's feeder, now."""
    wire.pace.step()
    wire.world.set_feeder(pool.removeprefix("p"), on)


async def until(is_so: Callable[[], bool], seconds: float = 120.0) -> None:
    """Wait for something. Raises TimeoutError."""
    async with asyncio.timeout(seconds):
        while not is_so():
            await quietly(0.05)


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("others", type=int, nargs="*", default=(0, 50, 200))
    options.add_argument("--times", type=int, default=50)
    options.add_argument("--charts", type=Path)
    given = options.parse_args()
    lines: dict[str, list[Point]] = {}
    print("other UPSs  repetitions               median ms    p99 ms    max ms")
    for others in given.others:
        with tempfile.TemporaryDirectory(prefix="ridethrough-bench-") as name:
            reactions = asyncio.run(measure(Path(name), others, given.times))
        for what in ("first call", "first change"):
            took = [1000 * getattr(reaction, what.replace(" ", "_")) for reaction in reactions]
            p50, p99 = percentile(took, 50), percentile(took, 99)
            print(f"{others:>10} {len(took):>12}  {what:<12} {p50:>10.1f} {p99:>9.1f} {max(took):>9.1f}")
            lines.setdefault(f"{what}, p99", []).append((max(others, 1), p99))
            lines.setdefault(f"{what}, median", []).append((max(others, 1), p50))
    save(given.charts, "reaction", "From the confirming answer", "other UPSs", "milliseconds", lines)


if __name__ == "__main__":
    main()
