"""A VM that a person skips: in this outage it is not moved, and stopped cleanly when its host must go."""

from __future__ import annotations

from . import events as e
from .actions import ForceStopVm, MoveVm, StopVm
from .holds import is_in_outage
from .observation import HostSeen, Power, VmSeen
from .placement import is_moving
from .power import Supply, supply
from .situation import Situation


def skip(s: Situation, request: e.Requested) -> list[e.Event]:
    """The answer to a skip. The subject is the VM's uuid, or its name where only one VM has it."""
    found = named(s, request.subject)
    if len(found) != 1:
        return [e.RequestRefused(s.now, request.ask, request.subject, _not_one(request.subject, found))]
    vm = found[0]
    host = s.seen.hosts.get(vm.resident_on or "")
    if host is None or vm.power is not Power.RUNNING:
        why = f"{vm.name} does not run: it is {vm.power}"
    elif not is_in_outage(s, host):
        why = f"{host.id}, on which {vm.name} runs, is in no outage: nothing is to be moved off it"
    else:
        return [e.RequestDone(s.now, request.ask, request.subject, _comes_of_it(s, vm, host), (vm.id,))]
    return [e.RequestRefused(s.now, request.ask, request.subject, why)]


def end(s: Situation) -> list[e.Event]:
    """VMs whose pool has its utility power again, and nothing left to undo; what was undone is forgotten with it."""
    found: list[e.Event] = []
    for vm_id in sorted(vm for vm, m in s.memory.vms.items() if m.skipped):
        vm = s.seen.vms.get(vm_id)
        if vm is not None and s.is_trusted(vm.pool) and s.memory.pool(vm.pool).record is None and _is_over(s, vm.pool):
            found.append(e.SkipEnded(s.now, vm_id, vm.name))
    return found


def named(s: Situation, subject: str) -> list[VmSeen]:
    """The VM with this uuid, else all with this name."""
    if subject in s.seen.vms:
        return [s.seen.vms[subject]]
    return [vm for _, vm in sorted(s.seen.vms.items()) if vm.name == subject]


def _is_over(s: Situation, pool: str) -> bool:
    return not any(supply(s, h.id).failing or supply(s, h.id).state is Supply.SETTLING for h in s.members(pool))


def _not_one(subject: str, found: list[VmSeen]) -> str:
    if not found:
        return f'no VM has the name or the uuid "{subject}"'
    return f"{len(found)} VMs are named {subject}: give the uuid of one, {' or '.join(v.id for v in found)}"


def _comes_of_it(s: Situation, vm: VmSeen, host: HostSeen) -> str:
    """Where it stays and what becomes of it, in words."""
    action = next((a for a in s.memory.pending.values() if getattr(a, "vm", "") == vm.id), None)
    if is_moving(s, vm):
        to = action.host if isinstance(action, MoveVm) else vm.moving_to
        return f"its move to {to} is under way and is not cancelled; it is not moved again in this outage"
    if isinstance(action, StopVm | ForceStopVm):
        return f"it is being stopped on {host.id} already"
    return f"{vm.name} is left on {host.id}, and stopped cleanly when the host must go down"
