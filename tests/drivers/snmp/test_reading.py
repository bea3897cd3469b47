"""From a card's rows to a reading, without a wire: the pitfalls, one by one."""

from __future__ import annotations

import pytest

from ridethrough.core.model import UNTOLD, CardAction, CardTimers
from ridethrough.core.observation import Source, UpsReading
from ridethrough.drivers.snmp.mibs import RFC1628, Mib
from ridethrough.drivers.snmp.mibs.eppc import EPPC
from ridethrough.drivers.snmp.mibs.rfc1628 import said_by
from ridethrough.drivers.snmp.mibs.usha import USHA
from ridethrough.drivers.snmp.mibs.xppc import XPPC
from ridethrough.ups.meaning import Value
from ridethrough.ups.reader import Reader
from ridethrough.ups.told import Told

R = "1.3.6.1.2.1.33.1"
P = "1.3.6.1.4.1.935.1.1.1"
E = "1.3.6.1.4.1.935.10.1.1"
U = "1.3.6.1.4.1.2468.1.2.1.1"

UTILITY: dict[str, Value] = {
    f"{R}.4.1.0": 3,
    f"{R}.2.1.0": 2,
    f"{R}.2.2.0": 0,
    f"{R}.2.3.0": 45,
    f"{R}.2.4.0": 100,
    f"{R}.3.3.1.3.1": 231,
    f"{R}.4.4.1.2.1": 230,
    f"{R}.4.4.1.5.1": 20,
    f"{R}.9.1.0": 230,
}
OUTAGE: dict[str, Value] = {**UTILITY, f"{R}.4.1.0": 5, f"{R}.2.2.0": 8, f"{R}.3.3.1.3.1": 0}


def told(values: dict[str, Value], *mibs: Mib, alarms: tuple[int, ...] = ()) -> Told:
    return Told.of([row for mib in mibs or (RFC1628,) for row in mib.rows], values, said_by(alarms))


def read(values: dict[str, Value], *mibs: Mib, alarms: tuple[int, ...] = (), at: float = 0.0) -> UpsReading:
    """A first reading."""
    return Reader(trusts_idle=True).read(told(values, *mibs, alarms=alarms), at)


@pytest.mark.parametrize(
    ("code", "source"),
    [(3, Source.UTILITY), (4, Source.BYPASS), (5, Source.BATTERY), (6, Source.BOOST), (7, Source.TRIM)],
)
def test_rfc_1628_source(code: int, source: Source) -> None:
    assert read({**UTILITY, f"{R}.4.1.0": code}).source is source


@pytest.mark.parametrize(
    ("code", "source"),
    [
        (4, Source.UTILITY),
        (5, Source.BATTERY),
        (3, Source.BYPASS),
        (8, Source.UTILITY),
        (9, Source.ECO),
        (11, Source.BOOST),
        (12, Source.TRIM),
        (6, Source.BATTERY),
        (2, Source.OFF),
        (1, Source.UNKNOWN),
        (7, Source.UNKNOWN),
        (13, Source.UNKNOWN),
    ],
)
def test_eppc_source(code: int, source: Source) -> None:
    reading = read({f"{E}.2.1.0": code, f"{E}.3.1.0": 2}, EPPC)
    assert reading.source is source
    assert reading.testing == (code == 6)


@pytest.mark.parametrize(
    ("code", "source"),
    [
        (2, Source.UTILITY),
        (3, Source.BATTERY),
        (4, Source.BOOST),
        (5, Source.OFF),
        (6, Source.BYPASS),
        (9, Source.TRIM),
    ],
)
def test_xppc_source(code: int, source: Source) -> None:
    assert read({f"{P}.4.1.1.0": code, f"{P}.2.1.1.0": 2}, XPPC).source is source


def test_usha_source_and_status() -> None:
    reading = read({f"{U}.4.1.0": 5, f"{U}.2.1.0": 5, f"{U}.3.3.1.3.1": 0, f"{U}.2.4.0": 80}, USHA)
    assert (reading.source, reading.input_dead, reading.low_battery) == (Source.BATTERY, True, False)


# --- statuses that prove nothing alone


def test_standby_of_a_load_that_is_up_is_bypass() -> None:
    standby: dict[str, Value] = {f"{P}.4.1.1.0": 8, f"{P}.2.1.1.0": 2, f"{P}.3.2.1.0": 2360, f"{P}.4.2.1.0": 2360}
    assert read(standby, XPPC).source is Source.BYPASS
    assert read({**standby, f"{P}.4.2.1.0": 0}, XPPC).source is Source.OFF
    assert read({**standby, f"{P}.2.1.2.0": 40}, XPPC).source is Source.BATTERY


