"""Prints docs/upses.md."""

from __future__ import annotations

import sys

from ridethrough.drivers.snmp.mibs.page import page

sys.stdout.write(page())
