"""What the drivers saw of the site, with its age; silence is a value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from .model import (
    UNTOLD,
    Bytes,
    CardTimers,
    HostId,
    NetworkId,
    Percent,
    PoolId,
    RepositoryId,
    Seconds,
    StorageId,
    UpsId,
    VmId,
)


class Source(StrEnum):
    """What feeds a UPS's output, as the card says it."""

    UTILITY = "utility"
    BATTERY = "battery"
    BYPASS = "bypass"
    BOOST = "boost"
    TRIM = "trim"
    ECO = "eco"
    OFF = "off"  # off, standby or none: cards say it of loads that are up
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class UpsReading:
    """One good answer of a card, cleaned by the driver: an impossible value is None, never a number."""

    at: Seconds
    source: Source
    testing: bool = False  # test or calibration
    input_good: bool | None = None  # within its limits; None: the card does not tell
    input_dead: bool = False  # input status bad, or volts below half of nominal
    low_battery: bool = False
    charge: Percent | None = None
    runtime: Seconds | None = None
    load: Percent | None = None
    countdown: Seconds | None = None  # running: seconds until the card cuts the output
    tells_countdown: bool = False  # the card would show a running countdown
    link_lost: bool = False  # the card answers but has lost its UPS
    timers: CardTimers = UNTOLD  # as the card tells them
    model: str = ""
    input_volts: float | None = None  # of its lowest line that exists; for people, nothing is decided by it
    replace_battery: bool = False  # it wants its battery replaced; for people, likewise


@dataclass(frozen=True, slots=True)
class UpsSeen:
    """The last two good answers of a card. `reading` is None when it never answered.

    `link_lost` answers are not good: the driver leaves `reading` as it was, and the card grows silent.
    """

    reading: UpsReading | None = None
    previous: UpsReading | None = None
    trouble: str = ""  # why the last poll failed, for people

    @property
    def answered_at(self) -> Seconds | None:
        return self.reading.at if self.reading else None


class Power(StrEnum):
    """VM.power_state."""

    RUNNING = "running"
    PAUSED = "paused"
    SUSPENDED = "suspended"
    HALTED = "halted"


@dataclass(frozen=True, slots=True)
class Cpu:
    """The processor's maker and its features, one bit each."""

    vendor: str = ""
    features: int = 0

    def runs(self, guest: Cpu) -> bool:
        """Whether a guest that was started with `guest` finds everything here."""
        return self.vendor == guest.vendor and not guest.features & ~self.features


@dataclass(frozen=True, slots=True)
class HostSeen:
    """A host as its pool's coordinator and our own probe see it.

    `toolstack_at` and `network_at` are the last moments at which our own probe got an answer from xapi, and from
    the host's network at all. They are evidence; `live` is only xapi's belief, up to ten minutes old.
    """

    id: HostId
    pool: PoolId
    uuid: str = ""
    name: str = ""
    address: str = ""
    enabled: bool = True
    live: bool = True
    toolstack_at: Seconds | None = None
    network_at: Seconds | None = None
    answers_since: Seconds | None = None  # our probe of xapi has not failed since then; None: the last one did
    agent_started: float = 0.0  # other_config agent_start_time: changes with each start of the toolstack
    booted: float = 0.0  # other_config boot_time: changes with each boot; 0 when not told
    memory_total: Bytes = 0
    memory_free: Bytes = 0  # free now; VMs still on their way in are not counted
    storage: frozenset[RepositoryId] = frozenset()  # storage repositories attached here
    detached: frozenset[RepositoryId] = frozenset()  # shared ones that have a PBD here, and are not attached
    busy: frozenset[str] = frozenset()  # host.current_operations
    maintenance_mode: bool = False  # other_config MAINTENANCE_MODE
    power_on_mode: str = ""
    networks: frozenset[NetworkId] = frozenset()  # that it has a port on
    cpu: Cpu | None = None  # what its processors offer a guest; None: not told
    cpus: int = 0  # as its Xen counts them, threads; 0: not told

    def has_cpus(self, needed: int) -> bool:
        """Whether XAPI lets a VM with so many vCPUs run here. What is not told hinders nobody."""
        return not self.cpus or self.cpus >= needed


class Restart(StrEnum):
    """What HA is to do about a VM whose host has failed; it stands in the VM's record whether HA is on or off."""

    ALWAYS = "restart"
    BEST_EFFORT = "best-effort"
    NEVER = ""


@dataclass(frozen=True, slots=True)
class VmSeen:
    """A guest. Control domains, templates and snapshots are no guests."""

    id: VmId
    name: str
    pool: PoolId
    power: Power = Power.RUNNING
    resident_on: HostId | None = None
    moving_to: HostId | None = None  # VM.scheduled_to_be_resident_on while a migration runs
    starting_on: HostId | None = None  # the same while it starts or resumes
    memory: Bytes = 0  # needed on a target, with overhead
    storage: frozenset[RepositoryId] = frozenset()  # must be attached on a target
    busy: frozenset[str] = frozenset()  # VM.current_operations
    immovable: str = ""  # why it cannot be migrated live; empty: it can
    tags: frozenset[str] = frozenset()
    networks: frozenset[NetworkId] = frozenset()  # a target must have a port on each
    cpu: Cpu | None = None  # what it has been started with; None: not told
    affinity: HostId | None = None  # the host that its owner would rather have it on
    groups: frozenset[str] = frozenset()  # anti-affinity groups: their members would rather not share a host
    restart: Restart = Restart.NEVER
    ha_protected: bool = False  # HA starts it again after its host's failure, where HA is on: not once it was stopped
    unsuspendable: str = "it is not known where its memory would go"  # why it is not suspended; empty: it can be
    addresses: frozenset[str] = frozenset()  # IP addresses, as its tools tell them
    starts_itself: bool = False  # with its host, while the pool's auto_poweron is on
    vcpus: int = 0  # the most that it may have; 0: not told
    vcpus_unrestricted: bool = False  # its owner lets it have more vCPUs than its host has CPUs

    @property
    def cpus_needed(self) -> int:
        """The CPUs that a host must have for it; 0: any number."""
        return 0 if self.vcpus_unrestricted else self.vcpus


