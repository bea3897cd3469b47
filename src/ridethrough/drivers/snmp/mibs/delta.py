"""DeltaUPS-MIB 2254.2.4: Delta, also sold as Minuteman and Socomec. Its numbers begin with 0; much is NULL."""

from __future__ import annotations

from ridethrough.core.model import CardAction
from ridethrough.core.observation import Source
from ridethrough.drivers.snmp.mibs.table import Mib, Oid
from ridethrough.ups.meaning import Value, is_in, minutes, number, one_of, tenths, text

D = "1.3.6.1.4.1.2254.2.4"

SOURCES = {
    0: Source.UTILITY,
    1: Source.BATTERY,
    2: Source.BYPASS,
    3: Source.TRIM,  # reducing
    4: Source.BOOST,
    5: Source.BYPASS,  # manual
    6: Source.UNKNOWN,  # other
    7: Source.OFF,  # none
}


def shuts_clients_down(value: Value) -> CardAction | None:
    """dupsConfigShutdownOSDelay: -1 is off, anything else a delay after which the card tells its clients."""
    found = number(value)
    if found is None:
        return None
    return CardAction.CLIENT if found >= 0 else CardAction.DISABLED


DELTA = Mib(
    name="DeltaUPS",
    no_off="whether it restarts by itself cannot be read: dupsAutoReboot answers NULL on the walks that are known",
    rows=(
        Oid(f"{D}.5.1.0", one_of(SOURCES), "source", needed=True),  # dupsOutputSource
        Oid(f"{D}.7.2.0", is_in(0), "battery_fine"),  # dupsBatteryStatus ok
        Oid(f"{D}.7.2.0", is_in(1, 2), "low"),  # dupsBatteryStatus low, depleted
        Oid(f"{D}.9.1.0", is_in(1), "link_lost"),  # dupsAlarmDisconnect
        Oid(f"{D}.9.2.0", is_in(1), "input_bad"),  # dupsAlarmPowerFail
        Oid(f"{D}.9.3.0", is_in(1), "low"),  # dupsAlarmBatteryLow
        Oid(f"{D}.2.3.0", number, "off_delay"),  # dupsShutdownAction: seconds
        Oid(f"{D}.7.4.0", number, "on_battery_for"),  # dupsSecondsOnBattery
        Oid(f"{D}.7.5.0", minutes, "runtime"),  # dupsBatteryEstimatedTime
        Oid(f"{D}.7.8.0", number, "charge"),  # dupsBatteryCapacity
        *(Oid(f"{D}.4.{n}.0", tenths, "input_volts") for n in (3, 6, 9)),  # dupsInputVoltage1 to 3
        *(Oid(f"{D}.5.{n}.0", tenths, "output_volts") for n in (4, 8, 12)),  # dupsOutputVoltage1 to 3
        *(Oid(f"{D}.5.{n}.0", number, "load") for n in (7, 11, 15)),  # dupsOutputLoad1 to 3
        Oid(f"{D}.3.6.0", shuts_clients_down, "action", slow=True),  # dupsConfigShutdownOSDelay
        Oid(f"{D}.3.6.0", number, "warning_period", slow=True),  # dupsConfigShutdownOSDelay, seconds
        Oid(f"{D}.1.10.0", number, "nominal_volts", slow=True),  # dupsRatingInputVoltage
        Oid(f"{D}.1.1.0", text, "maker", slow=True),  # dupsIdentManufacturer
        Oid(f"{D}.1.2.0", text, "model", slow=True),  # dupsIdentModel
        Oid(f"{D}.1.3.0", text, "firmware", slow=True),  # dupsIdentUPSSoftwareVersion
        Oid(f"{D}.1.4.0", text, "card_firmware", slow=True),  # dupsIdentAgentSoftwareVersion
    ),
)
