"""The driver against walks of real cards, and against copies of them in an outage."""

from __future__ import annotations

from pathlib import Path

import pytest

from ridethrough.core.observation import Source
from ridethrough.drivers.snmp import read_card
from ridethrough.sim.cards_mib.tree import Leaf

from .replay import RFC, USHA, XPPC, ReplayCard, Rows, alarm_rows, integers, on_battery, recorded

U, BYPASS, BATTERY = Source.UTILITY, Source.BYPASS, Source.BATTERY

# recording: family, source, charge, runtime in seconds, load, input within limits, model
READ = {
    "lnms-cetpower": ("RFC 1628", BATTERY, 100, None, 25, True, "CE+T Power TSI Inverter"),
    "lnms-cxc_ups": ("RFC 1628", U, 100, 114120, None, None, "System Controller, SW: v8.30"),
    "lnms-deltaups": ("RFC 1628", U, 100, 1320, 79, None, "UPS SNMP Agent"),
    "lnms-eaton-mgeups_93ps": ("RFC 1628", U, 100, 8220, 29, None, "EATON"),
    "lnms-eaton-mgeups_9px": ("RFC 1628", U, 100, 1440, 35, None, "EATON"),
    "lnms-eaton-mgeups_9pxle": ("RFC 1628", U, 91, 1080, 40, True, "Eaton 9PX 1000i RT 2U"),
    "lnms-generex-ups_cs121": ("RFC 1628", U, None, 3540, 28, None, "RITTAL PMC Extension"),
    "lnms-huaweiups_ups2000": ("RFC 1628", U, 100, None, 27, None, "HUAWEI UPS2000 6kVA"),
    "lnms-liebert_apm": ("RFC 1628", U, None, 4320, None, None, "Uninitialized"),
    "lnms-liebert_weblbds": ("RFC 1628", U, None, 3120, None, None, "Uninitialized"),
    "lnms-marathonups": ("RFC 1628", U, 100, None, 16, None, "Marathon Power"),
    "lnms-netagent2_1": ("XPPC", BYPASS, 100, None, 16, None, "<private>"),
    "lnms-netmanplus_204": ("RFC 1628", U, 100, 8100, 8, None, "RPS SpA"),
    "lnms-netmanplus_mct20": ("RFC 1628", U, 100, 2280, 28, None, "SE"),
    "lnms-netvision-rfc": ("RFC 1628", U, 100, None, 7, None, "Linux localhost.localdomain"),
    "lnms-orvaldi-ups": ("RFC 1628", U, 100, 2640, 33, None, "Linux SNMP-System"),
    "lnms-poweralert_ups": ("RFC 1628", U, 100, 4320, 10, None, "SU3000LCD2UHV"),
    "lnms-powerwalker-vfi_20kcpgpf133": ("RFC 1628", U, 100, 7860, 50, None, "Linux SNMP-System"),
    "lnms-webpower-smart2": ("USHA", U, 100, None, 17, None, "Eaton C1KS"),
    "simdata-eastpower-istars-swv053": ("RFC 1628", U, 100, None, 30, True, "EAST EA9080"),
    "simdata-eaton-93e-80": ("RFC 1628", U, 100, None, 21, True, "EATON 93E 80"),
    "simdata-ingrasys-power-switch": ("RFC 1628", U, 100, None, 33, True, "Santak Array-3A3"),
    "simdata-phoenixtec-power": ("XPPC + RFC 1628", U, 100, None, 2, True, "My Kert UPS"),
}
# Walks of families that are not read yet, or too short to hold a status: refused with a reason, never half read.
NOT_READ = {
    "centreon-inputlines",
    "centreon-netvision5",
    "centreon-outputlines",
    "centreon-ups-apc-battery-low",
    "centreon-ups-apc-galaxy",
    "centreon-ups-standard",
    "lnms-apc_smart1500",
    "lnms-apc_smt750x-nmc2",
    "lnms-apc_smx750",
    "lnms-apc_smx750i",
    "lnms-apc_surt3000xl",
    "lnms-compas_usv",
    "lnms-cyberpower_cp1000pfclcd",
    "lnms-dell-ups_rack3750w",
    "lnms-eaton-matrix",
    "lnms-eatonups",
    "lnms-eatonups_eaton-connectups",
    "lnms-poweralert_poweralert",
    "lnms-socomec-ups",
    "lnms-vertiv-ita2",
    "simdata-eaton-9px-partial",
    "simdata-vertiv-power",
}
COUNTS = {"lnms-cetpower", "lnms-eaton-mgeups_9pxle", "simdata-eastpower-istars-swv053", "simdata-eaton-93e-80"}
OURS = ("lnms-netagent2_1", "lnms-webpower-smart2", "simdata-ingrasys-power-switch", "simdata-phoenixtec-power")
ON_UTILITY = sorted(name for name, row in READ.items() if row[1] is not BATTERY)


