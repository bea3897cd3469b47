"""The site that has one UPS of each family: all that the driver can read is there, and is read as what it is."""

from __future__ import annotations

import asyncio
from pathlib import Path

from ridethrough.core.observation import Source
from ridethrough.drivers.snmp import CardConfig, read_card
from ridethrough.drivers.snmp.mibs import FAMILIES
from ridethrough.sim.cards import Family
from ridethrough.sim.site_file import load_site
from ridethrough.sim.snmp_agent import SnmpAgent


async def test_every_family_that_is_read_can_be_tried(root: Path) -> None:
    world = load_site(root / "scenarios" / "sites" / "every_card.toml").build()
    assert sorted(ups.card.tells.value for ups in world.upses.values()) == sorted(Family)
    agent = SnmpAgent(world, dict.fromkeys(world.upses, ("127.0.0.1", 0)))
    await agent.start()
    configs = [CardConfig(ups, "{}:{}".format(*agent.address(ups)), timeout=5.0) for ups in world.upses]
    reports = await asyncio.gather(*(read_card(config, lambda: world.now) for config in configs))
    await agent.stop()
    assert {report.seen.reading.source for report in reports if report.seen.reading} == {Source.UTILITY}
    read_as = [report.family.split(" + ")[0] for report in reports]
    assert sorted(read_as) == sorted(mib.name for mib in FAMILIES)
