"""Dumps of 475 real UPSs: what feeds each, whether its battery is low and whether it tests it, by its ups.status."""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path

import pytest

from ridethrough.core.observation import Source, UpsReading
from ridethrough.drivers.nut.variables import VARIABLES
from ridethrough.ups.reader import Reader
from ridethrough.ups.told import Told

# The source by the first of these words that ups.status holds. Exceptions: those in LOADED, CONTRADICTING and FORCED.
BY_WORD = {
    "OB": Source.BATTERY,
    "OFF": Source.OFF,
    "BYPASS": Source.BYPASS,
    "BOOST": Source.BOOST,
    "TRIM": Source.TRIM,
    "HE": Source.ECO,
    "OL": Source.UTILITY,
}
# "OL DISCHRG OB", "OL OB": an HP driver that takes a resting battery for one in use (facts/ups.md §2.11). A good input
# is told, and nothing else speaks for the battery. Their users have marked them bad: they were on utility power.
CONTRADICTING = {
    "HP__R12000-3UPS__snmp-ups__2.6.5__01",
    "HP__R12000-3UPS__snmp-ups__2.7.1__01",
    "HP__RT3000_G2__snmp-ups__2.6.5__01",
}
# Their ups.status is missing or empty.
SILENT = {
    "Eaton__Powerware_9130__usbhid-ups__2.6.5__02",
    "Tripp_Lite__SMART500RT1U__tripplite_usb__2.7.2__01",
}
# "FSD OL": whether upsd or the driver said so cannot be seen, and every client of NUT's shuts down.
FORCED = {"Cyber_Power_Systems__Value_2200E-GP__usbhid-ups__2.4.3__01"}
# Its status is a plain OL; ups.test.result alone tells of the test.
TESTS_BY_RESULT = {"APC__Back-UPS_RS_900__usbhid-ups__2.4.1__02"}
# OFF counts when the output carries nothing, by output.voltage; else the load runs from raw utility power.
OFF = {
    "Eaton__Powerware_9130__bcmxcp__2.4.1__02",  # 0.0, as all of these
    "Eaton__Powerware_9130__usbhid-ups__2.4.1__03",
    "FSP__Custos9X+_CU-1102TS__nutdrv_qx__2.7.4__01",
    "IBM__1440VA-1000W_Rack_HV_UPS__snmp-ups__2.6.1__01",
    "MGE_UPS_SYSTEMS__Pulsar_1500__usbhid-ups__2.2.0__01",
}
LOADED = {  # they say OFF, and their output carries volts
    "Dynamix__UPS-650VA__megatec__2.2.1__01": Source.BYPASS,  # 234.0
    "Gama_Sonic__UPS650VP__megatec__2.0.4__01": Source.BYPASS,  # 215.0
    "Tuncmatik__DG1200VA__megatec_usb__2.4.3__01": Source.UTILITY,  # OL OFF, 220.0
}


def variables(path: Path) -> dict[str, str]:
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines) if value}


@cache
def states(recordings: Path) -> dict[str, str]:
    with (recordings / "index.tsv").open(encoding="utf-8") as file:
        rows = list(csv.reader(file, delimiter="\t"))[1:]
    return {Path(row[0]).stem: row[4] for row in rows if row[0].endswith(".dev")}


def read(path: Path) -> UpsReading | None:
    told = Told.of(VARIABLES, variables(path))
    return Reader(trusts_idle=True).read(told, 0.0) if told.sources() else None


def words_of(path: Path) -> set[str]:
    """The words of ups.status, from the raw line."""
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    said = [line.removeprefix("ups.status:").split() for line in lines if line.startswith("ups.status:")]
    return set(said[-1]) if said else set()


def expected_source(name: str, words: set[str]) -> Source | None:
    if name in CONTRADICTING:
        return Source.UTILITY
    if name in LOADED:
        return LOADED[name]
    if name in FORCED:
        return Source.BATTERY
    return next((source for word, source in BY_WORD.items() if word in words), None)


def dumps(recordings: Path) -> list[Path]:
    found = sorted((recordings / "nut").glob("*.dev"))
    assert len(found) == 474  # and one sequence
    return found