@pytest.mark.parametrize(
    ("code", "values", "alarms", "source"),
    [
        pytest.param(1, {}, (), Source.UTILITY, id="other, healthy: Tripp Lite in economy mode"),
        pytest.param(2, {}, (), Source.UTILITY, id="normal, by the subset statement"),
        pytest.param(2, {f"{R}.4.4.1.2.1": 0}, (), Source.OFF, id="none, with a dead output"),
        pytest.param(2, {}, (14,), Source.OFF, id="none, with alarm UpsOutputOff"),
        pytest.param(2, {f"{R}.4.4.1.2.1": None, f"{R}.4.4.1.5.1": None}, (), Source.UNKNOWN, id="none, nothing else"),
        pytest.param(4, {}, (2,), Source.BATTERY, id="battery, by the subset statement"),
        pytest.param(4, {}, (9,), Source.BYPASS, id="bypass"),
        pytest.param(1, {f"{R}.2.2.0": 12, f"{R}.3.3.1.3.1": 0}, (), Source.BATTERY, id="other, seconds on battery"),
    ],
)
def test_an_ambiguous_source_needs_a_second_sign(
    code: int, values: dict[str, Value], alarms: tuple[int, ...], source: Source
) -> None:
    assert read({**UTILITY, **values, f"{R}.4.1.0": code}, alarms=alarms).source is source


def test_seconds_on_battery_of_a_card_that_does_not_know_them_are_no_outage() -> None:
    other: dict[str, Value] = {**UTILITY, f"{R}.4.1.0": 1}
    assert read({**other, f"{R}.2.2.0": 2**32 - 1}).source is Source.UTILITY
    assert read({**other, f"{R}.2.2.0": 30}).source is Source.BATTERY


def test_the_vendors_status_goes_before_rfc_1628() -> None:
    both = {**UTILITY, f"{E}.2.1.0": 5, f"{E}.3.1.0": 5}
    assert read(both, EPPC, RFC1628).source is Source.BATTERY


def test_rfc_1628_answers_where_the_vendor_does_not_know() -> None:
    both = {**OUTAGE, f"{P}.4.1.1.0": 1, f"{P}.2.1.1.0": 1}
    assert read(both, XPPC, RFC1628).source is Source.BATTERY


# --- the input


def test_an_outage_shows_a_dead_input() -> None:
    reading = read(OUTAGE)
    assert (reading.source, reading.input_dead, reading.input_good) == (Source.BATTERY, True, False)


def test_volts_below_half_of_nominal_are_dead_and_a_brownout_is_not() -> None:
    assert read({**OUTAGE, f"{R}.3.3.1.3.1": 110}).input_dead
    reading = read({**OUTAGE, f"{R}.3.3.1.3.1": 170})
    assert (reading.input_dead, reading.input_good) == (False, None)


def test_within_the_cards_own_transfer_points_the_input_is_good() -> None:
    limits: dict[str, Value] = {f"{R}.9.9.0": 160, f"{R}.9.10.0": 300}
    assert read({**UTILITY, **limits, f"{R}.3.3.1.3.1": 170}).input_good is True
    assert read({**UTILITY, **limits, f"{R}.3.3.1.3.1": 155}).input_good is False


def test_a_vendors_zeros_hide_no_limits_of_rfc_1628() -> None:
    """As on recording simdata-phoenixtec-power: 935.1's transfer points and its nominal volts are 0."""
    zeros: dict[str, Value] = {f"{P}.5.2.1.0": 0, f"{P}.5.2.2.0": 0, f"{P}.5.2.3.0": 0}
    limits = {f"{R}.9.9.0": 176, f"{R}.9.10.0": 276}
    rest: dict[str, Value] = {**UTILITY, **zeros, **limits, f"{P}.4.1.1.0": 2, f"{P}.2.1.1.0": 2}
    assert read({**rest, f"{R}.3.3.1.3.1": 178}, XPPC, RFC1628).input_good is True
    assert read({**rest, f"{R}.3.3.1.3.1": 170}, XPPC, RFC1628).input_good is False


def test_alarm_input_bad_is_a_dead_input_whatever_the_volts() -> None:
    assert read({**OUTAGE, f"{R}.3.3.1.3.1": 231}, alarms=(2, 6)).input_dead


