"""The fields of XenAPI's records that we read; a field that a version lacks has its default.

Sources: the generated classes of XenCenter and the datamodel of xapi (facts: XenAPI 2). int64 comes as text over
XML-RPC and as a number over JSON-RPC; `Value.decode` reads both.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Struct, field

NULL = "OpaqueRef:NULL"


class Pool(Struct, frozen=True, gc=False):
    """`pool`: exactly one record; a standalone host has one too."""

    uuid: str = ""
    name_label: str = ""
    master: str = NULL
    other_config: Mapping[str, str] = {}
    ha_enabled: bool = False
    suspend_image_sr: str = field(name="suspend_image_SR", default=NULL)
    ha_host_failures_to_tolerate: int = 0
    ha_statefiles: tuple[str, ...] = ()  # VDIs
    ha_configuration: Mapping[str, str] = {}
    wlb_enabled: bool = False
    wlb_url: str = ""


class Host(Struct, frozen=True, gc=False):
    """`host`. `enabled` is kept in the database; liveness is in its metrics."""

    uuid: str = ""
    name_label: str = ""
    hostname: str = ""
    address: str = ""
    enabled: bool = True
    metrics: str = NULL
    memory_overhead: int = 0
    other_config: Mapping[str, str] = {}
    current_operations: Mapping[str, str] = {}
    software_version: Mapping[str, str] = {}
    cpu_info: Mapping[str, str] = {}
    power_on_mode: str = ""
    suspend_image_sr: str = NULL

    @property
    def agent_started(self) -> float:
        """other_config agent_start_time: seconds since 1970 by the host's clock, 0 when not told."""
        return self._moment("agent_start_time")

    @property
    def booted(self) -> float:
        """other_config boot_time: seconds since 1970 by the host's clock, 0 when not told."""
        return self._moment("boot_time")

    def _moment(self, key: str) -> float:
        try:
            told = float(self.other_config.get(key, "0"))
        except ValueError:
            return 0.0
        return told if math.isfinite(told) else 0.0

    @property
    def build(self) -> tuple[int, ...]:
        """software_version xapi_build, such as (24, 19, 2); empty when it cannot be read."""
        parts = self.software_version.get("xapi_build", "").split(".")
        return tuple(int(part) for part in parts) if all(_is_small_number(part) for part in parts) else ()


def _is_small_number(text: str) -> bool:
    return text.isdecimal() and len(text) < 10


class HostMetrics(Struct, frozen=True, gc=False):
    """`host_metrics`. `live` stays true for ten minutes after a host lost its power."""

    uuid: str = ""
    live: bool = False
    memory_total: int = 0
    memory_free: int = 0


class Vm(Struct, frozen=True, gc=False):
    """`VM`: guests, control domains, templates and snapshots alike."""

    uuid: str = ""
    name_label: str = ""
    power_state: str = "Halted"
    is_control_domain: bool = False
    is_a_template: bool = False
    is_a_snapshot: bool = False
    resident_on: str = NULL
    scheduled_to_be_resident_on: str = NULL
    memory_overhead: int = 0
    memory_dynamic_min: int = 0
    memory_static_max: int = 0
    guest_metrics: str = NULL
    domain_type: str = "hvm"
    allowed_operations: tuple[str, ...] = ()
    current_operations: Mapping[str, str] = {}
    blocked_operations: Mapping[str, str] = {}
    platform: Mapping[str, str] = {}
    vbds: tuple[str, ...] = field(name="VBDs", default=())
    vgpus: tuple[str, ...] = field(name="VGPUs", default=())
    vusbs: tuple[str, ...] = field(name="VUSBs", default=())
    vifs: tuple[str, ...] = field(name="VIFs", default=())
    groups: tuple[str, ...] = ()
    affinity: str = NULL
    ha_restart_priority: str = ""
    ha_always_run: bool = False
    other_config: Mapping[str, str] = {}
    suspend_sr: str = field(name="suspend_SR", default=NULL)
    suspend_vdi: str = field(name="suspend_VDI", default=NULL)
    last_boot_cpu_flags: Mapping[str, str] = field(name="last_boot_CPU_flags", default_factory=dict)
    attached_pcis: tuple[str, ...] = field(name="attached_PCIs", default=())
    tags: tuple[str, ...] = ()
    vcpus_max: int = field(name="VCPUs_max", default=0)

    @property
    def is_guest(self) -> bool:
        return not (self.is_control_domain or self.is_a_template or self.is_a_snapshot)


