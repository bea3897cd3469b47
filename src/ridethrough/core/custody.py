"""A pool before it is touched: its former state recorded, and this controller named as the one in charge."""

from __future__ import annotations

from . import events as e
from .actions import ClaimPool
from .model import PoolId
from .observation import Power
from .situation import Situation
from .start import start


def take(s: Situation) -> list[e.Event]:
    """The record and the claim of every pool that is about to be touched."""
    found: list[e.Event] = []
    for pool in sorted(s.seen.pools):
        if not s.is_trusted(pool) or not _is_needed(s, pool):
            continue
        if _must_record(s, pool):
            found.append(_record(s, pool))
        if not s.seen.pools[pool].claim and not s.memory.pool(pool).claim_tried:
            why = "no other controller may act on this pool now"
            found += start(s, ClaimPool(pool, s.policy.controller, why))
    return found


def _must_record(s: Situation, pool: PoolId) -> bool:
    """No record yet; or only one from a maintenance mode that a person asked for, long before this outage."""
    record = s.memory.pool(pool).record
    if record is None:
        return True
    touched = [m for h in s.seen.members(pool) if (m := s.memory.host(h.id)).evacuation is not None and not m.wanted]
    return (
        bool(touched)
        and all(m.evacuation is not None and m.evacuation.at == s.now for m in touched)
        and (record.at < s.now and not any(v.pool == pool and v.stopped for v in s.memory.vms.values()))
    )


def _is_needed(s: Situation, pool: PoolId) -> bool:
    for host in s.seen.members(pool):
        m = s.memory.host(host.id)
        if m.evacuation is not None or m.shutdown is not None or m.disabled_at is not None:
            return True
    return False


def _record(s: Situation, pool: PoolId) -> e.PoolRecorded:
    members = s.seen.members(pool)
    seen = s.seen.pools[pool]
    ours = {h.id for h in members if s.memory.host(h.id).disabled_at is not None}
    running = [v for v in s.seen.vms.values() if v.pool == pool and v.power is Power.RUNNING and v.resident_on]
    return e.PoolRecorded(
        s.now,
        pool,
        seen.coordinator or "",
        tuple((h.id, h.agent_started) for h in members),
        tuple(h.id for h in members if not h.enabled and h.id not in ours),
        tuple(sorted((v.id, v.resident_on or "") for v in running)),
        seen.auto_poweron,
    )
