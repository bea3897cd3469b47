"""DELL-SNMP-UPS-MIB 674.10902.2: it tells no output source; what feeds a Dell UPS is read from its part of RFC 1628."""

from __future__ import annotations

from ridethrough.drivers.snmp.mibs.table import Mib, Oid
from ridethrough.ups.meaning import number, text

DELL_ROOT = "1.3.6.1.4.1.674.10902.2"

DELL = Mib(
    name="DELL-UPS",
    tells_countdown=True,
    rows=(
        Oid(f"{DELL_ROOT}.120.5.3.0", number, "runtime"),  # physicalBatterySecsRemaining
        Oid(f"{DELL_ROOT}.120.4.3.0", number, "countdown"),  # seconds until the shutdown command, 2147483647: none
        Oid(f"{DELL_ROOT}.100.1.0", text, "model", slow=True),  # productIDDisplayName
        Oid(f"{DELL_ROOT}.100.4.0", text, "firmware", slow=True),
        Oid(f"{DELL_ROOT}.120.1.2.0", text, "serial", slow=True),
    ),
)
