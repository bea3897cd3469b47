"""Tiers that are stopped after their time on battery, to gain runtime for the rest."""

from __future__ import annotations

from . import events as e
from .actions import StopVm
from .model import Seconds
from .observation import HostSeen, Power, VmSeen
from .placement import NOT_PROVEN, is_moving, place
from .policy import Wish
from .power import supply
from .situation import Situation, once
from .start import may_act, start
from .wording import duration


def stop_guests(s: Situation) -> list[e.Event]:
    """Clean stops of the guests whose tier's time is over. Never a hard one: it is for more runtime, not for a cut."""
    found: list[e.Event] = []
    for vm in to_shed(s):
        host = s.seen.hosts[vm.resident_on or ""]
        if not may_act(s, vm.pool) or vm.busy or not (s.answers(host) or s.dry_run):
            continue
        why = f"tier {s.vm_policy(vm).tier} is shed after {duration(_after(s, vm))} on battery: it finds no place"
        found += start(s, StopVm(vm.id, vm.name, vm.pool, host.id, why, s.policy.guest_stop))
    return found


@once
def to_shed(s: Situation) -> tuple[VmSeen, ...]:
    """The guests that run on battery for longer than their tier may, and that no powered host has a place for."""
    if not s.policy.shed:
        return ()
    failing = [h for h in s.hosts if supply(s, h.id).failing]
    due = [vm for host in failing if _may_be_touched(s, host) for vm in s.guests(host.id) if _is_due(s, host, vm)]
    if not due:
        return ()
    placed = {pool: place(s, [h.id for h in failing if h.pool == pool]) for pool in {vm.pool for vm in due}}
    return tuple(vm for vm in due if NOT_PROVEN not in placed[vm.pool].unplaced.get(vm.id, NOT_PROVEN))


def _may_be_touched(s: Situation, host: HostSeen) -> bool:
    """A person's hold, or hand, keeps ours off. On its way down a host stops its guests by its own rules."""
    m = s.memory.host(host.id)
    return not m.hands_off and m.shutdown is None and m.shut_down_at is None and m.down_at is None


def _is_due(s: Situation, host: HostSeen, vm: VmSeen) -> bool:
    since, policy = supply(s, host.id).since, s.vm_policy(vm)
    if since is None or policy.tier not in s.policy.shed or s.now - since < _after(s, vm):
        return False
    if policy.infrastructure or s.is_own(vm) or policy.wish is Wish.LEAVE or s.memory.vm(vm.id).stop_failed is not None:
        return False
    return vm.power is Power.RUNNING and not is_moving(s, vm)


def _after(s: Situation, vm: VmSeen) -> Seconds:
    return s.policy.shed[s.vm_policy(vm).tier]
