"""What site.toml says, as values: the site, and how to reach its equipment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from ridethrough.core.model import HostId, PoolId, Seconds, StorageId, UpsId
from ridethrough.core.notice import EventClass, Severity
from ridethrough.core.site import Site
from ridethrough.ups.snmpv3 import Auth, Privacy

from .quantities import Endpoint, Service, Upsd
from .secrets import Secret


@dataclass(frozen=True, slots=True)
class SnmpUser:
    """A user of SNMP version 3."""

    name: str
    auth: Auth | None = None
    auth_password: Secret | None = None
    privacy: Privacy | None = None
    privacy_password: Secret | None = None


@dataclass(frozen=True, slots=True)
class CardConnection:
    """How to reach a UPS's network card."""

    id: UpsId
    at: Endpoint
    version: Literal["1", "2c", "3"]
    community: Secret
    user: SnmpUser | None = None  # of version 3
    write_community: Secret | None = None  # of versions 1 and 2c


@dataclass(frozen=True, slots=True)
class NutConnection:
    """How to reach a UPS behind an upsd. TLS is wanted when there are `fingerprints` or a `ca`."""

    id: UpsId
    at: Upsd
    username: str = ""
    password: Secret | None = None
    fingerprints: tuple[str, ...] = ()
    ca: str = ""


UpsConnection: TypeAlias = CardConnection | NutConnection


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
class StorageConnection:
    """How a NAS or SAN is asked whether it serves, and told to go down. Which keys mean anything depends on its way."""

    id: StorageId
    address: str
    serves: tuple[Service, ...]
    asks_from: tuple[str, ...] = ()  # addresses and networks, its own among them
    ups_name: str = ""
    username: str = ""
    password: Secret | None = None
    ssh: Endpoint | None = None
    host_key: str = ""  # "SHA256:..."; empty: none pinned yet
    key_file: str = ""
    command: str = ""
    mac: str = ""  # that wakes it, by a packet to `broadcast`; empty: nothing does
    broadcast: Endpoint | None = None


@dataclass(frozen=True, slots=True)
class Bmc:
    """How to reach a host's BMC. Port 0: the usual one. No fingerprints: its certificate is signed by an authority."""

    at: Endpoint
    username: str
    password: Secret
    fingerprints: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PowerOn:
    """How a host is switched on past its pool."""

    host: HostId
    mac: str = ""
    broadcast: Endpoint | None = None
    bmc: Bmc | None = None


@dataclass(frozen=True, slots=True)
class NetworkUpsSettings:
    """Where NAS boxes ask for the state of their UPS. `certificate` and `key` are paths; both empty: no STARTTLS."""

    listen: Endpoint
    certificate: str = ""
    key: str = ""


@dataclass(frozen=True, slots=True)
class ControllerSettings:
    """This controller. An empty name means the machine's host name; `shutdown_command`: what shuts its machine down."""

    name: str = ""
    shutdown_command: tuple[str, ...] = ("systemctl", "poweroff")


@dataclass(frozen=True, slots=True)
class ManagerSettings:
    """The web pages. `certificate` and `key` are paths of PEM files; both empty: one of their own is made."""

    listen: Endpoint
    certificate: str = ""
    key: str = ""
    http: bool = False  # no TLS; `listen` is an address of loopback
    idle: Seconds = 1800.0  # a session ends after so long without a request
    names: tuple[str, ...] = ()  # more names and addresses for a certificate of their own


@dataclass(frozen=True, slots=True)
class NotifyTarget:
    """Whom the manager notifies: of events of these classes (empty: of all), from this severity on."""

    name: str
    url: Secret
    classes: frozenset[EventClass] = frozenset()
    severity: Severity = Severity.WARNING


@dataclass(frozen=True, slots=True)
class Configuration:
    """All of site.toml."""

    site: Site
    upses: Mapping[UpsId, UpsConnection]
    pools: Mapping[PoolId, PoolConnection]
    controller: ControllerSettings = ControllerSettings()
    traps: Endpoint | None = None  # where traps are listened for; None: nowhere
    manager: ManagerSettings | None = None  # None: no pages
    notify: Mapping[str, NotifyTarget] = field(default_factory=dict)
    storages: Mapping[StorageId, StorageConnection] = field(default_factory=dict)
    network_ups: NetworkUpsSettings | None = None
    power_on: Mapping[HostId, PowerOn] = field(default_factory=dict)
    version: str = field(default="", compare=False)  # SHA-256 of the file's bytes, hexadecimal; empty: of no file


EMPTY = Configuration(Site("", {}, {}, {}), {}, {})  # of a site that is not described yet
