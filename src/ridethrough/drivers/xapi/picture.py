"""The pool's records and our own probes as the core's snapshot."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from ridethrough.core.model import Bytes, HostId, NetworkId, PoolId, RepositoryId, Seconds
from ridethrough.core.observation import HostSeen, PoolSeen, Power, Restart, Snapshot, VmSeen

from .identity import ambiguous, host_ids, one_line
from .movability import immovable, storage_refs, unsuspendable
from .needs import (
    MOST_CPUS,
    Cabling,
    cabling,
    cpu_of_host,
    cpu_of_vm,
    cpus_of,
    groups_of,
    networks_of,
    restart_of,
    vcpus_unrestricted,
)
from .records import NULL, GuestMetrics, Host, HostMetrics, Pool, Vm
from .store import Records
from .where import addresses

CLAIM = "ridethrough:claim"  # pool other_config: the controller in charge
MAINTENANCE_MODE = "MAINTENANCE_MODE"  # host other_config: XenCenter's mark (facts: XenAPI 4.2)
MOST_MEMORY: Bytes = 2**60
MOVES = {"pool_migrate", "migrate_send"}
STARTS = {"start", "start_on", "resume", "resume_on"}
_NONE: frozenset[str] = frozenset()
_POWERS = {power.value: power for power in Power}


@dataclass(frozen=True, slots=True)
class Evidence:
    """What our own probe of a host last got, on our clock."""

    toolstack_at: Seconds | None = None
    network_at: Seconds | None = None
    answers_since: Seconds | None = None  # of the toolstack, without a failed probe


@dataclass(frozen=True, slots=True)
class Picture:
    """A pool as its records show it, without the times of our probes."""

    pool: PoolSeen
    coordinator: HostId | None = None
    hosts: Mapping[HostId, HostSeen] = field(default_factory=dict)
    vms: Mapping[str, VmSeen] = field(default_factory=dict)
    ids: Mapping[str, HostId] = field(default_factory=dict)  # by reference
    # What a decision may depend on at once: equal where nothing of it has changed.
    matters: object = field(default=None, compare=False)

    def ref_of(self, host: HostId) -> str | None:
        """The reference of a host."""
        return next((ref for ref, found in self.ids.items() if found == host), None)

    def at(self, pool: PoolSeen, evidence: Mapping[str, Evidence]) -> Snapshot:
        """The snapshot, with the pool's times and each host's evidence (by uuid)."""
        hosts = {key: _with_evidence(host, evidence.get(host.uuid, Evidence())) for key, host in self.hosts.items()}
        return Snapshot(pools={pool.id: pool}, hosts=hosts, vms=self.vms)


def _with_evidence(host: HostSeen, evidence: Evidence) -> HostSeen:
    return replace(
        host,
        toolstack_at=evidence.toolstack_at,
        network_at=evidence.network_at,
        answers_since=evidence.answers_since,
    )


class _Drawn(NamedTuple):
    """What a VM's record came to: a guest (None: it is none), and the memory that it uses of a host."""

    uuid: str
    seen: VmSeen | None
    host: str
    memory: Bytes


@dataclass(frozen=True, slots=True)
class _Frame:
    """What is neither VM nor disk: the pool and its hosts, as if no guest used their memory."""

    pool: PoolSeen
    ids: Mapping[str, HostId] = field(default_factory=dict)  # by reference
    hosts: Mapping[HostId, HostSeen] = field(default_factory=dict)
    room: Mapping[str, Bytes] = field(default_factory=dict)  # for guests, by reference; may be below zero
    cables: Cabling = field(default_factory=Cabling)
    keeps: object = None  # where the memory of suspended guests may go


