"""MG-SNMP-UPS-MIB 705.1: Eaton and MGE Network-MS and M2 cards, APC's Galaxy from MGE. Yes is 1 and no is 2."""

from __future__ import annotations

from ridethrough.core.model import CardAction
from ridethrough.core.observation import Source
from ridethrough.drivers.snmp.mibs.table import Mib, Oid, phases
from ridethrough.ups.meaning import Meaning, Value, number, one_of, tenths, text

M = "1.3.6.1.4.1.705.1"
RANGE_NAME = f"{M}.1.1.0"  # upsmgIdentFamilyName
YES_NO: dict[int, Meaning] = {1: True, 2: False}


def is_even(value: Value) -> bool | None:
    """upsmgAgentCommUps: odd while the card talks to its UPS, even when it has lost it."""
    found = number(value)
    return None if found is None or found < 0 else int(found) % 2 == 0


def client_after(value: Value) -> CardAction | None:
    """The card tells its clients to shut down after so many seconds on battery; 0 is taken for never."""
    found = number(value)
    if found is None:
        return None
    return CardAction.CLIENT if found > 0 else CardAction.DISABLED


def _when_yes(oid: str, source: Source) -> Oid:
    return Oid(oid, one_of({1: source}), "source")


MGE = Mib(
    name="MG-SNMP-UPS",
    no_off="its own commands switch single outlets",
    walked=True,
    tells_countdown=True,  # through RFC 1628's objects, which these cards answer too
    rows=(
        Oid(f"{M}.7.3.0", one_of({1: Source.BATTERY}), "source", needed=True),  # upsmgOutputOnBattery
        _when_yes(f"{M}.7.7.0", Source.OFF),  # upsmgOutputUtilityOff
        _when_yes(f"{M}.7.4.0", Source.BYPASS),  # upsmgOutputOnByPass
        _when_yes(f"{M}.7.8.0", Source.BOOST),  # upsmgOutputOnBoost
        _when_yes(f"{M}.7.12.0", Source.TRIM),  # upsmgOutputOnBuck
        Oid(f"{M}.7.3.0", one_of({2: Source.UTILITY}), "source"),  # upsmgOutputOnBattery
        Oid(f"{M}.5.14.0", one_of(YES_NO), "low"),  # upsmgBatteryLowBattery
        Oid(f"{M}.5.16.0", one_of(YES_NO), "low"),  # upsmgBatteryLowCondition
        Oid(f"{M}.5.14.0", one_of({1: False, 2: True}), "battery_fine"),  # upsmgBatteryLowBattery
        Oid(f"{M}.6.3.0", one_of(YES_NO), "input_bad"),  # upsmgInputBadStatus
        Oid(f"{M}.12.13.0", is_even, "link_lost"),  # upsmgAgentCommUps
        Oid(f"{M}.5.1.0", number, "runtime"),  # upsmgBatteryRemainingTime, seconds
        Oid(f"{M}.5.2.0", number, "charge"),  # upsmgBatteryLevel
        *phases(f"{M}.6.2.1.2", tenths, "input_volts"),  # mginputVoltage
        *phases(f"{M}.6.2.1.2", tenths, "input_volts", suffix=".0"),  # the same: most cards append .0
        *phases(f"{M}.7.2.1.2", tenths, "output_volts"),  # mgoutputVoltage
        *phases(f"{M}.7.2.1.4", number, "load"),  # mgoutputLoadPerPhase
        Oid(f"{M}.5.11.0", one_of(YES_NO), "replace_battery", slow=True),  # upsmgBatteryReplacement
        Oid(f"{M}.4.7.0", number, "low_runtime", slow=True),  # upsmgConfigLowBatteryTime, seconds
        Oid(f"{M}.4.8.0", number, "low_charge", slow=True),  # upsmgConfigLowBatteryLevel
        Oid(f"{M}.4.10.0", client_after, "action", slow=True),
        Oid(f"{M}.4.10.0", number, "warning_period", slow=True),  # shutdown timer after going on battery, seconds
        Oid(f"{M}.4.11.0", number, "shutdown_delay", slow=True),  # system shutdown duration, seconds
        Oid(RANGE_NAME, text, "maker", slow=True),
        Oid(f"{M}.1.2.0", text, "model", slow=True),  # upsmgIdentModelName
        Oid(f"{M}.1.4.0", text, "firmware", slow=True),  # upsmgIdentFirmwareVersion
        Oid(f"{M}.12.12.0", text, "card_firmware", slow=True),  # upsmgAgentFirmware
        Oid(f"{M}.1.7.0", text, "serial", slow=True),  # upsmgIdentSerialNumber
    ),
)
