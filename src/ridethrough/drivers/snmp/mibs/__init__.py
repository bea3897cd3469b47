"""What each family of cards tells, as tables: one row is one object, its meaning and its source."""

from __future__ import annotations

from ridethrough.drivers.snmp.mibs.eppc import EPPC
from ridethrough.drivers.snmp.mibs.rfc1628 import RFC1628
from ridethrough.drivers.snmp.mibs.table import Mib, Oid
from ridethrough.drivers.snmp.mibs.usha import USHA
from ridethrough.drivers.snmp.mibs.xppc import XPPC

VENDORS: tuple[Mib, ...] = (EPPC, XPPC, USHA)

__all__ = ["EPPC", "RFC1628", "USHA", "VENDORS", "XPPC", "Mib", "Oid"]
