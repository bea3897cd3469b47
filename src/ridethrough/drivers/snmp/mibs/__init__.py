"""What each family of cards tells, as tables: one row is one object, its meaning and its source."""

from __future__ import annotations

from ridethrough.drivers.snmp.mibs.recognise import FAMILIES, KINDS, VENDORS, Kind, kind_of
from ridethrough.drivers.snmp.mibs.rfc1628 import RFC1628
from ridethrough.drivers.snmp.mibs.table import Mib, Oid

__all__ = ["FAMILIES", "KINDS", "RFC1628", "VENDORS", "Kind", "Mib", "Oid", "kind_of"]