@dataclass(slots=True)
class Memo:
    """The pool as it was last drawn: most of it is the same in the next picture."""

    guests: Mapping[str, VmSeen] = field(default_factory=dict)
    guests_version: int = 0  # another one where `guests` has changed
    used: dict[str, Bytes] = field(default_factory=dict)  # memory by host reference
    hosts: Mapping[HostId, HostSeen] = field(default_factory=dict)
    _drawn: dict[str, _Drawn] = field(default_factory=dict)  # by reference
    _records: Records | None = None
    _frame: _Frame | None = None
    _revision: int = -1
    _disks_revision: int = -1
    _frame_revision: int = -1

    def draw(self, pool: PoolId, records: Records, names: Mapping[str, HostId]) -> _Frame:
        """Bring everything up to the records: what has changed, or all when nobody can tell what has."""
        frame = self._frame
        if frame is None or records is not self._records or records.frame_revision != self._frame_revision:
            frame = _frame(pool, records, names)
        self._draw_guests(records, frame, pool)
        same = frame is self._frame
        self.hosts = {
            key: _with_room(self.hosts[key] if same else frame.hosts[key], frame.room[ref] - self.used.get(ref, 0))
            for ref, key in frame.ids.items()
        }
        self._frame, self._records = frame, records
        self._revision, self._disks_revision = records.revision, records.disks_revision
        self._frame_revision = records.frame_revision
        return frame

    def _draw_guests(self, records: Records, frame: _Frame, pool: PoolId) -> None:
        stale, version = self._stale(records, frame), self.guests_version
        if stale is None:
            guests: dict[str, VmSeen] = {}
            self.used, self._drawn, stale = {}, {}, records.vms
        elif stale:
            guests = dict(self.guests)  # the last picture keeps its own
        else:
            return
        for ref in stale:
            self._redraw(guests, ref, records, frame, pool)
        if guests == self.guests:
            self.guests_version = version
        else:
            self.guests, self.guests_version = guests, version + 1

    def _stale(self, records: Records, frame: _Frame) -> Collection[str] | None:
        """The references of the VMs to draw again; None: all, when hosts, disks or the database are other ones."""
        known = self._frame or _Frame(frame.pool)
        if records is not self._records or records.disks_revision != self._disks_revision:
            return None
        if frame.ids != known.ids or frame.keeps != known.keeps:
            return None
        changes = records.since(self._revision)
        if changes is None:
            return None
        stale = {ref for cls, ref in changes if cls == "vm"}
        cards = [records.vifs[ref].vm for cls, ref in changes if cls == "vif" and ref in records.vifs]
        stale.update(ref for ref in cards if ref in records.vms)
        tools = {ref for cls, ref in changes if cls == "vm_guest_metrics"}
        return stale | {ref for ref, vm in records.vms.items() if vm.guest_metrics in tools} if tools else stale

    def _redraw(self, guests: dict[str, VmSeen], ref: str, records: Records, frame: _Frame, pool: PoolId) -> None:
        before, vm = self._drawn.pop(ref, None), records.vms.get(ref)
        seen = _vm_seen(vm, pool, frame, records) if vm is not None and vm.uuid and vm.is_guest else None
        if before is not None:
            self.used[before.host] -= before.memory
        if before is not None and before.seen == seen:
            seen = before.seen
        elif before is not None and before.seen is not None and guests.get(before.uuid) is before.seen:
            del guests[before.uuid]
        if seen is not None:
            guests[seen.id] = seen
        if vm is not None:
            memory = _used_by(vm, memory_needed(vm) if seen is None else seen.memory)
            self.used[vm.resident_on] = self.used.get(vm.resident_on, 0) + memory
            self._drawn[ref] = _Drawn(vm.uuid, seen, vm.resident_on, memory)


def picture(pool: PoolId, records: Records, names: Mapping[str, HostId], memo: Memo | None = None) -> Picture:
    """Guests only: control domains, templates and snapshots are no guests, but control domains use memory."""
    memo = memo or Memo()
    frame = memo.draw(pool, records, names)
    found = records.pool
    return Picture(
        pool=frame.pool,
        coordinator=frame.ids.get(found[1].master) if found else None,
        hosts=memo.hosts,
        vms=memo.guests,
        ids=frame.ids,
        matters=(frame.pool, frame.hosts, memo.guests_version),  # free memory follows from the VMs that moved
    )


