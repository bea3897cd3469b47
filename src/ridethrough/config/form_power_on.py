"""The shape of what site.toml says of switching a host on past its pool, key by key."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from . import quantities
from .form_base import Section
from .values import Fingerprint, Name, Password, checked_by


class WakeOnLanSection(Section):
    """The magic packet that wakes a host."""

    mac: Annotated[str, checked_by(quantities.mac)] = Field(
        description="The MAC address of the network card that wakes it.", examples=["52:54:00:12:34:56"]
    )
    broadcast: Annotated[str, checked_by(quantities.wake_target)] = Field(
        "255.255.255.255",
        description="Where the packet is sent to: the broadcast address of the host's network, with :PORT if not 9.",
        examples=["192.0.2.255"],
    )


class BmcSection(Section):
    """A host's BMC, for IPMI and for Redfish."""

    address: Annotated[str, checked_by(quantities.bmc)] = Field(
        description="Its address, with :PORT if that is not 623 (IPMI) or 443 (Redfish).", examples=["192.0.2.131"]
    )
    username: Name = Field(description="A user that may switch the host on.", examples=["ridethrough"])
    password: Password = Field(description="Where that user's password is kept.", examples=["secret:bmc1"])
    fingerprints: list[Fingerprint] = Field(
        [],
        description="Redfish: SHA-256 of its certificate. Without it, an authority that this machine trusts must have "
        "signed it.",
        examples=[["sha256:..."]],
    )
