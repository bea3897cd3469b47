"""Simulated Socomec cards: SOCOMECUPS 4555.1.1.7 (NetVision 6 and later), and 4555.1.1.1 (NetVision 5)."""

from __future__ import annotations

from ridethrough.core.observation import Source
from ridethrough.sim.cards_mib.control import Control
from ridethrough.sim.cards_mib.shown import Shown
from ridethrough.sim.cards_mib.tree import Leaf, integers, strings

S = "1.3.6.1.4.1.4555.1.1.7.1"
N = "1.3.6.1.4.1.4555.1.1.1.1"
SOCOMEC_OBJECT_ID = "1.3.6.1.4.1.4555.1.1.7"
NETVISION_OBJECT_ID = "1.3.6.1.4.1.4555.1.1.1"
INVERTER, BYPASS, OFF = 3, 6, 8  # upsOutputSource: it has no word for the battery
NETVISION_SOURCES = {
    Source.OFF: 8,  # standby
    Source.UTILITY: 3,
    Source.BYPASS: 4,
    Source.BATTERY: 5,
    Source.BOOST: 6,
    Source.TRIM: 7,
}
NO_READING = 65535  # minutes, on utility power: recording lnms-socomec-ups
ON_BATTERY, ALARMS = 15, range(1, 63)


def socomec(s: Shown, control: Control) -> dict[str, Leaf]:
    """As the recorded NetVision 8: a vendor's objects alone. Alarms and battery say what "inverter" leaves open."""
    source = {Source.OFF: OFF, Source.BYPASS: BYPASS}.get(s.source, INVERTER)
    minutes = int(s.runtime / 60) if s.on_battery else NO_READING
    return {
        **strings(S, {"1.1.0": control.card.model, "1.2.0": control.serial, "1.5.0": "simulated"}),
        **integers(S, {"2.1.0": _battery(s), "2.2.0": int(s.on_battery_for), "2.3.0": minutes, "2.4.0": s.charge}),
        **integers(S, {"2.5.0": 540, "2.6.0": 0, "2.7.0": 250}),
        **integers(S, {"3.1.0": 1, "3.2.0": 500 if s.utility else 0, "3.3.1.1.1": 1, "3.3.1.2.1": 10 * s.input_volts}),
        **integers(S, {"4.1.0": source, "4.2.0": 500 if s.output_volts else 0, "4.3.0": 1, "4.4.1.1.1": 1}),
        **integers(S, {"4.4.1.2.1": 10 * s.output_volts, "4.4.1.3.1": 0, "4.4.1.4.1": s.load}),
        **integers(S, {f"6.3.{number}.0": number == ON_BATTERY and s.on_battery for number in ALARMS}),
    }


def _battery(s: Shown) -> int:
    """upsBatteryStatus: 2 normal, 3 charging, 4 test, 5 discharging, 6 low, 7 depleted."""
    if s.spent:
        return 7
    if s.testing:
        return 4
    if s.on_battery:
        return 6 if s.low else 5
    return 2 if s.charge >= 100 else 3


def netvision(s: Shown, control: Control) -> dict[str, Leaf]:
    """A NetVision 5."""
    battery = 4 if s.spent else 3 if s.low else 5 if s.on_battery else 2
    return {
        **strings(N, {"1.1.0": control.card.model, "1.2.0": "1.0", "1.3.0": "simulated", "1.4.0": control.serial}),
        **integers(N, {"2.1.0": battery, "2.2.0": int(s.on_battery_for), "2.3.0": int(s.runtime / 60)}),
        **integers(N, {"2.4.0": s.charge, "2.5.0": 3391, "2.6.0": 22, "2.7.0": 20}),
        **integers(N, {"3.1.0": 1, "3.3.1.5.1": 10 * s.input_volts}),
        **integers(N, {"4.1.0": NETVISION_SOURCES[s.source], "4.3.0": 1, "4.4.1.2.1": 10 * s.output_volts}),
        **integers(N, {"4.4.1.3.1": 0, "4.4.1.4.1": s.load}),
    }