def _frame(pool: PoolId, records: Records, names: Mapping[str, HostId]) -> _Frame:
    hosts = {ref: host for ref, host in records.hosts.items() if host.uuid}
    ids, stores, cables = host_ids(hosts, names), _stores(records), cabling(records)

    def drawn(ref: str, host: Host) -> HostSeen:
        metrics, networks = records.metrics.get(host.metrics), cables.ports.get(ref, _NONE)
        return _host_seen(ids[ref], pool, host, metrics, stores.get(ref, _Stores()), networks)

    seen = {ids[ref]: drawn(ref, host) for ref, host in hosts.items()}
    return _Frame(
        _pool_seen(pool, records, ambiguous(hosts.values(), names)),
        ids,
        seen,
        {ref: seen[ids[ref]].memory_total - _possible(host.memory_overhead) for ref, host in hosts.items()},
        cables,
        (
            records.pool[1].suspend_image_sr if records.pool else NULL,
            tuple((ref, host.suspend_image_sr, seen[ids[ref]].storage) for ref, host in hosts.items()),
        ),
    )


def _with_room(host: HostSeen, room: Bytes) -> HostSeen:
    free = max(0, room)
    return host if host.memory_free == free else replace(host, memory_free=free)


def _pool_seen(pool: PoolId, records: Records, trouble: str) -> PoolSeen:
    found = records.pool
    if found is None:
        return PoolSeen(pool, trouble="; ".join(t for t in (trouble, records.trouble) if t))
    record = found[1]
    return PoolSeen(
        pool,
        claim=claimed_by(record.other_config.get(CLAIM, "")),
        auto_poweron=record.other_config.get("auto_poweron", "").lower() == "true",
        ha_enabled=record.ha_enabled,
        ha_failures=record.ha_host_failures_to_tolerate,
        ha_storages=_heartbeat(record, records),
        ha_configuration=tuple(sorted(record.ha_configuration.items())),
        wlb_enabled=record.wlb_enabled,
        wlb_address=_host_of(record.wlb_url),
        storage_names={sr.uuid: sr.name_label for sr in records.srs.values()},
        network_names={n.uuid: one_line(n.name_label) for n in records.networks.values() if n.uuid},
        storage_addresses=addresses(records),
        trouble="; ".join(t for t in (trouble, records.trouble) if t),
    )


def _heartbeat(pool: Pool, records: Records) -> tuple[RepositoryId, ...]:
    """The storage repositories that hold HA's statefiles."""
    vdis = [records.vdis[ref] for ref in pool.ha_statefiles if ref in records.vdis]
    return tuple(sorted({records.srs[vdi.sr].uuid for vdi in vdis if vdi.sr in records.srs}))


def claimed_by(claim: str) -> str:
    """The controller named by a claim: its name, a space, and when it was written by the pool's clock."""
    name, _, written = claim.rpartition(" ")
    return name if name and written.endswith("Z") and "T" in written else claim


def memory_needed(vm: Vm) -> Bytes:
    """What xapi reckons a VM with, on its host and on a target, in bytes.

    xapi compares in maximum compression: dynamic_min plus overhead, on both sides (facts: XenAPI 5.4; lab 14:
    compute_free_memory agrees to the byte). A guest that may not balloon has dynamic_min = dynamic_max. Guests with
    their own kernel but no emulated hardware (pvh) do not balloon: their static_max counts.
    """
    own = vm.memory_static_max if vm.domain_type in ("pvh", "pv_in_pvh") else vm.memory_dynamic_min
    return _possible(own) + _possible(vm.memory_overhead)


def _possible(told: Bytes) -> Bytes:
    """Within what a machine can have: sums and shares of it are reckoned with."""
    return min(max(told, 0), MOST_MEMORY)


def _used_by(vm: Vm, needed: Bytes) -> Bytes:
    """Memory in use on the VM's host: of residents, control domains among them. VMs on their way in are not counted."""
    resident = vm.resident_on != NULL and vm.power_state in ("Running", "Paused")
    return needed if resident else 0


