"""Records of storage and network, and what all records have in common."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial

from ridethrough.core.model import HostId, PoolId
from ridethrough.core.observation import Power
from ridethrough.sim.machines import (
    PORTS,
    SimHost,
    SimPool,
    SimSr,
    SimVm,
    disk_uuid,
    network_name,
    network_uuid,
    pbd_uuid,
    ref_of,
    uuid_of,
)
from ridethrough.sim.world import World

from . import record_defaults as default
from .catalogue import Catalogue
from .marshal import Value, empty

Record = dict[str, Value]
Maker = Callable[[], Record]

CLASSES = (
    *("pool", "host", "host_metrics", "VM", "VM_metrics", "VM_guest_metrics", "task"),
    *("SR", "PBD", "VDI", "VBD", "network", "PIF", "VIF", "VM_group"),
)


def named_ref(kind: str, name: str) -> str:
    """The reference of an object that the World has no object for, such as a guest's metrics."""
    return ref_of(uuid_of(kind, name))


def pif_ref(host: SimHost, network: str) -> str:
    """A host's port on a network."""
    return named_ref("PIF", f"{host.uuid}/{network}" if network else host.uuid)


def vif_ref(vm: SimVm, network: str) -> str:
    """A guest's card on a network."""
    return named_ref("VIF", f"{vm.uuid}/{network}")


def image_ref(vm: SimVm) -> str:
    """The VDI that holds a suspended guest's memory."""
    return named_ref("VDI", f"{vm.uuid}/suspend image")


def statefile_ref(pool: SimPool) -> str:
    """The VDI through which the hosts see each other with HA on."""
    return named_ref("VDI", f"{pool.uuid}/statefile")


