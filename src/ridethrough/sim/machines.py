"""Pools, hosts, guests, storage and tasks: what they are, apart from what happens to them."""

from __future__ import annotations

import math
import uuid as uuids
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from typing import Literal, TypeAlias

from ridethrough.core.model import Bytes, HostId, NetworkId, PoolId, RepositoryId, Seconds, UpsId, VmId
from ridethrough.core.observation import Power

from .agenda import Process, Signal

GIB = 1024**3
NULL = "OpaqueRef:NULL"
EPOCH = 1_790_000_000.0  # second 0 of every world, for agent_start_time and the tasks' dates


def as_ocaml(moment: float) -> str:
    """A moment as xapi writes it into other_config: whole seconds, "1795401399." (recordings)."""
    return f"{math.floor(moment)}."


@cache
def uuid_of(kind: str, name: str) -> str:
    """The same uuid for the same thing in every run."""
    return str(uuids.uuid5(uuids.NAMESPACE_OID, f"ridethrough sim {kind} {name}"))


@cache
def ref_of(uuid: str) -> str:
    return f"OpaqueRef:{uuid}"


def pbd_uuid(host_uuid: str, storage: RepositoryId) -> str:
    """The PBD that joins a host to a storage repository."""
    return uuid_of("PBD", f"{host_uuid}/{storage}")


def disk_uuid(vm: VmId, storage: RepositoryId) -> str:
    """A guest's disk (VDI) on a storage repository."""
    return uuid_of("VDI", f"{vm}/{storage}")


class Guest(StrEnum):
    """How a guest answers a clean shutdown."""

    ACKNOWLEDGES = "acknowledges"  # and is off after `stop_seconds`
    SLOW = "slow"  # acknowledges; `stop_seconds` is long
    IGNORES = "ignores"  # no acknowledgement within 60 s
    HANGS = "hangs"  # acknowledges and never stops
    NO_TOOLS = "no tools"  # VM_LACKS_FEATURE on clean shutdown and migration


class Device(StrEnum):
    """Hardware of its host that a guest uses, or what else binds it there."""

    PCI = "pci"
    VGPU = "vgpu"
    USB = "usb"
    PORT = "sriov"  # of a network card
    NESTED = "nested"  # no device: it is a hypervisor itself


BOUND_BY: dict[Device, tuple[str, str]] = {  # what XenAPI refuses a move and a suspend with, and our words for it
    Device.PCI: ("VM_HAS_PCI_ATTACHED", "a PCI device of its host is passed through to it"),
    Device.VGPU: ("VM_HAS_VGPU", "it uses a virtual GPU"),
    Device.USB: ("VM_HAS_VUSBS", "a USB device of its host is passed through to it"),
    Device.PORT: ("VM_HAS_SRIOV_VIF", "it uses a port of its host's network card (SR-IOV)"),
    Device.NESTED: ("VM_IS_USING_NESTED_VIRT", "it uses nested virtualisation"),
}
VENDOR = "GenuineIntel"
WIRED = ""  # the network that every host has a port on: that over which it is managed
PORTS = "SR-IOV"  # the network of the ports that guests have of a network card


def network_uuid(pool: PoolId, name: str) -> NetworkId:
    """The uuid of a pool's network."""
    return uuid_of("network", f"{pool}/{name}" if name else pool)


def network_name(name: str) -> str:
    """As XenAPI labels it."""
    return name or "Pool-wide network associated with eth0"


class Wlb(StrEnum):
    """How the Workload Balancing appliance of a pool answers the toolstack."""

    ANSWERS = "answers"
    LATE = "late"  # after 20 s: within the toolstack's patience, beyond ours
    DEAD = "dead"  # never; the toolstack gives up after 30 s


class Bmc(StrEnum):
    """How a host's BMC behaves. It has power as long as its host's supply is there."""

    NONE = "none"
    WORKS = "works"
    REFUSES = "refuses"  # whoever wants to switch the host on
    SAYS_ON = "says on"  # always; and switches nothing


class Reach(StrEnum):
    """What a call from outside finds at a host's address."""

    NOTHING = "nothing"  # packets vanish: no power, no network
    REFUSED = "refused"  # the network answers, no toolstack listens
    BOOTING = "booting"  # the toolstack answers HOST_STILL_BOOTING
    JOINING = "joining"  # answers HOST_IS_SLAVE already, and its coordinator does not know it yet
    MEMBER = "member"  # answers HOST_IS_SLAVE with the address of the host it follows, dead or alive
    COORDINATOR = "coordinator"  # answers as coordinator


