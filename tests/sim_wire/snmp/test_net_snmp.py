"""The World's cards as net-snmp's tools see them."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator

import pytest

from ridethrough.sim.cards import Family

from .site import Site, served, world_of

TOOLS = ("snmpget", "snmpwalk", "snmpbulkwalk", "snmpset")
pytestmark = pytest.mark.skipif(
    not all(shutil.which(tool) for tool in TOOLS), reason="net-snmp's tools are not installed (Debian package snmp)"
)
RFC = ".1.3.6.1.2.1.33.1"


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    async with served(world_of(list(Family))) as it:
        yield it


async def tool(site: Site, family: Family, name: str, version: str, *words: str) -> str:
    """What the tool prints, both streams."""
    host, port = site.agent.address(family.value)
    common = ["-v", version, "-c", "public", "-t", "1", "-r", "0", "-On", f"{host}:{port}"]
    process = await asyncio.create_subprocess_exec(
        name, *common, *words, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    async with asyncio.timeout(10):
        out, _ = await process.communicate()
    return out.decode()


@pytest.mark.parametrize("version", ["1", "2c"])
async def test_get(site: Site, version: str) -> None:
    out = await tool(site, Family.EPPC, "snmpget", version, f"{RFC}.4.1.0", f"{RFC}.3.1.0", ".1.3.6.1.2.1.1.2.0")
    assert f"{RFC}.4.1.0 = INTEGER: 3" in out
    assert f"{RFC}.3.1.0 = Counter32: 0" in out
    assert "OID: .1.3.6.1.4.1.935.10.1" in out


async def test_get_of_what_is_not_there(site: Site) -> None:
    assert "noSuchName" in await tool(site, Family.EPPC, "snmpget", "1", f"{RFC}.4.1.0", f"{RFC}.99.0")
    out = await tool(site, Family.EPPC, "snmpget", "2c", f"{RFC}.4.1.0", f"{RFC}.99.0")
    assert "No Such Object" in out
    assert "INTEGER: 3" in out


@pytest.mark.parametrize("family", list(Family), ids=lambda f: str(f.value))
async def test_the_three_walks_agree_and_go_in_order(site: Site, family: Family) -> None:
    walks = []
    for name, version in (("snmpwalk", "1"), ("snmpwalk", "2c"), ("snmpbulkwalk", "2c")):
        out = await tool(site, family, name, version, "-Cc", ".1.3")
        names = [line.split(" = ")[0] for line in out.splitlines() if line.startswith(".1.3") and "No more" not in line]
        walks.append(names)
    assert walks[0] == walks[1] == walks[2]
    assert len(walks[0]) > 40
    numeric = [tuple(int(part) for part in name.strip(".").split(".")) for name in walks[0]]
    assert numeric == sorted(numeric)


@pytest.mark.parametrize("version", ["1", "2c"])
async def test_set_is_carried_out_and_reads_back(site: Site, version: str) -> None:
    period = ".1.3.6.1.4.1.935.10.1.1.8.4.1.3.1"
    out = await tool(site, Family.EPPC, "snmpset", version, period, "i", "600")
    assert "INTEGER: 600" in out
    assert site.world.upses["eppc"].card.warning_period == 600
    assert "INTEGER: 600" in await tool(site, Family.EPPC, "snmpget", version, period)


async def test_set_is_refused_in_the_versions_own_words(site: Site) -> None:
    assert "noSuchName" in await tool(site, Family.EPPC, "snmpset", "1", f"{RFC}.4.1.0", "i", "3")
    assert "notWritable" in await tool(site, Family.EPPC, "snmpset", "2c", f"{RFC}.4.1.0", "i", "3")


async def test_a_wrong_community_and_a_silent_card_get_no_answer(site: Site) -> None:
    site.world.upses["eppc"].card.silent = True
    out = await tool(site, Family.EPPC, "snmpget", "2c", f"{RFC}.4.1.0")
    assert "Timeout" in out
