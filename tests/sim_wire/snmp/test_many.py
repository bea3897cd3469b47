"""A hundred cards of all families in one process: the driver sees them all, and an outage of all."""

from __future__ import annotations

import asyncio
import time

from ridethrough.core.observation import Source
from ridethrough.drivers.snmp import Cards
from ridethrough.sim.battery import Battery
from ridethrough.sim.cards import Family, SimCard, SimUps
from ridethrough.sim.world import World

from .site import served

CARDS = 100
DEADLINE = 60.0


async def all_say(cards: Cards, source: Source, urgent: bool) -> None:
    """Wait until every card says so."""
    async with asyncio.timeout(DEADLINE):
        while True:
            seen = cards.observe(urgent).upses.values()
            if all(s.reading is not None and s.reading.source is source for s in seen):
                return
            await asyncio.sleep(0.02)


async def test_a_hundred_cards() -> None:
    world = World()
    families = list(Family)
    for number in range(CARDS):
        card = SimCard(tells=families[number % len(families)])
        world.add_ups(SimUps(f"ups{number:03}", "a", Battery.full(1000), card, base_load_watts=300))
    async with served(world) as site:
        woken = 0

        def wake() -> None:
            nonlocal woken
            woken += 1

        cards = Cards(
            [site.config(ups, timeout=3.0) for ups in world.upses], time.monotonic, pace=60.0, urgent_pace=60.0
        )
        await cards.start(wake)
        await all_say(cards, Source.UTILITY, urgent=False)
        assert woken == CARDS
        world.set_feeder("a", on=False)
        world.advance(1)
        await all_say(cards, Source.BATTERY, urgent=True)  # which polls them all at once
        seen = cards.observe(urgent=True)
        assert len(seen.upses) == CARDS
        assert all(s.reading is not None and s.reading.input_dead for s in seen.upses.values())
        await cards.stop()
