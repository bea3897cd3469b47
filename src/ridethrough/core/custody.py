"""A pool before it is touched: its former state recorded, and this controller named as the one in charge."""

from __future__ import annotations

import math

from . import events as e
from . import owed
from .actions import ClaimPool
from .gates import has_waited
from .high_availability import is_to_be_restored
from .model import HostId, PoolId, Seconds, StorageId, UpsId
from .observation import HostSeen, Power
from .power import backs_of, supply
from .proof import had_guests, silent_since
from .shedding import to_shed
from .situation import Situation
from .start import start
from .storage_use import guests_on


def take(s: Situation) -> list[e.Event]:
    """The record and the claim of every pool that is about to be touched."""
    found: list[e.Event] = []
    for pool in sorted(s.seen.pools):
        if not s.is_trusted(pool) or not _is_needed(s, pool):
            continue
        if s.memory.pool(pool).record is None:
            found.append(_record(s, pool))
        if not s.seen.pools[pool].claim and not s.memory.pool(pool).claim_tried:
            why = "no other controller may act on this pool now"
            found += start(s, ClaimPool(pool, s.policy.controller, why))
    return found


def _is_needed(s: Situation, pool: PoolId) -> bool:
    """Also while a record is open: what was armed again, or left by another controller, is still to be undone."""
    if s.memory.pool(pool).record is not None or any(_needs_us(s, host) for host in s.members(pool)):
        return True
    if any(has_agent(s, host.id) and supply(s, host.id).failing for host in s.members(pool)):
        return True  # which may act from now on, should this controller die
    if any(vm.pool == pool for vm in to_shed(s)):
        return True
    if is_to_be_restored(s, pool) or s.memory.pool(pool).hands_over or owed.is_due(s, pool):
        return True
    stopping = [storage for storage in s.site.storages if _goes_down(s, storage)]
    return any(vm.pool == pool for storage in stopping for vm in guests_on(s, storage))


def _goes_down(s: Situation, storage: StorageId) -> bool:
    """It must, and is not down yet: what runs on it is to be stopped."""
    m = s.memory.storage(storage)
    return m.stop is not None and m.down_at is None and supply(s, storage).failing


def _needs_us(s: Situation, host: HostSeen) -> bool:
    """Something is to be done to the host, or undone."""
    m = s.memory.host(host.id)
    if is_at_rest(s, host):
        return False
    return m.evacuation is not None or m.shutdown is not None or m.disabled_at is not None or m.down_at is not None


def belongs_to_administrator(s: Situation, host: HostSeen) -> bool:
    """It was in maintenance mode when the outage began, and not by our doing."""
    record = s.memory.pool(host.pool).record
    return record is not None and host.id in record.disabled


def is_at_rest(s: Situation, host: HostSeen) -> bool:
    """In a maintenance mode that a person wanted, and to stay up; or away for good."""
    m = s.memory.host(host.id)
    return is_away(s, host) or (bool(m.wanted) and m.emptied and not host.enabled and m.shutdown is None)


def is_away(s: Situation, host: HostSeen) -> bool:
    """Silent for so long after its power came back, or its pool that a person had shut down, that nobody waits for it.

    Down, asked to go down, or fallen silent in our hands, or with its guests, where no witness could tell that it is
    down. One that answers, and that its pool does not take in, is as good as silent.
    """
    m = s.memory.host(host.id)
    if (s.answers(host) and host.live) or not supply(s, host.id).powered:
        return False
    gone = m.shut_down_at if m.shut_down_at is not None else m.down_at
    if gone is None and (m.evacuation is not None or m.disabled_at is not None or had_guests(s, host)):
        gone = host.answers_since if s.answers(host) else silent_since(s, host)
    if gone is None:
        return False
    if s.is_wanted_off(host.pool) or has_waited(s, host.id, host.pool):
        return False
    back_at, tried = s.memory.pool(host.pool).back_at or 0.0, _first_tried(s, host.id)
    since = max(gone, back_at, _able_since(s, host), tried, *backs_of(s, host.id))
    return s.now - since - _unwatched(s, since) >= s.policy.host_stop + s.policy.start_timeout


def _able_since(s: Situation, host: HostSeen) -> Seconds:
    """Since when its coordinator is there, who could switch it on; until it was tried, since when he has answered."""
    pool = s.seen.pools.get(host.pool)
    since = (pool.coordinator_since if pool is not None else None) or 0.0
    leads = s.seen.hosts.get(pool.coordinator or "") if pool is not None else None
    if leads is None or leads.id == host.id or s.memory.host(host.id).powered_on_at is not None:
        return since
    if not host.power_on_mode or not s.is_trusted(host.pool):
        return since
    return max(since, leads.answers_since if leads.answers_since is not None else s.now)


def _first_tried(s: Situation, host: HostId) -> Seconds:
    """When its turn to be switched on comes; of one that was tried: before the first try, by the usual wait for it."""
    m = s.memory.host(host)
    if m.powered_on_at is None:
        return turn(s, host)
    return m.powered_on_at - patience(s) - (len(m.switched_on_by) - 1) * s.policy.starts_itself


def patience(s: Situation) -> Seconds:
    """How long a host whose supply was cut may start by itself: it is switched on before it is reported."""
    return min(s.policy.starts_itself, s.policy.start_timeout / 2)


def turn(s: Situation, host: HostId) -> Seconds:
    """When it may be switched on at the earliest: two behind one UPS at once might trip it."""
    feeds = set(feeds_to(s, host))
    others = [h for h in s.site.hosts if h != host and not feeds.isdisjoint(feeds_to(s, h))]
    lately = [at for h in others if (at := s.memory.host(h).powered_on_at) is not None]
    return max(lately, default=-math.inf) + s.policy.stagger


def has_agent(s: Situation, host: HostId) -> bool:
    built = s.site.hosts.get(host)
    return built is not None and built.agent


def feeds_to(s: Situation, host: HostId) -> tuple[UpsId, ...]:
    built = s.site.hosts.get(host)
    return built.powered_by if built is not None else ()


def _unwatched(s: Situation, since: Seconds) -> Seconds:
    """How long the controller was away last, or stood still, or was disarmed, since then: nobody could do anything."""
    m = s.memory
    away = m.started_at - max(m.alive_until, since) if m.alive_until is not None else 0.0
    return max(away, 0.0) + max(m.armed_at - max(m.disarmed_at, since), 0.0)


def _record(s: Situation, pool: PoolId) -> e.PoolRecorded:
    """A host that its pool calls dead shows as disabled too, while it is off or starts: nobody's maintenance mode."""
    members = s.members(pool)
    seen = s.seen.pools[pool]
    ours = {h.id for h in members if s.memory.host(h.id).disabled_at is not None}
    alive = (Power.RUNNING, Power.PAUSED)
    running = [v for v in s.seen.vms.values() if v.pool == pool and v.power in alive and v.resident_on]
    still_owed = owed.back(s, pool)
    return e.PoolRecorded(
        s.now,
        pool,
        seen.coordinator or "",
        tuple((h.id, h.agent_started) for h in members),
        tuple(h.id for h in members if not h.enabled and h.live and h.id not in ours),
        tuple(sorted([*((v.id, v.resident_on or "") for v in running), *still_owed])),
        seen.auto_poweron,
        tuple((h.id, h.booted) for h in members if h.booted),
        tuple((h.id, tuple(sorted(h.storage))) for h in members if h.storage),
        tuple(sorted(v.id for v in running if v.ha_protected)) if seen.ha_enabled else (),
        tuple(vm for vm, _ in still_owed),
    )
