"""CPS-MIB 3808.1.1.1: CyberPower RMCARD, also sold as PowerWalker. Times in TimeTicks."""

from __future__ import annotations

from ridethrough.core.observation import Source
from ridethrough.drivers.snmp.mibs.table import Mib, Oid
from ridethrough.ups.meaning import is_in, number, one_of, tenths, text, ticks

C = "1.3.6.1.4.1.3808.1.1.1"

SOURCES = {
    1: Source.UNKNOWN,
    2: Source.UTILITY,  # onLine
    3: Source.BATTERY,
    4: Source.BOOST,
    5: Source.OFF,  # onSleep
    6: Source.OFF,
    7: Source.OFF,  # rebooting
    8: Source.ECO,
    9: Source.BYPASS,
    10: Source.TRIM,  # onBuck
    11: Source.UNKNOWN,  # onOverload: from the battery or not
}

CYBERPOWER = Mib(
    name="CPS",
    no_off="its delayed sleep does not say what ends it",
    walked=True,
    rows=(
        Oid(f"{C}.4.1.1.0", one_of(SOURCES), "source", needed=True),  # upsBaseOutputStatus
        Oid(f"{C}.2.1.1.0", is_in(2), "battery_fine"),  # upsBaseBatteryStatus batteryNormal
        Oid(f"{C}.2.1.1.0", is_in(3), "low"),  # upsBaseBatteryStatus batteryLow
        Oid(f"{C}.3.2.6.0", one_of({1: False, 2: True, 3: True, 4: True, 5: True}), "input_bad"),  # normal .. blackout
        Oid(f"{C}.3.2.5.0", is_in(4), "moved_for_test"),  # upsAdvanceInputLineFailCause selfTest
        Oid(f"{C}.7.2.7.0", is_in(3), "testing"),  # upsAdvanceTestCalibrationResults calibrationInProgress
        Oid(f"{C}.2.1.2.0", ticks, "on_battery_for"),  # upsBaseBatteryTimeOnBattery
        Oid(f"{C}.2.2.4.0", ticks, "runtime"),  # upsAdvanceBatteryRunTimeRemaining
        Oid(f"{C}.2.2.1.0", number, "charge"),  # upsAdvanceBatteryCapacity
        Oid(f"{C}.3.2.1.0", tenths, "input_volts"),  # upsAdvanceInputLineVoltage
        Oid(f"{C}.4.2.1.0", tenths, "output_volts"),  # upsAdvanceOutputVoltage
        Oid(f"{C}.4.2.3.0", number, "load"),  # upsAdvanceOutputLoad
        Oid(f"{C}.5.2.8.0", ticks, "low_runtime", slow=True),  # upsAdvanceConfigLowBatteryRunTime
        Oid(f"{C}.5.2.10.0", ticks, "shutdown_delay", slow=True),  # upsAdvanceConfigShutoffDelay
        Oid(f"{C}.1.1.1.0", text, "model", slow=True),  # upsBaseIdentModel
        Oid(f"{C}.1.2.1.0", text, "firmware", slow=True),  # upsAdvanceIdentFirmwareRevision
        Oid(f"{C}.1.2.3.0", text, "serial", slow=True),  # upsAdvanceIdentSerialNumber
    ),
)
