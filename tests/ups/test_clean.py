"""Values that healthy devices really send, and what they mean (facts/ups.md §3.4, row by row)."""

from __future__ import annotations

import pytest

from ridethrough.drivers.snmp.mibs.eppc import numbers
from ridethrough.ups import clean
from ridethrough.ups.meaning import Value, minutes, number, tenths, text

BATTERY, UTILITY = True, False
SPENT, FRESH = True, False


@pytest.mark.parametrize(
    ("seconds", "on_battery", "spent", "runtime"),
    [
        pytest.param(1200, UTILITY, FRESH, 1200, id="a runtime like any other"),
        pytest.param(0, UTILITY, FRESH, None, id="0 on utility power: EAST, Marathon, Phoenixtec, Santak"),
        pytest.param(0, BATTERY, FRESH, None, id="always 0: Voltronic, PowerWalker, Lowell P80"),
        pytest.param(0, UTILITY, SPENT, None, id="0 on utility power with an empty battery"),
        pytest.param(0, BATTERY, SPENT, 0, id="0 on battery and low"),
        pytest.param(65535 * 60, UTILITY, FRESH, None, id="65535 minutes: NetVision, Riello's 3932100 s"),
        pytest.param(4294967295 * 60, UTILITY, FRESH, None, id="4294967295 minutes: Huawei UPS2000"),
        pytest.param(-60, UTILITY, FRESH, None, id="-1 minute: Huawei UPS5000"),
        pytest.param(6000 * 60, BATTERY, FRESH, None, id="6000 minutes: CE+T"),
        pytest.param(1902 * 60, UTILITY, FRESH, 1902 * 60, id="1902 minutes: Alpha CXC, 31.7 h, not impossible"),
        pytest.param(15300 * 60, UTILITY, FRESH, None, id="seconds told as minutes: SNR ERD-4"),
        pytest.param(999 * 60, UTILITY, FRESH, None, id="999 minutes: cap of the Eaton 9PX G2"),
        pytest.param(1092 * 60, UTILITY, FRESH, None, id="1092 minutes: 16 bits of seconds, Eaton 93E"),
        pytest.param(9999, UTILITY, FRESH, None, id="9999: NetAgent II"),
        pytest.param(65535, UTILITY, FRESH, None, id="65535 s: APC Smart-UPS under little load"),
        pytest.param(-1, BATTERY, FRESH, None, id="-1: APC before a firmware update"),
        pytest.param(2**31 - 1, UTILITY, FRESH, None, id="31 bits full: Dell"),
        pytest.param(2**32 - 1, UTILITY, FRESH, None, id="32 bits full: APC without external battery"),
        pytest.param(36 * 3600, UTILITY, FRESH, None, id="36 hours"),
        pytest.param(None, BATTERY, SPENT, None, id="missing: 310 of 709 dumps"),
    ],
)
def test_runtime(seconds: float | None, on_battery: bool, spent: bool, runtime: float | None) -> None:
    assert clean.runtime(seconds, on_battery, spent) == runtime


@pytest.mark.parametrize(
    ("told", "charge"),
    [
        (100, 100),
        (0, 0),
        (29, 29),  # Delta Mini-SNMP on utility power with a normal battery: perhaps recharging
        (1000, None),  # APC RS 500
        (120, None),
        (102.3, None),  # CyberPower 685/850
        (-143, None),  # Powercom
        (255, None),  # Riello iDialog, open-UPS
        (-1, None),  # Huawei UPS5000
        (4294967295, None),
        (None, None),
    ],
)
def test_charge(told: float | None, charge: float | None) -> None:
    assert clean.charge(told) == charge


@pytest.mark.parametrize(("told", "load"), [(0, 0), (16, 16), (130, 130), (255, None), (65535, None), (-1, None)])
def test_load(told: float, load: float | None) -> None:
    assert clean.load(told) == load


@pytest.mark.parametrize("idle", [-1, -60, 0, 65535, 4294967295, 2147483647])
def test_an_idle_countdown_is_no_shutdown_delay(idle: float) -> None:
    assert clean.delay(idle) is None


def test_a_warning_period_of_0_means_at_once() -> None:
    assert clean.period(0) == 0
    assert clean.period(900) == 900
    assert clean.period(-1) is None
    assert clean.period(4294967295) is None


@pytest.mark.parametrize(
    ("value", "meaning"),
    [(5, 5.0), (-1, -1.0), (4294967295, 4294967295.0), (b"42", 42.0), (b" -7 ", -7.0), (b"UNKNOWN", None), (b"", None)],
)
def test_a_number_is_read_by_value_not_by_tag(value: Value, meaning: float | None) -> None:
    assert number(value) == meaning


def test_null_and_truth_values_are_no_numbers() -> None:
    assert number(None) is None
    assert number(True) is None
    assert tenths(None) is None
    assert minutes(b"?") is None


@pytest.mark.parametrize(
    ("value", "meaning"),
    [
        (b"Array-3A3     ", "Array-3A3"),  # Santak pads with blanks
        (b"\0\0\0\n0 00 00", None),  # PowerWalker VFI's upsIdentModel
        (b"", None),
        (b"  Eaton\t9PX\r\n2200i ", "Eaton 9PX 2200i"),
        ("C1KS", "C1KS"),
        (b"\xff\xfe", "��"),
        (7, None),
        (None, None),
    ],
)
def test_text_for_people(value: Value, meaning: str | None) -> None:
    assert text(value) == meaning


@pytest.mark.parametrize(
    ("value", "meaning"),
    [(b"1,7", {1, 7}), (b"", set()), (b" 13 , 15 ", {13, 15}), (b"none", set()), (5, None)],
)
def test_open_events(value: Value, meaning: set[int] | None) -> None:
    assert numbers(value) == meaning


@pytest.mark.parametrize("value", ["--5", "-", "9" * 5000, b"9" * 5000, "٣", float("inf"), float("-inf"), float("nan")])
def test_what_only_looks_like_a_number_is_none(value: Value) -> None:
    assert number(value) is None


def test_a_list_of_traps_takes_no_number_that_is_none() -> None:
    assert numbers("1," + "9" * 5000 + ",٣,7") == frozenset({1, 7})


@pytest.mark.parametrize("value", [65535, 9999, 2**31 - 1, 2**32 - 1, 36 * 3600, 0, -1, None])
def test_an_impossible_time_on_battery_is_no_sign_of_it(value: float | None) -> None:
    assert clean.on_battery_for(value) is None
    assert clean.on_battery_for(30) == 30
