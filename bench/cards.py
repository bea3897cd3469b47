"""What it costs to poll many cards with the real driver, every five seconds.

    python bench/cards.py [--pace SECONDS] [--cycles N] [--charts FOLDER] [CARDS ...]

The cards are canned ones in another process (bench/canned.py), of all four families, each with an address of its own in
127.1.0.0/16. Linux only. The last rows ask one card the same objects with other clients, for comparison.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import resource
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from chart import Point, save
from gufo.snmp import SnmpVersion
from gufo.snmp.aio import SnmpSession

from ridethrough.core.observation import Source
from ridethrough.drivers.snmp import CardConfig, Cards
from ridethrough.drivers.snmp.card import Card
from ridethrough.drivers.snmp.cards import PACE, _Watched
from ridethrough.drivers.snmp.session import AT_ONCE

SIZES = (100, 300, 1_000)
DEADLINE = 600.0
PEER_POLLS = 300


class CannedCards:
    """The other process."""

    def __init__(self) -> None:
        program = [sys.executable, str(Path(__file__).with_name("canned.py"))]
        self._process = subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self._port = int(self._line())

    def address(self, number: int) -> str:
        return f"127.1.{number // 250}.{number % 250}:{self._port}"

    def order(self, word: str) -> int:
        """Switch utility power "on" or "off"; "asked" does nothing. Requests that came so far."""
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

    async def _poll(self, watched: _Watched) -> None:
        began = time.perf_counter()
        await super()._poll(watched)
        self.took.append(time.perf_counter() - began)
        self.failed += bool(watched.state.seen.trouble)


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
        )


HEAD = (
    " cards   first   answers  requests   us CPU   % of a      ms      ms  missed   outage  KB a\n"
    "         s       a second a poll     a poll   core       p50     p99  polls    seen s  card"
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
    try:
        figures.first = await until_all_say(cards, Source.UTILITY, began)
        await asyncio.sleep(pace)  # so that every card is in its stride
        await calm(canned, cards, figures)
        canned.order("off")
        figures.outage = await until_all_say(cards, Source.BATTERY, time.perf_counter())
        figures.kilobytes = resident() - before
    finally:
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


async def until_all_say(cards: Cards, source: Source, since: float) -> float:
    async with asyncio.timeout(DEADLINE):
        while True:
            seen = cards.observe(urgent=False).upses.values()
            if all(s.reading is not None and s.reading.source is source for s in seen):
                return time.perf_counter() - since
            await asyncio.sleep(0.05)


# --- peers


async def peers(canned: CannedCards) -> None:
    """CPU of one poll of one card, of each family in turn: our driver's card, the bare library, net-snmp's snmpget."""
    cards = [Card(CardConfig(str(n), canned.address(n)), time.monotonic) for n in range(4)]
    for card in cards:
        await card.poll()
    oids = [card.profile.oids(slow=False) for card in cards if card.profile]
    bare = [bare_session(card.config) for card in cards]

    async def by_library(turn: int) -> None:
        for start in range(0, len(oids[turn]), AT_ONCE):
            await bare[turn].get_many(oids[turn][start : start + AT_ONCE])

    async def by_driver(turn: int) -> None:
        await cards[turn].poll()

    print(f"our driver, one card at a time   {await cpu_of(by_driver, PEER_POLLS):>9.0f} us CPU a poll")
    print(f"gufo-snmp alone, same objects    {await cpu_of(by_library, PEER_POLLS):>9.0f}")
    if shutil.which("snmpget"):

        async def by_snmpget(turn: int) -> None:
            for start in range(0, len(oids[turn]), AT_ONCE):
                words = ["snmpget", "-v2c", "-c", "public", "-On", cards[turn].config.address]
                part = [*words, *oids[turn][start : start + AT_ONCE]]
                await asyncio.to_thread(subprocess.run, part, stdout=subprocess.DEVNULL, check=True)

        print(f"net-snmp's snmpget, a process    {await cpu_of(by_snmpget, PEER_POLLS // 10):>9.0f}")


def bare_session(config: CardConfig) -> SnmpSession:
    host, port = config.address.split(":")
    return SnmpSession(host, port=int(port), community="public", version=SnmpVersion.v2c, timeout=3.0)


async def cpu_of(poll: Callable[[int], Awaitable[None]], times: int) -> float:
    """Microseconds of CPU, children's included, of one poll."""
    began = cpu_seconds()
    for number in range(times):
        await poll(number % 4)
    return 1e6 * (cpu_seconds() - began) / times


# --- this process


def cpu_seconds() -> float:
    both = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(used.ru_utime + used.ru_stime for used in both)


def resident() -> float:
    """Kilobytes in memory now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1024


async def main(sizes: Iterable[int], pace: float, cycles: int, charts: Path | None) -> None:
    canned = CannedCards()
    shares: list[Point] = []
    try:
        print(HEAD)
        for number in sizes:
            try:
                figures = await measure(canned, number, pace, cycles)
            except TimeoutError:
                print(f"{number:>6} cards: not all were heard within {DEADLINE:.0f} s; try a longer --pace", flush=True)
                continue
            print(figures.row(), flush=True)
            shares.append((number, figures.share))
        await peers(canned)
    finally:
        canned.stop()
    save(charts, "cards", f"Polling many cards every {pace:.0f} s", "cards", "percent of a core", {"driver": shares})


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--pace", type=float, default=PACE, metavar="SECONDS")
    parser.add_argument("--cycles", type=int, default=4, metavar="N")
    parser.add_argument("--charts", type=Path, metavar="FOLDER")
    parser.add_argument("cards", type=int, nargs="*", default=SIZES)
    arguments = parser.parse_args()
    asyncio.run(main(arguments.cards, arguments.pace, arguments.cycles, arguments.charts))
