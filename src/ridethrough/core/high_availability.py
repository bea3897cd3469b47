"""XenServer's HA: out of the way before what it would refuse or fight, and as it was afterwards."""

from __future__ import annotations

from . import events as e
from .actions import LowerHa, RestoreHa, SuspendHa
from .model import PoolId, Seconds
from .observation import HostSeen
from .ordering import whole_pool_failing
from .power import supply
from .situation import Situation, once
from .start import may_act, start
from .storage_use import repositories_of

PATIENCE: Seconds = 20.0  # for which other steps wait for HA
ATTEMPTS = 5  # to restore it, before its outage is closed without
AGAIN_AFTER: Seconds = 3600.0  # until it is tried once more then


def make_way(s: Situation) -> list[e.Event]:
    """HA is switched off, or lowered, in every pool in which it would stand in the way."""
    found: list[e.Event] = []
    for pool in sorted(s.seen.pools):
        seen = s.seen.pools[pool]
        if not may_act(s, pool) or not seen.ha_enabled:
            continue
        known = s.memory.pool(pool).ha
        failures = known.failures if known is not None else seen.ha_failures
        if why := _why_off(s, pool):
            found += start(s, SuspendHa(pool, failures, seen.ha_storages, seen.ha_configuration, why))
        elif why := _why_lower(s, pool):
            found += start(s, LowerHa(pool, failures, why))
    return found


def stands_in_the_way(s: Situation, pool: PoolId) -> bool:
    """HA that is on would refuse or fight what comes next, and is about to be lowered or switched off.

    It is waited for only so long: what then refuses, refuses, and a person has been told.
    """
    if s.dry_run or not s.seen.pools[pool].ha_enabled or not (_why_off(s, pool) or _why_lower(s, pool)):
        return False
    asked = s.memory.pool(pool).ha_asked_at
    return not is_refused(s, pool) and (asked is None or s.now - asked < PATIENCE)


def is_refused(s: Situation, pool: PoolId) -> str:
    """The error with which it could not be switched off or lowered; empty while that is not known."""
    for step in ("SuspendHa", "LowerHa"):
        failure = s.memory.failures.get(f"{step} pool {pool}")
        if failure is not None and (failure.refused or failure.count > 1):
            return failure.error
    return ""


@once
def _why_off(s: Situation, pool: PoolId) -> str:
    """Why HA must be off; empty when it need not: it would fence the last hosts, or all that lose their heartbeat."""
    if s.is_wanted_off(pool):
        return "the whole pool goes down"
    if s.memory.pool(pool).hands_over:
        return "another host is to become the coordinator"
    if not any(_is_leaving(s, host) for host in s.members(pool)) and not _loses_its_heartbeat(s, pool):
        return ""
    if whole_pool_failing(s, pool):
        return "the whole pool goes down"
    return "its heartbeat is on storage that goes down" if _loses_its_heartbeat(s, pool) else ""


def _loses_its_heartbeat(s: Situation, pool: PoolId) -> bool:
    heartbeat = set(s.seen.pools[pool].ha_storages)
    stopping = [t for t in s.site.storages if s.memory.storage(t).stop is not None and supply(s, t).failing]
    return any(not heartbeat.isdisjoint(repositories_of(s, storage)) for storage in stopping)


@once
def _why_lower(s: Situation, pool: PoolId) -> str:
    """Why HA must not insist on a failover plan; empty when it does not, or nothing of it is touched."""
    leaving = [h.id for h in s.members(pool) if _is_leaving(s, h) and (h.enabled or s.guests(h.id))]
    if not leaving or s.seen.pools[pool].ha_failures <= 0:
        return ""
    return f"{' and '.join(leaving)} must be emptied"


def _is_leaving(s: Situation, host: HostSeen) -> bool:
    m = s.memory.host(host.id)
    begun = m.evacuation is not None and m.shut_down_at is None and m.down_at is None
    return begun and (supply(s, host.id).failing or bool(m.wanted))


# --- afterwards --------------------------------------------------------------------------------------------------


def restore(s: Situation, pool: PoolId) -> list[e.Event]:
    """HA as it was before; nothing when that is done, under way or cannot be done now."""
    before = s.memory.pool(pool).ha
    if before is None or not is_to_be_restored(s, pool):
        return []
    why = "the outage is over"
    action = RestoreHa(pool, before.suspended, before.failures, before.storages, before.configuration, why)
    return start(s, action)


def is_to_be_restored(s: Situation, pool: PoolId) -> bool:
    """We have changed it, and it can be restored now: that takes every host, and none that is kept out of service."""
    return s.memory.pool(pool).ha is not None and not _hindrance(s, pool) and not _given_up(s, pool)


def not_restored(s: Situation, pool: PoolId) -> str:
    """Why HA is not as it was, though nothing else is left to do; empty when it is, or will be in a moment."""
    if s.memory.pool(pool).ha is None:
        return ""
    return _hindrance(s, pool) or _given_up(s, pool)


def _given_up(s: Situation, pool: PoolId) -> str:
    """The error for which it is not tried any more for now; empty when it is."""
    failure, before = s.memory.failures.get(f"RestoreHa pool {pool}"), s.memory.pool(pool).ha_given_up
    if failure is not None and failure.count >= ATTEMPTS:
        return failure.error
    return before.error if before is not None and s.now - before.at < AGAIN_AFTER else ""


def _hindrance(s: Situation, pool: PoolId) -> str:
    for host in s.members(pool):
        m = s.memory.host(host.id)
        if not (s.answers(host) and host.live) or m.down_at is not None or m.shut_down_at is not None:
            return f"{host.id} is not back"
        if not supply(s, host.id).powered:
            return f"{host.id} has no settled utility power"
        record = s.memory.pool(pool).record
        ours = m.disabled_at is not None and not (record is not None and host.id in record.disabled)
        if m.wanted or m.evacuation is not None or ours:
            return f"{host.id} is in maintenance mode"
    return ""


def differs(s: Situation, pool: PoolId) -> list[str]:
    """How HA differs from what it was, in words."""
    before, seen = s.memory.pool(pool).ha, s.seen.pools[pool]
    if before is None:
        return []
    why = f" ({reason})" if (reason := not_restored(s, pool)) else ""
    if before.suspended and not seen.ha_enabled:
        return [f"HA is off{why}"]
    lower = seen.ha_failures < before.failures
    return [f"HA tolerates {seen.ha_failures} host failures instead of {before.failures}{why}"] if lower else []
