"""VMs whose start was given up when an outage was closed: they are still started, once their hosts are back."""

from __future__ import annotations

from . import events as e
from .memory import StorageMemory
from .model import HostId, PoolId, VmId
from .observation import HostSeen, Power, VmSeen
from .ordering import is_down
from .power import supply
from .proof import STARTS_WITHIN
from .situation import Situation
from .storage_use import storages_of

OFF = (Power.HALTED, Power.SUSPENDED)


def back(s: Situation, pool: PoolId) -> list[tuple[VmId, HostId]]:
    """Those that are off, and whose hosts answer again; in the order of their ids."""
    return sorted((vm.id, home.id) for vm, home in _off(s, pool) if s.answers(home) and home.live)


def is_due(s: Situation, pool: PoolId) -> bool:
    """One of them could start now. XenServer and people have had a minute to do so."""
    m = s.memory.pool(pool)
    return not m.off_by_person and any(_can_take(s, home, vm) for vm, home in _off(s, pool))


def started(s: Situation) -> list[e.Event]:
    """Those that run: somebody has started them, or their host had lost its network alone."""
    found: list[e.Event] = []
    for pool in sorted(p for p, m in s.memory.pools.items() if m.owed and s.is_trusted(p)):
        for vm in (s.seen.vms[vm] for vm, _ in s.memory.pool(pool).owed if vm in s.seen.vms):
            host = s.seen.hosts.get(vm.resident_on or "")
            if vm.power not in OFF and host is not None and _is_up(s, host):
                found.append(e.VmRunsAgain(s.now, vm.id, vm.name, host.id))
    return found


def _off(s: Situation, pool: PoolId) -> list[tuple[VmSeen, HostSeen]]:
    known = [(s.seen.vms.get(vm), s.seen.hosts.get(home)) for vm, home in s.memory.pool(pool).owed]
    return [(vm, home) for vm, home in known if vm is not None and home is not None and vm.power in OFF]


def _can_take(s: Situation, home: HostSeen, vm: VmSeen) -> bool:
    if not (home.enabled and _is_up(s, home) and supply(s, home.id).powered) or vm.busy:
        return False
    return vm.storage <= home.storage and home.memory_free >= vm.memory and _disks_serve(s, vm, home)


def _is_up(s: Situation, host: HostSeen) -> bool:
    """For so long that its pool has learned what runs on it."""
    up = host.live and s.answers(host) and not is_down(s, host.id) and s.memory.host(host.id).shut_down_at is None
    return up and host.answers_since is not None and s.now - host.answers_since >= STARTS_WITHIN


def _disks_serve(s: Situation, vm: VmSeen, home: HostSeen) -> bool:
    for storage in storages_of(s, vm, home.id):
        seen = s.seen.storages.get(storage)
        at = seen.serves_at if seen is not None and s.memory.storage(storage) == StorageMemory() else None
        if at is None or s.now - at > s.policy.silent_after or not supply(s, storage).powered:
            return False
    return True