Toolstack: TypeAlias = Literal["down", "starting", "up"]
TaskStatus: TypeAlias = Literal["pending", "success", "failure", "cancelled"]


@dataclass(frozen=True, slots=True)
class Profile:
    """What a release of xapi can do (facts: xenapi.md 7). `build` is software_version["xapi_build"]."""

    build: str = "24.19.2"
    product: str = "8.3.0"
    brand: str = "XCP-ng"

    @property
    def _version(self) -> tuple[int, ...]:
        return tuple(int(part) for part in self.build.split(".")[:2])

    @property
    def knows_auto_enable(self) -> bool:
        """host.disable(auto_enable=false), xapi 25.31 and later."""
        return self._version >= (25, 31)

    @property
    def evacuate_parameters(self) -> int:
        """How many parameters host.evacuate takes besides the session: host; network; batch size."""
        if self._version < (1, 297):
            return 1
        return 2 if self._version < (23, 28) else 3

    @property
    def parallel_evacuation(self) -> bool:
        """Rolling batches since 22.24; one VM at a time before."""
        return self._version >= (22, 24)

    @property
    def unprotected_error(self) -> str:
        """What host.evacuate says of a guest that HA does not protect; misleading before 26.17 (read from source)."""
        return "HOST_EVACUATE_VM_NOT_HA_PROTECTED" if self._version >= (26, 17) else "HOST_NOT_ENOUGH_FREE_MEMORY"

    @property
    def is_long_term(self) -> bool:
        """8.2, whose datamodel lacks what came with the monthly releases since (1.250 and later)."""
        return self._version < (1, 250)

    @property
    def seen_running(self) -> bool:
        """The release that ran in the laboratory: where it and the source read differ, it is right for this one."""
        return self._version == (24, 19)

    @property
    def wrong_password(self) -> Seconds:
        """How long a wrong password waits for its refusal: PAM's delay (recordings/xapi 01: 1.6 to 1.9 s), or the one
        that the source of the other releases adds (xapi_session.ml)."""
        return 1.7 if self.seen_running else 5.0

    @property
    def names_busy_task(self) -> bool:
        """OTHER_OPERATION_IN_PROGRESS as (class, ref, operation, task): read in the source of 2026; (class.operation,
        ref) in the laboratory, and taken to be so before."""
        return self._version >= (25, 0)


RELEASES: dict[str, Profile] = {
    "8.2": Profile("1.249.41", "8.2.1"),
    "8.3": Profile(),  # as it was released, and as the laboratory ran it
    "8.3-26.1": Profile("26.1.4"),  # the same with its updates of May 2026
}


@dataclass(slots=True, eq=False)
class SimTask:
    """A XenAPI task. `done` fires when it ends, and also when it is lost with its toolstack (`lost`)."""

    ref: str
    uuid: str
    name: str  # as XenAPI labels it: "Async.VM.pool_migrate"
    pool: PoolId
    created: Seconds
    status: TaskStatus = "pending"
    progress: float = 0.0
    error_info: tuple[str, ...] = ()
    result: str = ""  # "<value></value>" for void, as the lab saw it
    answer: object = None  # what the call answers, when that is more than void
    subtask_of: str = NULL
    finished: Seconds | None = None
    cancellable: bool = False
    advertises_cancel: bool = False  # allowed_operations names `cancel`, whether it has an effect or not (lab 04)
    lost: bool = False  # the coordinator's toolstack went: nobody knows it any more, its work may go on
    resident_on: HostId = ""
    other_config: dict[str, str] = field(default_factory=dict)
    owner: str = ""  # the user whose session made it; empty: the toolstack itself
    session: str = ""  # that session
    done: Signal = field(default_factory=Signal, repr=False)
    process: Process | None = field(default=None, repr=False)

    @property
    def pending(self) -> bool:
        return self.status == "pending" and not self.lost


@dataclass(slots=True, eq=False)
class SimSr:
    """A storage repository. Shared ones are attached to several hosts, by SimHost.storage."""

    id: RepositoryId  # its uuid
    name: str
    shared: bool = True
    suspend_room: Bytes | None = None  # how much memory of suspended guests it takes; None: any amount

    @property
    def ref(self) -> str:
        return ref_of(self.id)


