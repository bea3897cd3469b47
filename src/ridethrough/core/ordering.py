"""Members before the coordinator, high tiers before low ones; the reverse on return."""

from __future__ import annotations

from .model import HostId
from .movable import MORE
from .observation import HostSeen, VmSeen
from .power import supply
from .situation import Situation


def is_down(s: Situation, host: HostId) -> bool:
    """Proven down, and not known to have returned since."""
    return s.memory.host(host).down_at is not None


def members_still_up(s: Situation, coordinator: HostSeen) -> list[HostId]:
    """The members that keep the coordinator from going down: everything works through it.

    One that was proven down and answers again is among them, before it is known whether it has started anew; and one
    whose network answers, for it starts.
    """
    members = [h for h in s.members(coordinator.pool) if h.id != coordinator.id]
    return [h.id for h in members if not is_down(s, h.id) or starts(s, h)]


def starts(s: Situation, host: HostSeen) -> bool:
    """It was proven down, and answers again, or its network does."""
    m, at = s.memory.host(host.id), host.network_at
    if m.down_at is None:
        return False
    return m.heard_at is not None or (at is not None and at > m.down_at and s.now - at <= s.policy.target_fresh)


def whole_pool_failing(s: Situation, pool: str) -> bool:
    """Whether no host of the pool has power to stay up with."""
    members = s.members(pool)
    return bool(members) and all(supply(s, h.id).failing or is_down(s, h.id) for h in members)


def first_to_stop(s: Situation, vms: list[VmSeen]) -> list[VmSeen]:
    """The wave that stops now: the highest tier; infrastructure stops after everything else."""
    if not vms:
        return []
    last = max(stop_rank(s, v) for v in vms)
    return [v for v in vms if stop_rank(s, v) == last]


def start_order(s: Situation, vms: list[VmSeen]) -> list[VmSeen]:
    """Infrastructure first, then low tiers before high ones, then as HA would restart them, then by name."""
    return sorted(vms, key=lambda v: (stop_rank(s, v), -MORE[v.restart], v.name, v.id))


def first_to_start(s: Situation, vms: list[VmSeen], starting: list[VmSeen]) -> list[VmSeen]:
    """The wave that starts now, in order: the lowest tier that waits, once none of a lower one is still starting."""
    ordered = start_order(s, vms)
    if not ordered:
        return []
    first = min(stop_rank(s, v) for v in [*ordered, *starting])
    return [v for v in ordered if stop_rank(s, v) == first]


def stop_rank(s: Situation, vm: VmSeen) -> int:
    """The highest stops first."""
    policy = s.vm_policy(vm)
    return -1 if policy.infrastructure else policy.tier
