"""Another host is made coordinator, before the coordinator's own UPS ends."""

from __future__ import annotations

from . import events as e
from .actions import DesignateCoordinator
from .budget import clearing, need, used_for
from .ends import left
from .evacuation import is_held, is_protected
from .high_availability import PATIENCE, is_refused
from .model import HostId, PoolId, Seconds
from .movable import RANK, no_target
from .observation import HostSeen
from .ordering import whole_pool_failing
from .outlasting import first_goes_in, needs, outlasting, why_not
from .power import supply
from .situation import Situation
from .start import may_act, start
from .storage_use import guests_on

TAKES: Seconds = 45.0  # from the call until the pool may be acted on again: 25 s, and the grace of a new coordinator
CONFIRMED: Seconds = 15.0  # on battery: a dip is over by then
AHEAD: Seconds = 30.0  # a hand-over begins so long before it would be too late
LONGEST: Seconds = 60.0  # after which one whose answer was lost is not waited for any more


def begin(s: Situation) -> list[e.Event]:
    """Pools whose coordinator hands over: it pays, and it is safe. Once in an outage."""
    found: list[e.Event] = []
    for pool in sorted(s.seen.pools):
        coordinator = _coordinator(s, pool)
        if coordinator is None or s.memory.pool(pool).hand_over is not None or not s.policy.hand_over_coordinator:
            continue
        if not s.is_trusted(pool) or not _is_due(s, coordinator) or _unsafe(s, coordinator):
            continue
        if (new := _successor(s, coordinator)) is not None:
            its = "has power" if supply(s, new.id).powered else "holds longer, and nobody has power"
            why = f"{coordinator.id}'s supply fails, {new.id} {its}"
            found.append(e.HandOverBegun(s.now, pool, coordinator.id, new.id, why))
    return found


def go_on(s: Situation) -> list[e.Event]:
    """The call itself once HA is off; and the end of it, whoever sees that."""
    found: list[e.Event] = []
    for pool in sorted(s.seen.pools):
        m = s.memory.pool(pool)
        if m.hand_over is None or not m.hands_over or not s.is_trusted(pool):
            continue
        if m.hand_over_asked_at is not None:
            found += _end(s, pool, m.hand_over, m.hand_over_asked_at)
        elif why := _hindrance(s, pool, m.hand_over):
            found.append(e.HandOverEnded(s.now, pool, s.seen.pools[pool].coordinator or "", False, why))
        elif may_act(s, pool) and not s.seen.pools[pool].ha_enabled:
            found += start(s, DesignateCoordinator(m.hand_over.host, pool, m.hand_over.why))
    return found


def in_between(s: Situation, pool: PoolId, within: Seconds = LONGEST) -> bool:
    """The old coordinator goes, and the new one comes: nobody answers, and nobody need worry yet."""
    m = s.memory.pool(pool)
    return m.hands_over and m.hand_over_asked_at is not None and s.now - m.hand_over_asked_at < within


def _end(s: Situation, pool: PoolId, begun: e.HandOverBegun, asked_at: Seconds) -> list[e.Event]:
    coordinator = s.seen.pools[pool].coordinator or ""
    if s.memory.is_pending(f"pool {pool}"):
        return []
    if coordinator == begun.host:
        return [e.HandOverEnded(s.now, pool, coordinator, True)]
    failure = s.memory.failures.get(f"DesignateCoordinator pool {pool}")
    refused = failure is not None and failure.refused
    if not refused and s.now - asked_at < LONGEST:
        return []
    return [e.HandOverEnded(s.now, pool, coordinator, False, failure.error if failure else "nothing came of it")]


