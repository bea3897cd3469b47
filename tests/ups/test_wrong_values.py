"""Wrong values that real devices send, from the raw value to the reading: a test for each row of facts/ups.md §3.4."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from ridethrough.core.observation import Source, UpsReading
from ridethrough.drivers.nut.variables import VARIABLES
from ridethrough.drivers.snmp.mibs.rfc1628 import RFC1628
from ridethrough.ups import clean
from ridethrough.ups.evidence import evidence
from ridethrough.ups.meaning import Value
from ridethrough.ups.reader import Reader
from ridethrough.ups.told import Row, Told

RFC = "1.3.6.1.2.1.33.1"
UTILITY = {f"{RFC}.4.1.0": 3, f"{RFC}.2.4.0": 100}
BATTERY = {f"{RFC}.4.1.0": 5, f"{RFC}.2.4.0": 100}


def read(rows: tuple[Row, ...], values: Mapping[str, Value]) -> UpsReading:
    return Reader(trusts_idle=True).read(Told.of(rows, values), 0.0)


def card(values: Mapping[str, Value]) -> UpsReading:
    return read(RFC1628.rows, values)


def served(status: str, **variables: str) -> UpsReading:
    return read(VARIABLES, {"ups.status": status} | {name.replace("_", "."): v for name, v in variables.items()})


def told(rows: tuple[Row, ...], values: Mapping[str, Value]) -> dict[str, str]:
    return {row.what: row.says for row in evidence(Told.of(rows, values), values)}


@pytest.mark.parametrize("who", ["EAST", "Marathon", "Phoenixtec", "Santak"])
def test_0_minutes_on_utility_power_with_a_full_battery(who: str) -> None:
    assert card(UTILITY | {f"{RFC}.2.3.0": 0}).runtime is None, who


@pytest.mark.parametrize(
    ("minutes", "runtime"),
    [
        pytest.param(65535, None, id="65535, NetVision"),
        pytest.param(4294967295, None, id="4294967295, Huawei UPS2000"),
        pytest.param(-1, None, id="-1, Huawei UPS5000"),
        pytest.param(6000, None, id="6000, CE+T"),
        pytest.param(1902, 1902 * 60, id="1902, Alpha CXC: 31.7 h is long, not impossible"),
        pytest.param(999, None, id="999, cap of the Eaton 9PX G2"),
        pytest.param(15300, None, id="15300, SNR ERD-4"),
    ],
)
def test_minutes_that_say_nothing(minutes: int, runtime: float | None) -> None:
    assert card(BATTERY | {f"{RFC}.2.3.0": minutes}).runtime == runtime


@pytest.mark.parametrize(("seconds", "runtime"), [(2400, None), (2160, None), (2159, 2159 * 60), (600, 36000)])
def test_seconds_told_as_minutes_by_routeros(seconds: int, runtime: float | None) -> None:
    """Below 36 minutes a value told sixty times too long cannot be told from a true one, and is believed.

    What bounds the harm: longer than 36 h is none, the charge and "low" are told rightly beside it, and a runtime only
    ever makes a step begin earlier. The owner's timers, the card's off-time and a low battery count as without it:
    tests/core/test_wrong_runtime.py.
    """
    reading = card(BATTERY | {f"{RFC}.2.3.0": seconds, f"{RFC}.2.1.0": 3})
    assert (reading.runtime, reading.low_battery) == (runtime, True)


def test_runtime_9999_of_netagent() -> None:
    assert served("OL", battery_runtime="9999").runtime is None


@pytest.mark.parametrize("runtime", ["65535", "-1"])
def test_runtime_of_an_apc_smart_ups_over_usb(runtime: str) -> None:
    assert served("OB DISCHRG", battery_runtime=runtime, battery_charge="95").runtime is None


def test_3932100_s_and_charge_and_temperature_255_of_riello_and_open_ups() -> None:
    values = {"ups.status": "OL", "battery.runtime": "3932100", "battery.charge": "255", "ups.temperature": "255"}
    reading = read(VARIABLES, values)
    assert (reading.source, reading.runtime, reading.charge) == (Source.UTILITY, None, None)
    assert "temperature" not in told(VARIABLES, values)


@pytest.mark.parametrize(
    ("degrees", "believed"),
    [(-273, False), (-41, False), (-40, True), (0, True), (25, True), (100, True), (101, False), (255, False)],
)
def test_the_temperature_of_a_sensor_that_is_not_there(degrees: int, believed: bool) -> None:
    """-273 is the recording of a Tripp Lite PowerAlert card; NUT dumps hold -272 and -232, too."""
    for rows, name in ((RFC1628.rows, f"{RFC}.2.7.0"), (VARIABLES, "battery.temperature")):
        assert ("temperature" in told(rows, {name: str(degrees)})) is believed


@pytest.mark.parametrize(("status", "runtime"), [("OL", None), ("OB", None), ("OB LB", 0.0)])
def test_a_runtime_that_is_always_0(status: str, runtime: float | None) -> None:
    """Voltronic, PowerWalker, Lowell P80. It counts on a spent battery alone, where it is near the truth."""
    assert served(status, battery_runtime="0").runtime == runtime


@pytest.mark.parametrize("charge", ["1000", "120", "102.3", "-143"])
def test_charges_outside_0_to_100(charge: str) -> None:
    """APC RS 500, CyberPower 685 and 850, Powercom."""
    assert served("OB", battery_charge=charge).charge is None


@pytest.mark.parametrize("idle", ["-1", "-60", "0", "65535"])
def test_the_four_spellings_of_an_idle_countdown(idle: str) -> None:
    assert served("OL", ups_timer_shutdown=idle).countdown is None


@pytest.mark.parametrize("volts", ["0", "0.0", "12", "49.9"])
def test_input_volts_of_an_absent_sensor_on_utility_power(volts: str) -> None:
    reading = served("OL", input_voltage=volts)
    assert (reading.source, reading.input_dead) == (Source.UTILITY, False)


@pytest.mark.parametrize("elapsed", ["1", "30", "600"])
def test_the_time_on_battery_told_as_runtime_by_gamatronic(elapsed: str) -> None:
    """It cannot be told from a true one and is believed. What bounds the harm: it begins with little and grows, so
    hosts go down too early, not too late; what has begun goes on: tests/core/test_wrong_runtime.py.
    """
    assert served("OB", battery_runtime=elapsed).runtime == float(elapsed)


@pytest.mark.parametrize("seconds", [1, 3000, 86400])
def test_seconds_on_battery_that_are_left_from_the_last_outage(seconds: int) -> None:
    assert card(UTILITY | {f"{RFC}.2.2.0": seconds}).source is Source.UTILITY
    assert card({f"{RFC}.2.2.0": seconds}).source is Source.BATTERY  # where nothing else tells


def test_a_charge_of_29_with_a_normal_battery_on_utility_power() -> None:
    """A Delta Mini-SNMP, perhaps recharging: believed, and nothing follows from it on utility power."""
    reading = card(UTILITY | {f"{RFC}.2.4.0": 29, f"{RFC}.2.1.0": 2})
    assert (reading.source, reading.charge, reading.low_battery) == (Source.UTILITY, 29, False)


def test_low_battery_that_an_eaton_5px_g2_never_says_over_snmp() -> None:
    """The little runtime that it tells is what counts: tests/core/test_wrong_runtime.py."""
    reading = card(BATTERY | {f"{RFC}.2.1.0": 2, f"{RFC}.2.3.0": 1, f"{RFC}.2.4.0": 5})
    assert (reading.source, reading.low_battery, reading.runtime, reading.charge) == (Source.BATTERY, False, 60, 5)
    assert card(BATTERY | {f"{RFC}.2.1.0": 2, f"{RFC}.2.3.0": 0, f"{RFC}.2.4.0": 5}).runtime == 0


@pytest.mark.parametrize(
    ("status", "variables", "source"),
    [
        ("OB OB", {}, Source.BATTERY),
        ("OB DISCHRG OB", {}, Source.BATTERY),
        ("OFF OB", {"output_voltage": "230"}, Source.BATTERY),
        ("OFF OB", {"output_voltage": "0"}, Source.OFF),
        ("OFF OB", {}, Source.BATTERY),
        ("OFF", {}, Source.OFF),
    ],
)
def test_states_that_snmp_ups_says_twice_or_together(status: str, variables: dict[str, str], source: Source) -> None:
    assert served(status, **variables).source is source


@pytest.mark.parametrize("name", [f"{RFC}.9.7.0", "battery.runtime.low", "battery.charge.low"])
def test_a_threshold_of_0_is_none(name: str) -> None:
    """CE+T, EAST and Santak tell a low battery at 0 minutes: nobody has set one."""
    rows: tuple[Row, ...] = (*RFC1628.rows, *VARIABLES)
    assert told(rows, {name: "0"}) == {}
    assert set(told(rows, {name: "5"})) <= {"low at a runtime of", "low at a charge of"}
    assert len(told(rows, {name: "5"})) == 1


def test_thresholds_that_cannot_be_true() -> None:
    assert [clean.low_runtime(s) for s in (-60, 65535, 36 * 3600, 120)] == [None, None, None, 120]
    assert [clean.low_charge(c) for c in (-1, 255, 101, 20)] == [None, None, None, 20]


def test_uninitialized_is_no_name() -> None:
    """sysDescr of a Liebert card that nobody has set up."""
    reader = Reader(trusts_idle=True, description="Uninitialized")
    assert reader.read(Told.of(RFC1628.rows, UTILITY), 0.0).model == ""
    assert card(UTILITY | {f"{RFC}.1.1.0": "Liebert", f"{RFC}.1.2.0": "Uninitialized"}).model == "Liebert"
    assert told(RFC1628.rows, {f"{RFC}.1.2.0": "Uninitialized"}) == {}
