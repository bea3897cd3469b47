"""The records that XenAPI shows of a pool of the simulated World."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from functools import partial

from ridethrough.core.model import HostId, PoolId, RepositoryId, Seconds
from ridethrough.core.observation import Power
from ridethrough.sim import database_copy, failover_plan
from ridethrough.sim.allowed import host_operations
from ridethrough.sim.machines import (
    EPOCH,
    GIB,
    VENDOR,
    Device,
    SimHost,
    SimPool,
    SimSr,
    SimTask,
    SimVm,
    ref_of,
    uuid_of,
)
from ridethrough.sim.world import World

from . import record_defaults as default
from .catalogue import Catalogue
from .marshal import NULL, Value
from .site_records import Maker, Record, SiteRecords, image_ref, named_ref, pif_ref, statefile_ref, vif_ref

BOUND = ("pool_migrate", "migrate_send", "suspend", "checkpoint")  # not of a guest that uses its host's hardware
FEATURES = ("features_pv", "features_hvm", "features_hvm_host", "features_pv_host")
OVERHEAD = 37748736  # of a guest of 4 GiB; a SimVm's memory already holds it
GUEST_STATES = {
    Power.RUNNING: default.VM_RUNNING,
    Power.PAUSED: default.VM_PAUSED,
    Power.SUSPENDED: default.VM_SUSPENDED,
    Power.HALTED: default.VM_HALTED,
}


def moment(at: Seconds | None) -> str:
    """World seconds as the API writes a date; 1970 for never."""
    if at is None:
        return datetime.fromtimestamp(0, UTC).strftime("%Y%m%dT%H:%M:%SZ")
    return datetime.fromtimestamp(EPOCH + at, UTC).strftime("%Y%m%dT%H:%M:%SZ")


class Records(SiteRecords):
    """Builds the records of one pool, from the World as it is now."""

    def __init__(
        self, world: World, pool: PoolId, catalogue: Catalogue, address: Callable[[HostId], str] | None = None
    ) -> None:
        """`address`: where a host answers on the wire, when that is not the address it has in the World."""
        super().__init__(world, pool, catalogue, address)
        self._indexes: dict[str, tuple[int, dict[str, Maker]]] = {}
        self._images = {vm.id: vm.suspended_to for vm in self._guests()}

    # --- what there is

    def makers(self, xapi_class: str) -> dict[str, Maker]:
        """Every object of a class: its reference, and how to make its record."""
        members = self.world.members(self.pool_id)
        match xapi_class:
            case "pool":
                return {self.pool.ref: self._pool}
            case "host":
                return {h.ref: partial(self._host, h) for h in members}
            case "host_metrics":
                return {h.metrics_ref: partial(self._host_metrics, h) for h in members}
            case "network" | "PIF" | "VIF" | "VM_group":
                return self.of_networks(xapi_class)
            case "task":
                tasks = [t for t in self.world.tasks.values() if t.pool == self.pool_id]
                return {t.ref: partial(self._task, t) for t in tasks}
            case "VM" | "VM_metrics" | "VM_guest_metrics":
                return self._of_machines(xapi_class, members)
            case "SR" | "PBD" | "VBD":
                return self._of_storage(xapi_class, members)
            case "VDI":
                return self._of_storage("VDI", members) | self.special_disks()
            case _:
                return {}

    def _of_machines(self, xapi_class: str, members: Iterable[SimHost]) -> dict[str, Maker]:
        found: dict[str, Maker] = {}
        for host in members if xapi_class != "VM_guest_metrics" else ():
            name = uuid_of("control domain", host.uuid)
            if xapi_class == "VM":
                found[ref_of(name)] = partial(self._control_domain, host)
            else:
                found[named_ref(xapi_class, name)] = partial(self._dom0_metrics, host, name)
        for vm in self._guests():
            found.update(self.of_guest(xapi_class, vm))
        return found | (self._patterns() if xapi_class == "VM" else {})

    def _patterns(self) -> dict[str, Maker]:
        """Templates and snapshots: VM records too, of nothing that could run."""
        found: dict[str, Maker] = {}
        for name in self.pool.templates:
            own = {"name_label": name, "is_a_template": True, "is_default_template": True}
            found[named_ref("template", f"{self.pool_id}/{name}")] = partial(self._pattern, "template", name, own)
        for vm in self._guests():
            for name in vm.snapshots:
                own = {"name_label": name, "is_a_template": True, "is_a_snapshot": True, "snapshot_of": vm.ref}
                ref = named_ref("snapshot", f"{vm.uuid}/{name}")
                found[ref] = partial(self._pattern, "snapshot", name, own, vm.uuid)
        return found

    def _pattern(self, kind: str, name: str, own: Record, of: str = "") -> Record:
        nowhere = dict.fromkeys(
            ("resident_on", "scheduled_to_be_resident_on", "affinity", "metrics", "guest_metrics"), NULL
        )
        shown = {"power_state": "Halted", "domid": -1, **nowhere, **_memory(GIB, 0), **own}
        return self._made("VM", uuid_of(kind, f"{of or self.pool_id}/{name}"), default.VM, shown)

    def of_guest(self, xapi_class: str, vm: SimVm) -> dict[str, Maker]:
        """A guest's own object of one of the classes VM, VM_metrics and VM_guest_metrics."""
        match xapi_class:
            case "VM":
                return {vm.ref: partial(self._vm, vm)}
            case "VM_metrics":
                return {named_ref("VM_metrics", vm.uuid): partial(self._vm_metrics, vm)}
            case _:
                ref = named_ref("VM_guest_metrics", vm.uuid)
                return {ref: partial(self._guest_metrics, vm)} if vm.has_tools else {}

    # --- one record each

    def _pool(self) -> Record:
        pool, world = self.pool, self.world
        planned = failover_plan.planned(world, pool.id)
        own = {
            "name_label": pool.name,
            "master": world.hosts[pool.coordinator].ref,
            "other_config": pool.other_config,
            "ha_enabled": pool.ha_enabled,
            "ha_statefiles": [statefile_ref(pool)] if pool.ha_statefile else [],
            "ha_host_failures_to_tolerate": pool.ha_failures,
            "ha_plan_exists_for": planned,
            "ha_overcommitted": pool.ha_enabled and planned < pool.ha_failures,
            "ha_allow_overcommit": pool.ha_allow_overcommit,
            "wlb_enabled": pool.wlb_enabled,
            "wlb_url": f"{pool.wlb_address}:8012" if pool.wlb_address else "",
            "suspend_image_SR": _ref_or_null(pool.suspend_sr),
        }
        return self._made("pool", pool.uuid, default.POOL, own)

    def _host(self, host: SimHost) -> Record:
        dom0 = ref_of(uuid_of("control domain", host.uuid))
        own = {
            "name_label": host.id,
            "hostname": host.id,
            "address": self._address(host.id),
            "enabled": host.enabled,
            "allowed_operations": host_operations(host),
            "current_operations": host.current_operations,
            "other_config": host.other_config,
            "resident_VMs": [dom0, *(v.ref for v in self.world.guests(host.id))],
            "control_domain": dom0,
            "metrics": host.metrics_ref,
            "PIFs": [pif_ref(host, name) for name in host.ports],
            "cpu_info": _processor(host),
            "PBDs": [self._pbd_ref(host, sr) for sr in self._storages() if host.has_pbd(sr)],
            "suspend_image_sr": _ref_or_null(host.suspend_sr),
            "ha_statefiles": [statefile_ref(self.pool)] if self.pool.ha_statefile else [],
            "ha_network_peers": [m.uuid for m in self.world.members(self.pool_id)] if self.pool.ha_enabled else [],
            "power_on_mode": host.power_on_mode,
            "edition": "xcp-ng" if self.pool.profile.brand == "XCP-ng" else "enterprise-per-socket",
            "editions": ["xcp-ng"],
            "software_version": self._software(),
        }
        return self._made("host", host.uuid, default.HOST, own)

    def _software(self) -> dict[str, str]:
        profile = self.pool.profile
        short = ".".join(profile.product.split(".")[:2])
        return {
            "product_version": profile.product,
            "product_version_text": short,
            "product_version_text_short": short,
            "product_brand": profile.brand,
            "xapi": ".".join(profile.build.split(".")[:2]),
            "xapi_build": profile.build,
            **default.HOST_SOFTWARE,
        }

    def _host_metrics(self, host: SimHost) -> Record:
        own = {
            "memory_total": host.memory_total,
            "memory_free": max(0, self.world.memory_free(host.id)),
            "live": host.live,
            "last_updated": moment(0.0),
        }
        return self._made("host_metrics", host.metrics_ref.removeprefix("OpaqueRef:"), own)

    def _control_domain(self, host: SimHost) -> Record:
        uuid = uuid_of("control domain", host.uuid)
        own = {
            "name_label": f"Control domain on host: {host.id}",
            "power_state": "Running",
            "resident_on": host.ref,
            "affinity": host.ref,
            "scheduled_to_be_resident_on": NULL,
            "metrics": named_ref("VM_metrics", uuid),
            # `dom0_memory` is all that a host keeps for itself: Xen's own part stands in the host's record.
            **_memory(
                max(0, host.dom0_memory - default.HOST["memory_overhead"]), default.CONTROL_DOMAIN["memory_overhead"]
            ),
        }
        return self._made("VM", uuid, default.CONTROL_DOMAIN, own)

    def _vm(self, vm: SimVm) -> Record:
        hosts = self.world.hosts
        up = vm.power_state in (Power.RUNNING, Power.PAUSED)
        own = {
            "name_label": vm.name,
            "power_state": vm.power_state.value.capitalize(),
            "resident_on": hosts[vm.resident_on].ref if vm.resident_on else NULL,
            "scheduled_to_be_resident_on": (
                hosts[vm.scheduled_to_be_resident_on].ref if vm.scheduled_to_be_resident_on else NULL
            ),
            "affinity": hosts[vm.affinity].ref if vm.affinity else NULL,
            "allowed_operations": self._allowed(vm),
            "current_operations": vm.current_operations,
            "blocked_operations": vm.blocked_operations,
            "other_config": vm.other_config,
            "tags": list(vm.tags),
            "metrics": named_ref("VM_metrics", vm.uuid),
            "guest_metrics": named_ref("VM_guest_metrics", vm.uuid) if vm.has_tools else NULL,
            "VIFs": [vif_ref(vm, name) for name in vm.cards],
            "groups": [ref_of(group) for group in vm.group_ids],
            "last_boot_CPU_flags": {"vendor": VENDOR, "features": _features(vm.cpu_features)},
            **_devices(vm),
            "VBDs": [named_ref("VBD", f"{vm.uuid}/{storage}") for storage in sorted(vm.storage)],
            "suspend_SR": _ref_or_null(vm.suspend_sr),
            "suspend_VDI": image_ref(vm) if vm.suspended_to else NULL,
            "ha_restart_priority": vm.ha_restart_priority,
            "ha_always_run": vm.ha_always_run,
            "VCPUs_max": vm.vcpus,
            "VCPUs_at_startup": vm.vcpus,
            "platform": _platform(vm),
            "domid": 1 if up else -1,
            **_memory(vm.memory, OVERHEAD),
        }
        if vm.power_state in (Power.HALTED, Power.SUSPENDED):
            own["memory_target"] = 0
        return self._made("VM", vm.uuid, default.VM, own)

    def _allowed(self, vm: SimVm) -> list[str]:
        """Advisory, as in xapi (lab: a poor guide)."""
        if vm.current_operations:
            return list(default.VM_BUSY)
        running = default.VM_RUNNING if vm.has_tools else default.VM_RUNNING_WITHOUT_TOOLS
        allowed = running if vm.power_state is Power.RUNNING else GUEST_STATES[vm.power_state]
        bound = BOUND if vm.device else ()
        return [operation for operation in allowed if operation not in vm.blocked_operations and operation not in bound]

    def _vm_metrics(self, vm: SimVm) -> Record:
        up = vm.power_state in (Power.RUNNING, Power.PAUSED)
        own = {
            "memory_actual": vm.memory - min(OVERHEAD, vm.memory) if up else 0,
            "VCPUs_number": vm.vcpus,
            "start_time": moment(0.0) if up else moment(None),
            "hvm": True,
            "current_domain_type": "hvm" if up else "unspecified",
        }
        return self._made("VM_metrics", uuid_of("VM_metrics", vm.uuid), own)

    def _dom0_metrics(self, host: SimHost, name: str) -> Record:
        own = {"memory_actual": host.dom0_memory, "VCPUs_number": 2, "current_domain_type": "pv"}
        return self._made("VM_metrics", uuid_of("VM_metrics", name), own)

    def _guest_metrics(self, vm: SimVm) -> Record:
        own: Record = {"last_updated": moment(0.0)}
        if vm.addresses:
            own["networks"] = {f"{n}/ip": address for n, address in enumerate(vm.addresses)}
        return self._made("VM_guest_metrics", uuid_of("VM_guest_metrics", vm.uuid), default.GUEST_METRICS, own)

    def _task(self, task: SimTask) -> Record:
        host = self.world.hosts.get(task.resident_on) or self.world.hosts[self.pool.coordinator]
        own = {
            "name_label": task.name,
            "allowed_operations": ["cancel"] if task.pending and (task.cancellable or task.advertises_cancel) else [],
            "created": moment(task.created),
            "finished": moment(task.finished),
            "status": task.status,
            "resident_on": host.ref,
            "progress": float(task.progress),
            "result": task.result,
            "error_info": list(task.error_info),
            "other_config": task.other_config,
            "subtask_of": task.subtask_of,
            "subtasks": [t.ref for t in self.world.tasks.values() if t.subtask_of == task.ref and t.pending],
        }
        return self._made("task", task.uuid, default.TASK, own)

    # --- one object

    def record(self, xapi_class: str, ref: str) -> Record | None:
        """The record of one object as it is now; None when there is no such object."""
        if xapi_class == "VM" and (vm := self._guest(ref)) is not None:
            return self._vm(vm)
        if xapi_class == "VDI" and (special := self.special_disks().get(ref)) is not None:
            return special()
        many = xapi_class in ("VM_metrics", "VM_guest_metrics", "VBD", "VDI", "VIF")
        make = (self._index(xapi_class) if many else self.makers(xapi_class)).get(ref)
        return make() if make else None

    def _index(self, xapi_class: str) -> dict[str, Maker]:
        """The makers of a class that has objects for every guest, kept until guests come or go."""
        count, makers = self._indexes.get(xapi_class, (-1, {}))
        if count != len(self.world.vms):
            makers = self._of_storage("VDI", ()) if xapi_class == "VDI" else self.makers(xapi_class)
            self._indexes[xapi_class] = len(self.world.vms), makers
        return makers

    def write(self, xapi_class: str, ref: str, field: str, value: Value) -> None:
        """Set a field of an object that exists: in the World where it has the field, else beside it."""
        it = self._thing(xapi_class, ref)
        if isinstance(it, SimHost | SimVm | SimPool) and field in ("other_config", "blocked_operations"):
            database_copy.remember(self.world, self.pool_id, it, field)
        match it, field:
            case (SimHost() | SimVm() | SimPool() | SimTask(), "other_config"):
                it.other_config = dict(value)
            case SimVm(), "blocked_operations":
                it.blocked_operations = dict(value)
            case SimVm(), "tags":
                it.tags = tuple(value)
            case SimVm(), "affinity":
                it.affinity = next((h.id for h in self.world.members(self.pool_id) if h.ref == value), None)
            case SimVm(), "suspend_SR":
                it.suspend_sr = _id_of(value)
            case SimPool(), "suspend_image_SR":
                it.suspend_sr = _id_of(value)
            case SimHost(), "suspend_image_sr":
                it.suspend_sr = _id_of(value)
            case SimPool(), "ha_allow_overcommit":
                it.ha_allow_overcommit = value
            case (SimVm() | SimPool() | SimSr(), "name_label"):
                it.name = value
            case SimHost(), "power_on_mode":
                it.power_on_mode = value
            case SimPool(), "wlb_enabled":
                it.wlb_enabled = value
            case _:
                self._overlay.setdefault(ref, {})[field] = value
        self.world.changed(xapi_class.lower(), ref)

    def _thing(self, xapi_class: str, ref: str) -> SimHost | SimVm | SimPool | SimTask | SimSr | None:
        match xapi_class:
            case "pool":
                return self.pool
            case "host":
                return next((h for h in self.world.members(self.pool_id) if h.ref == ref), None)
            case "VM":
                return self._guest(ref)
            case "task":
                return self.world.tasks.get(ref)
            case "SR":
                return self.world.storages.get(ref.removeprefix("OpaqueRef:"))
            case _:
                return None

    def _guest(self, ref: str) -> SimVm | None:
        vm = self.world.vms.get(ref.removeprefix("OpaqueRef:"))
        return vm if vm is not None and vm.pool == self.pool_id else None

    def touched(self, kind: str, ref: str) -> list[tuple[str, str]]:
        """Class and reference of every object that may look different after the World told of this change."""
        match kind:
            case "vm":
                return self._touched_with_guest(ref)
            case "host" | "host_metrics":
                hosts = [h for h in self.world.members(self.pool_id) if ref in (h.ref, h.metrics_ref)]
                return [each for host in hosts for each in self._with_host(host)]
            case "pool":
                statefile = [("VDI", statefile_ref(self.pool)), *(("SR", sr.ref) for sr in self._storages())]
                return [("pool", ref), *statefile] if ref == self.pool.ref else []
            case "task":
                parents = [t.subtask_of for t in self.world.tasks.values() if t.ref == ref and t.subtask_of != NULL]
                return [("task", each) for each in (ref, *parents)]
            case _:
                return [(c, each) for c in ("SR", "PBD") for each in self.makers(c)] if kind == "sr" else [(kind, ref)]

    def _with_host(self, host: SimHost) -> list[tuple[str, str]]:
        disks = [("PBD", self._pbd_ref(host, sr)) for sr in self._storages()]
        plan = [("pool", self.pool.ref)] if self.pool.ha_enabled else []
        return [("host", host.ref), ("host_metrics", host.metrics_ref), *disks, *plan]

    def _touched_with_guest(self, ref: str) -> list[tuple[str, str]]:
        vm = self._guest(ref)
        if vm is None:
            return [("VM", ref)]
        tools = named_ref("VM_guest_metrics", vm.uuid)
        if (tools in self._indexes.get("VM_guest_metrics", (0, {}))[1]) != vm.has_tools:
            self._indexes.pop("VM_guest_metrics", None)  # they come minutes after a guest's start, and go with it
        own = [("VM", ref), *((c, named_ref(c, vm.uuid)) for c in ("VM_metrics", "VM_guest_metrics"))]
        if (before := self._images.get(vm.id)) != vm.suspended_to:
            self._images[vm.id] = vm.suspended_to
            own += [("VDI", image_ref(vm)), *(("SR", ref_of(sr)) for sr in (before, vm.suspended_to) if sr)]
        own += [("VIF", vif_ref(vm, name)) for name in vm.cards]
        own += [("VBD", named_ref("VBD", f"{vm.uuid}/{storage}")) for storage in vm.storage]
        return own + (self._with_host(self.world.hosts[vm.resident_on])[:2] if vm.resident_on else [])


