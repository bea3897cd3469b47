"""TRIPPLITE-PRODUCTS 850.1.1.3.1: Tripp Lite WEBCARDLX and PowerAlert 15 and later. Older ones speak RFC 1628 only."""

from __future__ import annotations

from ridethrough.core.observation import Source
from ridethrough.drivers.snmp.mibs.table import Mib, Oid, column
from ridethrough.ups.meaning import is_in, minutes, number, one_of, tenths, text

T = "1.3.6.1.4.1.850.1.1.3.1.3"  # tlpUpsDetail; its rows are indexed by the card's own number of the device

SOURCES = {
    0: Source.UNKNOWN,
    1: Source.UNKNOWN,  # other
    2: Source.OFF,  # none
    3: Source.UTILITY,
    4: Source.BYPASS,
    5: Source.BATTERY,
    6: Source.BOOST,
    7: Source.TRIM,
    8: Source.UTILITY,  # second input
    9: Source.ECO,
    10: Source.UNKNOWN,  # testing: from the battery or not
}

TRIPPLITE = Mib(
    name="TLP",
    no_off="its commands to switch off take no time",
    walked=True,
    rows=(
        column(f"{T}.3.1.1.1", one_of(SOURCES), "source", needed=True),  # tlpUpsOutputSource
        column(f"{T}.3.1.1.1", is_in(10), "testing"),  # tlpUpsOutputSource testing
        column(f"{T}.1.1.1.1", is_in(2), "battery_fine"),  # tlpUpsBatteryStatus
        column(f"{T}.1.1.1.1", is_in(3, 4), "low"),  # tlpUpsBatteryStatus low, depleted
        column(f"{T}.1.1.1.2", number, "on_battery_for"),  # tlpUpsSecondsOnBattery
        column(f"{T}.1.1.1.3", minutes, "runtime"),  # tlpUpsEstimatedMinutesRemaining
        column(f"{T}.1.1.1.4", number, "charge"),  # tlpUpsEstimatedChargeRemaining
        column(f"{T}.2.2.1.3", tenths, "input_volts"),  # tlpUpsInputPhaseVoltage
        column(f"{T}.3.2.1.2", tenths, "output_volts"),  # tlpUpsOutputLineVoltage
        column(f"{T}.3.2.1.5", number, "load"),  # tlpUpsOutputLinePercentLoad
        column(f"{T}.3.2.1.4", number, "watts", slow=True),  # tlpUpsOutputLinePower
        Oid("1.3.6.1.4.1.850.1.1.1.2.1.5.1", text, "model", slow=True),  # tlpDeviceModel
    ),
)