@dataclass(slots=True, eq=False)
class SimHost:
    """A host. `power`, `network` and `toolstack` are three separate truths; `enabled` and `live` are what the
    pool's database believes, which may be wrong for ten minutes."""

    id: HostId
    pool: PoolId
    address: str = ""
    mac: str = ""
    fed_by: tuple[UpsId, ...] = ()
    needs: int = 1  # feeds with output on that keep it up
    watts: float = 300.0
    memory_total: Bytes = 64 * GIB
    dom0_memory: Bytes = 4 * GIB
    link_speed: float = 125e6  # bytes per second of its migration network, each way
    storage: set[RepositoryId] = field(default_factory=set)
    detached: set[RepositoryId] = field(default_factory=set)  # its PBD is there, and unplugged
    suspend_sr: RepositoryId | None = None
    switch: str = ""
    networks: frozenset[str] = frozenset()  # names of those that it has a port on, beside the one that all have
    cpu_features: int = 1  # one bit each
    cpus: int = 16  # 0: its pool does not tell, and nothing is checked

    bios_power_on: bool = True  # the BIOS setting "power on when utility power returns"
    boot_seconds: Seconds = 120.0  # from power to a network that answers
    toolstack_seconds: Seconds = 20.0  # from a toolstack's start to its hello, cold boot
    stop_seconds: Seconds = 20.0  # from the end of the guests to power off
    power_on_mode: str = "wake-on-lan"  # "" = host.power_on is refused
    bmc: Bmc = Bmc.NONE

    power: bool = True
    network: bool = True
    toolstack: Toolstack = "up"
    toolstack_since: Seconds = -86400.0  # when it became what it is; the world begins a day later
    follows: HostId = ""  # the host that it takes for its coordinator; its own id when it is that itself
    supplied: bool = True  # enough feeds with output on
    unplugged: bool = False  # a person pulled its power cords

    enabled: bool = True
    live: bool = True
    agent_start_time: float = EPOCH - 86400.0  # epoch seconds; changes with each start of the toolstack
    boot_time: float = EPOCH - 86400.0
    other_config: dict[str, str] = field(default_factory=dict)
    current_operations: dict[str, str] = field(default_factory=dict)  # task ref -> operation
    agreed: tuple[HostId, Seconds] | None = None  # to which coordinator it said yes, and when; in its memory too
    user_disabled: bool = False  # only in the memory of its toolstack: forgotten at each start
    auto_enable: bool = True  # in its local database: survives

    says_hello_at: Seconds = 0.0  # when its starting toolstack asks its coordinator next
    still_booting: bool = False  # said hello, has not finished its start: host.enable is HOST_STILL_BOOTING
    powering_off: bool = False  # its system is on the way down
    hello_refused: tuple[str, ...] = ()  # a fault: the error that its coordinator answers its hello with
    cut_off: bool = False  # a fault: its network is gone, and a boot does not bring it back
    unwired: bool = False  # the switches that lead to it are off: as cut_off, until one works
    statefile_lost: bool = False  # a fault: it does not reach HA's statefile any more
    ignores_wake: bool = False  # a fault: Wake-on-LAN packets do nothing
    refuses_shutdown: bool = False  # a fault: host.shutdown succeeds and nothing follows
    life: int = 0  # counts boots, crashes and toolstack starts, so that what belonged to an earlier life stops

    @property
    def uuid(self) -> str:
        return uuid_of("host", f"{self.pool}/{self.id}")

    @property
    def ref(self) -> str:
        return ref_of(self.uuid)

    def has_cpus(self, vm: SimVm) -> bool:
        """Whether xapi lets a VM run here: it may have no more vCPUs than the host CPUs."""
        return not self.cpus or vm.vcpus <= self.cpus or vm.vcpus_unrestricted

    def has_pbd(self, storage: SimSr) -> bool:
        """Whether a PBD joins it to the storage, plugged or not."""
        return storage.id in self.storage | self.detached

    @property
    def ports(self) -> list[str]:
        """The names of the networks that it has a port on."""
        return sorted({WIRED, *self.networks})

    @property
    def metrics_ref(self) -> str:
        """host_metrics, which holds `live` and the memory figures."""
        return ref_of(uuid_of("host_metrics", f"{self.pool}/{self.id}"))


