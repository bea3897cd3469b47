"""Each family's numbers, without a wire: what they mean on utility power, in an outage, in a test, with a lost link."""

from __future__ import annotations

import pytest

from ridethrough.core.model import CardAction, CardTimers
from ridethrough.core.observation import Source, UpsReading
from ridethrough.drivers.snmp.mibs import FAMILIES, KINDS, RFC1628, Mib
from ridethrough.drivers.snmp.mibs.apc import APC, A
from ridethrough.drivers.snmp.mibs.cyberpower import CYBERPOWER, C
from ridethrough.drivers.snmp.mibs.dell import DELL, DELL_ROOT
from ridethrough.drivers.snmp.mibs.delta import DELTA, D
from ridethrough.drivers.snmp.mibs.huawei import HUAWEI, V
from ridethrough.drivers.snmp.mibs.mge import MGE, M
from ridethrough.drivers.snmp.mibs.powerware import HP, PXGX, XUPS, H, X
from ridethrough.drivers.snmp.mibs.rfc1628 import RIELLO, UPS, said_by
from ridethrough.drivers.snmp.mibs.socomec import NETVISION, OLD, SOCOMEC, S
from ridethrough.drivers.snmp.mibs.tripplite import TRIPPLITE, T
from ridethrough.drivers.snmp.mibs.vertiv import ITA2, LIEBERT, VERTIV, G, I, L
from ridethrough.ups.meaning import Value
from ridethrough.ups.reader import Reader, contradictions
from ridethrough.ups.told import Told

U, B = Source.UTILITY, Source.BATTERY
RIELLO_ROOT = "1.3.6.1.4.1.5491.10.1"
ROOTS = {
    APC: A,
    CYBERPOWER: C,
    DELL: DELL_ROOT,
    DELTA: D,
    HUAWEI: V,
    MGE: M,
    XUPS: X,
    PXGX: X,
    HP: H,
    RIELLO: RIELLO_ROOT,
    SOCOMEC: S,
    NETVISION: OLD,
    TRIPPLITE: T,
    LIEBERT: L,
    VERTIV: G,
    ITA2: I,
}


def flags(*places: int) -> str:
    return "".join("1" if place in places else "0" for place in range(1, 65))


def reading(mibs: tuple[Mib, ...], values: dict[str, Value]) -> UpsReading:
    """A first reading. A row of a table stands under its column."""
    rows = [row for mib in mibs for row in mib.rows]
    return Reader(trusts_idle=mibs[0].tells_countdown).read(Told.of(rows, values), 0.0)


def read(mib: Mib, values: dict[str, Value]) -> UpsReading:
    """`values` by the end of the OID below the family's root."""
    return reading((mib,), {f"{ROOTS[mib]}.{end}": value for end, value in values.items()})


