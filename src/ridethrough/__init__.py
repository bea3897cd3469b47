"""Ridethrough: keeps XenServer and XCP-ng pools safe through a power failure."""

__version__ = "0.1.0"
