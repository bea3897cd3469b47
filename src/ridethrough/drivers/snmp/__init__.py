"""UPSs behind network cards, over SNMP v1 and v2c."""

from ridethrough.drivers.snmp.cards import Cards
from ridethrough.drivers.snmp.check import read_card
from ridethrough.drivers.snmp.session import CardConfig

__all__ = ["CardConfig", "Cards", "read_card"]