@pytest.mark.parametrize(
    ("mib", "values", "source"),
    [
        (APC, {"4.1.1.0": 2}, U),
        (APC, {"4.1.1.0": 3}, B),
        (APC, {"4.1.1.0": 12}, Source.TRIM),
        (APC, {"4.1.1.0": 16}, Source.BYPASS),
        (APC, {"4.1.1.0": 20}, Source.ECO),
        (APC, {"4.1.1.0": 7, "4.2.1.0": 0}, Source.OFF),
        (APC, {"4.1.1.0": 1, "11.1.1.0": flags(2)}, B),  # the status says nothing, the flags do
        (APC, {"4.1.1.0": 1, "11.1.1.0": "UNKNOWN"}, Source.UNKNOWN),
        (CYBERPOWER, {"4.1.1.0": 2}, U),
        (CYBERPOWER, {"4.1.1.0": 3}, B),
        (CYBERPOWER, {"4.1.1.0": 10}, Source.TRIM),
        (CYBERPOWER, {"4.1.1.0": 11, "3.2.6.0": 5, "4.2.1.0": 2300}, B),  # overload, and the input is gone
        (CYBERPOWER, {"4.1.1.0": 11, "3.2.6.0": 1, "3.2.1.0": 2300, "4.2.1.0": 2300, "2.1.1.0": 2}, U),
        (DELTA, {"5.1.0": 0}, U),  # its numbers begin with 0
        (DELTA, {"5.1.0": 1}, B),
        (DELTA, {"5.1.0": 4}, Source.BOOST),
        (DELTA, {"5.1.0": None, "9.2.0": 1}, B),
        (HUAWEI, {"2.101.1.1": 3}, U),
        (HUAWEI, {"2.101.1.1": 4}, B),
        (HUAWEI, {"2.101.1.1": 7}, B),
        (HUAWEI, {"2.101.1.1": 5}, U),
        (MGE, {"7.3.0": 2}, U),
        (MGE, {"7.3.0": 1}, B),
        (MGE, {"7.3.0": 2, "7.4.0": 1}, Source.BYPASS),
        (MGE, {"7.3.0": 2, "7.8.0": 1}, Source.BOOST),
        (MGE, {"7.3.0": 2, "7.7.0": 1, "7.2.1.2.1": 0}, Source.OFF),
        (XUPS, {"4.5.0": 3}, U),
        (XUPS, {"4.5.0": 4}, Source.BYPASS),
        (XUPS, {"4.5.0": 5}, B),
        (XUPS, {"4.5.0": 12}, Source.ECO),
        (PXGX, {"4.5.0": 4}, B),  # bypass on every other card
        (PXGX, {"4.5.0": 240}, B),
        (PXGX, {"4.5.0": 36}, B),
        (PXGX, {"4.5.0": 16}, Source.BYPASS),
        (PXGX, {"4.5.0": 33}, U),
        (HP, {"4.5.0": 3}, U),
        (HP, {"4.5.0": 5}, B),
        (RIELLO, {"4.1.0": 3}, U),
        (RIELLO, {"4.1.0": 5}, B),
        # On the inverter, which says nothing of where its power comes from.
        (SOCOMEC, {"4.1.0": 3, "2.1.0": 3}, Source.UNKNOWN),
        (SOCOMEC, {"4.1.0": 3, "2.1.0": 3, "3.3.1.2.1": 2400, "4.4.1.2.1": 2300}, U),
        (SOCOMEC, {"4.1.0": 3, "2.1.0": 3, "3.3.1.2.1": 1800, "4.4.1.2.1": 2300, "6.3.15.0": 1}, B),  # a brownout
        (SOCOMEC, {"4.1.0": 3, "6.3.15.0": 1}, B),
        (SOCOMEC, {"4.1.0": 3, "2.1.0": 5}, B),
        (SOCOMEC, {"4.1.0": 5}, Source.ECO),
        (NETVISION, {"4.1.0": 3}, U),
        (NETVISION, {"4.1.0": 5}, B),
        (TRIPPLITE, {"3.1.1.1": 3}, U),
        (TRIPPLITE, {"3.1.1.1": 5}, B),
        (TRIPPLITE, {"3.1.1.1": 8}, U),
        (LIEBERT, {"5.3.55.0": 3}, U),
        (LIEBERT, {"5.3.55.0": 5}, B),
        (VERTIV, {"1.4872": "Normal"}, U),
        (VERTIV, {"1.4872": "battery"}, B),
        (VERTIV, {"1.4872": "Warming up"}, Source.UNKNOWN),
        (ITA2, {"2.1.2.0": 1}, U),
        (ITA2, {"2.1.2.0": 2}, B),
        (ITA2, {"2.1.2.0": 4}, U),
    ],
)
def test_what_feeds_the_output(mib: Mib, values: dict[str, Value], source: Source) -> None:
    assert read(mib, values).source is source


