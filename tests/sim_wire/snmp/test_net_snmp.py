"""The World's cards as net-snmp's tools see them."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from ridethrough.core.model import CardAction, CardTimers
from ridethrough.sim.cards import Family

from .readers import HAS_TOOLS, run
from .site import WARNING, Site, served, world_of

pytestmark = pytest.mark.skipif(not HAS_TOOLS, reason="net-snmp's tools are not installed (Debian package snmp)")
RFC = ".1.3.6.1.2.1.33.1"
P, E, U = ".1.3.6.1.4.1.935.1.1.1", ".1.3.6.1.4.1.935.10.1.1", ".1.3.6.1.4.1.2468.1.2.1.1"

A, C = ".1.3.6.1.4.1.318.1.1.1", ".1.3.6.1.4.1.3808.1.1.1"
X, H = ".1.3.6.1.4.1.534.1", ".1.3.6.1.4.1.232.165.3"
D, R = ".1.3.6.1.4.1.2254.2.4", ".1.3.6.1.4.1.5491.10.1"


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    async with served(world_of(list(Family))) as it:
        yield it


async def tool(site: Site, family: Family, name: str, version: str, *words: str, community: str = "") -> str:
    """What the tool prints, both streams. Without a community: the one that may set, or the one that may read."""
    host, port = site.agent.address(family.value)
    may = community or ("private" if name == "snmpset" else "public")
    common = ["-v", version, "-c", may, "-t", "1", "-r", "0", "-On", f"{host}:{port}"]
    return await run(name, *common, *words)


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
    assert len(walks[0]) > 20
    numeric = [tuple(int(part) for part in name.strip(".").split(".")) for name in walks[0]]
    assert numeric == sorted(numeric)


@pytest.mark.parametrize("version", ["1", "2c"])
async def test_set_is_carried_out_and_reads_back(site: Site, version: str) -> None:
    period = ".1.3.6.1.4.1.935.10.1.1.8.4.1.3.1"
    out = await tool(site, Family.EPPC, "snmpset", version, period, "i", "600")
    assert "INTEGER: 600" in out
    assert site.world.upses["eppc"].card.warning_period == 600
    assert "INTEGER: 600" in await tool(site, Family.EPPC, "snmpget", version, period)


@pytest.mark.parametrize(
    ("family", "sets", "read"),
    [
        (Family.XPPC, {f"{P}.5.2.10.0": 300}, CardTimers(shutdown_delay=300.0)),
        (
            Family.EPPC,
            {f"{E}.8.1.0": 300, f"{E}.8.4.1.3.1": 600, f"{E}.8.4.1.2.1": 2},
            CardTimers(600.0, 300.0, CardAction.WARNING),
        ),
        (
            Family.USHA,
            {f"{U}.7.1.0": 300, f"{U}.7.4.1.3.1": 10, f"{U}.7.4.1.2.1": 4},
            CardTimers(600.0, 300.0, CardAction.CLIENT_AND_UPS),
        ),
    ],
    ids=lambda it: str(it.value) if isinstance(it, Family) else "",
)
async def test_our_driver_reads_what_snmpset_has_set(
    site: Site, family: Family, sets: dict[str, int], read: CardTimers
) -> None:
    before = (await site.card(family.value).poll()).timers
    for oid, value in sets.items():
        assert f"INTEGER: {value}" in await tool(site, family, "snmpset", "2c", oid, "i", str(value))
    after = (await site.card(family.value).poll()).timers
    assert after == read.or_else(before)
    assert after != before


@pytest.mark.parametrize("version", ["1", "2c"])
@pytest.mark.parametrize(
    ("family", "start", "cancel", "seconds"),
    [
        pytest.param(Family.RFC1628, (f"{RFC}.8.2.0", "60"), (f"{RFC}.8.2.0", "-1"), 60, id="rfc1628"),
        pytest.param(Family.XPPC, (f"{P}.6.1.1.0", "3"), None, 120, id="xppc: sleep, on battery"),
        pytest.param(Family.EPPC, (f"{E}.8.3.0", "1"), (f"{E}.8.3.0", "2"), 120, id="eppc"),
        pytest.param(Family.USHA, (f"{U}.7.3.0", "1"), (f"{U}.7.3.0", "3"), 120, id="usha"),
        pytest.param(Family.APC, (f"{A}.6.1.1.0", "3"), None, 120, id="apc: sleep, on battery"),
        pytest.param(Family.CYBERPOWER, (f"{C}.6.2.7.0", "60"), (f"{C}.6.2.7.0", "-1"), 60, id="cyberpower"),
        pytest.param(Family.XUPS, (f"{X}.9.6.0", "60"), (f"{X}.9.1.0", "0"), 60, id="xups"),
        pytest.param(Family.PXGX, (f"{X}.9.1.0", "60"), (f"{X}.9.1.0", "0"), 60, id="pxgx"),
        pytest.param(Family.HP, (f"{H}.8.1.0", "60"), (f"{H}.8.1.0", "0"), 60, id="hp"),
        pytest.param(Family.DELTA, (f"{D}.2.3.0", "60"), (f"{D}.2.3.0", "0"), 60, id="delta"),
        pytest.param(Family.MGE, (f"{RFC}.8.2.0", "60"), (f"{RFC}.8.2.0", "-1"), 60, id="mge, by RFC 1628"),
        pytest.param(Family.RIELLO, (f"{R}.8.2.0", "60"), (f"{RFC}.8.2.0", "-1"), 60, id="riello, by both roots"),
    ],
)
async def test_a_countdown_is_started_and_cancelled(
    site: Site, version: str, family: Family, start: tuple[str, str], cancel: tuple[str, str] | None, seconds: float
) -> None:
    site.world.set_feeder("a", on=False)
    site.world.advance(10)
    ups = site.world.upses[family.value]
    assert "INTEGER" in await tool(site, family, "snmpset", version, start[0], "i", start[1])
    assert ups.card.countdown_left(site.world.now) == seconds
    if cancel:
        assert "INTEGER" in await tool(site, family, "snmpset", version, cancel[0], "i", cancel[1])
        assert ups.card.countdown_left(site.world.now) is None
        assert ups.output
    else:
        site.world.advance(site.world.now + seconds + 1)
        assert not ups.output


@pytest.mark.parametrize("version", ["1", "2c"])
async def test_a_test_is_started_and_aborted(site: Site, version: str) -> None:
    quick, abort, result = f"{RFC}.7.7.4", f"{RFC}.7.7.2", f"{RFC}.7.3.0"
    assert quick in await tool(site, Family.EPPC, "snmpset", version, f"{RFC}.7.1.0", "o", quick)
    assert "INTEGER: 5" in await tool(site, Family.EPPC, "snmpget", version, result)
    assert abort in await tool(site, Family.EPPC, "snmpset", version, f"{RFC}.7.1.0", "o", abort)
    assert "INTEGER: 4" in await tool(site, Family.EPPC, "snmpget", version, result)


async def test_set_is_refused_in_the_versions_own_words(site: Site) -> None:
    assert "noSuchName" in await tool(site, Family.EPPC, "snmpset", "1", f"{RFC}.4.1.0", "i", "3")
    assert "notWritable" in await tool(site, Family.EPPC, "snmpset", "2c", f"{RFC}.4.1.0", "i", "3")


async def test_a_community_that_may_only_read_sets_nothing(site: Site) -> None:
    period = f"{E}.8.4.1.3.1"
    for version, said in (("1", "noSuchName"), ("2c", "noAccess")):
        assert said in await tool(site, Family.EPPC, "snmpset", version, period, "i", "600", community="public")
    assert site.world.upses["eppc"].card.warning_period == WARNING
    assert f"INTEGER: {WARNING:.0f}" in await tool(site, Family.EPPC, "snmpget", "2c", period, community="private")
    assert "Timeout" in await tool(site, Family.EPPC, "snmpget", "2c", period, community="other")


async def test_a_wrong_community_and_a_silent_card_get_no_answer(site: Site) -> None:
    site.world.upses["eppc"].card.silent = True
    out = await tool(site, Family.EPPC, "snmpget", "2c", f"{RFC}.4.1.0")
    assert "Timeout" in out
