"""Simulated cards whose own objects stand beside an RFC 1628 that says most: Tripp Lite, Huawei, Dell, Riello."""

from __future__ import annotations

from ridethrough.core.observation import Source
from ridethrough.sim.cards_mib import rfc1628
from ridethrough.sim.cards_mib.control import Control
from ridethrough.sim.cards_mib.shown import Shown
from ridethrough.sim.cards_mib.tree import Leaf, gauges, integers, strings
from ridethrough.sim.families import NOMINAL_VOLTS

TRIPPLITE_OBJECT_ID = "1.3.6.1.4.1.850.1.1.1"
T = "1.3.6.1.4.1.850.1.1.3.1.3"
TESTING = 10  # tlpUpsOutputSource
CHARGE_STATES = {Source.BATTERY: 3}  # 0 floating, 3 discharging

HUAWEI_OBJECT_ID = "1.3.6.1.4.1.2011.6.174.4.1.2.4"
V = "1.3.6.1.4.1.2011.6.174.1"
UNIT = 2  # the index of the UPS in every table: it is not always 1
SUPPLY = {Source.OFF: 1, Source.BYPASS: 2, Source.UTILITY: 3, Source.BATTERY: 4, Source.BOOST: 3, Source.TRIM: 3}
FLOATING, DISCHARGING = 4, 6  # hwUpsCtrlBatteryState

DELL_OBJECT_ID = "1.3.6.1.4.1.674.10902.2"
NO_SHUTDOWN = 2**31 - 1

RIELLO_OBJECT_ID = "1.3.6.1.4.1.5491.304"
RIELLO = "1.3.6.1.4.1.5491.10.1"


def tripplite(s: Shown, control: Control) -> dict[str, Leaf]:
    """A WEBCARDLX. Of RFC 1628 the rows of recording lnms-poweralert_ups, and the table of alarms."""
    rfc = rfc1628.identity(control) | rfc1628.battery(s, control) | rfc1628.lines(s) | rfc1628.alarm_table(s, control)
    for end in ("1.1.0", "2.6.0", "3.1.0", "5.1.0", "5.2.0"):
        del rfc[f"{rfc1628.UPS}.{end}"]
    source = TESTING if s.testing else rfc1628.SOURCES[s.source]
    status = 4 if s.spent else 3 if s.low else 2
    return rfc | {
        "1.3.6.1.4.1.850.1.1.1.2.1.5.1": Leaf("string", control.card.model),
        **integers(T, {"1.1.1.1.1": status, "1.1.1.4.1": s.charge, "1.2.1.4.1": CHARGE_STATES.get(s.source, 0)}),
        **gauges(T, {"1.1.1.2.1": int(s.on_battery_for), "1.1.1.3.1": int(s.runtime / 60)}),
        **gauges(T, {"2.2.1.1.1.1": 1, "2.2.1.2.1.1": 500 if s.utility else 0, "2.2.1.3.1.1": 10 * s.input_volts}),
        **integers(T, {"3.1.1.1.1": source, "3.2.1.5.1.1": s.load}),
        **gauges(T, {"3.1.1.2.1": NOMINAL_VOLTS, "3.1.1.3.1": 500, "3.1.1.4.1": int(control.ups.rated_watts)}),
        **gauges(T, {"3.2.1.1.1.1": 1, "3.2.1.2.1.1": 10 * s.output_volts, "3.2.1.4.1.1": s.watts}),
    }


def huawei(s: Shown, control: Control) -> dict[str, Leaf]:
    """A UPS2000's card. RFC 1628 has no alarms and no limits; what is 32 bits full is not known."""
    rfc = rfc1628.identity(control) | rfc1628.battery(s, control) | rfc1628.lines(s) | rfc1628.test(s, control)
    for end in ("2.1.0", "2.2.0", "2.4.0", "2.5.0", "4.2.0", "5.1.0"):  # Gauge32 where the MIB says INTEGER
        rfc[f"{rfc1628.UPS}.{end}"] = Leaf("gauge", rfc[f"{rfc1628.UPS}.{end}"].value)
    del rfc[f"{rfc1628.UPS}.3.1.0"]
    battery = DISCHARGING if s.on_battery else FLOATING
    return rfc | {
        **strings(V, {f"2.100.1.2.{UNIT}": control.card.model, f"2.100.1.3.{UNIT}": "1.0"}),
        f"{V}.2.100.1.5.{UNIT}": Leaf("string", control.serial),
        **integers(V, {f"2.101.1.1.{UNIT}": SUPPLY[s.source], f"2.101.1.3.{UNIT}": battery}),
        **integers(V, {f"3.100.1.1.{UNIT}": 10 * s.input_volts, f"3.100.1.4.{UNIT}": 5000 if s.utility else 0}),
        **integers(V, {f"4.100.1.1.{UNIT}": 10 * s.output_volts, f"4.100.1.14.{UNIT}": 10 * s.load}),
        **integers(V, {f"6.100.1.3.{UNIT}": s.charge, f"6.100.1.4.{UNIT}": int(s.runtime)}),
    }


def dell(s: Shown, control: Control) -> dict[str, Leaf]:
    """Its own objects have no source: RFC 1628 says what feeds the output."""
    root = DELL_OBJECT_ID
    shutdown = NO_SHUTDOWN if s.counting is None else s.counting
    return rfc1628.leaves(s, control) | {
        **strings(root, {"100.1.0": control.card.model, "100.4.0": "1.0", "100.5.0": "1", "120.1.2.0": control.serial}),
        **integers(root, {"110.1.0": 3, "120.4.3.0": shutdown, "120.5.3.0": int(s.runtime)}),
    }


def riello(s: Shown, control: Control) -> dict[str, Leaf]:
    """A NetMan: the same numbers twice, below RFC 1628's root and below Riello's own."""
    rfc = rfc1628.leaves(s, control)
    return rfc | {f"{RIELLO}{oid.removeprefix(rfc1628.UPS)}": leaf for oid, leaf in rfc.items()}