@pytest.mark.parametrize(
    ("mib", "values"),
    [
        (APC, {"4.1.1.0": 3, "2.1.1.0": 3}),
        (APC, {"4.1.1.0": 3, "11.1.1.0": flags(2, 3)}),
        (CYBERPOWER, {"4.1.1.0": 3, "2.1.1.0": 3}),
        (DELTA, {"5.1.0": 1, "7.2.0": 1}),
        (DELTA, {"5.1.0": 1, "9.3.0": 1}),
        (MGE, {"7.3.0": 1, "5.14.0": 1}),
        (MGE, {"7.3.0": 1, "5.16.0": 1}),
        (XUPS, {"4.5.0": 5, "2.10.0": 1}),
        (PXGX, {"4.5.0": 5}),
        (SOCOMEC, {"4.1.0": 3, "6.3.15.0": 1, "2.1.0": 6}),
        (NETVISION, {"4.1.0": 5, "2.1.0": 3}),
        (TRIPPLITE, {"3.1.1.1": 5, "1.1.1.1": 3}),
        (LIEBERT, {"5.3.55.0": 5, "5.1.26.0": 3}),
        (VERTIV, {"1.4872": "Battery", "100.4162": "Active Event"}),
    ],
)
def test_a_low_battery(mib: Mib, values: dict[str, Value]) -> None:
    assert read(mib, values).source is B
    assert read(mib, values).low_battery


@pytest.mark.parametrize(
    ("mib", "values"),
    [
        (APC, {"4.1.1.0": 15}),
        (APC, {"4.1.1.0": 28}),
        (APC, {"4.1.1.0": 24}),
        (APC, {"4.1.1.0": 3, "11.1.1.0": flags(2, 29)}),
        (APC, {"4.1.1.0": 3, "11.1.1.0": flags(2, 10)}),
        (APC, {"4.1.1.0": 3, "3.2.5.0": 9}),
        (APC, {"4.1.1.0": 3, "7.2.6.0": 3}),
        (CYBERPOWER, {"4.1.1.0": 3, "3.2.5.0": 4}),
        (CYBERPOWER, {"4.1.1.0": 3, "7.2.7.0": 3}),
        (XUPS, {"4.5.0": 5, "8.2.0": 4}),
        (XUPS, {"4.5.0": 5, "2.5.0": 7}),
        (HP, {"4.5.0": 5, "7.2.0": 4}),
        (SOCOMEC, {"4.1.0": 3, "2.1.0": 4}),
        (TRIPPLITE, {"3.1.1.1": 10}),
    ],
)
def test_a_test_is_told_from_an_outage(mib: Mib, values: dict[str, Value]) -> None:
    assert read(mib, values).testing


def test_what_does_not_tell_of_a_test() -> None:
    """A test that was aborted stays "scheduled" on Eaton's M2; the cause of the last transfer is told for ever."""
    assert not read(XUPS, {"4.5.0": 5, "8.2.0": 7}).testing
    assert not read(APC, {"4.1.1.0": 2, "3.2.5.0": 9}).testing
    assert not read(CYBERPOWER, {"4.1.1.0": 2, "3.2.5.0": 4}).testing


@pytest.mark.parametrize(
    ("mib", "values"),
    [
        (APC, {"4.1.1.0": 2, "8.1.0": 2}),
        (MGE, {"7.3.0": 2, "12.13.0": 2}),
        (MGE, {"7.3.0": 2, "12.13.0": 0}),
        (DELTA, {"5.1.0": 0, "9.1.0": 1}),
    ],
)
def test_a_card_that_has_lost_its_ups(mib: Mib, values: dict[str, Value]) -> None:
    assert read(mib, values).link_lost


def test_a_card_that_talks_to_its_ups() -> None:
    assert not read(APC, {"4.1.1.0": 2, "8.1.0": 1}).link_lost
    assert not read(MGE, {"7.3.0": 2, "12.13.0": 171}).link_lost
    assert not read(DELTA, {"5.1.0": 0, "9.1.0": 0}).link_lost


@pytest.mark.parametrize(
    ("mib", "values"),
    [
        (CYBERPOWER, {"4.1.1.0": 3, "3.2.6.0": 5}),
        (MGE, {"7.3.0": 1, "6.3.0": 1}),
        (XUPS, {"4.5.0": 5, "3.9.0": 1}),
        (DELTA, {"5.1.0": 1, "9.2.0": 1}),
    ],
)
def test_an_input_that_the_ups_does_not_take_is_an_outage_even_in_a_test(mib: Mib, values: dict[str, Value]) -> None:
    assert read(mib, values).input_dead


