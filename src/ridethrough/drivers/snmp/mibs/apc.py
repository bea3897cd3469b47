"""PowerNet-MIB 318.1.1.1: APC Smart-UPS, Symmetra and Galaxy behind a network management card. Times in TimeTicks."""

from __future__ import annotations

from ridethrough.core.observation import Source
from ridethrough.drivers.snmp.mibs.table import Mib, Oid
from ridethrough.ups.meaning import flag, is_in, number, one_of, tenths, text, ticks

A = "1.3.6.1.4.1.318.1.1.1"

SOURCES = {
    1: Source.UNKNOWN,
    2: Source.UTILITY,  # onLine
    3: Source.BATTERY,
    4: Source.BOOST,
    5: Source.OFF,  # timedSleeping
    6: Source.BYPASS,  # softwareBypass
    7: Source.OFF,
    8: Source.OFF,  # rebooting
    9: Source.BYPASS,  # switchedBypass
    10: Source.BYPASS,  # hardwareFailureBypass
    11: Source.OFF,  # sleepingUntilPowerReturn
    12: Source.TRIM,
    13: Source.ECO,
    14: Source.UTILITY,  # hotStandby
    15: Source.BATTERY,  # onBatteryTest: on purpose
    16: Source.BYPASS,  # emergencyStaticBypass
    17: Source.BYPASS,  # staticBypassStandby
    18: Source.UTILITY,  # powerSavingMode
    19: Source.UTILITY,  # spotMode
    20: Source.ECO,  # eConversion
    21: Source.UTILITY,  # chargerSpotmode
    22: Source.UTILITY,  # inverterSpotmode
    23: Source.UTILITY,  # activeLoad
    24: Source.BATTERY,  # batteryDischargeSpotmode: on purpose
    25: Source.UTILITY,  # inverterStandby
    26: Source.UNKNOWN,  # chargerOnly
    27: Source.BATTERY,  # distributedEnergyReserve: on purpose
    28: Source.BATTERY,  # selfTest: on purpose
}
ON_PURPOSE = (15, 24, 27, 28)

APC = Mib(
    name="PowerNet",
    no_off="its command to sleep does not say when it cuts the output",
    walked=True,
    rows=(
        Oid(f"{A}.4.1.1.0", one_of(SOURCES), "source", needed=True),  # upsBasicOutputStatus
        Oid(f"{A}.4.1.1.0", is_in(*ON_PURPOSE), "testing"),  # upsBasicOutputStatus
        Oid(f"{A}.2.1.1.0", is_in(2), "battery_fine"),  # upsBasicBatteryStatus batteryNormal
        Oid(f"{A}.2.1.1.0", is_in(3), "low"),  # upsBasicBatteryStatus batteryLow
        # upsBasicStateOutputState: a string of 64 flags, or UNKNOWN
        Oid(f"{A}.11.1.1.0", flag(2), "on_battery"),  # on battery
        Oid(f"{A}.11.1.1.0", flag(3), "low"),  # low battery
        Oid(f"{A}.11.1.1.0", flag(10, 29), "testing"),  # runtime calibration, self test
        Oid(f"{A}.11.1.1.0", flag(22, 39, 40), "shutting_down"),  # graceful, any, low-battery shutdown
        Oid(f"{A}.8.1.0", is_in(2), "link_lost"),  # upsCommStatus noComm
        Oid(f"{A}.3.2.5.0", is_in(9), "moved_for_test"),  # upsAdvInputLineFailCause selfTest
        Oid(f"{A}.7.2.3.0", is_in(4), "testing"),  # upsAdvTestDiagnosticsResults testInProgress
        Oid(f"{A}.7.2.6.0", is_in(3), "testing"),  # upsAdvTestCalibrationResults calibrationInProgress
        Oid(f"{A}.2.1.2.0", ticks, "on_battery_for"),  # upsBasicBatteryTimeOnBattery
        Oid(f"{A}.2.2.3.0", ticks, "runtime"),  # upsAdvBatteryRunTimeRemaining
        Oid(f"{A}.2.3.1.0", tenths, "charge"),  # upsHighPrecBatteryCapacity
        Oid(f"{A}.2.2.1.0", number, "charge"),  # upsAdvBatteryCapacity
        Oid(f"{A}.2.2.4.0", is_in(2), "replace_battery", slow=True),  # upsAdvBatteryReplaceIndicator
        Oid(f"{A}.3.3.1.0", tenths, "input_volts"),  # upsHighPrecInputLineVoltage
        Oid(f"{A}.3.2.1.0", number, "input_volts"),  # upsAdvInputLineVoltage
        Oid(f"{A}.4.3.1.0", tenths, "output_volts"),  # upsHighPrecOutputVoltage
        Oid(f"{A}.4.2.1.0", number, "output_volts"),  # upsAdvOutputVoltage
        Oid(f"{A}.4.3.3.0", tenths, "load"),  # upsHighPrecOutputLoad
        Oid(f"{A}.4.2.3.0", number, "load"),  # upsAdvOutputLoad
        Oid(f"{A}.4.2.8.0", number, "watts", slow=True),  # upsAdvOutputActivePower
        Oid(f"{A}.2.3.2.0", tenths, "temperature", slow=True),  # upsHighPrecBatteryTemperature
        Oid(f"{A}.2.2.2.0", number, "temperature", slow=True),  # upsAdvBatteryTemperature
        Oid(f"{A}.5.2.1.0", number, "nominal_volts", slow=True),  # upsAdvConfigRatedOutputVoltage
        Oid(f"{A}.5.2.3.0", number, "low_transfer", slow=True),  # upsAdvConfigLowTransferVolt
        Oid(f"{A}.5.2.2.0", number, "high_transfer", slow=True),  # upsAdvConfigHighTransferVolt
        Oid(f"{A}.5.2.8.0", ticks, "low_runtime", slow=True),  # upsAdvConfigLowBatteryRunTime
        Oid(f"{A}.5.2.10.0", ticks, "shutdown_delay", slow=True),  # upsAdvConfigShutoffDelay
        Oid(f"{A}.1.1.1.0", text, "model", slow=True),  # upsBasicIdentModel
        Oid(f"{A}.1.2.1.0", text, "firmware", slow=True),  # upsAdvIdentFirmwareRevision
        Oid(f"{A}.1.2.3.0", text, "serial", slow=True),  # upsAdvIdentSerialNumber
    ),
)