class SiteRecords:
    """The World of one pool as records; this part of it changes seldom."""

    def __init__(
        self, world: World, pool: PoolId, catalogue: Catalogue, address: Callable[[HostId], str] | None = None
    ) -> None:
        """`address`: where a host answers on the wire, when that is not the address it has in the World."""
        self.world, self.pool_id, self.catalogue = world, pool, catalogue
        self._address = address or (lambda host: world.hosts[host].address)
        self._known_storages = {s for v in self._guests() for s in v.storage}
        self._overlay: dict[str, Record] = {}  # by reference: what clients wrote and the World has no place for
        self._blank = {c: {f: empty(k) for f, (k, _) in catalogue.fields[c].items()} for c in CLASSES}

    @property
    def pool(self) -> SimPool:
        return self.world.pools[self.pool_id]

    def _guests(self) -> list[SimVm]:
        return [v for v in self.world.vms.values() if v.pool == self.pool_id]

    def _storages(self) -> list[SimSr]:
        """Every storage repository that a host of this pool has or had attached, or a guest had a disk on."""
        self._known_storages.update(*(h.storage | h.detached for h in self.world.members(self.pool_id)))
        return [self.world.storages[s] for s in sorted(self._known_storages) if s in self.world.storages]

    def _made(self, xapi_class: str, uuid: str, *layers: Mapping[str, Value]) -> Record:
        record: Record = dict(self._blank[xapi_class])
        for layer in layers:
            record.update(layer)
        record["uuid"] = uuid
        record.update(self._overlay.get(ref_of(uuid), {}))
        known = self.catalogue.fields[xapi_class]
        return {f: v.copy() if isinstance(v, dict | list) else v for f, v in record.items() if f in known}

    def _of_storage(self, xapi_class: str, members: Iterable[SimHost]) -> dict[str, Maker]:
        storages = self._storages()
        found: dict[str, Maker] = {}
        for sr in storages:
            if xapi_class == "SR":
                found[sr.ref] = partial(self._sr, sr)
            for host in members if xapi_class == "PBD" else ():
                if host.has_pbd(sr):
                    found[self._pbd_ref(host, sr)] = partial(self._pbd, host, sr)
        for vm in self._guests() if xapi_class in ("VDI", "VBD") else ():
            for position, storage in enumerate(sorted(vm.storage)):
                make = partial(self._vdi if xapi_class == "VDI" else self._vbd, vm, storage, position)
                found[named_ref(xapi_class, f"{vm.uuid}/{storage}")] = make
        return found

    def special_disks(self) -> dict[str, Maker]:
        """The VDIs that come and go: the memory of suspended guests, and HA's statefile."""
        found: dict[str, Maker] = {}
        for vm in self._guests():
            if vm.suspended_to:
                ref = image_ref(vm)
                found[ref] = partial(self._special, ref, vm.suspended_to, f"Suspend image of {vm.name}", "suspend")
        if self.pool.ha_statefile:
            ref = statefile_ref(self.pool)
            found[ref] = partial(self._special, ref, self.pool.ha_statefile, "Statefile for HA", "ha_statefile")
        return found

    def _special(self, ref: str, storage: str, name: str, kind: str) -> Record:
        own = {"name_label": name, "SR": ref_of(storage), "type": kind}
        return self._made("VDI", ref.removeprefix("OpaqueRef:"), default.VDI, own)

    def _sr(self, sr: SimSr) -> Record:
        disks = [vm for vm in self._guests() if sr.id in vm.storage]
        attached = [h for h in self.world.members(self.pool_id) if h.has_pbd(sr)]
        special = [image_ref(vm) for vm in self._guests() if vm.suspended_to == sr.id]
        special += [statefile_ref(self.pool)] if self.pool.ha_statefile == sr.id else []
        own = {
            "name_label": sr.name,
            "type": "nfs" if sr.shared else "ext",
            "shared": sr.shared,
            "PBDs": [self._pbd_ref(h, sr) for h in attached],
            "VDIs": [*(named_ref("VDI", f"{vm.uuid}/{sr.id}") for vm in disks), *special],
        }
        return self._made("SR", sr.id, default.SR, own)

    def _pbd_ref(self, host: SimHost, sr: SimSr) -> str:
        return ref_of(pbd_uuid(host.uuid, sr.id))

    def _pbd(self, host: SimHost, sr: SimSr) -> Record:
        own = {
            "host": host.ref,
            "SR": sr.ref,
            "currently_attached": sr.id in host.storage,
            "device_config": self._where(sr),
        }
        return self._made("PBD", pbd_uuid(host.uuid, sr.id), own)

    def _where(self, sr: SimSr) -> dict[str, str]:
        """As the driver of NFS has it (xapi-project/sm, NFSSR)."""
        boxes = [box for box in self.world.nases.values() if sr.id in box.repositories and box.address]
        return {"server": boxes[0].address, "serverpath": f"/{sr.name}"} if boxes else {}

    def _vdi(self, vm: SimVm, storage: str, position: int) -> Record:
        name = f"{vm.uuid}/{storage}"
        own = {"name_label": f"{vm.name} disk {position}", "SR": ref_of(storage), "VBDs": [named_ref("VBD", name)]}
        return self._made("VDI", disk_uuid(vm.uuid, storage), default.VDI, own)

    def _vbd(self, vm: SimVm, storage: str, position: int) -> Record:
        name = f"{vm.uuid}/{storage}"
        own = {
            "VM": vm.ref,
            "VDI": named_ref("VDI", name),
            "userdevice": str(position),
            "device": f"xvd{chr(ord('a') + position % 26)}",
            "currently_attached": vm.power_state in (Power.RUNNING, Power.PAUSED),
        }
        return self._made("VBD", uuid_of("VBD", name), default.VBD, own)

    # --- networks

    def of_networks(self, xapi_class: str) -> dict[str, Maker]:
        """The objects of one of the classes network, PIF, VIF and VM_group."""
        match xapi_class:
            case "network":
                return {self._network_ref(n): partial(self._network, n) for n in self.world.networks(self.pool_id)}
            case "PIF":
                members = self.world.members(self.pool_id)
                return {pif_ref(h, name): partial(self._pif, h, name) for h in members for name in h.ports}
            case "VIF":
                return {vif_ref(vm, name): partial(self._vif, vm, name) for vm in self._guests() for name in vm.cards}
            case _:
                names = sorted({name for vm in self._guests() for name in vm.groups})
                return {ref_of(self._group_uuid(name)): partial(self._group, name) for name in names}

    def _network_ref(self, name: str) -> str:
        return ref_of(network_uuid(self.pool_id, name))

    def _network(self, name: str) -> Record:
        own = {
            "name_label": network_name(name),
            "PIFs": [pif_ref(h, name) for h in self.world.members(self.pool_id) if name in h.ports],
            "VIFs": [vif_ref(vm, name) for vm in self._guests() if name in vm.cards],
        }
        return self._made("network", network_uuid(self.pool_id, name), default.NETWORK, own)

    def _pif(self, host: SimHost, name: str) -> Record:
        ref = pif_ref(host, name)
        own = {
            "network": self._network_ref(name),
            "host": host.ref,
            "device": f"eth{host.ports.index(name)}",
            "MAC": host.mac,
            "IP": "" if name else self._address(host.id),
            "management": not name,
            "sriov_logical_PIF_of": [named_ref("network_sriov", host.uuid)] if name == PORTS else [],
        }
        return self._made("PIF", ref.removeprefix("OpaqueRef:"), default.PIF, own)

    def _vif(self, vm: SimVm, name: str) -> Record:
        own = {
            "VM": vm.ref,
            "network": self._network_ref(name),
            "device": str(vm.cards.index(name)),
            "currently_attached": vm.power_state in (Power.RUNNING, Power.PAUSED),
        }
        return self._made("VIF", vif_ref(vm, name).removeprefix("OpaqueRef:"), default.VIF, own)

    def _group_uuid(self, name: str) -> str:
        return uuid_of("VM_group", f"{self.pool_id}/{name}")

    def _group(self, name: str) -> Record:
        members = [vm.ref for vm in self._guests() if name in vm.groups]
        own = {"name_label": name, "placement": "anti_affinity", "VMs": members}
        return self._made("VM_group", self._group_uuid(name), own)
