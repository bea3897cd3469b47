"""RFC 1628 UPS-MIB: what nearly every card answers, at least in part."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ridethrough.core.observation import Source
from ridethrough.drivers.snmp.mibs.table import Control, Mib, Oid, Setting, phases
from ridethrough.ups.meaning import Field, is_in, minutes, number, one_of, text

UPS = "1.3.6.1.2.1.33.1"

ALARM_ID_COLUMN = f"{UPS}.6.2.1.2"  # upsAlarmDescr: an OID per alarm present
WELL_KNOWN_ALARMS = f"{UPS}.6.3"  # upsWellKnownAlarms
# What a well-known alarm says while it stands in the table, by its number.
ALARMS: Mapping[int, Field] = {
    2: "on_battery",  # upsAlarmOnBattery
    3: "low",  # upsAlarmLowBattery
    4: "low",  # upsAlarmDepletedBattery
    6: "input_bad",  # upsAlarmInputBad
    14: "output_off",  # upsAlarmUpsOutputOff
    15: "output_off",  # upsAlarmUpsSystemOff
    20: "link_lost",  # upsAlarmCommunicationsLost
    22: "shutting_down",  # upsAlarmShutdownPending
    23: "shutting_down",  # upsAlarmShutdownImminent
    24: "testing",  # upsAlarmTestInProgress
}

SOURCES = {
    1: Source.UNKNOWN,  # other: healthy on some (Tripp Lite SU3000LCD2UHV says it in economy mode)
    2: Source.UNKNOWN,  # none; but "normal" in the RFC's own subset compliance statement: other signs must tell
    3: Source.UTILITY,
    4: Source.BYPASS,  # "battery" in the same statement: alarm 2 tells them apart
    5: Source.BATTERY,
    6: Source.BOOST,
    7: Source.TRIM,
}
BATTERY_FINE = one_of({1: False, 2: True, 3: False, 4: False})  # unknown, normal, low, depleted


def said_by(alarms: Iterable[int]) -> dict[str, Field]:
    """What these alarms say, by their OID."""
    return {f"{WELL_KNOWN_ALARMS}.{n}": ALARMS[n] for n in sorted(set(alarms)) if n in ALARMS}


def rows_at(root: str) -> tuple[Oid, ...]:
    """The objects of upsObjects, or of a vendor's copy of them below another root."""
    return (
        Oid(f"{root}.4.1.0", one_of(SOURCES), "source", needed=True),  # upsOutputSource
        Oid(f"{root}.2.1.0", BATTERY_FINE, "battery_fine", needed=True),  # upsBatteryStatus
        Oid(f"{root}.2.1.0", is_in(3, 4), "low"),  # upsBatteryStatus batteryLow, batteryDepleted
        Oid(f"{root}.6.1.0", number, "alarms_present"),  # upsAlarmsPresent
        Oid(f"{root}.8.2.0", number, "countdown"),  # upsShutdownAfterDelay: seconds left, -1 none
        Oid(f"{root}.2.2.0", number, "on_battery_for"),  # upsSecondsOnBattery
        Oid(f"{root}.2.3.0", minutes, "runtime"),  # upsEstimatedMinutesRemaining
        Oid(f"{root}.2.4.0", number, "charge"),  # upsEstimatedChargeRemaining
        Oid(f"{root}.3.1.0", number, "line_bads"),  # upsInputLineBads
        Oid(f"{root}.7.3.0", is_in(5), "testing"),  # upsTestResultsSummary inProgress
        *phases(f"{root}.3.3.1.3", number, "input_volts"),  # upsInputVoltage
        *phases(f"{root}.4.4.1.5", number, "load"),  # upsOutputPercentLoad
        *phases(f"{root}.4.4.1.2", number, "output_volts"),  # upsOutputVoltage
        # EAST iStars cards append .0 to the rows of tables (recording simdata-eastpower-istars-swv053).
        *phases(f"{root}.3.3.1.3", number, "input_volts", suffix=".0"),
        *phases(f"{root}.4.4.1.5", number, "load", suffix=".0"),
        *phases(f"{root}.4.4.1.2", number, "output_volts", suffix=".0"),
        Oid(f"{root}.9.1.0", number, "nominal_volts", slow=True),  # upsConfigInputVoltage
        Oid(f"{root}.9.9.0", number, "low_transfer", slow=True),  # upsConfigLowVoltageTransferPoint
        Oid(f"{root}.9.10.0", number, "high_transfer", slow=True),  # upsConfigHighVoltageTransferPoint
        *phases(f"{root}.4.4.1.4", number, "watts", slow=True),  # upsOutputPower
        *phases(f"{root}.4.4.1.4", number, "watts", slow=True, suffix=".0"),
        Oid(f"{root}.2.7.0", number, "temperature", slow=True),  # upsBatteryTemperature
        Oid(f"{root}.9.7.0", minutes, "low_runtime", slow=True),  # upsConfigLowBattTime
        Oid(f"{root}.1.1.0", text, "maker", slow=True),  # upsIdentManufacturer
        Oid(f"{root}.1.2.0", text, "model", slow=True),  # upsIdentModel
        Oid(f"{root}.1.3.0", text, "firmware", slow=True),  # upsIdentUPSSoftwareVersion
        Oid(f"{root}.1.4.0", text, "card_firmware", slow=True),  # upsIdentAgentSoftwareVersion
    )


def control_at(root: str, name: str) -> Control:
    """upsControl, or a vendor's copy of it below another root. Walks of real cards read -1 when idle, but for that of a
    WebPower card, TimeTicks 0 (recording simdata-ingrasys-power-switch): such a card is told nothing.
    """
    return Control(
        name,
        countdown=f"{root}.8.2.0",  # upsShutdownAfterDelay
        idle=-1,
        off=f"{root}.8.2.0",  # upsShutdownAfterDelay: off in that many seconds
        first=(
            Setting(f"{root}.8.5.0", (1,), "upsAutoRestart"),  # on
            Setting(f"{root}.8.1.0", (1, 2), "upsShutdownType"),  # output, system: either cuts the output
        ),
        cancel=(f"{root}.8.2.0", -1),  # upsShutdownAfterDelay: -1 aborts
        # upsAutoRestart restarts what was shut down while utility power was lost, and only that.
        note="it comes back by itself only when it is cut in a power failure: cancel it if utility power returns first",
    )


RIELLO_ROOT = "1.3.6.1.4.1.5491.10.1"  # NetMan: the same numbers
RFC1628 = Mib(
    name="RFC 1628", walked=True, tells_countdown=True, rows=rows_at(UPS), control=control_at(UPS, "RFC 1628")
)
RIELLO = Mib(
    name="RIELLOUPS", tells_countdown=True, rows=rows_at(RIELLO_ROOT), control=control_at(RIELLO_ROOT, "RIELLOUPS")
)
