"""Dumps of 475 real UPSs: what feeds each, as a person judged it when the dumps were collected."""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path

import pytest

from ridethrough.core.observation import Source, UpsReading
from ridethrough.drivers.nut.variables import VARIABLES
from ridethrough.ups.reader import CARRIED, Reader
from ridethrough.ups.told import Told

# What index.tsv says of a dump's state, and what the driver may say of it.
MAY_SAY = {
    "online": CARRIED,
    "onbattery": {Source.BATTERY},
    "bypass": {Source.BYPASS},
    # Contradicting flags of one HP driver, which its users have marked bad: they were on utility power.
    "conflict(OL+OB)": {Source.UTILITY},
    # "OFF" counts when the output carries nothing; else the load runs from raw utility power.
    "off": {Source.OFF, Source.BYPASS},
    "online(OFF flag)": {Source.OFF, Source.UTILITY},
}
# Those of the two last kinds, by output.voltage.
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


# A status of TRIM alone: the UPS lowers the utility power that it has.
TRIMS = dict.fromkeys(["Compaq__T700h__bcmxcp__2.4.0__01", "Powerware__PW5125__bcmxcp__2.2.2__01"], Source.TRIM)


# "FSD OL": whether upsd or the driver said so cannot be seen, and every client of NUT's shuts down.
FORCED = {"Cyber_Power_Systems__Value_2200E-GP__usbhid-ups__2.4.3__01": Source.BATTERY}


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


def test_every_dump_is_read_as_it_was_judged(recordings: Path) -> None:
    paths = sorted((recordings / "nut").glob("*.dev"))
    assert len(paths) == 474  # and one sequence
    for path in paths:
        state, reading = states(recordings)[path.stem], read(path)
        if state == "unknown":
            assert (reading.source if reading else None) is TRIMS.get(path.stem), path.stem
            continue
        assert reading is not None, path.stem
        if path.stem in FORCED:
            assert reading.source is FORCED[path.stem]
            continue
        assert reading.source in MAY_SAY[state], (path.stem, state, reading.source)


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