@dataclass(slots=True, eq=False)
class SimVm:
    """A guest. `power_state` and `resident_on` are the database's belief; `alive` is the truth."""

    id: VmId  # its uuid
    name: str
    pool: PoolId
    memory: Bytes = 4 * GIB
    guest: Guest = Guest.ACKNOWLEDGES
    stop_seconds: Seconds = 20.0
    start_seconds: Seconds = 3.0
    tools_seconds: Seconds = 0.0  # from its start until its tools are heard of (VM.guest_metrics)
    watts: float = 0.0  # drawn by its host for it, while it runs
    addresses: tuple[str, ...] = ()  # as its tools tell them
    dirtying: float = 1.0  # bytes sent for each byte of memory in a migration
    storage: frozenset[RepositoryId] = frozenset()
    tags: tuple[str, ...] = ()
    snapshots: tuple[str, ...] = ()  # their names; XenAPI shows each as a VM
    affinity: HostId | None = None
    networks: frozenset[str] = frozenset()  # names of those that it has a card on
    cpu_features: int = 1  # that it has been started with
    vcpus: int = 2
    vcpus_unrestricted: bool = False  # platform vcpu-unrestricted
    groups: tuple[str, ...] = ()  # names of its anti-affinity groups
    device: Device | None = None
    suspend_sr: RepositoryId | None = None
    suspended_to: RepositoryId | None = None  # where its memory lies while it is suspended
    ha_restart_priority: str = ""  # "restart", "best-effort" or ""
    ha_always_run: bool = False

    power_state: Power = Power.RUNNING
    resident_on: HostId | None = None
    scheduled_to_be_resident_on: HostId | None = None
    alive: bool = True
    tools_heard: bool = True
    current_operations: dict[str, str] = field(default_factory=dict)  # task ref -> operation
    blocked_operations: dict[str, str] = field(default_factory=dict)
    other_config: dict[str, str] = field(default_factory=dict)
    life: int = 0  # counts its starts and stops, so that what belonged to an earlier life stops
    refuses_move: tuple[str, ...] = ()  # a fault: the error that pool_migrate ends with
    stalls_move: bool = False  # a fault: its migration begins and never gets on

    @property
    def uuid(self) -> str:
        return self.id

    @property
    def ref(self) -> str:
        return ref_of(self.id)

    @property
    def cards(self) -> list[str]:
        """The names of the networks that it has a card on."""
        return sorted(self.networks | ({PORTS} if self.device is Device.PORT else set()))

    @property
    def group_ids(self) -> list[str]:
        """The uuids of its anti-affinity groups."""
        return [uuid_of("VM_group", f"{self.pool}/{name}") for name in self.groups]

    @property
    def has_tools(self) -> bool:
        """Whether the toolstack knows of tools in it."""
        return self.guest is not Guest.NO_TOOLS and self.tools_heard

    @property
    def busy(self) -> bool:
        return bool(self.current_operations)


@dataclass(slots=True, eq=False)
class SimPool:
    """A pool. `coordinator` is the host that the database names (pool.master)."""

    id: PoolId
    coordinator: HostId
    name: str = ""
    profile: Profile = field(default_factory=Profile)
    other_config: dict[str, str] = field(default_factory=dict)
    ha_enabled: bool = False
    ha_statefile: RepositoryId | None = None  # the storage that holds it
    ha_failures: int = 0  # host failures to tolerate
    ha_allow_overcommit: bool = False
    ha_no_restarts_until: Seconds = 0.0
    ha_sticks: bool = False  # pool.disable_ha and pool.enable_ha fail
    wlb_enabled: bool = False
    wlb: Wlb = Wlb.ANSWERS  # when it is enabled
    wlb_address: str = ""  # where it answers
    wlb_advice: dict[VmId, HostId] = field(default_factory=dict)  # it knows nothing of power
    suspend_sr: RepositoryId | None = None
    templates: tuple[str, ...] = ("Other install media",)  # their names; XenAPI shows each as a VM
    database_life: int = 0  # grows when a member goes on with its copy of the database, minutes old
    account_role: str = ""  # of the account that we log in with; empty: a local superuser
    session_epoch: int = 0  # grows when every session and every task is lost (coordinator's toolstack start)
    dead_after: Seconds = 600.0  # without a heartbeat a host counts as not live

    @property
    def uuid(self) -> str:
        return uuid_of("pool", self.id)

    @property
    def ref(self) -> str:
        return ref_of(self.uuid)
