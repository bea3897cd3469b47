"""Switching a host on past its pool: Wake-on-LAN, IPMI, Redfish; and asking its BMC whether it is off."""

from .bmc import Bmc
from .ipmi import Ipmi
from .redfish import Redfish
from .switch import SwitchOn, WakeUp
from .wake import Wake
from .watch import Bmcs

__all__ = ["Bmc", "Bmcs", "Ipmi", "Redfish", "SwitchOn", "Wake", "WakeUp"]
