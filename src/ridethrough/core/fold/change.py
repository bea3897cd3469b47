"""One part of the memory changed, the rest as it was."""

from __future__ import annotations

from dataclasses import replace

from ridethrough.core.memory import Memory
from ridethrough.core.model import HostId, PoolId, StorageId, UpsId, VmId


def change_ups(m: Memory, key: UpsId, **changes: object) -> Memory:
    return replace(m, upses={**m.upses, key: replace(m.ups(key), **changes)})  # type: ignore[arg-type]


def change_host(m: Memory, key: HostId, **changes: object) -> Memory:
    return replace(m, hosts={**m.hosts, key: replace(m.host(key), **changes)})  # type: ignore[arg-type]


def change_pool(m: Memory, key: PoolId, **changes: object) -> Memory:
    return replace(m, pools={**m.pools, key: replace(m.pool(key), **changes)})  # type: ignore[arg-type]


def change_vm(m: Memory, key: VmId, **changes: object) -> Memory:
    return replace(m, vms={**m.vms, key: replace(m.vm(key), **changes)})  # type: ignore[arg-type]


def change_storage(m: Memory, key: StorageId, **changes: object) -> Memory:
    return replace(m, storages={**m.storages, key: replace(m.storage(key), **changes)})  # type: ignore[arg-type]
