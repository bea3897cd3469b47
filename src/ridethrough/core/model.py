"""The site as it was built: UPSs, pools, hosts and the feeds between them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

Seconds: TypeAlias = float
Bytes: TypeAlias = int
Percent: TypeAlias = float

UpsId: TypeAlias = str  # the key in site.toml: [ups.KEY]
PoolId: TypeAlias = str  # the key in site.toml: [pool.KEY]
HostId: TypeAlias = str  # the key in site.toml: [host.KEY]; for a host that site.toml does not name, its name label
VmId: TypeAlias = str  # the VM's uuid
RepositoryId: TypeAlias = str  # the storage repository's uuid
NetworkId: TypeAlias = str  # the network's uuid
StorageId: TypeAlias = str  # the key in site.toml: [storage.KEY]; no host has the same
SwitchId: TypeAlias = str  # the key in site.toml: [switch.KEY]; no host and no storage has the same

CONTROLLER = "the controller"  # the name of its own machine among those that UPSs feed


def earlier(*ends: Seconds | None) -> Seconds | None:
    """The first of what is known to end; None when nothing is."""
    return min((end for end in ends if end is not None), default=None)


class CardAction(StrEnum):
    """What a card does when utility power has failed for its warning period (manual 2.3.1)."""

    DISABLED = "disabled"
    WARNING = "warning"
    CLIENT = "client"
    CLIENT_AND_UPS = "client and ups"


@dataclass(frozen=True, slots=True)
class CardTimers:
    """A card's own timers, in seconds since utility power failed. None: not told, not entered."""

    warning_period: Seconds | None = None
    shutdown_delay: Seconds | None = None
    action: CardAction | None = None

    def or_else(self, other: CardTimers) -> CardTimers:
        """These timers, with what they leave open taken from `other`."""
        return CardTimers(
            self.warning_period if self.warning_period is not None else other.warning_period,
            self.shutdown_delay if self.shutdown_delay is not None else other.shutdown_delay,
            self.action if self.action is not None else other.action,
        )

    @property
    def off_after(self) -> Seconds | None:
        """Seconds from utility power's failure to the cut of the output; None when the card does not cut it."""
        if self.action is not CardAction.CLIENT_AND_UPS:
            return None
        if self.warning_period is None or self.shutdown_delay is None:
            return None
        return self.warning_period + self.shutdown_delay


UNTOLD = CardTimers()


@dataclass(frozen=True, slots=True)
class Ups:
    """A UPS with its card. `timers` are the owner's entries, used where the card does not tell its own.

    `feeder`: what brings utility power to it, by the owner's name; empty: nobody says. No decision goes by it: each
    UPS's own card tells whether utility power is there.

    `cut_output`: on battery, once everything on it is down, its output is cut, to come back with utility power.
    """

    id: UpsId
    timers: CardTimers = UNTOLD
    feeder: str = ""
    cut_output: bool = False


class PowerWay(StrEnum):
    """How a host that stayed off is switched on."""

    XAPI = "xapi"  # host.power_on: its pool's coordinator does it, by the mode that is set in XenServer
    WAKE_ON_LAN = "wake-on-lan"
    IPMI = "ipmi"
    REDFISH = "redfish"


@dataclass(frozen=True, slots=True)
class Host:
    """A host of a pool and the UPSs that feed it. `needs` feeds must be on utility power for full service.

    `power_on`: the ways to switch it on, in the order in which they are tried. `agent`: one on it shuts it down when
    its power runs out while no controller answers.
    """

    id: HostId
    pool: PoolId
    powered_by: tuple[UpsId, ...] = ()
    needs: int = 1
    switch: str = ""  # hosts behind one switch are each other's witnesses
    power_on: tuple[PowerWay, ...] = (PowerWay.XAPI,)
    agent: bool = False


class Way(StrEnum):
    """How storage is told to go down."""

    NETWORK_UPS = "network ups"  # it asks us as it would ask an upsd, and we tell it
    SSH = "ssh"
    AGENT = "agent"  # ridethrough-agent on it asks us
    BY_ITSELF = "by itself"  # it asks its UPS's card, and goes down after `after` seconds on battery


@dataclass(frozen=True, slots=True)
class Storage:
    """A NAS or SAN, and the UPSs that feed it.

    `used_by` are hosts with disks on it; `repositories` are those disks' storage repositories, by name or uuid. A host
    that has one of them attached uses it too. `after`: it is not told to go down before so many seconds on battery.
    `stop_time`: seconds from that to its end. `wakes`: it can be woken over the network when it stays off.
    """

    id: StorageId
    powered_by: tuple[UpsId, ...] = ()
    needs: int = 1
    used_by: tuple[HostId, ...] = ()
    repositories: tuple[str, ...] = ()
    address: str = ""  # an IP address: repositories that lie there are its own
    way: Way = Way.BY_ITSELF
    after: Seconds = 0.0
    stop_time: Seconds = 180.0
    switch: str = ""  # as a host's
    wakes: bool = False


@dataclass(frozen=True, slots=True)
class Switch:
    """A network switch, the UPSs that feed it, and what cannot be reached without it: of a pool, all of its hosts."""

    id: SwitchId
    powered_by: tuple[UpsId, ...] = ()
    needs: int = 1
    hosts: tuple[HostId, ...] = ()
    storages: tuple[StorageId, ...] = ()
    upses: tuple[UpsId, ...] = ()  # their cards
    pools: tuple[PoolId, ...] = ()


@dataclass(frozen=True, slots=True)
class Controller:
    """This controller's own machine, as far as its owner has named what feeds it.

    `stop_time`: seconds from the order to shut down until it may lose its power. `switch`: what it reaches the rest
    through. `vm`: what it runs in, if it is a VM, by uuid or name.
    """

    powered_by: tuple[UpsId, ...] = ()
    needs: int = 1
    switch: SwitchId = ""
    shuts_down: bool = False
    stop_time: Seconds = 60.0
    vm: VmId = ""

    @property
    def id(self) -> str:
        """Its name among the machines."""
        return CONTROLLER


@dataclass(frozen=True, slots=True)
class Pool:
    """A XenServer or XCP-ng pool. `id` is the key in site.toml."""

    id: PoolId