def test_no_volts_on_utility_power_are_an_absent_sensor() -> None:
    reader = Reader(trusts_idle=True)
    reading = reader.read(told({**UTILITY, f"{R}.3.3.1.3.1": 0}), 0)
    assert (reading.input_dead, reading.input_good) == (False, None)
    assert not reader.read(told(OUTAGE), 5).input_dead


def test_volts_that_fall_a_poll_before_the_status_still_tell_of_a_dead_input() -> None:
    reader = Reader(trusts_idle=True)
    reader.read(told(UTILITY), 0)
    assert not reader.read(told({**UTILITY, f"{R}.3.3.1.3.1": 0}), 5).input_dead
    assert reader.read(told(OUTAGE), 7).input_dead


def test_phases_that_do_not_exist_are_no_dead_input() -> None:
    one_phase: dict[str, Value] = {f"{R}.3.3.1.3.2": 0, f"{R}.3.3.1.3.3": 0}
    reader = Reader(trusts_idle=True)
    assert reader.read(told({**UTILITY, **one_phase}), 0).input_good is True
    testing = told({**UTILITY, **one_phase, f"{R}.4.1.0": 5, f"{R}.7.3.0": 5})
    assert not reader.read(testing, 5).input_dead


def test_the_input_shown_is_that_of_the_lowest_line_that_exists() -> None:
    assert read(UTILITY).input_volts == 231
    reader = Reader(trusts_idle=True)
    lines: dict[str, Value] = {f"{R}.3.3.1.3.2": 0, f"{R}.3.3.1.3.3": 226}
    assert reader.read(told({**UTILITY, **lines}), 0).input_volts == 226
    assert reader.read(told({**OUTAGE, f"{R}.3.3.1.3.1": 3, **lines}), 5).input_volts == 3
    assert read({f"{R}.4.1.0": 3}).input_volts is None


def test_one_phase_lost_of_three_is_a_dead_input() -> None:
    three: dict[str, Value] = {f"{R}.3.3.1.3.2": 230, f"{R}.3.3.1.3.3": 229}
    reader = Reader(trusts_idle=True)
    reader.read(told({**UTILITY, **three}), 0)
    assert reader.read(told({**UTILITY, **three, f"{R}.4.1.0": 5, f"{R}.3.3.1.3.2": 0}), 5).input_dead


# --- tests of the battery


@pytest.mark.parametrize(
    ("values", "mib", "alarms"),
    [
        pytest.param({**UTILITY, f"{R}.4.1.0": 5, f"{R}.7.3.0": 5}, RFC1628, (), id="RFC 1628 TestResultsSummary"),
        pytest.param({**UTILITY, f"{R}.4.1.0": 5}, RFC1628, (2, 24), id="RFC 1628 alarm 24"),
        pytest.param({f"{E}.2.1.0": 6, f"{E}.3.1.0": 5}, EPPC, (), id="EPPC status"),
        pytest.param({f"{E}.2.1.0": 5, f"{E}.3.1.0": 5, f"{E}.7.3.0": 2}, EPPC, (), id="EPPC test result"),
        pytest.param({f"{P}.4.1.1.0": 3, f"{P}.2.1.1.0": 2, f"{P}.7.2.3.0": 4}, XPPC, (), id="XPPC diagnostics"),
        pytest.param({f"{P}.4.1.1.0": 3, f"{P}.2.1.1.0": 2, f"{P}.7.2.7.0": 3}, XPPC, (), id="XPPC calibration"),
        pytest.param({f"{U}.4.1.0": 5, f"{U}.2.1.0": 5, f"{U}.6.3.0": 5}, USHA, (), id="USHA test result"),
    ],
)
def test_a_test_is_told_as_a_test(values: dict[str, Value], mib: Mib, alarms: tuple[int, ...]) -> None:
    reading = read(values, mib, alarms=alarms)
    assert reading.testing
    assert reading.source is Source.BATTERY
    assert not reading.input_dead


def test_an_outage_during_a_test_shows_a_dead_input() -> None:
    reader = Reader(trusts_idle=True)
    reader.read(told(UTILITY), 0)
    reading = reader.read(told({**OUTAGE, f"{R}.7.3.0": 5}), 5)
    assert (reading.testing, reading.input_dead) == (True, True)


# --- battery, countdown, link, timers, name


