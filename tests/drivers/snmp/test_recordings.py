"""The driver against walks of real cards, and against copies of them in an outage."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from ridethrough.core.observation import Source
from ridethrough.drivers.snmp import read_card
from ridethrough.drivers.snmp.mibs import FAMILIES
from ridethrough.sim.cards_mib.tree import Leaf
from ridethrough.ups.meaning import text
from ridethrough.ups.reader import LONGEST_NAME

from .replay import (
    ALARMS_PRESENT,
    APC,
    INPUT_VOLTS,
    MGE,
    RFC,
    ReplayCard,
    Rows,
    alarm_rows,
    in_test,
    integers,
    on_battery,
    recorded,
    tells_low,
    tells_test,
)

BATTERY = Source.BATTERY
SAYS_BAD = f"{MGE}.6.3.0"
JUDGED: dict[str, dict[str, Any]] = tomllib.loads((Path(__file__).parent / "recordings.toml").read_text("utf-8"))
READ = {name: row for name, row in JUDGED.items() if "refused" not in row}
REFUSED = sorted(JUDGED.keys() - READ.keys())
# Neither a test's state nor alarms: absence in a walk does not prove that the device lacks it.
TELL_NO_TEST = {
    "lnms-cxc_ups",
    "lnms-deltaups",
    "lnms-eaton-mgeups_93ps",
    "lnms-eaton-mgeups_9px",
    "lnms-generex-ups_cs121",
    "lnms-huaweiups_ups2000",
    "lnms-liebert_weblbds",
    "lnms-netagent2_1",
    "lnms-netmanplus_204",
    "lnms-netmanplus_mct20",
    "lnms-netvision-rfc",
    "lnms-orvaldi-ups",
    "lnms-powerwalker-vfi_20kcpgpf133",
    "lnms-vertiv-ita2",
}
# The objects that say that a card has lost its UPS, and every walk that holds them. No walk holds PowerNet's own.
TELL_ALARMS = {
    "lnms-cetpower",
    "lnms-eaton-mgeups_9pxle",
    "lnms-liebert_apm",
    "lnms-marathonups",
    "simdata-eastpower-istars-swv053",
    "simdata-eaton-93e-80",
    "simdata-ingrasys-power-switch",
    "simdata-phoenixtec-power",
}
APC_LINK, MGE_LINK = f"{APC}.8.1.0", f"{MGE}.12.13.0"
TELL_MGE_LINK = {"lnms-eaton-mgeups_9pxle", "simdata-eaton-93e-80"}
WORN_OUT = {"centreon-ups-apc-battery-low"}  # it wants its battery replaced
APC_CARD = "lnms-apc_smx750"  # with the object added
ON_UTILITY = sorted(name for name, row in READ.items() if row["source"][0] != "battery")


def now() -> float:
    return 100.0


def whole(oid: str) -> str:
    return f"1.3.6.1.2.1.{oid}" if oid.startswith(("1.", "33.")) else f"1.3.6.1.4.1.{oid}"


def has_volts(rows: Rows) -> bool:
    return any(oid.startswith(INPUT_VOLTS) for oid in rows)


def raw(rows: Rows, oid: str) -> object:
    value = rows[whole(oid)].value
    return value.decode(errors="replace") if isinstance(value, bytes) else value


def meant(row: dict[str, Any], name: str) -> Any:
    if name not in row or row[name] == "absent":
        return None
    meaning = row[name][0]
    return None if meaning == "none" else meaning


def test_every_recording_is_judged(recordings: Path) -> None:
    assert {path.stem for path in (recordings / "snmp").glob("*.snmprec")} == JUDGED.keys()


@pytest.mark.parametrize("name", READ)
def test_every_cell_cites_what_the_walk_holds(recordings: Path, name: str) -> None:
    rows = recorded(recordings, name)
    cells = [(field, cell) for field, cell in READ[name].items() if isinstance(cell, list) and field != "model"]
    assert cells
    for _, (_, oid, value) in cells:
        assert raw(rows, oid) == value


def test_what_is_said_to_be_walked_is() -> None:
    """Of the families, as the page for owners tells them apart."""
    walked = {name for row in READ.values() for name in row["family"].split(" + ")}
    assert {mib.name for mib in FAMILIES if mib.walked} == walked


@pytest.mark.parametrize("version", ["1", "2c"])
@pytest.mark.parametrize("name", READ)
async def test_a_real_card_is_read(recordings: Path, name: str, version: str) -> None:
    row, rows = READ[name], recorded(recordings, name)
    async with ReplayCard(rows) as card:
        report = await read_card(card.config(version), now)
    reading = report.seen.reading
    assert reading is not None, report.seen.trouble
    assert report.family == row["family"]
    assert (reading.source, reading.low_battery) == (row["source"][0], meant(row, "low") or False)
    assert (reading.charge, reading.runtime, reading.load) == tuple(
        meant(row, f) for f in ("charge", "runtime", "load")
    )
    assert reading.input_good == meant(row, "input_good")
    assert (reading.testing, reading.input_dead, reading.countdown) == (False, False, None)
    assert reading.tells_countdown == row.get("counts", False)
    assert reading.replace_battery == (name in WORN_OUT)
    words = " ".join(text(raw(rows, oid)) or "" for oid in row["model"])  # type: ignore[arg-type]
    assert reading.model == words[:LONGEST_NAME]


@pytest.mark.parametrize("name", REFUSED)
async def test_a_card_that_cannot_be_read_is_refused_with_a_reason(recordings: Path, name: str) -> None:
    async with ReplayCard(recorded(recordings, name)) as card:
        report = await read_card(card.config(), now)
    assert report.seen.reading is None
    assert JUDGED[name]["refused"] in report.seen.trouble


@pytest.mark.parametrize("name", ON_UTILITY)
async def test_a_copy_in_an_outage(recordings: Path, name: str) -> None:
    online = recorded(recordings, name)
    for low in (False, True):
        rows = on_battery(online, low=low)
        async with ReplayCard(rows) as card:
            reading = (await read_card(card.config(), now)).seen.reading
        assert reading is not None
        assert (reading.source, reading.testing) == (BATTERY, False)
        assert reading.low_battery == ((low and tells_low(rows)) or bool(meant(READ[name], "low")))
        assert reading.input_dead == (has_volts(rows) or SAYS_BAD in rows)


def test_the_walks_that_hold_no_object_that_tells_of_a_test(recordings: Path) -> None:
    assert {name for name in READ if not tells_test(recorded(recordings, name))} == TELL_NO_TEST


@pytest.mark.parametrize("name", [name for name in ON_UTILITY if name not in TELL_NO_TEST])
async def test_a_copy_in_a_test_of_the_battery(recordings: Path, name: str) -> None:
    online = recorded(recordings, name)
    assert tells_test(online)
    async with ReplayCard(in_test(online)) as card:
        reading = (await read_card(card.config(), now)).seen.reading
    assert reading is not None
    assert (reading.testing, reading.input_dead) == (True, False)
    assert reading.source in (BATTERY, Source.UTILITY)  # Socomec and Tripp Lite do not say which


def test_the_walks_that_hold_an_object_that_tells_of_a_lost_link(recordings: Path) -> None:
    walks = {name: recorded(recordings, name) for name in READ}
    assert {name for name, rows in walks.items() if ALARMS_PRESENT in rows} == TELL_ALARMS
    assert {name for name, rows in walks.items() if MGE_LINK in rows} == TELL_MGE_LINK
    assert not [name for name, rows in walks.items() if APC_LINK in rows]


LOST: list[tuple[str, Rows]] = [
    *((name, alarm_rows([20])) for name in sorted(TELL_ALARMS)),  # upsAlarmCommunicationsLost
    *((name, integers({MGE_LINK: value})) for name in sorted(TELL_MGE_LINK) for value in (0, 2)),
    (APC_CARD, integers({APC_LINK: 2})),
]


@pytest.mark.parametrize(("name", "rows"), LOST, ids=[f"{name} {next(iter(rows))}" for name, rows in LOST])
async def test_a_copy_of_a_card_that_has_lost_its_ups(recordings: Path, name: str, rows: Rows) -> None:
    async with ReplayCard(recorded(recordings, name) | rows) as card:
        seen = (await read_card(card.config(), now)).seen
    assert seen.reading is None
    assert "has lost its UPS" in seen.trouble


@pytest.mark.parametrize("name", ["simdata-eaton-93e-80", "simdata-phoenixtec-power"])
async def test_a_copy_that_counts_down(recordings: Path, name: str) -> None:
    rows = on_battery(recorded(recordings, name)) | alarm_rows([2, 22]) | {f"{RFC}.8.2.0": Leaf("integer", 90)}
    async with ReplayCard(rows) as card:
        reading = (await read_card(card.config(), now)).seen.reading
    assert reading is not None
    assert reading.countdown == 90


@pytest.mark.parametrize(
    ("name", "vendor"),
    [
        ("lnms-eaton-mgeups_93ps", "EATON"),  # the vendor's own object for it names the range: "93PS"
        ("simdata-eaton-9px-partial", "Eaton or MGE"),  # it does so alone here
        ("simdata-ingrasys-power-switch", "Santak"),
        ("lnms-apc_smx750", "APC"),  # it tells none: by its sysObjectID
        ("lnms-orvaldi-ups", ""),  # plain net-snmp
    ],
)
async def test_whose_it_is(name: str, vendor: str, recordings: Path) -> None:
    async with ReplayCard(recorded(recordings, name)) as card:
        report = await read_card(card.config(), now)
    assert report.seen.reading is not None, report.seen.trouble
    assert report.vendor == vendor