def _ref_or_null(storage: RepositoryId | None) -> str:
    return ref_of(storage) if storage else NULL


def _id_of(ref: str) -> RepositoryId | None:
    return ref.removeprefix("OpaqueRef:") if ref != NULL else None


def _processor(host: SimHost) -> dict[str, str]:
    told = {**default.HOST["cpu_info"], **dict.fromkeys(FEATURES, _features(host.cpu_features))}
    return {**told, "cpu_count": str(host.cpus)} if host.cpus else told


def _features(bits: int) -> str:
    """As xapi writes them: words of 32 bits."""
    return f"{bits & 0xFFFFFFFF:08x}-{bits >> 32 & 0xFFFFFFFF:08x}"


def _devices(vm: SimVm) -> Record:
    """What binds a guest to its host, in the fields of its record."""
    match vm.device:
        case Device.PCI:
            return {"attached_PCIs": [named_ref("PCI", vm.uuid)]}
        case Device.VGPU:
            return {"VGPUs": [named_ref("VGPU", vm.uuid)]}
        case Device.USB:
            return {"VUSBs": [named_ref("VUSB", vm.uuid)]}
        case Device.NESTED | Device.PORT | None:
            return {}


def _platform(vm: SimVm) -> dict[str, str]:
    nested = {"nested-virt": "true"} if vm.device is Device.NESTED else {}
    return {**default.VM["platform"], **nested, **({"vcpu-unrestricted": "true"} if vm.vcpus_unrestricted else {})}


def _memory(total: int, overhead: int) -> dict[str, int]:
    """`total` includes the overhead, as a host must have it free; the record tells them apart."""
    own = total - min(overhead, total)
    fields = ("static_max", "static_min", "dynamic_max", "dynamic_min", "target")
    return {"memory_overhead": total - own, **{f"memory_{field}": own for field in fields}}
