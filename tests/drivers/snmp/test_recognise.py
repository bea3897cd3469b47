"""Which card is which: real sysObjectIDs, and what a card answers against what its sysObjectID says."""

from __future__ import annotations

from pathlib import Path

import pytest

from ridethrough.drivers.snmp import read_card
from ridethrough.drivers.snmp.mibs import kind_of
from ridethrough.sim.cards_mib.tree import Leaf

from .own_cards import FAMILIES, SYSTEM
from .replay import APC, RFC, ReplayCard, Rows, integers

# What LibreNMS calls the system, and the beginning of what we call it. None: nothing is known by sysObjectID alone.
NAMED: dict[str, str | None] = {
    "abbups": None,
    "algcom-dc-ups": None,
    "apc": "an APC",
    "apc-mgeups": "an Eaton or MGE",
    "cetpower": None,
    "compas": None,
    "cxc": None,
    "cxrc": None,
    "cyberpower": "a CyberPower",
    "dell-ups": "a Dell",
    "deltaups": "a Delta",
    "eaton-matrix": "an Eaton Matrix",
    "eaton-mgeups": "an Eaton or MGE",
    "eatonups": "an Eaton",
    "eatonupsm2": "an Eaton",
    "fxm": None,
    "gamatronicups": None,
    "ge-ups": None,
    "generex-ups": "a Generex",
    "hpe-rtups": "an HP",
    "huaweiups": "a Huawei",
    "imcopower-big": None,
    "imcopower-ls110": None,
    "istars": "an EAST",
    "liebert": "a Liebert",
    "logmaster": "a NetAgent",
    "marathonups": None,
    "netagent2": "a NetAgent",
    "netmanplus": "a Riello",
    "netvision-rfc": None,
    "orvaldi-ups": None,
    "poweralert": "a Tripp Lite",
    "powerwalker": "a PowerWalker",
    "powerwalker-vfi": None,  # CyberPower's card, or plain net-snmp
    "remoteye4": None,
    "sinetica": None,
    "socomec-ups": "a Socomec",
    "supercap": None,
    "vertiv-ita2": "an Emerson",
    "webpower": "a Santak",
    "webpower-smart2": "a Santak",
}
# By sysDescr, for the values that stand for UPSs and for other things.
NOT_A_UPS = ("rpdu", "ats4g", "ms225a", "nb200", "mem_", "nairfm", "Uniflair", "InRow", "xpdu", "AP7820", "ap7998")


def rows_of(recordings: Path) -> list[tuple[str, str, str]]:
    lines = (recordings / "sysobjectid.tsv").read_text(encoding="utf-8").splitlines()[1:]
    return [(cells[0], cells[1], cells[2]) for cells in (line.split("\t") for line in lines)]


def test_real_system_object_ids(recordings: Path) -> None:
    rows = rows_of(recordings)
    assert {name for _, name, _ in rows} == NAMED.keys()
    for object_id, name, _ in rows:
        kind, named = kind_of(object_id), NAMED[name]
        if named is not None and object_id:
            assert kind is not None, object_id
            assert kind.what.startswith(named), (object_id, kind.what)


def test_what_is_no_ups_is_known_by_its_system_object_id(recordings: Path) -> None:
    """But for those that bear no more than their maker's number: what they answer decides."""
    judged = [row for row in rows_of(recordings) if row[1] == "apc" and row[0] != "1.3.6.1.4.1.318"]
    assert len(judged) > 20
    for object_id, _, description in judged:
        kind = kind_of(object_id)
        assert kind is not None
        assert bool(kind.families) is not any(word in description for word in NOT_A_UPS), (object_id, description)


@pytest.mark.parametrize(
    ("rows", "why"),
    [
        (
            FAMILIES["EPPC"],
            "935.10.1 by sysObjectID is a PowerWalker, Santak or newer Phoenixtec card, EPPC and RFC 1628 answer",
        ),
        (FAMILIES["RFC 1628"], "1.3.6.1.2.1.33 by sysObjectID is a Generex CS121 or CS141, RFC 1628 answers"),
        (
            FAMILIES["RFC 1628"] | {f"{SYSTEM}.2.0": Leaf("oid", "1.3.6.1.4.1.8072.3.2.10")},
            "sysObjectID 8072.3.2.10 names no card that is known, but RFC 1628 answers",
        ),
    ],
    ids=["EPPC", "RFC 1628", "net-snmp"],
)
async def test_why_a_card_is_taken_for_what_it_is(rows: Rows, why: str) -> None:
    async with ReplayCard(rows) as card:
        assert (await read_card(card.config(), lambda: 0.0)).why == why


async def test_what_a_card_answers_counts_more_than_its_system_object_id() -> None:
    """CyberPower's number on a card that speaks PowerNet, as rebadged cards do."""
    rows = integers({f"{APC}.4.1.1.0": 3}) | {f"{SYSTEM}.2.0": Leaf("oid", "1.3.6.1.4.1.3808.1.1.1")}
    async with ReplayCard(rows) as card:
        report = await read_card(card.config(), lambda: 0.0)
    assert report.seen.reading is not None
    assert report.family == "PowerNet"


async def test_a_card_that_tells_no_system_object_id_is_probed() -> None:
    rows = integers({f"{RFC}.4.1.0": 3, f"{RFC}.2.1.0": 2})
    async with ReplayCard(rows) as card:
        report = await read_card(card.config(), lambda: 0.0)
    assert report.why == "it tells no sysObjectID, but RFC 1628 answers"
