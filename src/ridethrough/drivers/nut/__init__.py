"""UPSs behind NUT's upsd: USB, serial and everything else that NUT drives."""

from ridethrough.drivers.nut.check import ask, read_ups, served
from ridethrough.drivers.nut.control import NutSwitch
from ridethrough.drivers.nut.observer import Upsds
from ridethrough.drivers.nut.server import NutConfig, ServerConfig

__all__ = ["NutConfig", "NutSwitch", "ServerConfig", "Upsds", "ask", "read_ups", "served"]
