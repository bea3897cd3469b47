"""Hosts with power for VMs that were stopped because no time or room was left: their own host is down, or full."""

from __future__ import annotations

from .actions import StartVm
from .gates import is_ready
from .model import HostId, PoolId, VmId
from .movable import RANK, could_take, room, targets
from .observation import VmSeen
from .ordering import is_down, start_order
from .policy import Wish
from .power import supply
from .situation import Situation


def shelters(s: Situation, pool: PoolId, wanted: list[tuple[VmSeen, HostId]]) -> dict[VmId, HostId]:
    """Where each of these VMs can start now, away from the host on which it ran; the important ones first.

    Only of hosts that are down and without power; and those that were stopped to make room for others, which may find
    it on their own host again. Nothing while a host of the pool that has lost its power is still up: its guests come
    first. A VM that its owner would rather have shut down than moved waits for its own host.
    """
    made_room = {vm.id for vm, _ in wanted if s.memory.vm(vm.id).room_for}
    homes = {vm.id: home for vm, home in wanted if vm.id in made_room or _is_dark(s, home)}
    if not homes or any(supply(s, h.id).failing and not is_down(s, h.id) for h in s.members(pool)):
        return {}
    since = s.now - s.policy.target_fresh
    free = {h.id: room(s, h.id) - _starting(s, h.id) for h in targets(s, pool, since) if is_ready(s, h.id, pool)}
    found: dict[VmId, HostId] = {}
    for vm in start_order(s, [vm for vm, _ in wanted if vm.id in homes]):
        hosts, _ = could_take(s, vm, "" if vm.id in made_room else homes[vm.id], since, starts=True)
        if s.vm_policy(vm).wish is not Wish.MIGRATE or vm.immovable:
            hosts = tuple(h for h in hosts if h == homes[vm.id])
        fitting = [h for h in hosts if free.get(h, -1) >= vm.memory]
        if fitting:
            best = min(fitting, key=lambda h: (h != homes[vm.id], RANK[supply(s, h).state], -free[h], h))
            found[vm.id] = best
            free[best] -= vm.memory
    return found


def _is_dark(s: Situation, host: HostId) -> bool:
    return is_down(s, host) and not supply(s, host).powered


def _starting(s: Situation, host: HostId) -> int:
    """Memory of the guests that are about to start on a host."""
    asked = [a.vm for a in s.memory.pending.values() if isinstance(a, StartVm) and a.host == host]
    return sum(s.seen.vms[vm].memory for vm in asked if vm in s.seen.vms)
