"""Ridethrough's agent: stands on one machine, and shuts it down in time when its UPS fails.

Python 3.6 and its standard library only: dom0 of XenServer 8 and XCP-ng 8.3 has no more. It imports nothing of the
controller.
"""

__version__ = "0.1.0"