@pytest.mark.parametrize(
    ("mib", "values", "runtime", "charge", "load"),
    [
        (APC, {"4.1.1.0": 2, "2.2.3.0": 456000, "2.2.1.0": 99, "4.2.3.0": 17}, 4560, 99, 17),
        (APC, {"4.1.1.0": 2, "2.2.3.0": 4294967295, "2.3.1.0": 995, "4.3.3.0": 176}, None, 99.5, 17.6),
        (CYBERPOWER, {"4.1.1.0": 2, "2.2.4.0": 120000, "2.2.1.0": 100, "4.2.3.0": 24}, 1200, 100, 24),
        (DELTA, {"5.1.0": 0, "7.5.0": 22, "7.8.0": 29, "5.7.0": 29}, 1320, 29, 29),
        (HUAWEI, {"2.101.1.1": 3, "6.100.1.4": 3600, "6.100.1.3": 100, "4.100.1.14": 271}, 3600, 100, 27.1),
        (HUAWEI, {"2.101.1.1": 3, "6.100.1.4": 4294967295, "6.100.1.3": -1}, None, None, None),
        (MGE, {"7.3.0": 2, "5.1.0": 1464, "5.2.0": 100, "7.2.1.4.1": 35}, 1464, 100, 35),
        (XUPS, {"4.5.0": 3, "2.1.0": 8620, "2.4.0": 100, "4.1.0": 25}, 8620, 100, 25),
        (HP, {"4.5.0": 3, "2.1.0": 840, "2.4.0": 88, "4.1.0": 12}, 840, 88, 12),
        (SOCOMEC, {"4.1.0": 4, "2.3.0": 30, "2.4.0": 100, "4.4.1.4.1": 7}, 1800, 100, 7),
        (SOCOMEC, {"4.1.0": 4, "2.3.0": 65535, "2.4.0": 32767, "4.4.1.4.1": 32767}, None, None, None),
        (LIEBERT, {"5.3.55.0": 3, "5.1.18.0": 12, "5.1.19.0": 80}, 720, 80, None),
        (VERTIV, {"1.4872": "Normal", "1.4150": "74", "1.4153": "100", "1.4223": "22"}, 4440, 100, 22),
    ],
)
def test_units(
    mib: Mib, values: dict[str, Value], runtime: float | None, charge: float | None, load: float | None
) -> None:
    seen = read(mib, values)
    assert (seen.runtime, seen.charge, seen.load) == (runtime, charge, load)


@pytest.mark.parametrize(
    ("mib", "values", "timers"),
    [
        (DELTA, {"5.1.0": 0, "3.6.0": 300}, CardTimers(300, None, CardAction.CLIENT)),
        (DELTA, {"5.1.0": 0, "3.6.0": -1}, CardTimers(None, None, CardAction.DISABLED)),
        (MGE, {"7.3.0": 2, "4.10.0": 900, "4.11.0": 120}, CardTimers(900, 120, CardAction.CLIENT)),
        (APC, {"4.1.1.0": 2, "5.2.10.0": 18000}, CardTimers(None, 180, None)),
        (CYBERPOWER, {"4.1.1.0": 2, "5.2.10.0": 12000}, CardTimers(None, 120, None)),
    ],
)
def test_the_cards_own_timers(mib: Mib, values: dict[str, Value], timers: CardTimers) -> None:
    assert read(mib, values).timers == timers


def test_an_off_delay_of_nought_is_idle_whatever_else_shuts_down() -> None:
    """XUPS shows 0 while nothing counts down; RFC 1628's own countdown runs beside it."""
    values: dict[str, Value] = {f"{X}.4.5.0": 5, f"{X}.9.1.0": 0, f"{UPS}.8.2.0": 90}
    told = Told.of([*XUPS.rows, *RFC1628.rows], values, said_by((22,)))
    assert Reader(trusts_idle=True).read(told, 0.0).countdown == 90
    runs = Told.of(XUPS.rows, {f"{X}.4.5.0": 5, f"{X}.9.1.0": 60}, said_by((22,)))
    assert Reader(trusts_idle=True).read(runs, 0.0).countdown == 60


