"""The World's cards as SNMP v1 and v2c agents on the wire."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from ridethrough.core.model import UpsId
from ridethrough.sim.card_traps import CardTraps
from ridethrough.sim.cards_mib.control import Control
from ridethrough.sim.cards_mib.families import CARDS
from ridethrough.sim.cards_mib.shown import Shown, shown
from ridethrough.sim.cards_mib.tree import Leaf, Tree, answer
from ridethrough.sim.world import World

SYSTEM = "1.3.6.1.2.1.1"
LOOK = 0.1  # seconds between two looks for traps that are due


class SnmpAgent:
    """One UDP socket a card. Values are those of the world at the moment of the answer.

    `before_answer` is called before each answer: the caller's chance to advance the world to its clock. An endpoint's
    port 0 lets the system choose; `address` tells which. pysnmp's own engine is not used: it cannot drop a request,
    as a silent card must, and serves one community for all of its transports; its message layer is. `trap_receivers`
    get the traps of every card, from the card's own address; with `informs`, informs that are repeated until answered.
    """

    def __init__(
        self,
        world: World,
        endpoints: Mapping[UpsId, tuple[str, int]],
        community: str = "public",
        before_answer: Callable[[], None] = lambda: None,
        write_community: str = "private",
        trap_receivers: Sequence[tuple[str, int]] = (),
        informs: bool = False,
    ) -> None:
        self._world = world
        self._endpoints = dict(endpoints)
        self._community, self._write_community = community.encode(), write_community.encode()
        self._before_answer = before_answer
        self._cards = {ups: WireCard(world, ups) for ups in self._endpoints}
        self._transports: dict[UpsId, asyncio.DatagramTransport] = {}
        self._receivers, self._informs = tuple(trap_receivers), informs
        self._traps: dict[UpsId, CardTraps] = {}
        self._looking: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Open every socket. Raises OSError when one cannot be opened; none stays open then."""
        loop = asyncio.get_running_loop()
        try:
            for ups, endpoint in sorted(self._endpoints.items()):
                transport, _ = await loop.create_datagram_endpoint(
                    lambda ups=ups: _Endpoint(lambda datagram: self._answer(ups, datagram)),  # type: ignore[misc]
                    local_addr=endpoint,
                )
                self._transports[ups] = transport
        except OSError:
            await self.stop()
            raise
        if self._receivers:
            self._traps = {ups: self._card_traps(ups) for ups in sorted(self._endpoints)}
            self._looking = asyncio.create_task(self._look_on(), name="simulated traps")

    async def stop(self) -> None:
        """Close every socket: from now on the cards' ports are closed."""
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.gather(self._looking, return_exceptions=True)
            self._looking = None
        for transport in self._transports.values():
            transport.close()
        self._transports.clear()
        await asyncio.sleep(0)  # asyncio closes sockets in its next round

    def address(self, ups: UpsId) -> tuple[str, int]:
        """Where this card answers."""
        host, port = self._transports[ups].get_extra_info("sockname")[:2]
        return host, port

    def card(self, ups: UpsId) -> WireCard:
        """One of the cards."""
        return self._cards[ups]

    def traps_sent(self, ups: UpsId) -> int:
        """Datagrams that this card has sent by itself."""
        return self._traps[ups].sent

    def unanswered(self, ups: UpsId) -> int:
        """Informs of this card that wait for their answer."""
        return self._traps[ups].unanswered

    def look(self) -> None:
        """Let every card that is not silent send the traps that are due."""
        self._before_answer()
        clock = asyncio.get_running_loop().time()
        for ups, traps in self._traps.items():
            if not self._world.upses[ups].card.mute:
                card = self._cards[ups]
                traps.look(card.now(), card.test_traps, clock)

    async def _look_on(self) -> None:
        while True:
            self.look()
            await asyncio.sleep(LOOK)

    def _card_traps(self, ups: UpsId) -> CardTraps:
        family, transport = self._world.upses[ups].card.tells, self._transports[ups]
        community = self._community.decode()
        return CardTraps(
            family, self.address(ups)[0], self._receivers, transport.sendto, informs=self._informs, community=community
        )

    def _answer(self, ups: UpsId, datagram: bytes) -> bytes | None:
        self._before_answer()
        card = self._cards[ups]
        if self._world.upses[ups].card.mute or (self._traps and self._traps[ups].acknowledged(datagram)):
            return None
        return answer(datagram, self._community, card.tree, self._write_community)


class WireCard:
    """One card: its objects at this moment."""

    def __init__(self, world: World, ups: UpsId) -> None:
        self._world = world
        self._control = Control(world, world.upses[ups])
        self._frozen: Shown | None = None  # the last that the card knew of its UPS

    def tree(self) -> Tree:
        """The card's objects now. A card that has lost its UPS repeats the last it knew, and may say so."""
        s = self.now()
        return Tree(system(s, self._control) | CARDS[self._control.card.tells].leaves(s, self._control))

    @property
    def test_traps(self) -> int:
        """Test traps that it was told to send, since it was built."""
        return self._control.test_traps

    def now(self) -> Shown:
        """What it shows; of a UPS that it has lost, what it knew last."""
        lost = self._control.card.link_lost
        known = self._frozen
        if known is None or not lost:
            now = shown(self._world, self._control.ups)
            went_bad = not now.utility and (known is None or known.utility)
            known = replace(now, line_bads=(known.line_bads if known else 0) + went_bad)
            self._frozen = known
        return replace(known, link_lost=lost, up_for=self._world.now)


def system(s: Shown, control: Control) -> dict[str, Leaf]:
    """The system group."""
    return {
        f"{SYSTEM}.1.0": Leaf("string", control.card.description),
        f"{SYSTEM}.2.0": Leaf("oid", CARDS[control.card.tells].object_id),
        f"{SYSTEM}.3.0": Leaf("ticks", int(100 * s.up_for) % 2**32),
        f"{SYSTEM}.4.0": Leaf("string", ""),
        f"{SYSTEM}.5.0": Leaf("string", control.ups.id),
        f"{SYSTEM}.6.0": Leaf("string", "simulation"),
        f"{SYSTEM}.7.0": Leaf("integer", 72),
    }


class _Endpoint(asyncio.DatagramProtocol):
    def __init__(self, respond: Callable[[bytes], bytes | None]) -> None:
        self._respond = respond
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override]
        self._transport = transport

    def datagram_received(self, datagram: bytes, sender: tuple[str, int]) -> None:
        response = self._respond(datagram)
        if response is not None and self._transport is not None:
            self._transport.sendto(response, sender)