def _hindrance(s: Situation, pool: PoolId, begun: e.HandOverBegun) -> str:
    """Why one that was begun is not to be carried out after all; empty when it is."""
    coordinator = _coordinator(s, pool)
    if coordinator is None or coordinator.id != begun.coordinator:
        return "the coordinator is another one"
    if not supply(s, coordinator.id).failing:
        return "utility power is back"
    if s.seen.pools[pool].ha_enabled and (is_refused(s, pool) or s.now - begun.at >= PATIENCE):
        return "HA cannot be switched off"
    if unsafe := _unsafe(s, coordinator, begun.host):
        return unsafe
    return "" if s.now - begun.at < LONGEST else "it was not begun in time"


def _coordinator(s: Situation, pool: PoolId) -> HostSeen | None:
    return s.seen.hosts.get(s.seen.pools[pool].coordinator or "")


def _is_due(s: Situation, host: HostSeen) -> bool:
    """It is being emptied, or will be so soon that it would be too late then."""
    m, policy = s.memory.host(host.id), s.host_policy(host.id)
    state = supply(s, host.id)
    if not state.failing or state.since is None or s.now - state.since < CONFIRMED:
        return False
    if m.wanted or s.is_wanted_off(host.pool) or is_held(s, host):
        return False
    if whole_pool_failing(s, host.pool):
        return first_goes_in(s, host) <= TAKES + AHEAD
    if m.evacuation is not None:
        return True
    acts = policy.maintenance.enabled or policy.shutdown.enabled or is_protected(s, host)
    seconds = left(s, host)
    return acts and seconds is not None and seconds <= need(s, host).from_evacuation + TAKES + AHEAD


def _unsafe(s: Situation, coordinator: HostSeen, new: HostId = "") -> str:
    """Why it must not be done now; empty when nothing speaks against it but HA.

    Every host of the database has to agree; what runs in the pool is lost with its toolstacks; and for as long nothing
    can be done for the others that are on battery.
    """
    pool = coordinator.pool
    failing = whole_pool_failing(s, pool)
    for host in s.members(pool):
        m = s.memory.host(host.id)
        if not (s.answers(host) and host.live) or m.down_at is not None:
            return f"{host.id} does not answer"
        only_waits = host.id == coordinator.id and not s.guests(host.id)  # until it must go, as the last one
        if (m.shutdown is not None and not (failing or only_waits)) or m.shut_down_at is not None or host.busy:
            return f"{host.id} is at work"
        seconds = left(s, host) if supply(s, host.id).failing else None
        wanted = needs(s, host) if failing else need(s, host).from_evacuation
        if seconds is not None and seconds < wanted + TAKES:
            return f"{host.id} has no time for it"
    if s.is_wanted_off(pool):
        return "a person wants the whole pool off"
    for storage in sorted(s.site.storages):
        seconds = used_for(s, storage) if any(vm.pool == pool for vm in guests_on(s, storage)) else None
        if seconds is not None and seconds < clearing(s, storage) + TAKES:
            return f"{storage} has no time for it"
    if any(vm.pool == pool and (vm.busy or vm.moving_to) for vm in s.seen.vms.values()):
        return "VMs are at work"
    if _acts(s, pool):
        return "an action is under way"
    if new and (why := _unable(s, s.seen.hosts[new])):
        return f"{new}: {why}"
    return ""


def _unable(s: Situation, new: HostSeen) -> str:
    return why_not(s, new) if whole_pool_failing(s, new.pool) else no_target(s, new, s.now - s.policy.target_fresh)


def _acts(s: Situation, pool: PoolId) -> bool:
    """Something of ours is under way there; what opens the way is waited for, and is not in it."""
    return any(a.pool == pool and hasattr(a, "host") for a in s.memory.pending.values())


def _successor(s: Situation, coordinator: HostSeen) -> HostSeen | None:
    """The best supplied of those that could take a VM: powered, enabled, answering. Then by name.

    Where none has power, the one that holds longest.
    """
    since = s.now - s.policy.target_fresh
    able = [h for h in s.members(coordinator.pool) if h.id != coordinator.id and not no_target(s, h, since)]
    return min(able, key=lambda h: (RANK[supply(s, h.id).state], h.id), default=outlasting(s, coordinator))
