"""Whether an action may start now."""

from __future__ import annotations

from . import events as e
from .actions import Action, DisableHost, EnableHost, MoveVm, ShutDownHost, target
from .memory import UNREACHABLE, kind_and_target
from .model import Bytes, PoolId
from .situation import Situation, once


def start(s: Situation, action: Action) -> list[e.Event]:
    """The action as an event, unless one on the same target runs or it failed a moment ago.

    A refused call waits longer with each refusal. A move is planned again elsewhere instead of repeated.
    """
    if s.memory.is_pending(target(action)):
        return []
    failure = s.memory.failures.get(kind_and_target(action))
    if failure is not None and not (isinstance(action, MoveVm) and failure.error != UNREACHABLE):
        pause = s.policy.retry_after * (min(failure.count, 6) if failure.refused else 1)
        if s.now - failure.at < pause:
            return []
    return [e.ActionStarted(s.now, action, _agent_started(s, action), _size(s, action))]


def _agent_started(s: Situation, action: Action) -> float:
    if isinstance(action, DisableHost | EnableHost | ShutDownHost) and action.host in s.seen.hosts:
        return s.seen.hosts[action.host].agent_started
    return 0.0


def _size(s: Situation, action: Action) -> Bytes:
    return s.seen.vms[action.vm].memory if isinstance(action, MoveVm) and action.vm in s.seen.vms else 0


def has_claim(s: Situation, pool: PoolId) -> bool:
    """Whether this controller is in charge of the pool, or has asked and heard of no other."""
    claim = s.seen.pools[pool].claim if pool in s.seen.pools else ""
    if claim:
        return claim == s.policy.controller
    return s.memory.pool(pool).claim_tried and not s.memory.is_pending(f"pool {pool}")


@once
def may_act(s: Situation, pool: PoolId) -> bool:
    """Whether a pool may be touched: its records are trusted, its former state is recorded, and it is ours."""
    m = s.memory.pool(pool)
    if not s.is_trusted(pool) or (m.hands_over and m.hand_over_asked_at is not None):
        return False
    return s.dry_run or (s.memory.pool(pool).record is not None and has_claim(s, pool))