@dataclass(frozen=True, slots=True)
class PoolSeen:
    """A pool as a whole. `coordinator` is None while nobody answers as coordinator."""

    id: PoolId
    coordinator: HostId | None = None
    answered_at: Seconds | None = None  # the last moment at which the records were known to be current
    coordinator_since: Seconds | None = None  # when the coordinator's toolstack started, on our clock
    claim: str = ""  # other_config key: the controller in charge
    auto_poweron: bool = False
    ha_enabled: bool = False
    ha_failures: int = 0  # host failures that HA is to tolerate
    ha_storages: tuple[RepositoryId, ...] = ()  # with its statefile
    ha_configuration: tuple[tuple[str, str], ...] = ()
    wlb_enabled: bool = False
    wlb_address: str = ""  # where WLB answers, without its port
    witness_at: Seconds | None = None  # last answer of a configured witness address
    advice: Mapping[VmId, HostId] = field(default_factory=dict)  # WLB's recommendations, if it answered in time
    wlb_trouble: str = ""  # why WLB gave none
    storage_names: Mapping[RepositoryId, str] = field(default_factory=dict)
    network_names: Mapping[NetworkId, str] = field(default_factory=dict)
    storage_addresses: Mapping[RepositoryId, frozenset[str]] = field(default_factory=dict)  # IP addresses, from PBDs
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class StorageSeen:
    """A NAS or SAN as our own probe finds it: `serves_at` is the last moment at which its service answered,
    `network_at` that at which anything of it did. `serves_since`: not one probe has failed since then.

    `logged_in`: it has asked us for the state of its UPS lately, where it is told so by us; None: that is not its way.
    """

    id: StorageId
    serves_at: Seconds | None = None
    serves_since: Seconds | None = None
    network_at: Seconds | None = None
    logged_in: bool | None = None
    trouble: str = ""  # why the last probe failed, for people


@dataclass(frozen=True, slots=True)
class BmcSeen:
    """What a host's BMC tells past the host: `off_at` is the last moment at which it said that the host is off.

    What it says of a host that is on proves nothing.
    """

    host: HostId
    off_at: Seconds | None = None
    answered_at: Seconds | None = None
    trouble: str = ""  # why the last question had no answer, for people


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The present, replaced each round."""

    upses: Mapping[UpsId, UpsSeen] = field(default_factory=dict)
    pools: Mapping[PoolId, PoolSeen] = field(default_factory=dict)
    hosts: Mapping[HostId, HostSeen] = field(default_factory=dict)
    vms: Mapping[VmId, VmSeen] = field(default_factory=dict)
    storages: Mapping[StorageId, StorageSeen] = field(default_factory=dict)
    bmcs: Mapping[HostId, BmcSeen] = field(default_factory=dict)

    def joined(self, other: Snapshot) -> Snapshot:
        """Both snapshots as one; they describe different parts of the site."""
        return replace(
            self,
            upses={**self.upses, **other.upses},
            pools={**self.pools, **other.pools},
            hosts={**self.hosts, **other.hosts},
            vms={**self.vms, **other.vms},
            storages={**self.storages, **other.storages},
            bmcs={**self.bmcs, **other.bmcs},
        )

    def heard_since(self, at: Seconds) -> Snapshot:
        """What a controller would know that has begun at `at`: answers from before are none."""
        return replace(
            self,
            upses={k: u if _is_since(u.answered_at, at) else UpsSeen() for k, u in self.upses.items()},
            pools={k: p if _is_since(p.answered_at, at) else _unheard(p) for k, p in self.pools.items()},
            hosts={k: _heard_since(h, at) for k, h in self.hosts.items()},
            storages={k: t if _is_since(t.serves_at, at) else StorageSeen(k) for k, t in self.storages.items()},
            bmcs={k: b if _is_since(b.answered_at, at) else BmcSeen(k) for k, b in self.bmcs.items()},
        )

    def members(self, pool: PoolId) -> list[HostSeen]:
        """Every host of a pool, the coordinator among them, in the order of their ids."""
        return [h for _, h in sorted(self.hosts.items()) if h.pool == pool]

    def guests(self, host: HostId) -> list[VmSeen]:
        """The VMs that run or are paused on a host, by name."""
        alive = (Power.RUNNING, Power.PAUSED)
        found = [v for v in self.vms.values() if v.resident_on == host and v.power in alive]
        return sorted(found, key=lambda v: (v.name, v.id))


def _is_since(heard: Seconds | None, at: Seconds) -> bool:
    return heard is not None and heard >= at


def _unheard(pool: PoolSeen) -> PoolSeen:
    """Its records are old: nothing may be done by them, its hosts and VMs are shown as they were."""
    return replace(pool, coordinator=None, answered_at=None, advice={}, witness_at=None)


def _heard_since(host: HostSeen, at: Seconds) -> HostSeen:
    toolstack_at = host.toolstack_at if _is_since(host.toolstack_at, at) else None
    network_at = host.network_at if _is_since(host.network_at, at) else None
    since = None if toolstack_at is None or host.answers_since is None else max(host.answers_since, at)
    if (toolstack_at, network_at, since) == (host.toolstack_at, host.network_at, host.answers_since):
        return host
    return replace(host, toolstack_at=toolstack_at, network_at=network_at, answers_since=since)
