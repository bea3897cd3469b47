"""Simulated Eaton and Powerware cards (XUPS 534.1), PXGX cards, and HP(E) R/T modules (CPQPOWER 232.165.3).

They share one shape: runtime in seconds, an output source of their own numbers, delays that read 0 while nothing runs.
"""

from __future__ import annotations

from ridethrough.core.observation import Source
from ridethrough.sim.cards import MAKER, SelfTest
from ridethrough.sim.cards_mib import rfc1628
from ridethrough.sim.cards_mib.ancestor import within
from ridethrough.sim.cards_mib.control import Control
from ridethrough.sim.cards_mib.shown import Shown
from ridethrough.sim.cards_mib.tree import Leaf, integers, strings
from ridethrough.sim.families import NOMINAL_VOLTS

X = "1.3.6.1.4.1.534.1"
H = "1.3.6.1.4.1.232.165.3"
XUPS_OBJECT_ID = X
PXGX_OBJECT_ID = "1.3.6.1.4.1.534.2.12"
HP_OBJECT_ID = H
SOURCES = {Source.OFF: 2, Source.UTILITY: 3, Source.BYPASS: 4, Source.BATTERY: 5, Source.BOOST: 6, Source.TRIM: 7}
# The same object of a PXGX card: 4 and 5 are the battery, where 4 is bypass on every other card.
PXGX_SOURCES = {
    Source.OFF: 48,
    Source.UTILITY: 3,
    Source.BYPASS: 16,
    Source.BATTERY: 4,
    Source.BOOST: 15,
    Source.TRIM: 14,
}
PXGX_SHUTDOWN_IMMINENT = 5
DISCHARGING, RESTING, CHARGING = 2, 4, 1  # xupsBatteryAbmStatus
TEST_RESULTS = {SelfTest.NONE: 1, SelfTest.PASSED: 2, SelfTest.ABORTED: 7}  # "scheduled" for ever; 4: a test runs
LONGEST_DELAY = 32767
NEVER_BY_ITSELF = 999999  # the delay to a group's own end, after utility power has failed


def xups(s: Shown, control: Control) -> dict[str, Leaf]:
    """A ConnectUPS or Network-M2 card, and its RFC 1628."""
    return rfc1628.leaves(s, control) | eaton_objects(s, control)


def eaton_objects(s: Shown, control: Control) -> dict[str, Leaf]:
    """XUPS-MIB alone."""
    return _shared(X, s, control, SOURCES[s.source]) | _of_eaton(s, control)


def pxgx(s: Shown, control: Control) -> dict[str, Leaf]:
    """A Power Xpert Gateway card, and its RFC 1628."""
    source = PXGX_SHUTDOWN_IMMINENT if s.on_battery and s.low else PXGX_SOURCES[s.source]
    return rfc1628.leaves(s, control) | _shared(X, s, control, source) | _of_eaton(s, control)


def hp(s: Shown, control: Control) -> dict[str, Leaf]:
    """A UPS Network Module, and its RFC 1628."""
    own = {
        **integers(H, {"7.1.0": 2, "7.2.0": _test_status(s)}),
        f"{H}.2.2.0": Leaf("integer", 540),  # tenths of volts, where an Eaton card tells volts
        **_delays(H, 8, s, control),
        **_receptacle(f"{H}.10", s),
        **integers(H, {"9.1.0": NOMINAL_VOLTS, "9.2.0": NOMINAL_VOLTS, "9.4.0": 500}),
        "1.3.6.1.4.1.232.165.1.2.7.0": Leaf("string", control.serial),
    }
    return rfc1628.leaves(s, control) | _shared(H, s, control, SOURCES[s.source]) | own


