"""XUPS-MIB 534.1 and those that share its shape: Eaton and Powerware cards, PXGX cards, HP(E) R/T modules."""

from __future__ import annotations

from collections.abc import Mapping

from ridethrough.core.observation import Source
from ridethrough.drivers.snmp.mibs.table import Control, Mib, Oid, phases
from ridethrough.ups.meaning import Meaning, is_in, number, one_of, text

X = "1.3.6.1.4.1.534.1"
H = "1.3.6.1.4.1.232.165.3"

SOURCES: dict[int, Meaning] = {
    1: Source.UNKNOWN,  # other
    2: Source.OFF,  # none
    3: Source.UTILITY,
    4: Source.BYPASS,
    5: Source.BATTERY,
    6: Source.BOOST,
    7: Source.TRIM,
    8: Source.UTILITY,  # parallelCapacity
    9: Source.UTILITY,  # parallelRedundant
    10: Source.ECO,  # highEfficiencyMode
    11: Source.BYPASS,  # maintenanceBypass
    12: Source.ECO,  # essMode
}

# The same object on a PXGX card counts otherwise: its 4 is battery, where it is bypass on every other card.
PXGX_SOURCES: dict[int, Meaning] = {
    **dict.fromkeys((1, 2, 3, 6, 7, 8, 9, 10, 33), Source.UTILITY),
    **dict.fromkeys((4, 5, 36, 240), Source.BATTERY),  # 5 with shutdown imminent, 36 bypass on battery
    14: Source.TRIM,
    15: Source.BOOST,
    **dict.fromkeys((16, 17, 18, 32, 34, 96, 100), Source.BYPASS),
    **dict.fromkeys((48, 49, 50, 241), Source.OFF),
    **dict.fromkeys((13, 224), Source.UNKNOWN),  # overload: from the battery or not
}


def _shared(root: str, sources: Mapping[int, Meaning]) -> tuple[Oid, ...]:
    """Identity, battery, input and output, where XUPS-MIB and CPQPOWER-MIB agree."""
    return (
        Oid(f"{root}.4.5.0", one_of(sources), "source", needed=True),  # xupsOutputSource
        # xupsBatteryAbmStatus: 1 charging, 3 floating, 4 resting; 5 unknown, 6 disconnected and 8 check are not fine
        Oid(f"{root}.2.5.0", one_of({1: True, 3: True, 4: True, 5: False, 6: False, 8: False}), "battery_fine"),
        Oid(f"{root}.2.5.0", is_in(2), "discharging"),  # xupsBatteryAbmStatus
        Oid(f"{root}.2.5.0", is_in(7), "testing"),  # xupsBatteryAbmStatus under test
        Oid(f"{root}.2.1.0", number, "runtime"),  # xupsBatTimeRemaining, seconds
        Oid(f"{root}.2.4.0", number, "charge"),  # xupsBatCapacity
        *phases(f"{root}.3.4.1.2", number, "input_volts"),  # xupsInputVoltage
        *phases(f"{root}.4.4.1.2", number, "output_volts"),  # xupsOutputVoltage
        Oid(f"{root}.4.1.0", number, "load"),  # xupsOutputLoad
        *phases(f"{root}.4.4.1.4", number, "watts", slow=True),  # xupsOutputWatts
        Oid(f"{root}.6.1.0", number, "temperature", slow=True),  # xupsEnvAmbientTemp
        Oid(f"{root}.1.1.0", text, "maker", slow=True),  # xupsIdentManufacturer
        Oid(f"{root}.1.2.0", text, "model", slow=True),  # xupsIdentModel
        Oid(f"{root}.1.3.0", text, "firmware", slow=True),  # xupsIdentSoftwareVersion
    )


# Beyond what it shares. A battery test that is "scheduled" (7) is none: some cards say so for ever (NUT issue 3480).
_XUPS = (
    Oid(f"{X}.3.9.0", one_of({1: True, 2: False}), "input_bad"),  # xupsInputStatus
    Oid(f"{X}.2.10.0", one_of({1: True, 2: False}), "low"),  # xupsBatteryLowCapacity
    Oid(f"{X}.8.2.0", is_in(4), "testing"),  # xupsTestBatteryStatus inProgress
    Oid(f"{X}.9.1.0", number, "off_delay"),  # xupsControlOutputOffDelay: reads 0 when idle
    Oid(f"{X}.3.2.0", number, "line_bads"),  # xupsInputLineBads
    Oid(f"{X}.10.2.0", number, "nominal_volts", slow=True),  # xupsConfigInputVoltage
    Oid(f"{X}.1.6.0", text, "serial", slow=True),  # xupsIdentSerialNumber
)

TEST_TRAP = f"{X}.8.5.0"  # xupsTestTrap


def _control(off: str, countdown: str, name: str) -> Control:
    """XUPS-MIB and CPQPOWER-MIB say the same of it: off in that many seconds, on again when utility power is there, and
    nothing aborts it. The countdown's object reads 0 when idle.
    """
    return Control(
        name,
        countdown=countdown,
        idle=0,
        off=off,
        final=True,
        on_utility=True,
        note="once given it cannot be cancelled, and nothing is written of where its countdown shows",
    )


X_CONTROL = _control(f"{X}.9.6.0", f"{X}.9.1.0", "XUPS")  # xupsLoadShedSecsWithRestart, xupsControlOutputOffDelay

XUPS = Mib(
    "XUPS",
    (*_shared(X, SOURCES), *_XUPS),
    tells_countdown=True,
    walked=True,
    test_trap=TEST_TRAP,
    control=X_CONTROL,
)

PXGX = Mib(
    name="PXGX",
    tells_countdown=True,
    test_trap=TEST_TRAP,
    rows=(
        *_shared(X, PXGX_SOURCES),
        Oid(f"{X}.4.5.0", is_in(5), "low"),  # on DC, shutdown imminent
        Oid(f"{X}.4.5.0", is_in(5), "shutting_down"),
        *_XUPS,
    ),
    control=X_CONTROL,
)

HP = Mib(
    name="CPQPOWER",
    tells_countdown=True,
    rows=(
        *_shared(H, SOURCES),
        Oid(f"{H}.7.2.0", is_in(4), "testing"),  # upsTestBatteryStatus inProgress
        Oid(f"{H}.8.1.0", number, "off_delay"),  # upsControlOutputOffDelay
        Oid(f"{H}.3.2.0", number, "line_bads"),  # upsInputLineBads
        Oid(f"{H}.9.2.0", number, "nominal_volts", slow=True),  # upsConfigInputVoltage
        Oid("1.3.6.1.4.1.232.165.1.2.7.0", text, "serial", slow=True),  # deviceSerialNumber
    ),
    control=_control(f"{H}.8.6.0", f"{H}.8.1.0", "CPQPOWER"),  # upsLoadShedSecsWithRestart, upsControlOutputOffDelay
)