def test_a_countdown_of_an_off_delay_ends_at_nought() -> None:
    """The last seconds before the cut are no cancellation."""
    reader = Reader(trusts_idle=True)
    left = [
        reader.read(Told.of(XUPS.rows, {f"{X}.4.5.0": 5, f"{X}.9.1.0": shown}), at).countdown
        for at, shown in ((0.0, 4), (2.0, 2), (4.0, 0))
    ]
    assert left == [None, 2, 0]


def test_a_dell_ups_is_fed_by_what_its_rfc_1628_says() -> None:
    values: dict[str, Value] = {f"{DELL_ROOT}.120.5.3.0": 11179, f"{DELL_ROOT}.120.4.3.0": 2147483647}
    values |= {f"{UPS}.4.1.0": 5, f"{UPS}.2.1.0": 2}
    seen = reading((DELL, RFC1628), values)
    assert (seen.source, seen.runtime, seen.countdown) == (B, 11179, None)


@pytest.mark.parametrize(
    ("values", "source"),
    [
        # Who says battery is believed when anything else speaks for it,
        ({f"{M}.7.3.0": 1, f"{UPS}.4.1.0": 3, f"{M}.6.3.0": 1}, B),
        ({f"{M}.7.3.0": 2, f"{UPS}.4.1.0": 5, f"{UPS}.2.2.0": 12}, B),
        # and when nothing speaks at all: an outage is not overlooked.
        ({f"{M}.7.3.0": 1, f"{UPS}.4.1.0": 3}, B),
        ({f"{M}.7.3.0": 2, f"{UPS}.4.1.0": 5}, B),
        # A live input without any sign of a discharge speaks against it.
        ({f"{M}.7.3.0": 1, f"{UPS}.4.1.0": 3, f"{M}.6.2.1.2.1": 2300}, U),
        ({f"{M}.7.3.0": 2, f"{UPS}.4.1.0": 5, f"{M}.6.2.1.2.1": 2300}, U),
    ],
)
def test_two_families_that_contradict_each_other(values: dict[str, Value], source: Source) -> None:
    assert reading((MGE, RFC1628), values).source is source


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({}, ()),
        ({f"{M}.7.3.0": 1, f"{UPS}.4.1.0": 3}, ("what feeds its output",)),
        ({f"{M}.5.14.0": 2, f"{UPS}.2.1.0": 3}, ("whether its battery is low",)),
        ({f"{M}.5.2.0": 90, f"{UPS}.2.4.0": 79}, ("how full its battery is",)),
        ({f"{M}.5.2.0": 90, f"{UPS}.2.4.0": 80}, ()),
        ({f"{M}.5.2.0": 90, f"{UPS}.2.4.0": 255}, ()),
    ],
)
def test_what_two_families_say_different_things_of(values: dict[str, Value], said: tuple[str, ...]) -> None:
    usual: dict[str, Value] = {f"{M}.7.3.0": 2, f"{M}.5.14.0": 2, f"{UPS}.4.1.0": 3, f"{UPS}.2.1.0": 2}
    told = Told.of([row for mib in (MGE, RFC1628) for row in mib.rows], {**usual, **values})
    assert contradictions(told) == said


def test_low_counts_from_either_and_the_vendors_charge_first() -> None:
    seen = reading(
        (MGE, RFC1628), {f"{M}.7.3.0": 1, f"{M}.5.14.0": 2, f"{M}.5.2.0": 90, f"{UPS}.2.1.0": 3, f"{UPS}.2.4.0": 10}
    )
    assert (seen.low_battery, seen.charge) == (True, 90)


@pytest.mark.parametrize("mib", FAMILIES, ids=lambda mib: mib.name)
def test_a_family_is_found_by_what_it_needs(mib: Mib) -> None:
    """All but Dell's, which has no status: there RFC 1628 must say it."""
    assert mib.probe.needed == (mib is not DELL)
    assert (mib.probe.field == "source") == (mib is not DELL)
    assert not any(row.slow for row in mib.rows if row.needed)


def test_every_kind_of_card_is_named_once() -> None:
    prefixes = [kind.prefix for kind in KINDS]
    assert len(set(prefixes)) == len(prefixes)
    assert {mib.name for kind in KINDS for mib in kind.families} == {mib.name for mib in FAMILIES}