def _shared(root: str, s: Shown, control: Control, source: int) -> dict[str, Leaf]:
    amps = s.watts // NOMINAL_VOLTS
    abm = DISCHARGING if s.on_battery else RESTING if s.charge >= 100 else CHARGING
    return {
        **strings(root, {"1.1.0": MAKER, "1.2.0": control.card.model, "1.3.0": "INV: 1.0"}),
        **integers(root, {"2.1.0": int(s.runtime), "2.2.0": 54, "2.3.0": 0, "2.4.0": s.charge, "2.5.0": abm}),
        **integers(root, {"3.1.0": 500 if s.utility else 0, "3.3.0": 1, "3.4.1.1.1": 1, "3.4.1.2.1": s.input_volts}),
        f"{root}.3.2.0": Leaf("counter", s.line_bads),
        **integers(root, {"4.1.0": s.load, "4.2.0": 500 if s.output_volts else 0, "4.3.0": 1, "4.4.1.1.1": 1}),
        **integers(root, {"4.4.1.2.1": s.output_volts, "4.4.1.3.1": amps, "4.4.1.4.1": s.watts, "4.5.0": source}),
        **integers(root, {"6.1.0": 25}),
    }


def _of_eaton(s: Shown, control: Control) -> dict[str, Leaf]:
    present = [number for number, there in {3: s.on_battery, 4: s.low}.items() if there]
    table: dict[str, Leaf] = {}
    for row, number in enumerate(present, 1):
        table |= integers(f"{X}.7.2.1", {f"1.{row}": row})
        table[f"{X}.7.2.1.2.{row}"] = Leaf("oid", f"{X}.7.{number}")
        table[f"{X}.7.2.1.3.{row}"] = Leaf("ticks", max(int(100 * (s.up_for - s.on_battery_for)), 0))
    return {
        f"{X}.1.6.0": Leaf("string", control.serial),
        **integers(X, {"2.7.0": 2, "2.8.0": 2, "2.9.0": 2, "2.10.0": 1 if s.low else 2}),
        **integers(X, {"3.5.0": 3 if s.utility else 2, "3.9.0": 2 if s.utility else 1}),
        f"{X}.7.1.0": Leaf("gauge", len(present)),
        **table,
        **integers(X, {"8.1.0": 2, "8.2.0": _test_status(s)}),
        f"{X}.8.5.0": Leaf("integer", 0, lambda number: control.send_test_trap() if number == 1 else None),
        **_delays(X, 9, s, control),
        **_receptacle(f"{X}.12", s),
        f"{X}.9.6.0": Leaf(
            "integer", 0, within(0, LONGEST_DELAY, control.count_down)
        ),  # off, and on with utility power
        **integers(X, {"10.1.0": NOMINAL_VOLTS, "10.2.0": NOMINAL_VOLTS, "10.3.0": int(control.ups.rated_watts)}),
    }


def _delays(root: str, group: int, s: Shown, control: Control) -> dict[str, Leaf]:
    """Off, to stay off, and on, after so many seconds; 0 aborts, and is what they read while nothing runs."""

    def off(seconds: int) -> None:
        control.count_down(seconds if seconds else -1, stays_off=True)

    def on(seconds: int) -> None:
        control.start_after(seconds if seconds else -1)

    counting = {1: (s.counting, off), 2: (control.starts_in, on)}
    return {
        f"{root}.{group}.{number}.0": Leaf("integer", left or 0, within(0, LONGEST_DELAY, write))
        for number, (left, write) in counting.items()
    }


def _receptacle(root: str, s: Shown) -> dict[str, Leaf]:
    """One group of outlets, on with the output; of itself it never goes off, as in simdata-eaton-9px-partial."""
    status = 2 if s.source is Source.OFF else 1
    columns = {1: 1, 2: status, 3: -1, 4: -1, 5: NEVER_BY_ITSELF, 6: 3}
    return integers(root, {"1.0": 1, **{f"2.1.{column}.1": value for column, value in columns.items()}})


def _test_status(s: Shown) -> int:
    return 4 if s.testing else TEST_RESULTS[s.last_test]
