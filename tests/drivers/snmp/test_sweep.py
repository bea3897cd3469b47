"""A search begins no more questions than it may, and has no more of them open at once."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

from ridethrough.drivers.snmp import CardConfig, sweep
from ridethrough.sim.cards_mib.tree import Leaf

from .own_cards import FAMILIES, SYSTEM
from .replay import ReplayCard

PDU = {f"{SYSTEM}.2.0": Leaf("oid", "1.3.6.1.4.1.318.1.3.4.5")}


@dataclass(slots=True)
class InFlight:
    """Questions that cards have heard and not yet answered, by the socket that asks."""

    now: set[tuple[str, int]] = field(default_factory=set)
    most: int = 0


class SlowCard(ReplayCard):
    """Counts each question while it is open. Answers to the community public only."""

    def __init__(self, flight: InFlight, at: tuple[str, int]) -> None:
        super().__init__(PDU, at=at)
        self._flight = flight

    def datagram_received(self, request: bytes, sender: tuple[str, int]) -> None:
        self._flight.now.add(sender)
        self._flight.most = max(self._flight.most, len(self._flight.now))
        asyncio.get_running_loop().call_later(0.05, self._answer, request, sender)

    def _answer(self, request: bytes, sender: tuple[str, int]) -> None:
        self._flight.now.discard(sender)
        if not self._transport.is_closing():
            super().datagram_received(request, sender)


async def in_flight(communities: list[str], at_once: int, cards: int = 12) -> int:
    """The most questions that were open at once, while some cards were searched in these ways."""
    flight, addresses = InFlight(), [f"127.0.78.{n}" for n in range(1, cards + 1)]
    async with AsyncExitStack() as stack:
        first = await stack.enter_async_context(SlowCard(flight, (addresses[0], 0)))
        port = int(first.address.partition(":")[2])
        for address in addresses[1:]:
            await stack.enter_async_context(SlowCard(flight, (address, port)))

        def ways(address: str) -> list[CardConfig]:
            return [
                CardConfig("", f"{address}:{port}", community=c, timeout=5.0 if c == "public" else 0.2)
                for c in communities
            ]

        found = await sweep(addresses, ways, lambda: 0.0, lambda done, found: None, at_once=at_once, per_second=1e6)
    assert [f.config.address.partition(":")[0] for f in found] == addresses
    return flight.most


async def test_no_more_sockets_at_once_than_allowed() -> None:
    assert await in_flight(["public"], at_once=5) == 5


async def test_each_way_of_asking_counts() -> None:
    assert await in_flight(["public", "other"], at_once=6) == 6


async def test_one_address_is_asked_in_more_ways_than_allowed_at_once() -> None:
    """It goes on all the same, one address after the other."""
    assert await in_flight(["public", "other", "third"], at_once=2, cards=4) == 3


async def test_no_address_is_begun_before_its_turn() -> None:
    addresses = [f"127.0.78.{n}" for n in range(1, 13)]
    began: dict[str, float] = {}
    loop = asyncio.get_running_loop()
    async with ReplayCard(FAMILIES["EPPC"], at=("127.0.78.1", 0)) as card:
        port = card.address.partition(":")[2]

        def ways(address: str) -> list[CardConfig]:
            began[address] = loop.time()
            return [CardConfig("", f"{address}:{port}", community=c, timeout=0.1) for c in ("public", "other")]

        start = loop.time()
        await sweep(addresses, ways, lambda: 0.0, lambda done, found: None, per_second=40)
    # Two questions each: 20 addresses a second.
    slack = 0.002  # the loop's clock may wake it that much early, in all
    assert all(began[address] - start >= number / 20 - slack for number, address in enumerate(addresses))