def test_every_dump_says_the_source_low_and_testing_of_its_status(recordings: Path) -> None:
    for path in dumps(recordings):
        name, words, reading = path.stem, words_of(path), read(path)
        assert (reading.source if reading else None) is expected_source(name, words), (name, words)
        if reading is not None:
            assert reading.low_battery is bool(words & {"LB", "FSD"}), (name, words)
            assert reading.replace_battery is ("RB" in words), (name, words)
            assert reading.testing is (bool(words & {"CAL", "TEST"}) or name in TESTS_BY_RESULT), (name, words)


def test_the_deviations_are_dumps_that_say_what_they_are_listed_for(recordings: Path) -> None:
    said = {path.stem: words_of(path) for path in dumps(recordings)}
    assert {name for name, words in said.items() if {"OL", "OB"} <= words} == CONTRADICTING
    assert {name for name, words in said.items() if not words} == SILENT
    assert {path.stem for path in dumps(recordings) if "ups.status: FSD " in path.read_text(errors="replace")} == FORCED
    assert {name for name, words in said.items() if "OFF" in words} == OFF | LOADED.keys()
    testing = {path.stem for path in dumps(recordings) if variables(path).get("ups.test.result") == "In progress"}
    assert testing == TESTS_BY_RESULT
    assert set(BY_WORD) >= {word for words in said.values() for word in words} - {
        *("LB", "FSD", "CAL", "ALARM", "CHRG", "DISCHRG", "HB", "RB", "OVER"),  # these tell no source
    }


def test_the_sequence_says_what_it_goes_through(recordings: Path) -> None:
    found: list[tuple[Source, bool, bool]] = []
    told: dict[str, str] = {}
    for line in (recordings / "nut" / "evolution500.seq").read_text(encoding="utf-8").splitlines():
        if line.startswith("TIMER"):
            reading = Reader(trusts_idle=True).read(Told.of(VARIABLES, told), 0.0)
            found.append((reading.source, reading.low_battery, reading.testing))
        name, _, value = line.partition(":")
        told[name] = value.strip()
    assert found == [
        (Source.UTILITY, False, False),  # OL CHRG
        (Source.BATTERY, False, False),  # OB DISCHRG
        (Source.BATTERY, True, False),  # OB LB DISCHRG
    ]


def test_off_is_believed_of_an_output_that_carries_nothing(recordings: Path) -> None:
    found = {path.stem: reading.source for path in (recordings / "nut").glob("*.dev") if (reading := read(path))}
    flagged = {name for name, state in states(recordings).items() if state in ("off", "online(OFF flag)")}
    assert {name for name in flagged if found[name] is Source.OFF} == OFF
    assert {name: found[name] for name in flagged - OFF} == LOADED


def test_no_impossible_value_passes(recordings: Path) -> None:
    for path in (recordings / "nut").glob("*.dev"):
        reading = read(path)
        if reading is None:
            continue
        assert reading.charge is None or 0 <= reading.charge <= 100
        assert reading.load is None or 0 <= reading.load <= 200
        assert reading.runtime is None or 0 <= reading.runtime < 36 * 3600
        assert reading.countdown is None, path.stem  # four spellings of idle
        assert not reading.input_dead or reading.source is Source.BATTERY


@pytest.mark.parametrize(
    ("name", "runtime", "charge", "load"),
    [
        ("APC__Back-UPS_BK650M2-CH__usbhid-ups__2.8.0__01", 3618, 100, 5),
        ("HP__RT3000_G2__snmp-ups__2.6.5__01", 7440, 99, 19),
        ("HP__R5500_XR__snmp-ups__2.6.3__01", 46800, 97, 49),
        ("Compaq__T700h__bcmxcp__2.4.0__01", 9000, 95, 0.6),
        ("Eaton__5E2200USB-LA__nutdrv_qx__2.7.4.1__01", None, None, 29),
    ],
)
def test_numbers(recordings: Path, name: str, runtime: float | None, charge: float | None, load: float | None) -> None:
    reading = read(recordings / "nut" / f"{name}.dev")
    assert reading is not None
    assert (reading.runtime, reading.charge, reading.load) == (runtime, charge, load)
