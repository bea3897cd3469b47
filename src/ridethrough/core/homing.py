"""VMs that go back to the hosts on which they ran when the outage began, where their owner wants that."""

from __future__ import annotations

from . import events as e
from .actions import MoveVm
from .budget import moving_time
from .gates import is_ready
from .model import HostId, PoolId
from .movable import could_take, is_moving, no_target_for, room, stays
from .observation import Power, VmSeen
from .ordering import start_order
from .situation import Situation
from .start import start


def go_home(s: Situation, pool: PoolId) -> list[e.Event]:
    """The next move home; the important VMs first, one after the other. For when all else is as it was."""
    ways = dict(_ways(s, pool)) if s.policy.return_home else {}
    for vm in start_order(s, [s.seen.vms[vm_id] for vm_id in ways]):
        why = "utility power is back, and it ran there before"
        deadline = max(4 * moving_time(s, [vm]), 60.0)
        return start(s, MoveVm(vm.id, vm.name, pool, vm.resident_on or "", ways[vm.id], why, deadline))
    return []


def _ways(s: Situation, pool: PoolId) -> list[tuple[str, HostId]]:
    """The VMs that we moved, or started elsewhere, and that their homes can take again. One attempt each."""
    record = s.memory.pool(pool).record
    known = [(s.seen.vms.get(vm), home) for vm, home in (record.running if record else ()) if vm in s.memory.vms]
    return [(vm.id, home) for vm, home in known if vm is not None and _may_go(s, vm, home)]


def _may_go(s: Situation, vm: VmSeen, home: HostId) -> bool:
    m = s.memory.vm(vm.id)
    if vm.power is not Power.RUNNING or vm.resident_on in (None, home) or home not in s.seen.hosts:
        return False
    if m.pool != vm.pool or m.places != (vm.resident_on,) or home in m.failed_on:
        return False  # not our doing; or it has been tried
    if any(s.memory.host(host).hands_off for host in (vm.resident_on or "", home)):
        return False
    since = s.now - s.policy.target_fresh
    if vm.busy or is_moving(s, vm) or stays(s, vm) or no_target_for(s, home, since) or not is_ready(s, home, vm.pool):
        return False
    return home in could_take(s, vm, vm.resident_on or "", since)[0] and room(s, home) >= vm.memory
