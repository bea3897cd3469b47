"""UPSs behind network cards, over SNMP v1, v2c and v3."""

from ridethrough.drivers.snmp.cards import Cards
from ridethrough.drivers.snmp.check import read_card
from ridethrough.drivers.snmp.control import CardSwitch
from ridethrough.drivers.snmp.ordered_trap import order_test_trap
from ridethrough.drivers.snmp.session import CardConfig
from ridethrough.drivers.snmp.sweep import Found, sweep
from ridethrough.drivers.snmp.traps import Heard, Trap, Traps
from ridethrough.drivers.snmp.turns import Turns
from ridethrough.drivers.snmp.usm import V3User

__all__ = [
    "CardConfig",
    "CardSwitch",
    "Cards",
    "Found",
    "Heard",
    "Trap",
    "Traps",
    "Turns",
    "V3User",
    "order_test_trap",
    "read_card",
    "sweep",
]
