"""SOCOMECUPS-MIB 4555.1.1.7 (NetVision 6 and later), and the older one of NetVision 5. Volts in tenths."""

from __future__ import annotations

from ridethrough.core.observation import Source
from ridethrough.drivers.snmp.mibs.table import Mib, Oid, phases
from ridethrough.ups.meaning import is_in, minutes, number, one_of, tenths, text

S = "1.3.6.1.4.1.4555.1.1.7.1"
OLD = "1.3.6.1.4.1.4555.1.1.1.1"

# upsOutputSource has no value for the battery: "inverter" is said of both. The battery and alarm 15 tell them apart.
SOURCES = {
    1: Source.UNKNOWN,
    2: Source.BYPASS,  # maintenance
    3: Source.UNKNOWN,  # inverter
    4: Source.UTILITY,
    5: Source.ECO,
    6: Source.BYPASS,
    7: Source.OFF,  # standby
    8: Source.OFF,
    9: Source.UTILITY,  # line interactive
}

SOCOMEC = Mib(
    name="SOCOMECUPS",
    walked=True,
    rows=(
        Oid(f"{S}.4.1.0", one_of(SOURCES), "source", needed=True),  # upsOutputSource
        Oid(f"{S}.6.3.15.0", is_in(1), "on_battery"),  # upsAlarmOnBattery
        Oid(f"{S}.2.1.0", is_in(2, 3, 4, 5), "battery_fine"),  # upsBatteryStatus normal, charging, test, discharging
        Oid(f"{S}.2.1.0", is_in(5), "discharging"),
        Oid(f"{S}.2.1.0", is_in(6, 7), "low"),
        Oid(f"{S}.2.1.0", is_in(4), "testing"),
        Oid(f"{S}.2.2.0", number, "on_battery_for"),  # upsSecondsOnBattery
        Oid(f"{S}.2.3.0", minutes, "runtime"),  # upsEstimatedMinutesRemaining
        Oid(f"{S}.2.4.0", number, "charge"),  # upsEstimatedChargeRemaining
        *phases(f"{S}.3.3.1.2", tenths, "input_volts"),  # upsInputVoltage
        *phases(f"{S}.4.4.1.2", tenths, "output_volts"),  # upsOutputVoltage
        *phases(f"{S}.4.4.1.4", number, "load"),  # upsOutputPercentLoad
        Oid(f"{S}.2.7.0", tenths, "temperature", slow=True),  # upsAmbientTemperature
        Oid(f"{S}.1.1.0", text, "model", slow=True),  # upsIdentModel
        Oid(f"{S}.1.2.0", text, "serial", slow=True),  # upsIdentSerialNumber
        Oid(f"{S}.1.5.0", text, "card_firmware", slow=True),  # upsIdentAgentSoftwareVersion
    ),
)

OLD_SOURCES = {
    1: Source.UNKNOWN,  # other
    2: Source.UNKNOWN,  # none
    3: Source.UTILITY,
    4: Source.BYPASS,
    5: Source.BATTERY,
    6: Source.BOOST,
    7: Source.TRIM,
    8: Source.OFF,  # standby
    9: Source.ECO,
}

NETVISION = Mib(
    name="NETVISION",
    rows=(
        Oid(f"{OLD}.4.1.0", one_of(OLD_SOURCES), "source", needed=True),  # output source
        Oid(f"{OLD}.2.1.0", is_in(2, 5), "battery_fine"),  # battery status normal, discharging
        Oid(f"{OLD}.2.1.0", is_in(3, 4), "low"),
        Oid(f"{OLD}.2.1.0", is_in(5), "discharging"),
        Oid(f"{OLD}.2.2.0", number, "on_battery_for"),  # seconds on battery
        Oid(f"{OLD}.2.3.0", minutes, "runtime"),
        Oid(f"{OLD}.2.4.0", number, "charge"),
        *phases(f"{OLD}.3.3.1.5", tenths, "input_volts"),
        *phases(f"{OLD}.4.4.1.2", tenths, "output_volts"),
        *phases(f"{OLD}.4.4.1.4", number, "load"),
        Oid(f"{OLD}.1.1.0", text, "model", slow=True),
        Oid(f"{OLD}.1.2.0", text, "firmware", slow=True),
        Oid(f"{OLD}.1.4.0", text, "serial", slow=True),
    ),
)