def now() -> float:
    return 100.0


def has_volts(rows: Rows) -> bool:
    heads = (f"{RFC}.3.3.1.3.", f"{USHA}.3.3.1.3.", f"{XPPC}.3.2.1.")
    return any(oid.startswith(heads) for oid in rows)


def test_every_recording_is_judged(recordings: Path) -> None:
    assert {path.stem for path in (recordings / "snmp").glob("*.snmprec")} == READ.keys() | NOT_READ


@pytest.mark.parametrize("version", ["1", "2c"])
@pytest.mark.parametrize("name", READ)
async def test_a_real_card_is_read(recordings: Path, name: str, version: str) -> None:
    family, source, charge, runtime, load, good, model = READ[name]
    async with ReplayCard(recorded(recordings, name)) as card:
        report = await read_card(card.config(version), now)
    reading = report.seen.reading
    assert reading is not None, report.seen.trouble
    assert (report.family, reading.source, reading.charge, reading.runtime) == (family, source, charge, runtime)
    assert (reading.load, reading.input_good) == (load, good)
    assert (reading.testing, reading.low_battery, reading.input_dead, reading.countdown) == (False, False, False, None)
    assert reading.tells_countdown == (name in COUNTS)
    assert reading.model.startswith(model)


@pytest.mark.parametrize("name", sorted(NOT_READ))
async def test_a_card_that_cannot_be_read_is_refused_with_a_reason(recordings: Path, name: str) -> None:
    async with ReplayCard(recorded(recordings, name)) as card:
        report = await read_card(card.config(), now)
    assert report.seen.reading is None
    assert "status" in report.seen.trouble


@pytest.mark.parametrize("name", ON_UTILITY)
async def test_a_copy_in_an_outage(recordings: Path, name: str) -> None:
    online = recorded(recordings, name)
    for low in (False, True):
        rows = on_battery(online, low=low)
        async with ReplayCard(rows) as card:
            reading = (await read_card(card.config(), now)).seen.reading
        assert reading is not None
        assert (reading.source, reading.low_battery, reading.testing) == (BATTERY, low, False)
        assert reading.input_dead == has_volts(rows)


@pytest.mark.parametrize("name", OURS)
async def test_a_copy_in_a_test_of_the_battery(recordings: Path, name: str) -> None:
    online = recorded(recordings, name)
    changes = {f"{RFC}.4.1.0": 5, f"{RFC}.7.3.0": 5, f"{XPPC}.4.1.1.0": 3, f"{XPPC}.7.2.3.0": 4}
    changes |= {f"{USHA}.4.1.0": 5, f"{USHA}.6.3.0": 5}
    rows = online | integers({oid: n for oid, n in changes.items() if oid in online or oid == f"{XPPC}.7.2.3.0"})
    async with ReplayCard(rows) as card:
        reading = (await read_card(card.config(), now)).seen.reading
    assert reading is not None
    assert (reading.source, reading.testing, reading.input_dead) == (BATTERY, True, False)


@pytest.mark.parametrize("name", ["simdata-eaton-93e-80", "simdata-phoenixtec-power"])
async def test_a_copy_that_counts_down(recordings: Path, name: str) -> None:
    rows = on_battery(recorded(recordings, name)) | alarm_rows([2, 22]) | {f"{RFC}.8.2.0": Leaf("integer", 90)}
    async with ReplayCard(rows) as card:
        reading = (await read_card(card.config(), now)).seen.reading
    assert reading is not None
    assert reading.countdown == 90
