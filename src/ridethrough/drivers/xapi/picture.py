"""The pool's records and our own probes as the core's snapshot."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from ridethrough.core.model import Bytes, HostId, PoolId, Seconds, StorageId
from ridethrough.core.observation import HostSeen, PoolSeen, Power, Snapshot, VmSeen

from .identity import ambiguous, host_ids, one_line
from .movability import immovable, storage_refs
from .records import NULL, GuestMetrics, Host, HostMetrics, Vm
from .store import Records

CLAIM = "ridethrough:claim"  # pool other_config: the controller in charge
MAINTENANCE_MODE = "MAINTENANCE_MODE"  # host other_config: XenCenter's mark (facts: XenAPI 4.2)
MOST_MEMORY: Bytes = 2**60
MOVES = {"pool_migrate", "migrate_send"}


@dataclass(frozen=True, slots=True)
class Evidence:
    """What our own probe of a host last got, on our clock."""

    toolstack_at: Seconds | None = None
    network_at: Seconds | None = None


@dataclass(frozen=True, slots=True)
class Picture:
    """A pool as its records show it, without the times of our probes."""

    pool: PoolSeen
    coordinator: HostId | None = None
    hosts: Mapping[HostId, HostSeen] = field(default_factory=dict)
    vms: Mapping[str, VmSeen] = field(default_factory=dict)
    ids: Mapping[str, HostId] = field(default_factory=dict)  # by reference

    def ref_of(self, host: HostId) -> str | None:
        """The reference of a host."""
        return next((ref for ref, found in self.ids.items() if found == host), None)

    def matters(self) -> object:
        """What a decision may depend on at once; free memory follows from the VMs that moved."""
        hosts = {key: replace(host, memory_free=0) for key, host in self.hosts.items()}
        return self.pool, hosts, self.vms

    def at(self, pool: PoolSeen, evidence: Mapping[str, Evidence]) -> Snapshot:
        """The snapshot, with the pool's times and each host's evidence (by uuid)."""
        hosts = {key: _with_evidence(host, evidence.get(host.uuid, Evidence())) for key, host in self.hosts.items()}
        return Snapshot(pools={pool.id: pool}, hosts=hosts, vms=self.vms)


def _with_evidence(host: HostSeen, evidence: Evidence) -> HostSeen:
    return replace(host, toolstack_at=evidence.toolstack_at, network_at=evidence.network_at)


@dataclass(slots=True)
class Memo:
    """Guests as they were last drawn: most of them are the same in the next picture."""

    ids: Mapping[str, HostId] = field(default_factory=dict)
    records: Records | None = None
    disks_revision: int = -1
    guests: dict[str, tuple[Vm, GuestMetrics | None, VmSeen]] = field(default_factory=dict)

    def open(self, records: Records, ids: Mapping[str, HostId]) -> None:
        """Forget everything when hosts, disks or the database are not what they were."""
        if records is not self.records or records.disks_revision != self.disks_revision or ids != self.ids:
            self.guests.clear()
        self.records, self.disks_revision, self.ids = records, records.disks_revision, ids

    def guest(self, ref: str, vm: Vm, pool: PoolId) -> VmSeen:
        """The guest, drawn again only when its own records have changed."""
        assert self.records is not None
        tools = self.records.guest_metrics.get(vm.guest_metrics)
        known = self.guests.get(ref)
        if known is not None and known[0] is vm and known[1] is tools:
            return known[2]
        drawn = _vm_seen(ref, vm, pool, self.ids, self.records)
        self.guests[ref] = (vm, tools, drawn)
        return drawn


def picture(pool: PoolId, records: Records, names: Mapping[str, HostId], memo: Memo | None = None) -> Picture:
    """Guests only: control domains, templates and snapshots are no guests, but control domains use memory."""
    memo = memo or Memo()
    hosts = {ref: host for ref, host in records.hosts.items() if host.uuid}
    ids = host_ids(hosts, names)
    memo.open(records, ids)
    used = _used(records)
    attached = _attached(records)
    found = records.pool
    return Picture(
        pool=_pool_seen(pool, records, ambiguous(hosts.values(), names)),
        coordinator=ids.get(found[1].master) if found else None,
        hosts={
            ids[ref]: _host_seen(
                ids[ref],
                pool,
                host,
                records.metrics.get(host.metrics),
                used.get(ref, 0),
                attached.get(ref, frozenset()),
            )
            for ref, host in hosts.items()
        },
        vms={vm.uuid: memo.guest(ref, vm, pool) for ref, vm in records.vms.items() if vm.uuid and vm.is_guest},
        ids=ids,
    )


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
        wlb_enabled=record.wlb_enabled,
        trouble="; ".join(t for t in (trouble, records.trouble) if t),
    )


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


def _used(records: Records) -> dict[str, Bytes]:
    """Memory in use by host reference: residents, control domains among them. VMs on their way in are not counted."""
    used: dict[str, Bytes] = {}
    for vm in records.vms.values():
        if vm.resident_on != NULL and vm.power_state in ("Running", "Paused"):
            used[vm.resident_on] = used.get(vm.resident_on, 0) + memory_needed(vm)
    return used


def _attached(records: Records) -> dict[str, frozenset[StorageId]]:
    found: dict[str, set[StorageId]] = {}
    for pbd in records.pbds.values():
        sr = records.srs.get(pbd.sr)
        if pbd.currently_attached and sr is not None and sr.uuid:
            found.setdefault(pbd.host, set()).add(sr.uuid)
    return {host: frozenset(srs) for host, srs in found.items()}


def _host_seen(
    key: HostId,
    pool: PoolId,
    host: Host,
    metrics: HostMetrics | None,
    used: Bytes,
    storage: frozenset[StorageId],
) -> HostSeen:
    """host_metrics.memory_free is old or 0 (lab 14): free memory is reckoned from the records instead."""
    total = _possible(metrics.memory_total) if metrics else 0
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
        memory_total=total,
        memory_free=max(0, total - _possible(host.memory_overhead) - used),
        storage=storage,
        busy=frozenset(host.current_operations.values()),
        maintenance_mode=MAINTENANCE_MODE in host.other_config,
        power_on_mode=host.power_on_mode,
    )


def _vm_seen(ref: str, vm: Vm, pool: PoolId, ids: Mapping[str, HostId], records: Records) -> VmSeen:
    busy = frozenset(vm.current_operations.values())
    return VmSeen(
        vm.uuid,
        one_line(vm.name_label),
        pool,
        power=_power(vm.power_state),
        resident_on=ids.get(vm.resident_on),
        moving_to=ids.get(vm.scheduled_to_be_resident_on) if busy & MOVES else None,
        memory=memory_needed(vm),
        storage=frozenset(records.srs[sr].uuid for sr in storage_refs(vm, records) if sr in records.srs),
        busy=busy,
        immovable=immovable(ref, vm, records),
        tags=frozenset(vm.tags),
    )


def _power(state: str) -> Power:
    try:
        return Power(state.lower())
    except ValueError:  # a state of a future version: something that may still run
        return Power.RUNNING
