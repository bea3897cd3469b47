"""A stranger reads the cards: NUT's snmp-ups finds each table by itself, and says what our driver says.

Its tables were written from real cards, by others. Where it differs from us, the difference is named here.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from ridethrough.sim.cards import Family

from .readers import HAS_TOOLS, SNMP_UPS, Said, nut, our_driver, snmp_ups
from .site import served, world_of
from .test_agree import STATES

pytestmark = pytest.mark.skipif(
    not HAS_TOOLS or SNMP_UPS is None, reason="snmp-ups and net-snmp are not there (Debian packages nut-snmp, snmp)"
)

TABLES = {
    Family.APC: "apcc",
    Family.MGE: "mge",
    Family.XUPS: "pw",
    Family.PXGX: "pxgx_ups",
    Family.HP: "cpqpower",
    Family.CYBERPOWER: "cyberpower",
    Family.DELTA: "delta_ups",
    Family.NETVISION: "netvision",
}
READ = ("utility power", "on battery", "low", "testing", "off")


@dataclass(frozen=True, slots=True)
class Difference:
    """In these states NUT says `says`, and our driver another thing."""

    family: Family
    what: str
    says: Said
    why: str
    states: tuple[str, ...]


DARK = ("off",)
UNKNOWN_TO_IT = "NUT's table of this release has no word for this state"
DIFFERENCES = (
    *(
        Difference(family, "runtime", 0.0, "the output is off: a runtime of 0 is no runtime (ours)", DARK)
        for family in TABLES
        if family is not Family.DELTA
    ),
    Difference(Family.APC, "feeds", None, UNKNOWN_TO_IT, ("testing",)),  # 15, onBatteryTest
    Difference(
        Family.PXGX, "feeds", "bypass", "NUT reads 4 as XUPS has it; its later table says battery", ("on battery",)
    ),
    Difference(Family.PXGX, "feeds", "bypass", "the same", ("testing",)),
    Difference(Family.PXGX, "feeds", None, UNKNOWN_TO_IT, DARK),  # 48
    Difference(Family.MGE, "feeds", "utility", "NUT says OL beside OFF: the output is not on battery", DARK),
    Difference(Family.NETVISION, "feeds", "utility", "NUT takes standby for OL", DARK),
)


@pytest.mark.parametrize("family", TABLES, ids=lambda f: str(f.value))
async def test_the_table_that_it_finds_by_itself(family: Family, tmp_path: Path) -> None:
    async with served(world_of([family])) as site:
        out = await snmp_ups(site, family, "auto", "1", tmp_path)
    assert out.partition("(mib: ")[2].partition(" ")[0] == TABLES[family], out


@pytest.mark.parametrize("family", TABLES, ids=lambda f: str(f.value))
@pytest.mark.parametrize("state", READ)
async def test_it_says_what_our_driver_says(state: str, family: Family, tmp_path: Path) -> None:
    world = world_of([family])
    STATES[state](world)
    async with served(world) as site:
        ours = await our_driver(site, family, "2c")
        # By v1: this release counts an Eaton card's sensors up to the first error, which v2c does not give it.
        theirs = await nut(site, family, TABLES[family], "1", tmp_path)
    expected = {what: ours[what] for what in theirs}
    if family is Family.HP:
        expected["countdown"] = expected["countdown"] or 0.0  # 0 is how it says that none runs
    for it in DIFFERENCES:
        if it.family is family and state in it.states:
            assert expected[it.what] != it.says, f"{it.what}: no difference any more"
            expected[it.what] = it.says
    assert theirs == expected
