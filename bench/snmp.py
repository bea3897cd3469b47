"""What it costs to poll many cards with the real driver, every five seconds, and what others need for one.

    python bench/snmp.py [--pace SECONDS] [--cycles N] [--polls N] [--charts FOLDER] [CARDS ...]

The cards are canned ones in another process (bench/canned.py), of all simulated families, each with an address of its
own in 127.1.0.0/16. Linux only. The last rows ask one card the same objects with other clients (bench/peers.py).
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from canned import FAMILIES
from chart import Point, save
from peers import PASSWORD, STEP_LIMIT, USER, Cost, net_snmp, snmp_ups, snmpd

from ridethrough.core.decide import decide
from ridethrough.core.fold import fold
from ridethrough.core.memory import Memory
from ridethrough.core.model import Ups
from ridethrough.core.observation import Snapshot, Source
from ridethrough.core.site import Site
from ridethrough.drivers.snmp import CardConfig, Cards, V3User
from ridethrough.drivers.snmp.card import Card
from ridethrough.drivers.snmp.cards import PACE, _Watched
from ridethrough.drivers.snmp.session import MANY_AT_ONCE, Session
from ridethrough.runtime.garbage import collect_rarely

SIZES = (100, 1_000, 3_000, 10_000)
DEADLINE = 300.0
POLLS = 20_000
ISLAND = 20  # UPSs that are decided about together
PEERS = 100  # cards that the others poll
TOGETHER = 20
NUT_SECONDS = 20.0
UPS = "1.3.6.1.2.1.33.1"
OBJECTS = {  # the twelve of RFC 1628 that change, and what an agent without a UPS answers
    f"{UPS}.4.1.0": 3,
    f"{UPS}.2.1.0": 2,
    f"{UPS}.6.1.0": 0,
    f"{UPS}.8.2.0": -1,
    f"{UPS}.2.2.0": 0,
    f"{UPS}.2.3.0": 30,
    f"{UPS}.2.4.0": 100,
    f"{UPS}.3.1.0": 0,
    f"{UPS}.7.3.0": 6,
    f"{UPS}.3.3.1.3.1": 230,
    f"{UPS}.4.4.1.5.1": 20,
    f"{UPS}.4.4.1.2.1": 230,
}


class CannedCards:
    """The other process."""

    def __init__(self) -> None:
        program = [sys.executable, str(Path(__file__).with_name("canned.py"))]
        self._process = subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.port = int(self._line())

    def address(self, number: int) -> str:
        return f"127.1.{number // 250}.{number % 250}:{self.port}"

    def order(self, word: str) -> int:
        """Switch utility power "on" or "off", silence cards ("silent 100"); "asked" does nothing. Requests so far."""
        assert self._process.stdin is not None
        print(word, file=self._process.stdin, flush=True)
        return int(self._line())

    def stop(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()

    def _line(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline()


class TimedCards(Cards):
    """The driver, and how long each of its polls took."""

    def __init__(self, cards: list[CardConfig], pace: float) -> None:
        super().__init__(cards, time.monotonic, pace=pace)
        self.took: list[float] = []
        self.failed = 0
        self.patience = 3.0  # no poll of a silent card is shorter

    async def _poll(self, watched: _Watched) -> None:
        began = time.perf_counter()
        await super()._poll(watched)
        self.took.append(time.perf_counter() - began)
        self.failed += bool(watched.state.seen.trouble)


class Rounds:
    """What the controller makes of the answers: a round of `decide` at each pace for every `ISLAND` UPSs."""

    def __init__(self, cards: Cards, number: int, pace: float) -> None:
        names = [f"ups{n:05}" for n in range(number)]
        parts = [names[start : start + ISLAND] for start in range(0, number, ISLAND)]
        self._sites = [Site("bench", {ups: Ups(ups) for ups in part}, {}, {}) for part in parts]
        self._memories = [Memory() for _ in parts]
        self._cards, self._pace = cards, pace

    async def run(self) -> None:
        for turn in itertools.count():
            place = turn % len(self._sites)
            if place == 0:
                seen = self._cards.observe(urgent=False).upses
            site = self._sites[place]
            part = Snapshot(upses={ups: seen[ups] for ups in site.upses})
            for event in decide(time.monotonic(), part, self._memories[place], site).events:
                self._memories[place] = fold(self._memories[place], turn, event)
            await asyncio.sleep(self._pace / len(self._sites))


@dataclass(slots=True)
class Figures:
    cards: int
    pace: float
    cycles: int
    first: float = 0.0  # seconds until every card was learned and read
    polls: int = 0
    missed: int = 0
    seconds: float = 0.0
    requests: int = 0
    cpu: float = 0.0
    took: list[float] = field(default_factory=list)
    outage: float = 0.0  # seconds until every card was seen on battery
    kilobytes: float = 0.0
    silent_share: float = 0.0  # percent of a core while a tenth is silent
    silent_p99: float = 0.0  # of the others
    silent_missed: int = 0

    @property
    def share(self) -> float:
        """Percent of a core."""
        return 100 * self.cpu / self.seconds

    def row(self) -> str:
        cuts = statistics.quantiles(self.took, n=100)
        return (
            f"{self.cards:>6} {self.first:>7.1f} {self.requests / self.seconds:>9.0f}"
            f" {self.requests / self.polls:>9.1f} {1e6 * self.cpu / self.polls:>9.0f}"
            f" {self.share:>7.1f}"
            f" {1000 * cuts[49]:>7.1f} {1000 * cuts[98]:>7.1f} {self.missed:>7} {self.outage:>8.1f}"
            f" {self.kilobytes / self.cards:>8.1f}"
            f" {self.silent_share:>5.1f} {1000 * self.silent_p99:>7.1f} {self.silent_missed:>7}"
        )


HEAD = (
    " cards   first   answers  requests   us CPU   % of a      ms      ms  missed   outage     KB a a tenth silent\n"
    "             s  a second    a poll    a poll    core     p50     p99   polls   seen s     card    %  ms p99 missed"
)


async def measure(canned: CannedCards, number: int, pace: float, cycles: int) -> Figures:
    """Poll this many cards: first contact, some calm cycles, and the beginning of an outage of all.

    Raises TimeoutError when they are too many for this pace.
    """
    figures = Figures(number, pace, cycles)
    before = resident()
    cards = TimedCards([CardConfig(f"ups{n:05}", canned.address(n)) for n in range(number)], pace)
    began = time.perf_counter()
    await cards.start(lambda: None)
    rounds = asyncio.create_task(Rounds(cards, number, pace).run())
    try:
        figures.first = await until_all_say(cards, Source.UTILITY, began)
        await asyncio.sleep(2 * pace)  # so that every card is in its stride
        await calm(canned, cards, figures)
        await with_silent(canned, cards, figures)
        canned.order("off")
        figures.outage = await until_all_say(cards, Source.BATTERY, time.perf_counter())
        figures.kilobytes = resident() - before
    finally:
        rounds.cancel()
        await cards.stop()
        canned.order("on")
    return figures


async def calm(canned: CannedCards, cards: TimedCards, figures: Figures) -> None:
    """The figures of some cycles without an outage."""
    cards.took.clear()
    failed, asked, cpu, began = cards.failed, canned.order("asked"), cpu_seconds(), time.perf_counter()
    await asyncio.sleep(figures.cycles * figures.pace)
    figures.seconds = time.perf_counter() - began
    figures.cpu = cpu_seconds() - cpu
    figures.requests = canned.order("asked") - asked
    figures.took, figures.polls = list(cards.took), len(cards.took)
    due = figures.cards * (figures.cycles - 1)  # a poll may begin up to one cycle after the first moment
    figures.missed = cards.failed - failed + max(due - figures.polls, 0)


async def with_silent(canned: CannedCards, cards: TimedCards, figures: Figures) -> None:
    """The same with a tenth of all cards silent: what the others have of it."""
    few = figures.cards // 10
    canned.order(f"silent {few}")
    await asyncio.sleep(2 * figures.pace)
    cards.took.clear()
    cpu, began = cpu_seconds(), time.perf_counter()
    await asyncio.sleep(figures.cycles * figures.pace)
    figures.silent_share = 100 * (cpu_seconds() - cpu) / (time.perf_counter() - began)
    heard = [took for took in cards.took if took < cards.patience]
    figures.silent_p99 = statistics.quantiles(heard, n=100)[98]
    figures.silent_missed = max((figures.cards - few) * (figures.cycles - 1) - len(heard), 0)
    canned.order("silent 0")
    async with asyncio.timeout(DEADLINE):
        while any(s.trouble for s in cards.observe(urgent=False).upses.values()):  # noqa: ASYNC110 - nothing tells
            await asyncio.sleep(0.2)


async def until_all_say(cards: Cards, source: Source, since: float) -> float:
    async with asyncio.timeout(DEADLINE):
        while True:
            seen = cards.observe(urgent=False).upses.values()
            if all(s.reading is not None and s.reading.source is source for s in seen):
                return time.perf_counter() - since
            await asyncio.sleep(0.2)


# --- one card, twelve objects


def row(what: str, cost: Cost | str, least: float) -> None:
    """One line; `least` is what the C library needs."""
    if isinstance(cost, str):
        print(f"{what:<40} {cost}", flush=True)
    else:
        times = f"{cost.cpu / least:>8.1f}" if least else " " * 8
        kilobytes = "" if cost.kilobytes is None else f"{cost.kilobytes:>9.1f}"
        requests = " " * 9 if cost.requests is None else f"{cost.requests:>9.1f}"
        p99 = "" if cost.p99 is None else f"{cost.p99:>8.2f}"
        print(f"{what:<40} {cost.cpu:>7.0f} {times} {requests} {kilobytes:>9} {p99}".rstrip(), flush=True)


async def compare(canned: CannedCards, polls: int) -> None:
    """CPU of a poll of the same twelve objects, and memory of a card, by four readers, v2c and v3."""
    print(
        "\none card, 12 objects                      us CPU  times C  requests      KB a       ms\n"
        + " " * 41
        + " a poll  library    a poll      card      p99"
    )
    step, seconds = len(FAMILIES), min(NUT_SECONDS, polls / 100)
    addresses = [canned.address(n * step % STEP_LIMIT) for n in range(PEERS)]
    cards = [CardConfig(str(n), at) for n, at in enumerate(addresses)]
    where = {"port": addresses[0], "snmp_version": "v2c", "community": "public"}
    await compare_with(
        cards, "2c", canned.port, step, polls, await snmp_ups(where, lambda: canned.order("asked"), seconds)
    )
    async with snmpd(OBJECTS) as port:
        if isinstance(port, str):
            print(f"v3: {port}")
            return
        user = V3User(USER, "sha1", PASSWORD, "aes128", PASSWORD)
        at = f"127.0.0.1:{port}"
        cards = [CardConfig(str(n), at, "3", user=user) for n in range(PEERS)]
        v3 = {"port": at, "snmp_version": "v3", "secLevel": "authPriv", "secName": USER, "authProtocol": "SHA"}
        v3 |= {"authPassword": PASSWORD, "privProtocol": "AES", "privPassword": PASSWORD}
        await compare_with(cards, "3", port, step, polls, await snmp_ups(v3, None, seconds))


async def compare_with(
    configs: list[CardConfig], version: str, port: int, step: int, polls: int, nut: Cost | str
) -> None:
    oids = list(OBJECTS)
    library = net_snmp(version, port, step, oids, PEERS, polls)
    least = library.cpu if isinstance(library, Cost) else 0.0
    row(f"v{version} net-snmp's C library", library, least)
    cards = [Card(config, time.monotonic) for config in configs]
    for _ in range(3):  # learned, tried with all objects at once, in its stride
        for card in cards:
            await card.poll()
    sessions = [Session(config) for config in configs]
    for session in sessions:
        session.at_once = MANY_AT_ONCE
        await session.get(oids)
    row(f"v{version} our session, values only", await cost_of(lambda n: sessions[n].get(oids), polls), least)
    row(f"v{version} our driver, a cleaned reading", await cost_of(lambda n: cards[n].poll(), polls), least)
    row(f"v{version} NUT's snmp-ups, all it reads", nut, least)
    for open_one in (*cards, *sessions):
        open_one.close()


async def cost_of(poll: Callable[[int], Awaitable[object]], polls: int) -> Cost:
    """Of all cards in turn, twenty at once. Their memory is the first table's."""
    took: list[float] = []

    async def some(first: int) -> None:
        for number in range(first, PEERS, TOGETHER):
            asked = time.perf_counter()
            await poll(number)
            took.append(time.perf_counter() - asked)

    rounds = max(polls // PEERS, 1)
    began = cpu_seconds()
    for _ in range(rounds):
        await asyncio.gather(*(some(first) for first in range(TOGETHER)))
    cpu = 1e6 * (cpu_seconds() - began) / (rounds * PEERS)
    return Cost(cpu, None, p99=1000 * statistics.quantiles(took, n=100)[98])


# --- this process


def cpu_seconds() -> float:
    both = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(used.ru_utime + used.ru_stime for used in both)


def resident() -> float:
    """Kilobytes in memory now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1024


async def main(sizes: Iterable[int], pace: float, cycles: int, polls: int, charts: Path | None) -> None:
    collect_rarely()  # as the controller does
    canned = CannedCards()
    shares: list[Point] = []
    kilobytes: list[Point] = []
    try:
        print(f"load average {os.getloadavg()[0]:.1f}\n{HEAD}")
        for number in sizes:
            try:
                figures = await measure(canned, number, pace, cycles)
            except TimeoutError:
                print(f"{number:>6} cards: not all were heard within {DEADLINE:.0f} s; try a longer --pace", flush=True)
                continue
            print(figures.row(), flush=True)
            shares.append((number, figures.share))
            kilobytes.append((number, figures.kilobytes))
        await compare(canned, polls)
        print(f"load average {os.getloadavg()[0]:.1f}")
    finally:
        canned.stop()
    title = f"Polling many cards every {pace:.0f} s"
    save(charts, "snmp", title, "cards", "percent of a core", {"driver": shares})
    save(charts, "snmp_memory", title, "cards", "kilobytes", {"driver": kilobytes})


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--pace", type=float, default=PACE, metavar="SECONDS")
    parser.add_argument("--cycles", type=int, default=4, metavar="N")
    parser.add_argument("--polls", type=int, default=POLLS, metavar="N", help="by each of the others")
    parser.add_argument("--charts", type=Path, metavar="FOLDER")
    parser.add_argument("cards", type=int, nargs="*", default=SIZES)
    arguments = parser.parse_args()
    asyncio.run(main(arguments.cards, arguments.pace, arguments.cycles, arguments.polls, arguments.charts))
