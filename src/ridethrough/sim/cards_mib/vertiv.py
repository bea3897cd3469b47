"""Simulated Liebert and Vertiv cards: LIEBERT-GP-POWER 476, the newer tables of labels and values, and ITA2 13400."""

from __future__ import annotations

from collections.abc import Mapping

from ridethrough.core.observation import Source
from ridethrough.sim.cards_mib import rfc1628
from ridethrough.sim.cards_mib.control import Control
from ridethrough.sim.cards_mib.shown import Shown
from ridethrough.sim.cards_mib.tree import Leaf, integers, strings

L = "1.3.6.1.4.1.476.1.42.3"
FLEXIBLE = f"{L}.9.20.1"
I = "1.3.6.1.4.1.13400.2.54"  # noqa: E741 - as the family is called
LIEBERT_OBJECT_ID = "1.3.6.1.4.1.476.1.42"
ITA2_OBJECT_ID = I
CONDITIONS = f"{L}.2.1"  # the conditions themselves, by number
ON_BATTERY, UTILITY_FAILURE, LOW_BATTERY = 72, 70, 117
WORDS = {
    Source.OFF: "None",
    Source.UTILITY: "Normal",
    Source.BYPASS: "Bypass",
    Source.BATTERY: "Battery",
    Source.BOOST: "Booster",
    Source.TRIM: "Reducer",
}
ITA2_SOURCES = {Source.OFF: 0, Source.UTILITY: 1, Source.BATTERY: 2, Source.BYPASS: 3}
FULL = 65535  # of what an ITA2 card does not know


def _rfc(s: Shown, control: Control) -> dict[str, Leaf]:
    """Battery, input and output, without charge and load: as in recording lnms-liebert_weblbds."""
    rows = rfc1628.battery(s, control) | rfc1628.lines(s)
    for end in ("2.2.0", "2.4.0", "2.5.0", "2.6.0", "2.7.0", "3.1.0", "4.4.1.4.1", "4.4.1.5.1"):
        del rows[f"{rfc1628.UPS}.{end}"]
    return rows


def liebert(s: Shown, control: Control) -> dict[str, Leaf]:
    """An IntelliSlot card of the first kind. It does not name its UPS."""
    present = {ON_BATTERY: s.on_battery, UTILITY_FAILURE: not s.utility, LOW_BATTERY: s.low}
    conditions = [number for number, there in present.items() if there]
    return _rfc(s, control) | {
        f"{L}.2.2.0": Leaf("gauge", len(conditions)),
        **{f"{L}.2.3.1.2.{row}": Leaf("oid", f"{CONDITIONS}.{n}") for row, n in enumerate(conditions, 1)},
        **integers(L, {"5.1.14.0": 4 if s.on_battery else 1, "5.1.18.0": int(s.runtime / 60), "5.1.19.0": s.charge}),
        **integers(L, {"5.1.26.0": 4 if s.spent else 3 if s.low else 2, "5.3.55.0": rfc1628.SOURCES[s.source]}),
    }


def vertiv(s: Shown, control: Control) -> dict[str, Leaf]:
    """An IntelliSlot card of the second kind: everything is text, by label, value and unit."""
    values = {
        "1.4096": ("System Input RMS A-N", str(s.input_volts), "VAC"),
        "1.4105": ("System Input Frequency", "50.0" if s.utility else "0.0", "Hz"),
        "1.4150": ("Battery Time Remaining", str(int(s.runtime / 60)), "min"),
        "1.4153": ("Battery Percentage Charge", str(s.charge), "%"),
        "1.4223": ("System Output Pct Power Phase A", str(s.load), "%"),
        "1.4240": ("System Model Number", control.card.model, ""),
        "1.4385": ("System Output Voltage RMS A-N", str(s.output_volts), "VAC"),
        "1.4872": ("UPS Output Source", WORDS[s.source], ""),
        "100.4162": ("Battery Low", _event(s.low), ""),
        "100.4168": ("Battery Discharging", _event(s.on_battery), ""),
    }
    return _rfc(s, control) | _table(values)


def _event(is_so: bool) -> str:
    return "Active Event" if is_so else "Inactive Event"


def _table(values: Mapping[str, tuple[str, str, str]]) -> dict[str, Leaf]:
    columns = {10: 0, 20: 1, 30: 2}
    return {
        oid: leaf
        for column, place in columns.items()
        for oid, leaf in strings(f"{FLEXIBLE}.{column}.1.2", {end: row[place] for end, row in values.items()}).items()
    }


def ita2(s: Shown, control: Control) -> dict[str, Leaf]:
    """As recording vertiv-ita2: a vendor's table alone. Phases that are not there read 0."""
    hertz = 5000 if s.utility else 0
    return {
        **strings(I, {"1.2.0": control.card.model, "1.3.0": control.serial}),
        **integers(I, {"2.1.1.0": 0, "2.1.2.0": ITA2_SOURCES[s.source]}),
        **integers(I, {"2.2.1.0": 10 * s.input_volts, "2.2.2.0": 0, "2.2.3.0": 0, "2.2.4.0": hertz}),
        **integers(I, {"2.3.1.0": 10 * s.output_volts, "2.3.2.0": 0, "2.3.3.0": 0, "2.3.7.0": 5000}),
        **integers(I, {"2.3.14.0": 10 * s.load, "2.3.15.0": 0, "2.3.16.0": 0}),
        **integers(I, {"2.5.1.0": 2180, "2.5.3.0": 1, "2.5.7.0": int(s.runtime / 60), "2.5.8.0": FULL}),
        **integers(I, {"2.5.9.0": FULL, "2.5.10.0": s.charge}),
    }