@pytest.mark.parametrize(
    ("values", "alarms", "low"),
    [
        ({}, (), False),
        ({f"{R}.2.1.0": 3}, (), True),
        ({f"{R}.2.1.0": 4}, (), True),
        ({}, (2, 3), True),
        ({}, (4,), True),
    ],
)
def test_low_battery(values: dict[str, Value], alarms: tuple[int, ...], low: bool) -> None:
    assert read({**OUTAGE, **values}, alarms=alarms).low_battery is low


def test_the_first_believable_runtime_is_taken() -> None:
    both = {**UTILITY, f"{P}.4.1.1.0": 2, f"{P}.2.1.1.0": 2, f"{P}.2.2.4.0": 9999}
    assert read(both, XPPC, RFC1628).runtime == 45 * 60
    assert read({**both, f"{P}.2.2.4.0": 2000}, XPPC, RFC1628).runtime == 2000


def test_the_load_is_that_of_the_fullest_phase() -> None:
    assert read({**UTILITY, f"{R}.4.4.1.5.2": 51, f"{R}.4.4.1.5.3": 65535}).load == 51


def test_a_countdown_counts_at_once_with_alarm_22() -> None:
    reading = read({**OUTAGE, f"{R}.8.2.0": 118}, alarms=(2, 22))
    assert (reading.countdown, reading.tells_countdown) == (118, True)


def test_eppc_event_15_and_status_10_are_signs_of_a_countdown() -> None:
    counting: dict[str, Value] = {f"{E}.2.1.0": 5, f"{E}.3.1.0": 5, f"{E}.8.7.0": 100}
    assert read(counting, EPPC).countdown is None
    assert read({**counting, f"{E}.9.2.0": b"1,7,15"}, EPPC).countdown == 100
    assert read({**counting, f"{E}.2.1.0": 10}, EPPC).countdown == 100


@pytest.mark.parametrize(("event", "alarm"), [(b"1,7,13", ()), (b"", (20,))])
def test_a_card_that_has_lost_its_ups_says_nothing_else(event: bytes, alarm: tuple[int, ...]) -> None:
    reading = read({f"{E}.2.1.0": 4, f"{E}.3.1.0": 2, f"{E}.9.2.0": event}, EPPC, alarms=alarm)
    assert reading.link_lost
    assert reading.source is Source.UNKNOWN


@pytest.mark.parametrize(
    ("number", "action"),
    [(1, CardAction.DISABLED), (2, CardAction.WARNING), (3, CardAction.CLIENT), (4, CardAction.CLIENT_AND_UPS)],
)
def test_eppc_and_usha_tell_their_timers(number: int, action: CardAction) -> None:
    eppc: dict[str, Value] = {f"{E}.8.4.1.2.1": number, f"{E}.8.4.1.3.1": 900, f"{E}.8.1.0": 120}
    assert read({**eppc, f"{E}.2.1.0": 4, f"{E}.3.1.0": 2}, EPPC).timers == CardTimers(900, 120, action)
    usha: dict[str, Value] = {f"{U}.7.4.1.2.1": number, f"{U}.7.4.1.3.1": 15, f"{U}.7.1.0": 120}
    assert read({**usha, f"{U}.4.1.0": 3, f"{U}.2.1.0": 2}, USHA).timers == CardTimers(900, 120, action)


def test_xppc_tells_its_shutoff_delay_only() -> None:
    reading = read({f"{P}.4.1.1.0": 2, f"{P}.2.1.1.0": 2, f"{P}.5.2.10.0": 120}, XPPC)
    assert reading.timers == CardTimers(None, 120, None)


def test_a_table_of_zeros_tells_no_timers() -> None:
    zeros: dict[str, Value] = {f"{E}.8.4.1.2.1": 0, f"{E}.8.4.1.3.1": 0, f"{E}.8.1.0": 0}
    assert read({**zeros, f"{E}.2.1.0": 4, f"{E}.3.1.0": 2}, EPPC).timers == UNTOLD


@pytest.mark.parametrize(
    ("maker", "model", "name"),
    [
        (b"Santak", b"Array-3A3     ", "Santak Array-3A3"),
        (b"EATON", b"Eaton 9PX 2200i", "Eaton 9PX 2200i"),
        (b"", b"SU3000", "SU3000"),
        (b"SE", b"", "SE"),
        (b"", b"\0\0", "Card v1.2"),
    ],
)
def test_the_name_for_people(maker: bytes, model: bytes, name: str) -> None:
    reader = Reader(trusts_idle=True, description="Card v1.2")
    values: dict[str, Value] = {**UTILITY, f"{R}.1.1.0": maker, f"{R}.1.2.0": model}
    assert reader.read(told(values), 0).model == name
