"""Our driver, net-snmp and NUT's snmp-ups read four families of simulated cards in every state, and agree in all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from ridethrough.core.model import CardAction
from ridethrough.sim import power
from ridethrough.sim.cards import Family
from ridethrough.sim.world import World

from .readers import HAS_TOOLS, OBJECTS, SNMP_UPS, VARIABLES, Said, got_by_net_snmp, net_snmp, nut, our_driver, snmp_ups
from .site import WARNING, served, world_of

needs_tools = pytest.mark.skipif(not HAS_TOOLS, reason="net-snmp's tools are not installed (Debian package snmp)")
needs_nut = pytest.mark.skipif(SNMP_UPS is None, reason="NUT's snmp-ups is not there (Debian package nut-snmp)")


def _outage(world: World, seconds: float) -> None:
    world.set_feeder("a", on=False)
    world.advance(world.now + seconds)


def _low(world: World) -> None:
    for ups in world.upses.values():
        ups.card.action = CardAction.CLIENT
    _outage(world, 9000 - 150)


def _test(world: World) -> None:
    for ups in world.upses.values():
        power.start_test(world, ups, 30.0)
    world.advance(5)


def _tested(world: World) -> None:
    _test(world)
    world.advance(60)


def _test_broken_off(world: World) -> None:
    _test(world)
    _outage(world, 20)


def _counts_on_utility_power(world: World) -> None:
    for ups in world.upses.values():
        ups.card.cancels_on_return = False
    _outage(world, WARNING + 4)
    world.set_feeder("a", on=True)
    world.advance(world.now + 10)


STATES: dict[str, Callable[[World], None]] = {
    "utility power": lambda world: None,
    "on battery": lambda world: _outage(world, 60),
    "low": _low,
    "testing": _test,
    "tested": _tested,
    "a test broken off by an outage": _test_broken_off,
    "counting down": lambda world: _outage(world, WARNING + 4),
    "counting down on utility power": _counts_on_utility_power,
    "off": lambda world: _outage(world, 1000),
}
VERSIONS = {"utility power": "1", "counting down": "1"}  # the others are read by v2c


@dataclass(frozen=True, slots=True)
class Difference:
    """In these states (none named: in all) the other reader says `says` of `what`, and our driver another thing."""

    what: str
    says: Said
    why: str
    states: tuple[str, ...] = ()


OFF = "the output is off, so nothing drains the battery: a runtime of 0 is no runtime (ours)"

# What net-snmp shows of the family's own objects, where our driver says another thing.
FROM_NET_SNMP = (Difference("runtime", 0.0, OFF, ("off",)),)
# What our driver takes from RFC 1628's objects, because the family's own do not tell it.
NOT_IN_THEIR_OWN: dict[Family, set[str]] = {
    Family.RFC1628: set(),
    Family.XPPC: {"low transfer", "high transfer", "line bads"},
    Family.EPPC: {"nominal volts", "low transfer", "high transfer"},
    Family.USHA: {"nominal volts", "low transfer", "high transfer", "model"},
}
ZERO_MINUTES = "the card's copy of RFC 1628 says 0 minutes for ever, like the recorded one; ours reads its own seconds"
TICKS = "the card sends minutes as TimeTicks, like the recorded one, and NUT takes them for hundredths; ours does not"
NO_COUNTDOWN = "the card says 0 always, like the recorded one; for ours a 0 that never fell counts nothing down"

FROM_NUT: dict[tuple[str, Family], tuple[Difference, ...]] = {
    ("ietf", Family.RFC1628): (Difference("runtime", 0.0, OFF, ("off",)),),
    ("ietf", Family.EPPC): (Difference("runtime", 0.0, OFF, ("off",)),),
    ("ietf", Family.XPPC): (Difference("runtime", 0.0, ZERO_MINUTES),),
    ("ietf", Family.USHA): (
        Difference("runtime", 60.0, TICKS, tuple(state for state in STATES if state not in ("low", "off"))),
        Difference("runtime", 0.0, TICKS, ("low",)),
        Difference("runtime", 0.0, OFF, ("off",)),
        Difference("countdown", 0.0, NO_COUNTDOWN),
    ),
    ("xppc", Family.XPPC): (),
}
# What NUT's table of this name has no row for.
LACKS = {
    "ietf": {"alarms", "line bads", "on battery for", "warning period", "shutdown delay", "action"},
    "xppc": {
        "alarms", "line bads", "on battery for", "warning period", "shutdown delay", "action",
        "runtime", "testing", "countdown", "nominal volts", "low transfer", "high transfer",
    },
}  # fmt: skip


def _compare(ours: dict[str, Said], theirs: dict[str, Said], differences: tuple[Difference, ...], state: str) -> None:
    """Each value that both tell is the same, but for the differences; and each of those is one."""
    expected = dict(ours)
    for difference in differences:
        if not difference.states or state in difference.states:
            assert ours[difference.what] != difference.says, f"{difference.what}: no difference any more"
            expected[difference.what] = difference.says
    both = ours.keys() & theirs.keys()
    assert {what: theirs[what] for what in both} == {what: expected[what] for what in both}


@needs_tools
@needs_nut
@pytest.mark.parametrize("family", list(OBJECTS), ids=lambda f: str(f.value))
@pytest.mark.parametrize("state", STATES)
async def test_three_readers_agree(state: str, family: Family, tmp_path: Path) -> None:
    world = world_of([family])
    STATES[state](world)
    version = VERSIONS.get(state, "2c")
    async with served(world) as site:
        ours = await our_driver(site, family, version)
        walk = await net_snmp(site, family, version)
        got = await got_by_net_snmp(site, family, version)
        by_nut = {m: await nut(site, family, m, version, tmp_path) for m, f in FROM_NUT if f is family}
    assert got == walk.says(family)
    own = got | {"alarms": walk.alarms()}
    _compare(ours, own, FROM_NET_SNMP, state)
    untold = {what for what, said in ours.items() if said is None}
    assert ours.keys() - own.keys() <= NOT_IN_THEIR_OWN[family] | untold
    for mapping, theirs in by_nut.items():
        _compare(ours, theirs, FROM_NUT[mapping, family], state)
        assert ours.keys() - theirs.keys() == LACKS[mapping]
        raw = walk.says(Family.RFC1628 if mapping == "ietf" else family)
        if family is Family.USHA:
            raw["runtime"] = theirs["runtime"]  # TICKS: not what stands on the wire
        assert {what: raw[what] for what in theirs} == theirs


@needs_tools  # whose library snmp-ups needs
@needs_nut
@pytest.mark.parametrize(
    ("family", "mappings"),
    [
        pytest.param(Family.RFC1628, {"ietf"}, id="rfc1628: its sysObjectID is the MIB's, as on Generex cards"),
        pytest.param(Family.XPPC, {"xppc"}, id="xppc: 935.1.1.1 is not 935, but the model of 935.1 answers"),
        # NUT has no table for 935.10 and none for 2468. "tripplite" is its IETF table under another name.
        pytest.param(Family.EPPC, {"tripplite", "ietf"}, id="eppc: no table for 935.10, RFC 1628 answers"),
        pytest.param(Family.USHA, {"tripplite", "ietf"}, id="usha: no table for 2468, RFC 1628 answers"),
        (Family.TRIPPLITE, {"tripplite", "ietf"}),
        (Family.DELL, {"tripplite", "ietf"}),
        (Family.RIELLO, {"tripplite", "ietf"}),
        pytest.param(Family.HUAWEI, {"tripplite", "ietf"}, id="huawei: 2011 is not the 8072 that it waits for"),
        # What neither its sysObjectID nor an RFC 1628 with a model makes known to NUT.
        *((family, {""}) for family in (Family.LIEBERT, Family.VERTIV, Family.ITA2, Family.SOCOMEC)),
    ],
)
async def test_the_mapping_that_nut_finds_by_itself(family: Family, mappings: set[str], tmp_path: Path) -> None:
    async with served(world_of([family])) as site:
        out = await snmp_ups(site, family, "auto", "1", tmp_path)
    found = out.partition("(mib: ")[2].partition(" ")[0]
    assert found in mappings, out


@needs_tools
@needs_nut
async def test_nut_shows_the_frozen_values_of_a_card_that_has_lost_its_ups(tmp_path: Path) -> None:
    """NUT's tables do not read alarm 20: its OL is as old as the link's end. Ours is no reading at all."""
    world = world_of([Family.EPPC])
    async with served(world) as site:
        assert (await site.card("eppc").poll()).source.value == "utility"
        world.upses["eppc"].card.link_lost = True
        _outage(world, 30)
        theirs = await nut(site, Family.EPPC, "ietf", "2c", tmp_path)
        ours = await our_driver(site, Family.EPPC, "2c")
    assert (theirs["feeds"], ours["feeds"]) == ("utility", "unknown")
    assert ours["alarms"] == frozenset({20})


def test_every_word_of_nuts_tables_is_compared_with_something() -> None:
    assert VARIABLES["ietf"].keys() <= OBJECTS[Family.RFC1628].keys()
    assert VARIABLES["xppc"].keys() <= OBJECTS[Family.XPPC].keys()
