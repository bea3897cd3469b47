"""Who has disks on which storage."""

from __future__ import annotations

from .model import HostId, PoolId, RepositoryId, StorageId
from .observation import HostSeen, VmSeen
from .situation import Situation, once


@once
def repositories_of(s: Situation, storage: StorageId) -> frozenset[RepositoryId]:
    """The storage repositories that lie on it: those that its owner names, and those of its address."""
    built = s.site.storages[storage]
    named = frozenset(built.repositories)
    found: set[RepositoryId] = set()
    for pool in s.seen.pools.values():
        found |= {r for r, name in pool.storage_names.items() if r in named or name in named}
        found |= {r for r, addresses in pool.storage_addresses.items() if built.address in addresses}
    return frozenset(found)


@once
def hosts_on(s: Situation, storage: StorageId) -> list[HostSeen]:
    """The hosts that use it, in the order of their ids: named by its owner, or with a repository of it attached, now or
    when the outage began. XenServer detaches all of a host that it shuts down.
    """
    named, repositories = s.site.storages[storage].used_by, repositories_of(s, storage)
    return [h for h in s.hosts if h.id in named or not repositories.isdisjoint(h.storage | attached_before(s, h))]


def attached_before(s: Situation, host: HostSeen) -> frozenset[RepositoryId]:
    """The storage repositories that it had attached when the outage of its pool began; none without an outage."""
    return _attached_before(s, host.pool).get(host.id, frozenset())


@once
def _attached_before(s: Situation, pool: PoolId) -> dict[HostId, frozenset[RepositoryId]]:
    record = s.memory.pool(pool).record
    return {host: frozenset(found) for host, found in record.attached} if record is not None else {}


def storages_with(s: Situation, repository: RepositoryId) -> list[StorageId]:
    """The storages on which a repository lies, in the order of their ids; none where its owner has named no such."""
    return [storage for storage in sorted(s.site.storages) if repository in repositories_of(s, storage)]


@once
def guests_on(s: Situation, storage: StorageId) -> list[VmSeen]:
    """The VMs that run or are paused with a disk on it; while no repository of it is known, all of its hosts' VMs.

    Not those that a pool still believes in on a host that is proven down.
    """
    repositories = repositories_of(s, storage)
    hosts = s.hosts if repositories else hosts_on(s, storage)
    on_them = [v for h in hosts if s.memory.host(h.id).down_at is None for v in s.guests(h.id)]
    return [v for v in on_them if not repositories or not repositories.isdisjoint(v.storage)]


def storages_under(s: Situation, host: HostId) -> list[StorageId]:
    """The storages that a host uses, in the order of their ids."""
    return _under(s, host) if s.site.storages else []


@once
def _under(s: Situation, host: HostId) -> list[StorageId]:
    return [storage for storage in sorted(s.site.storages) if any(h.id == host for h in hosts_on(s, storage))]


def storages_of(s: Situation, vm: VmSeen, host: HostId = "") -> list[StorageId]:
    """The storages that a VM has disks on; `host`: where it runs or is to start, for those without a repository."""
    found = []
    for storage in sorted(s.site.storages):
        repositories = repositories_of(s, storage)
        if not repositories.isdisjoint(vm.storage) or (not repositories and storage in storages_under(s, host)):
            found.append(storage)
    return found
