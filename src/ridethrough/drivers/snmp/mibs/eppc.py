"""EPPC-MIB 935.10: PowerWalker, newer Phoenixtec and Santak cards. They tell their own shutdown event table."""

from __future__ import annotations

from ridethrough.core.model import CardAction
from ridethrough.core.observation import Source
from ridethrough.drivers.snmp.mibs.table import Control, Mib, Oid, phases
from ridethrough.ups.meaning import DIGITS, Convert, Meaning, Value, is_in, minutes, number, one_of, tenths, text

E = "1.3.6.1.4.1.935.10.1.1"
ON_BATTERY, LOST_ITS_UPS, GOING_SHUTDOWN = 7, 13, 15  # trap numbers, as E.9.2.0 lists those not yet taken back
AC_FAIL = 1  # the row of the shutdown event table that an outage uses

SOURCES = {
    1: Source.UNKNOWN,  # power-on
    2: Source.OFF,  # stand-by
    3: Source.BYPASS,
    4: Source.UTILITY,
    5: Source.BATTERY,
    6: Source.BATTERY,  # battery test: the load is on battery, on purpose
    7: Source.UNKNOWN,  # fault
    8: Source.UTILITY,  # converter
    9: Source.ECO,
    10: Source.UNKNOWN,  # shutdown
    11: Source.BOOST,
    12: Source.TRIM,
    13: Source.UNKNOWN,  # other
}

ACTIONS: dict[int, Meaning] = {
    1: CardAction.DISABLED,
    2: CardAction.WARNING,
    3: CardAction.CLIENT,
    4: CardAction.CLIENT_AND_UPS,
}


def numbers(value: Value) -> frozenset[int] | None:
    """A comma list of numbers: "1,7". Empty text is an empty list."""
    if not isinstance(value, bytes | str):
        return None
    listed = (text(value) or "").replace(" ", "").split(",")
    return frozenset(int(part) for part in listed if DIGITS.fullmatch(part))


def lists(event: int) -> Convert:
    """Whether a comma list of numbers holds this one."""

    def convert(value: Value) -> Meaning | None:
        found = numbers(value)
        return None if found is None else event in found

    return convert


EPPC = Mib(
    name="EPPC",
    control=Control(
        "EPPC",
        countdown=f"{E}.8.7.0",  # upsESystemMasterOffDelay: -1 no action
        idle=-1,
        cancel=(f"{E}.8.3.0", 2),  # upsEControlOutputOnOffControl: upsEOutputOffCancel
    ),
    no_off="its document does not say that an output which was switched off comes back with utility power",
    tells_countdown=True,
    rows=(
        Oid(f"{E}.2.1.0", one_of(SOURCES), "source", needed=True),  # upsESystemStatus
        Oid(f"{E}.2.1.0", is_in(6), "testing"),  # upsESystemStatus battery-test
        Oid(f"{E}.2.1.0", is_in(10), "shutting_down"),  # upsESystemStatus shutdown
        Oid(f"{E}.3.1.0", is_in(2), "battery_fine", needed=True),  # upsEBatteryStatus normal
        Oid(f"{E}.3.1.0", is_in(3, 4), "low"),  # upsEBatteryStatus low, depleted
        Oid(f"{E}.3.1.0", is_in(5), "discharging"),  # upsEBatteryStatus discharging
        Oid(f"{E}.8.7.0", number, "countdown"),  # upsEControl: seconds to output off, -1 nothing pending
        Oid(f"{E}.9.2.0", lists(ON_BATTERY), "on_battery"),  # unrestored traps
        Oid(f"{E}.9.2.0", lists(LOST_ITS_UPS), "link_lost"),
        Oid(f"{E}.9.2.0", lists(GOING_SHUTDOWN), "shutting_down"),
        Oid(f"{E}.7.3.0", is_in(2), "testing"),  # test result: processing
        Oid(f"{E}.3.2.0", number, "on_battery_for"),  # seconds on battery
        Oid(f"{E}.3.3.0", minutes, "runtime"),  # estimated minutes
        Oid(f"{E}.3.4.0", number, "charge"),  # estimated charge
        Oid(f"{E}.2.14.0", number, "line_bads"),  # input bads
        *phases(f"{E}.2.16.1.3", tenths, "input_volts"),  # input table, volts
        *phases(f"{E}.2.18.1.7", number, "load"),  # output table, percent load
        *phases(f"{E}.2.18.1.3", tenths, "output_volts"),  # output table, volts
        Oid(f"{E}.8.4.1.2.{AC_FAIL}", one_of(ACTIONS), "action", slow=True),  # upsEShutdownEventsTable action
        Oid(f"{E}.8.4.1.3.{AC_FAIL}", number, "warning_period", slow=True),  # upsEShutdownEventsTable, seconds
        # Whether a GET of the output-off delay gives the configured UPS Shutdown Delay is open (facts §11);
        # the reader takes a plausible value only. Never SET it as a probe: setting it turns the output off.
        Oid(f"{E}.8.1.0", number, "shutdown_delay", slow=True),  # output-off delay, seconds
        *phases(f"{E}.2.18.1.5", number, "watts", slow=True),  # output table, watts
        Oid(f"{E}.2.21.0", number, "low_charge", slow=True),  # shutdown limit of charge, percent
        Oid(f"{E}.2.22.0", minutes, "low_runtime", slow=True),  # shutdown limit of minutes
        Oid(f"{E}.1.1.0", text, "maker", slow=True),
        Oid(f"{E}.1.2.0", text, "model", slow=True),
        Oid(f"{E}.1.3.0", text, "firmware", slow=True),
        Oid(f"{E}.1.4.0", text, "serial", slow=True),
        Oid(f"{E}.1.6.0", text, "card_firmware", slow=True),
    ),
)
