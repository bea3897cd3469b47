"""HA's arithmetic: which guests are protected, and how many host failures there is a plan for.

Read from source, not seen running: xapi_ha_vm_failover.ml, agility.ml (facts: xenapi.md 4.7).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from itertools import combinations
from typing import TYPE_CHECKING

from ridethrough.core.model import HostId, PoolId
from ridethrough.core.observation import Power

from .errors import XapiError
from .machines import SimHost, SimSr, SimVm

if TYPE_CHECKING:
    from .world import World

Protects = Callable[[SimVm], bool]
BROKEN = "HA_OPERATION_WOULD_BREAK_FAILOVER_PLAN"


def is_protected(vm: SimVm) -> bool:
    """HA restarts it after its host's failure: its priority is "restart", and it is meant to run."""
    return vm.ha_restart_priority == "restart" and vm.ha_always_run


def ties(world: World, vm: SimVm) -> SimSr | None:
    """The storage that keeps a guest from running on every enabled host; None when it is agile."""
    hosts = [h for h in world.members(vm.pool) if h.enabled]
    for storage in (world.storages[s] for s in sorted(vm.storage)):
        if not storage.shared or any(storage.id not in h.storage for h in hosts):
            return storage
    return None


def exists(
    world: World, pool: PoolId, failures: int, without: Collection[HostId] = (), protects: Protects = is_protected
) -> bool:
    """Whether any `failures` hosts may fail and every protected guest still finds a place.

    `without`: hosts that are taken for disabled. A protected guest that is tied to its host has no plan.
    """
    hosts = [h for h in world.members(pool) if h.enabled and h.live and h.id not in without]
    if failures <= 0:
        return True
    if failures >= len(hosts) or any(ties(world, vm) for vm in _protected(world, pool, protects)):
        return False
    return all(_survives(world, hosts, failed, protects) for failed in combinations(hosts, failures))


def _protected(world: World, pool: PoolId, protects: Protects) -> list[SimVm]:
    running = (Power.RUNNING, Power.PAUSED)
    return [v for v in world.vms.values() if v.pool == pool and v.power_state in running and protects(v)]


def _survives(world: World, hosts: Sequence[SimHost], failed: Sequence[SimHost], protects: Protects) -> bool:
    """Largest guest first, each to the roomiest host that is left."""
    room = {h.id: world.memory_available(h.id) for h in hosts if h not in failed}
    displaced = [v for h in failed for v in world.guests(h.id) if protects(v)]
    for vm in sorted(displaced, key=lambda v: (-v.memory, v.id)):
        roomiest = max(room, key=lambda h: room[h])
        if vm.memory > room[roomiest]:
            return False
        room[roomiest] -= vm.memory
    return True


def most_failures(world: World, pool: PoolId, protects: Protects = is_protected) -> int:
    """The largest number of host failures that there is a plan for."""
    most = 0
    while exists(world, pool, most + 1, protects=protects):
        most += 1
        if most >= len(world.members(pool)):
            break
    return most


def planned(world: World, pool: PoolId) -> int:
    """pool.ha_plan_exists_for: of the failures that are to be tolerated, how many there is a plan for."""
    it = world.pools[pool]
    return next(n for n in range(it.ha_failures, -1, -1) if exists(world, pool, n)) if it.ha_enabled else 0


def assert_placement_kept(world: World, vm: SimVm, host: SimHost) -> None:
    """Raises HA_OPERATION_WOULD_BREAK_FAILOVER_PLAN when there is a full plan, and none with the guest on that host."""
    it = world.pools[vm.pool]
    if not it.ha_enabled or it.ha_allow_overcommit or not exists(world, vm.pool, it.ha_failures):
        return
    before = vm.resident_on, vm.power_state
    vm.resident_on, vm.power_state = host.id, Power.RUNNING
    try:
        protects: Protects = lambda v: is_protected(v) or (v is vm and v.ha_restart_priority == "restart")  # noqa: E731
        kept = exists(world, vm.pool, it.ha_failures, protects=protects)
    finally:
        vm.resident_on, vm.power_state = before
    if not kept:
        raise XapiError(BROKEN)


def assert_kept(
    world: World,
    pool: PoolId,
    without: Collection[HostId] = (),
    failures: int | None = None,
    protects: Protects = is_protected,
) -> None:
    """Raises HA_OPERATION_WOULD_BREAK_FAILOVER_PLAN when a full plan exists now and would not after this change."""
    it = world.pools[pool]
    if not it.ha_enabled or it.ha_allow_overcommit or not exists(world, pool, it.ha_failures):
        return
    if not exists(world, pool, it.ha_failures if failures is None else failures, without, protects):
        raise XapiError(BROKEN)