@dataclass(frozen=True, slots=True)
class _Stores:
    """The storage repositories of one host, by its PBDs; only shared ones among those that are not attached."""

    attached: set[RepositoryId] = field(default_factory=set)
    detached: set[RepositoryId] = field(default_factory=set)


def _stores(records: Records) -> dict[str, _Stores]:
    found: dict[str, _Stores] = {}
    for pbd in records.pbds.values():
        sr = records.srs.get(pbd.sr)
        if sr is None or not sr.uuid:
            continue
        stores = found.setdefault(pbd.host, _Stores())
        if pbd.currently_attached:
            stores.attached.add(sr.uuid)
        elif sr.shared:
            stores.detached.add(sr.uuid)
    return found


def _host_seen(
    key: HostId,
    pool: PoolId,
    host: Host,
    metrics: HostMetrics | None,
    stores: _Stores,
    networks: frozenset[NetworkId],
) -> HostSeen:
    """host_metrics.memory_free is old or 0 (lab 14): free memory is reckoned from the guests' records instead."""
    return HostSeen(
        key,
        pool,
        uuid=host.uuid,
        name=one_line(host.name_label),
        address=host.address,
        enabled=host.enabled,
        live=metrics.live if metrics else False,
        agent_started=host.agent_started,
        booted=host.booted,
        memory_total=_possible(metrics.memory_total) if metrics else 0,
        storage=frozenset(stores.attached),
        detached=frozenset(stores.detached),
        busy=frozenset(host.current_operations.values()),
        maintenance_mode=MAINTENANCE_MODE in host.other_config,
        power_on_mode=host.power_on_mode,
        networks=networks,
        cpu=cpu_of_host(host),
        cpus=cpus_of(host),
    )


def _vm_seen(vm: Vm, pool: PoolId, frame: _Frame, records: Records) -> VmSeen:
    busy, storages, ids = frozenset(vm.current_operations.values()), storage_refs(vm, records), frame.ids
    networks, cables = networks_of(vm, records), frame.cables
    attached = frame.hosts[ids[vm.resident_on]].storage if vm.resident_on in ids else _NONE
    return VmSeen(
        vm.uuid,
        one_line(vm.name_label),
        pool,
        power=_power(vm.power_state),
        resident_on=ids.get(vm.resident_on),
        moving_to=ids.get(vm.scheduled_to_be_resident_on) if busy & MOVES else None,
        starting_on=ids.get(vm.scheduled_to_be_resident_on) if busy & STARTS else None,
        memory=memory_needed(vm),
        storage=frozenset(records.srs[sr].uuid for sr in storages if sr in records.srs),
        busy=busy,
        immovable=immovable(vm, storages, records, bool(networks & cables.hardware)),
        tags=frozenset(vm.tags),
        networks=frozenset(cables.tying[n] for n in networks if n in cables.tying),
        cpu=cpu_of_vm(vm),
        affinity=ids.get(vm.affinity),
        restart=(restart := restart_of(vm)),
        ha_protected=restart is Restart.ALWAYS and vm.ha_always_run,
        groups=groups_of(vm, records) if vm.groups else _NONE,
        unsuspendable=unsuspendable(vm, records, attached, bool(networks & cables.hardware)),
        addresses=_addresses(records.guest_metrics.get(vm.guest_metrics)),
        starts_itself=vm.other_config.get("auto_poweron", "").lower() == "true",
        vcpus=min(max(vm.vcpus_max, 0), MOST_CPUS),
        vcpus_unrestricted=vcpus_unrestricted(vm),
    )


def _addresses(told: GuestMetrics | None) -> frozenset[str]:
    return frozenset(told.networks.values()) if told is not None and told.networks else _NONE


def _host_of(url: str) -> str:
    """The address in pool.wlb_url: "192.0.2.9:8012", with or without "https://" before it."""
    text = url.rpartition("://")[2].partition("/")[0]
    return text.partition("]")[0].removeprefix("[") if text.startswith("[") else text.partition(":")[0]


def _power(state: str) -> Power:
    return _POWERS.get(state.lower(), Power.RUNNING)  # a state of a future version: something that may still run