class GuestMetrics(Struct, frozen=True, gc=False):
    """`VM_guest_metrics`: what the tools inside the guest tell; absent for minutes after its start."""

    uuid: str = ""
    pv_drivers_version: Mapping[str, str] = field(name="PV_drivers_version", default_factory=dict)
    pv_drivers_detected: bool = field(name="PV_drivers_detected", default=False)
    other: Mapping[str, str] = {}
    networks: Mapping[str, str] = {}  # "0/ip", "0/ipv4/0", "0/ipv6/0": an address of each card


class Pbd(Struct, frozen=True, gc=False):
    """`PBD`: one host's link to one storage repository. `device_config`: where it lies, for the driver of its type."""

    uuid: str = ""
    host: str = NULL
    sr: str = field(name="SR", default=NULL)
    currently_attached: bool = False
    device_config: Mapping[str, str] = {}


class Vbd(Struct, frozen=True, gc=False):
    """`VBD`: one disk or CD of one VM."""

    uuid: str = ""
    vdi: str = field(name="VDI", default=NULL)
    empty: bool = False
    currently_attached: bool = False


class Vdi(Struct, frozen=True, gc=False):
    """`VDI`: a disk image."""

    uuid: str = ""
    sr: str = field(name="SR", default=NULL)


class Sr(Struct, frozen=True, gc=False):
    """`SR`: a storage repository."""

    uuid: str = ""
    name_label: str = ""
    shared: bool = False


class Vif(Struct, frozen=True, gc=False):
    """`VIF`: one network card of one VM."""

    uuid: str = ""
    vm: str = field(name="VM", default=NULL)
    network: str = NULL


class Pif(Struct, frozen=True, gc=False):
    """`PIF`: one host's port on one network."""

    uuid: str = ""
    host: str = NULL
    network: str = NULL
    sriov_logical_pif_of: tuple[str, ...] = field(name="sriov_logical_PIF_of", default=())


class Network(Struct, frozen=True, gc=False):
    """`network`: without a PIF it is one host's alone, unless somebody else looks after it."""

    uuid: str = ""
    name_label: str = ""
    managed: bool = True
    other_config: Mapping[str, str] = {}


class VmGroup(Struct, frozen=True, gc=False):
    """`VM_group`, since 24.18: VMs that are to be placed with regard to each other."""

    uuid: str = ""
    name_label: str = ""
    placement: str = ""


class Task(Struct, frozen=True, gc=False):
    """`task`. `status` is pending, success, failure or cancelled; progress proves nothing."""

    status: str = "pending"
    error_info: tuple[str, ...] = ()


class Event(Struct, frozen=True, gc=False):
    """One event of `event.from`; a `del` has no snapshot."""

    ref: str
    cls: str = field(name="class")
    operation: str = "mod"
    snapshot: msgspec.Raw = msgspec.Raw()


class PlainEvent(Struct, frozen=True, gc=False):
    """The same over XML-RPC, where the snapshot is already taken apart."""

    ref: str
    cls: str = field(name="class")
    operation: str = "mod"
    snapshot: Any = None


Record = Pool | Host | HostMetrics | Vm | GuestMetrics | Pbd | Vbd | Vdi | Sr | Vif | Pif | Network | VmGroup

# By the lower-case name that events carry.
CLASSES: dict[str, type[Record]] = {
    "pool": Pool,
    "host": Host,
    "host_metrics": HostMetrics,
    "vm": Vm,
    "vm_guest_metrics": GuestMetrics,
    "pbd": Pbd,
    "vbd": Vbd,
    "vdi": Vdi,
    "sr": Sr,
    "vif": Vif,
    "pif": Pif,
    "network": Network,
    "vm_group": VmGroup,
}
