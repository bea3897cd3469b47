"""XPPC-MIB 935.1: NetAgent, LogMaster and the older Phoenixtec cards. Volts and hertz in tenths."""

from __future__ import annotations

from ridethrough.core.observation import Source
from ridethrough.drivers.snmp.mibs.table import Mib, Oid
from ridethrough.ups.meaning import is_in, number, one_of, tenths, text

P = "1.3.6.1.4.1.935.1.1.1"

SOURCES = {
    1: Source.UNKNOWN,
    2: Source.UTILITY,
    3: Source.BATTERY,
    4: Source.BOOST,
    5: Source.OFF,  # sleeping
    6: Source.BYPASS,
    7: Source.OFF,  # rebooting
    8: Source.OFF,  # standBy: also said of loads that are up (recording lnms-netagent2_1: output 236 V, load 16 %)
    9: Source.TRIM,
}

XPPC = Mib(
    name="XPPC",
    no_off="its command to sleep cuts the output at once, or after a time that its document does not tell",
    walked=True,
    rows=(
        Oid(f"{P}.4.1.1.0", one_of(SOURCES), "source", needed=True),  # upsBaseOutputStatus
        Oid(f"{P}.2.1.1.0", one_of({1: False, 2: True, 3: False}), "battery_fine", needed=True),  # upsBaseBatteryStatus
        Oid(f"{P}.2.1.1.0", is_in(3), "low"),  # upsBaseBatteryStatus batteryLow
        Oid(f"{P}.2.1.2.0", number, "on_battery_for"),  # upsBaseBatteryTimeOnBattery, seconds
        Oid(f"{P}.2.2.1.0", number, "charge"),  # upsSmartBatteryCapacity
        Oid(f"{P}.2.2.4.0", number, "runtime"),  # upsSmartBatteryRunTimeRemaining, seconds
        Oid(f"{P}.3.2.1.0", tenths, "input_volts"),  # upsSmartInputLineVoltage
        Oid(f"{P}.4.2.1.0", tenths, "output_volts"),  # upsSmartOutputVoltage
        Oid(f"{P}.4.2.3.0", number, "load"),  # upsSmartOutputLoad
        Oid(f"{P}.7.2.3.0", is_in(4), "testing"),  # upsSmartTestDiagnosticsResults testInProgress
        Oid(f"{P}.7.2.7.0", is_in(3), "testing"),  # upsSmartTestCalibrationResults calibrationInProgress
        Oid(f"{P}.5.2.1.0", tenths, "nominal_volts", slow=True),  # upsSmartConfigRatedOutputVoltage
        Oid(f"{P}.5.2.3.0", tenths, "low_transfer", slow=True),  # upsSmartConfigLowTransferVolt
        Oid(f"{P}.5.2.2.0", tenths, "high_transfer", slow=True),  # upsSmartConfigHighTransferVolt
        Oid(f"{P}.5.2.10.0", number, "shutdown_delay", slow=True),  # upsSmartConfigShutoffDelay, seconds
        Oid(f"{P}.5.2.8.0", number, "low_runtime", slow=True),  # upsSmartConfigLowBatteryRunTime, seconds
        Oid(f"{P}.2.2.5.0", is_in(2), "replace_battery", slow=True),  # upsSmartBatteryReplaceIndicator
        Oid(f"{P}.2.2.3.0", tenths, "temperature", slow=True),  # upsSmartBatteryTemperature
        Oid(f"{P}.1.1.1.0", text, "model", slow=True),  # upsBaseIdentModel
        Oid(f"{P}.1.2.1.0", text, "firmware", slow=True),  # upsSmartIdentFirmwareRevision
        Oid(f"{P}.1.2.3.0", text, "serial", slow=True),  # upsSmartIdentUPSSerialNumber
        Oid(f"{P}.1.2.4.0", text, "card_firmware", slow=True),  # upsSmartIdentAgentFirmwareRevision
    ),
)
