"""A world of a few UPSs, its cards on the wire, and the driver's view of one of them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from ridethrough.drivers.snmp import CardConfig
from ridethrough.drivers.snmp.card import Card
from ridethrough.sim.battery import Battery
from ridethrough.sim.cards import Family, SimCard, SimUps
from ridethrough.sim.snmp_agent import SnmpAgent
from ridethrough.sim.world import World

WARNING, DELAY = 180.0, 120.0


def world_of(families: Sequence[Family]) -> World:
    """One UPS of each family, named after it, all on feeder "a"; 1000 Wh and 400 W: 2.5 h of runtime."""
    world = World()
    for family in families:
        card = SimCard(warning_period=WARNING, shutdown_delay=DELAY, tells=family, model="Array 3000")
        world.add_ups(SimUps(family.value, "a", Battery.full(1000), card, base_load_watts=400))
    return world


class Site:
    """The world, its agent, and cards that the driver polls on the world's clock."""

    def __init__(self, world: World, agent: SnmpAgent) -> None:
        self.world, self.agent = world, agent

    def config(self, ups: str, version: str = "2c", timeout: float = 0.3) -> CardConfig:
        host, port = self.agent.address(ups)
        return CardConfig(ups, f"{host}:{port}", "1" if version == "1" else "2c", timeout=timeout)

    def card(self, ups: str, version: str = "2c", timeout: float = 0.3) -> Card:
        return Card(self.config(ups, version, timeout), lambda: self.world.now)


@asynccontextmanager
async def served(world: World) -> AsyncIterator[Site]:
    agent = SnmpAgent(world, dict.fromkeys(world.upses, ("127.0.0.1", 0)))
    await agent.start()
    try:
        yield Site(world, agent)
    finally:
        await agent.stop()
