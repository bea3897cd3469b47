"""What site.toml says, as values: the site, and how to reach its equipment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from ridethrough.core.model import PoolId, UpsId
from ridethrough.core.site import Site

from .quantities import Endpoint
from .secrets import Secret


@dataclass(frozen=True, slots=True)
class UpsConnection:
    """How to reach a UPS's card. `address` is an IP address; `card` is it with the port, as the drivers take it."""

    id: UpsId
    scheme: Literal["snmp"]
    address: str
    port: int
    version: Literal["1", "2c"]
    community: Secret

    @property
    def card(self) -> str:
        return str(Endpoint(self.address, self.port))


@dataclass(frozen=True, slots=True)
class PoolConnection:
    """How to reach a pool. `addresses` as written, each an address or a URL; no fingerprints: none pinned yet."""

    id: PoolId
    addresses: tuple[str, ...]
    username: str
    password: Secret
    fingerprints: tuple[str, ...] = ()  # sha256: and 64 hexadecimal digits, lower case
    witnesses: tuple[Endpoint, ...] = ()


@dataclass(frozen=True, slots=True)
class ControllerSettings:
    """This controller. An empty name means the machine's host name."""

    name: str = ""


@dataclass(frozen=True, slots=True)
class Configuration:
    """All of site.toml."""

    site: Site
    upses: Mapping[UpsId, UpsConnection]
    pools: Mapping[PoolId, PoolConnection]
    controller: ControllerSettings = ControllerSettings()
