"""What walks of real cards tell beside their state, such as serial and firmware, and who they are."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from ridethrough.core.wording import duration
from ridethrough.drivers.snmp import read_card
from ridethrough.drivers.snmp.mibs.recognise import ENTERPRISE, kind_of
from ridethrough.ups.evidence import WORDS

from .replay import ReplayCard, recorded
from .test_recordings import JUDGED, READ, now, raw, whole

TOLD: dict[str, dict[str, Any]] = tomllib.loads((Path(__file__).parent / "recorded_values.toml").read_text("utf-8"))
FIELDS = ("serial", "firmware", "card_firmware", "watts", "temperature", "low_runtime", "low_charge")
UNITS = {"watts": " W", "temperature": " degrees Celsius", "low_charge": " %"}
SYS_OBJECT_ID = "1.2.0"

# Every object that tells a state, or begins a column of them, by the documents (facts/ups.md §1, §2); as in the cells.
STATES = {
    "low": (
        *("33.1.2.1.", "318.1.1.1.2.1.1.", "705.1.5.14.", "705.1.5.16.", "935.1.1.1.2.1.1.", "935.10.1.1.3.1."),
        *("3808.1.1.1.2.1.1.", "850.1.1.3.1.3.1.1.1.1.", "4555.1.1.7.1.2.1.", "2468.1.2.1.1.2.1.", "2254.2.4.7.2."),
    ),
    "charge": (
        *("33.1.2.4.", "318.1.1.1.2.2.1.", "318.1.1.1.2.3.1.", "705.1.5.2.", "935.1.1.1.2.2.1.", "935.10.1.1.3.4."),
        *("534.1.2.4.", "3808.1.1.1.2.2.1.", "850.1.1.3.1.3.1.1.1.4.", "4555.1.1.7.1.2.4.", "2468.1.2.1.1.2.4."),
        *("2254.2.4.7.8.", "13400.2.54.2.5.10.", "476.1.42.3.9.20.1.20.1.2.1.4153", "476.1.42.3.5.1.19."),
    ),
    "runtime": (
        *("33.1.2.3.", "318.1.1.1.2.2.3.", "705.1.5.1.", "935.1.1.1.2.2.4.", "935.10.1.1.3.3.", "534.1.2.1."),
        *("3808.1.1.1.2.2.4.", "850.1.1.3.1.3.1.1.1.3.", "4555.1.1.7.1.2.3.", "2468.1.2.1.1.2.3.", "2254.2.4.7.5."),
        *("13400.2.54.2.5.7.", "476.1.42.3.9.20.1.20.1.2.1.4150", "476.1.42.3.5.1.18."),
    ),
    "load": (
        *("33.1.4.4.1.5.", "318.1.1.1.4.2.3.", "318.1.1.1.4.3.3.", "705.1.7.2.1.4.", "935.1.1.1.4.2.3."),
        *(
            "534.1.4.1.",
            "3808.1.1.1.4.2.3.",
            "850.1.1.3.1.3.3.2.1.5.",
            "4555.1.1.7.1.4.4.1.4.",
            "2468.1.2.1.1.4.4.1.5.",
        ),
        *("13400.2.54.2.3.14.", "476.1.42.3.9.20.1.20.1.2.1.4223"),
    ),
}


def cells(name: str, field: str) -> list[list[Any]]:
    cell = TOLD[name][field]
    return [] if cell == "absent" else cell


def says(field: str, meaning: float | str) -> str:
    if isinstance(meaning, str):
        return meaning
    return duration(meaning) if field == "low_runtime" else f"{meaning:g}{UNITS[field]}"


def test_every_field_of_every_walk_is_told_or_absent() -> None:
    assert TOLD.keys() == READ.keys()
    for name, row in TOLD.items():
        assert row.keys() == {"object_id", *FIELDS}, name
        assert READ[name].keys() >= {"source", *STATES}, name
        assert all(row[field] for field in FIELDS), name


@pytest.mark.parametrize("name", READ)
def test_a_state_that_is_called_absent_is_told_by_no_object_of_the_walk(recordings: Path, name: str) -> None:
    rows = recorded(recordings, name)
    for field, objects in STATES.items():
        prefixes = tuple(map(whole, objects))
        told = {oid for oid, leaf in rows.items() if oid.startswith(prefixes) and leaf.kind != "null"}
        assert (READ[name][field] == "absent") is not bool(told), (field, told)


@pytest.mark.parametrize("name", TOLD)
async def test_what_a_walk_tells_is_read_from_every_object_that_tells_it(recordings: Path, name: str) -> None:
    rows = recorded(recordings, name)
    async with ReplayCard(rows) as card:
        report = await read_card(card.config(), now)
    for field in FIELDS:
        for _, oid, value, *_ in cells(name, field):
            assert raw(rows, oid) == value, (field, oid)
        expected = {
            whole(oid): says(field, meaning)
            for meaning, oid, _, *unread in cells(name, field)
            if meaning != "none" and not unread
        }
        found = {row.name: row.says for row in report.evidence if row.what == WORDS[field]}  # type: ignore[index]
        assert found == expected, field


@pytest.mark.parametrize("name", TOLD)
async def test_a_family_is_what_the_sysobjectid_says(recordings: Path, name: str) -> None:
    """Or RFC 1628, which stands for all. A walk without a sysObjectID, or with a stranger's, is found by asking."""
    rows, cited = recorded(recordings, name), TOLD[name]["object_id"]
    if cited == "absent":
        assert whole(SYS_OBJECT_ID) not in rows
        return
    assert cited[0] == SYS_OBJECT_ID
    assert raw(rows, SYS_OBJECT_ID) == cited[1]
    kind = kind_of(cited[1])
    async with ReplayCard(rows) as card:
        report = await read_card(card.config(), now)
    families = {family.name for family in kind.families} if kind else set()
    assert set(JUDGED[name]["family"].split(" + ")) <= families | {"RFC 1628"}
    if kind is None:
        assert f"sysObjectID {cited[1].removeprefix(ENTERPRISE + '.')} names no card that is known" in report.why
    else:
        assert f"by sysObjectID is {kind.what}" in report.why
