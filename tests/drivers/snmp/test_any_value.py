"""Whatever a card answers: no exception, no impossible number, and garbage alone starts nothing."""

from __future__ import annotations

import math
from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ridethrough.core.observation import Source, UpsReading
from ridethrough.drivers.snmp.mibs import RFC1628, Mib
from ridethrough.drivers.snmp.mibs.eppc import EPPC
from ridethrough.drivers.snmp.mibs.rfc1628 import said_by
from ridethrough.drivers.snmp.mibs.usha import USHA
from ridethrough.drivers.snmp.mibs.xppc import XPPC
from ridethrough.ups.countdown import Countdown
from ridethrough.ups.meaning import Value
from ridethrough.ups.reader import CARRIED, LONGEST_NAME, Reader
from ridethrough.ups.told import Told

from .own_cards import FAMILIES
from .replay import Rows

MIBS = {
    "RFC 1628": (RFC1628,),
    "XPPC": (XPPC, RFC1628),
    "EPPC": (EPPC, RFC1628),
    "USHA": (USHA, RFC1628),
}
EVERY_FAMILY = pytest.mark.parametrize("family", list(MIBS))

FULL = [65535, 2**31 - 1, 2**31, 2**32 - 1, 2**63, 2**64 - 1]  # "do not know", as firmware spells it
DIGITS = st.text("0123456789-", max_size=6) | st.integers(0, 10**5).map(str) | st.just("9" * 5000)
NUMBERS = st.integers(-(2**63), 2**64) | st.integers(-2, 300) | st.sampled_from(FULL) | st.floats()
ANY: st.SearchStrategy[Value] = st.one_of(
    st.none(), st.booleans(), NUMBERS, DIGITS, DIGITS.map(str.encode), st.text(max_size=20), st.binary(max_size=20)
)
# What is no value of any object that we read: another type, outside of its enumeration, or "do not know".
GARBAGE: st.SearchStrategy[Value] = st.one_of(
    st.none(),
    st.booleans(),
    st.sampled_from([*FULL, -1, -2, -60, math.nan, math.inf, -math.inf]),
    st.integers(10**7, 2**64),
    st.integers(-(2**63), -1),
    st.sampled_from(["", "on line", "1.3.6.1.2.1.33.1.6.3.2", b"", b"\0\0\0\0", b"\xff" * 40, "--5", "-", "9" * 5000]),
    st.text("abc \0é٣.", min_size=1),
)


def oids_of(mibs: tuple[Mib, ...]) -> list[str]:
    return sorted({row.oid for mib in mibs for row in mib.rows})


def told(mibs: tuple[Mib, ...], values: Mapping[str, Value], alarms: frozenset[int] = frozenset()) -> Told:
    return Told.of([row for mib in mibs for row in mib.rows], values, said_by(alarms))


def healthy(rows: Rows) -> dict[str, Value]:
    return {oid: leaf.value for oid, leaf in rows.items()}


def is_possible(reading: UpsReading) -> None:
    assert reading.charge is None or 0 <= reading.charge <= 100
    assert reading.load is None or 0 <= reading.load <= 200
    assert reading.runtime is None or 0 <= reading.runtime < 36 * 3600
    assert reading.countdown is None or 0 <= reading.countdown <= 24 * 3600
    timers = reading.timers
    assert timers.warning_period is None or 0 <= timers.warning_period <= 7 * 24 * 3600
    assert timers.shutdown_delay is None or 0 < timers.shutdown_delay <= 7 * 24 * 3600
    assert len(reading.model) <= 2 * LONGEST_NAME + 1
    assert not reading.model or reading.model.isprintable()
    assert not (reading.input_dead and reading.input_good)


def starts_nothing(reading: UpsReading) -> None:
    assert reading.source in {*CARRIED, Source.UNKNOWN}
    assert not reading.low_battery
    assert not reading.input_dead
    assert not reading.testing
    assert not reading.link_lost
    assert reading.countdown is None


@EVERY_FAMILY
@settings(max_examples=50)
@given(data=st.data())
def test_any_answers_become_possible_readings(family: str, data: st.DataObject) -> None:
    """Three polls of one card: what it remembers of the one before must not bend the next either."""
    mibs, reader = MIBS[family], Reader(trusts_idle=data.draw(st.booleans()))
    for poll in range(3):
        values = data.draw(st.dictionaries(st.sampled_from(oids_of(mibs)), ANY, max_size=12))
        alarms = data.draw(st.frozensets(st.integers(1, 24), max_size=3))
        is_possible(reader.read(told(mibs, {**healthy(FAMILIES[family]), **values}, alarms), 5.0 * poll))


@EVERY_FAMILY
@settings(max_examples=50)
@given(data=st.data())
def test_garbage_alone_starts_nothing(family: str, data: st.DataObject) -> None:
    mibs, reader = MIBS[family], Reader(trusts_idle=True)
    for poll in range(3):
        values = data.draw(st.fixed_dictionaries({}, optional=dict.fromkeys(oids_of(mibs), GARBAGE)))
        reading = reader.read(told(mibs, values), 5.0 * poll)
        is_possible(reading)
        starts_nothing(reading)
        assert reading.source is Source.UNKNOWN


@EVERY_FAMILY
@settings(max_examples=50)
@given(data=st.data())
def test_garbage_in_some_objects_of_a_healthy_card_starts_nothing(family: str, data: st.DataObject) -> None:
    mibs, reader = MIBS[family], Reader(trusts_idle=True)
    starts_nothing(reader.read(told(mibs, healthy(FAMILIES[family])), 0.0))
    for poll in range(1, 3):
        values = data.draw(st.dictionaries(st.sampled_from(oids_of(mibs)), GARBAGE, max_size=6))
        starts_nothing(reader.read(told(mibs, {**healthy(FAMILIES[family]), **values}), 5.0 * poll))


@given(st.lists(st.tuples(st.none() | st.floats() | st.sampled_from([-1.0, 0.0, 65535.0, 120.0]), st.booleans())))
def test_any_countdown_is_none_or_a_number_of_seconds_in_a_day(polls: list[tuple[float | None, bool]]) -> None:
    countdown = Countdown(trusts_idle=True)
    for turn, (raw, sign) in enumerate(polls):
        left = countdown.see(raw, 5.0 * turn, sign)
        assert left is None or 0 <= left <= 24 * 3600
        assert isinstance(countdown.tells(), bool)
