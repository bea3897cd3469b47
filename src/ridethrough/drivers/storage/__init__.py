"""Storage: NAS boxes that read their UPS from us."""

from ridethrough.drivers.storage.box import Account, Box, Life, Shown, Tells
from ridethrough.drivers.storage.network_ups import NetworkUps
from ridethrough.drivers.storage.tls import TlsFiles

__all__ = ["Account", "Box", "Life", "NetworkUps", "Shown", "Tells", "TlsFiles"]
