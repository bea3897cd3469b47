"""RFC 1628 UPS-MIB: what nearly every card answers, at least in part."""

from __future__ import annotations

from ridethrough.core.observation import Source
from ridethrough.drivers.snmp.mibs.table import Mib, Oid, is_in, minutes, number, one_of, phases, text

UPS = "1.3.6.1.2.1.33.1"

ALARM_ID_COLUMN = f"{UPS}.6.2.1.2"  # upsAlarmDescr: an OID per alarm present
WELL_KNOWN_ALARMS = f"{UPS}.6.3"  # upsWellKnownAlarms
ON_BATTERY, LOW_BATTERY, DEPLETED, INPUT_BAD, OUTPUT_OFF, SYSTEM_OFF = 2, 3, 4, 6, 14, 15
COMMUNICATIONS_LOST, SHUTDOWN_PENDING, SHUTDOWN_IMMINENT, TEST_IN_PROGRESS = 20, 22, 23, 24

SOURCES = {
    1: Source.UNKNOWN,  # other: healthy on some (Tripp Lite SU3000LCD2UHV says it in economy mode)
    2: Source.UNKNOWN,  # none; but "normal" in the RFC's own subset compliance statement: other signs must tell
    3: Source.UTILITY,
    4: Source.BYPASS,  # "battery" in the same statement: alarm 2 tells them apart
    5: Source.BATTERY,
    6: Source.BOOST,
    7: Source.TRIM,
}

RFC1628 = Mib(
    name="RFC 1628",
    object_ids=("1.3.6.1.2.1.33",),
    probe=f"{UPS}.4.1.0",
    required=frozenset({f"{UPS}.4.1.0", f"{UPS}.2.1.0"}),
    tells_countdown=True,
    rows=(
        Oid(f"{UPS}.4.1.0", one_of(SOURCES), "source"),  # upsOutputSource
        Oid(f"{UPS}.2.1.0", one_of({1: False, 2: True, 3: False, 4: False}), "battery_fine"),  # upsBatteryStatus
        Oid(f"{UPS}.2.1.0", is_in(3, 4), "low"),  # upsBatteryStatus batteryLow, batteryDepleted
        Oid(f"{UPS}.6.1.0", number, "alarms_present"),  # upsAlarmsPresent
        Oid(f"{UPS}.8.2.0", number, "countdown"),  # upsShutdownAfterDelay: seconds left, -1 none
        Oid(f"{UPS}.2.2.0", number, "on_battery_for"),  # upsSecondsOnBattery
        Oid(f"{UPS}.2.3.0", minutes, "runtime"),  # upsEstimatedMinutesRemaining
        Oid(f"{UPS}.2.4.0", number, "charge"),  # upsEstimatedChargeRemaining
        Oid(f"{UPS}.3.1.0", number, "line_bads"),  # upsInputLineBads
        Oid(f"{UPS}.7.3.0", is_in(5), "testing"),  # upsTestResultsSummary inProgress
        *phases(f"{UPS}.3.3.1.3", number, "input_volts"),  # upsInputVoltage
        *phases(f"{UPS}.4.4.1.5", number, "load"),  # upsOutputPercentLoad
        *phases(f"{UPS}.4.4.1.2", number, "output_volts"),  # upsOutputVoltage
        # EAST iStars cards append .0 to the rows of tables (recording simdata-eastpower-istars-swv053).
        *(Oid(f"{UPS}.3.3.1.3.{n}.0", number, "input_volts") for n in (1, 2, 3)),
        *(Oid(f"{UPS}.4.4.1.5.{n}.0", number, "load") for n in (1, 2, 3)),
        *(Oid(f"{UPS}.4.4.1.2.{n}.0", number, "output_volts") for n in (1, 2, 3)),
        Oid(f"{UPS}.9.1.0", number, "nominal_volts", slow=True),  # upsConfigInputVoltage
        Oid(f"{UPS}.9.9.0", number, "low_transfer", slow=True),  # upsConfigLowVoltageTransferPoint
        Oid(f"{UPS}.9.10.0", number, "high_transfer", slow=True),  # upsConfigHighVoltageTransferPoint
        Oid(f"{UPS}.1.1.0", text, "maker", slow=True),  # upsIdentManufacturer
        Oid(f"{UPS}.1.2.0", text, "model", slow=True),  # upsIdentModel
    ),
)
