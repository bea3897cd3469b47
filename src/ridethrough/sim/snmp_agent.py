"""The World's cards as SNMP v1 and v2c agents on the wire."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace

from ridethrough.core.model import UpsId
from ridethrough.sim.cards_mib.control import Control
from ridethrough.sim.cards_mib.families import CARDS
from ridethrough.sim.cards_mib.shown import Shown, shown
from ridethrough.sim.cards_mib.tree import Leaf, Tree, answer
from ridethrough.sim.world import World

SYSTEM = "1.3.6.1.2.1.1"


class SnmpAgent:
    """One UDP socket a card. Values are those of the world at the moment of the answer.

    `before_answer` is called before each answer: the caller's chance to advance the world to its clock. An endpoint's
    port 0 lets the system choose; `address` tells which. pysnmp's own engine is not used: it cannot drop a request,
    as a silent card must, and serves one community for all of its transports; its message layer is.
    """

    def __init__(
        self,
        world: World,
        endpoints: Mapping[UpsId, tuple[str, int]],
        community: str = "public",
        before_answer: Callable[[], None] = lambda: None,
        write_community: str = "private",
    ) -> None:
        self._world = world
        self._endpoints = dict(endpoints)
        self._community, self._write_community = community.encode(), write_community.encode()
        self._before_answer = before_answer
        self._cards = {ups: WireCard(world, ups) for ups in self._endpoints}
        self._transports: dict[UpsId, asyncio.DatagramTransport] = {}

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

    async def stop(self) -> None:
        """Close every socket: from now on the cards' ports are closed."""
        for transport in self._transports.values():
            transport.close()
        self._transports.clear()
        await asyncio.sleep(0)  # asyncio closes sockets in its next round

    def address(self, ups: UpsId) -> tuple[str, int]:
        """Where this card answers."""
        host, port = self._transports[ups].get_extra_info("sockname")[:2]
        return host, port

    def _answer(self, ups: UpsId, datagram: bytes) -> bytes | None:
        self._before_answer()
        card = self._cards[ups]
        if self._world.upses[ups].card.silent:
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
        s = self._now()
        return Tree(system(s, self._control) | CARDS[self._control.card.tells].leaves(s, self._control))

    def _now(self) -> Shown:
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
