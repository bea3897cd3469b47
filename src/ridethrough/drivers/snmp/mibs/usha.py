"""USHA-MIB 2468: Santak and Eaton WebPower cards. RFC 1628 in shape; volts in tenths, client delay in minutes."""

from __future__ import annotations

from ridethrough.drivers.snmp.mibs.eppc import ACTIONS
from ridethrough.drivers.snmp.mibs.rfc1628 import SOURCES
from ridethrough.drivers.snmp.mibs.table import Mib, Oid, phases
from ridethrough.ups.meaning import is_in, minutes, number, one_of, tenths

U = "1.3.6.1.4.1.2468.1.2.1.1"
AC_FAIL = 1

USHA = Mib(
    name="USHA",
    no_off="its sleep ends after a set time; its document does not say that it then waits for utility power",
    walked=True,
    rows=(
        Oid(f"{U}.4.1.0", one_of(SOURCES), "source", needed=True),  # upsOutputGroupSource, as upsOutputSource
        Oid(f"{U}.2.1.0", is_in(2), "battery_fine", needed=True),  # battery status normal
        Oid(f"{U}.2.1.0", is_in(3, 4), "low"),  # battery status low, depleted
        Oid(f"{U}.2.1.0", is_in(5), "discharging"),  # battery status discharging
        Oid(f"{U}.6.3.0", is_in(5), "testing"),  # test result in progress, as upsTestResultsSummary
        Oid(f"{U}.2.2.0", number, "on_battery_for"),  # seconds on battery
        Oid(f"{U}.2.3.0", minutes, "runtime"),  # estimated minutes; NULL on recording lnms-webpower-smart2
        Oid(f"{U}.2.4.0", number, "charge"),  # estimated charge
        Oid(f"{U}.3.1.0", number, "line_bads"),  # input line bads
        *phases(f"{U}.3.3.1.3", tenths, "input_volts"),  # input table, volts
        *phases(f"{U}.4.4.1.5", number, "load"),  # output table, percent load
        *phases(f"{U}.4.4.1.2", tenths, "output_volts"),  # output table, volts
        Oid(f"{U}.7.4.1.2.{AC_FAIL}", one_of(ACTIONS), "action", slow=True),  # upsControlShutdownParametersTable
        Oid(f"{U}.7.4.1.3.{AC_FAIL}", minutes, "warning_period", slow=True),  # client delay, minutes
        Oid(f"{U}.7.1.0", number, "shutdown_delay", slow=True),  # UPS shutdown delay, seconds
    ),
)
