"""No host of a pool has power: whose battery carries the coordinator longest, and whether a hand-over to it pays."""

from __future__ import annotations

import math

from .budget import longest_of, need
from .custody import belongs_to_administrator
from .durations import host_stop
from .ends import lasts
from .evacuation import is_held, is_protected
from .model import HostId, Seconds
from .observation import HostSeen
from .ordering import whole_pool_failing
from .power import is_silent, supply
from .situation import Situation

PAYS: Seconds = 120.0  # by so much longer another host's guests must be able to run on


def outlasting(s: Situation, coordinator: HostSeen) -> HostSeen | None:
    """The host under which the others can stay up longest; None where that is hardly longer than now."""
    if not whole_pool_failing(s, coordinator.pool):
        return None
    members = s.members(coordinator.pool)
    able = [h for h in members if h.id != coordinator.id and not why_not(s, h)]
    new = max(able, key=lambda h: (lasts(s, h.id) or 0.0, h.id), default=None)
    if new is None:
        return None
    now, then = _bound(s, coordinator.id), _bound(s, new.id)
    gains = [
        _goes_down_in(s, h, then) - _goes_down_in(s, h, now) for h in members if h != coordinator and s.guests(h.id)
    ]
    return new if max(gains, default=0.0) >= PAYS else None


def why_not(s: Situation, host: HostSeen) -> str:
    """Why this host, on battery itself, cannot be made coordinator; empty when it can."""
    m, built = s.memory.host(host.id), s.site.hosts.get(host.id)
    if not supply(s, host.id).failing or lasts(s, host.id) is None:
        return "nobody knows how long its battery holds"
    if built is not None and any(is_silent(s, ups) for ups in built.powered_by):
        return "its card is silent"
    if m.shutdown is not None or m.shut_down_at is not None or m.down_at is not None or not s.answers(host):
        return "it is going down"
    by_person = m.wanted or is_held(s, host) or (belongs_to_administrator(s, host) and not host.enabled)
    return "a person has it in hand" if by_person else ""


def first_goes_in(s: Situation, coordinator: HostSeen) -> Seconds:
    """Seconds until the first host of the pool must go down, as things are."""
    bound = _bound(s, coordinator.id)
    return min(_goes_down_in(s, h, math.inf if h == coordinator else bound) for h in s.members(coordinator.pool))


def needs(s: Situation, host: HostSeen) -> Seconds:
    """What a host's way down takes at its shortest: its guests stop all at once."""
    return need(s, host).last_moment + longest_of(s, s.guests(host.id))


def _bound(s: Situation, coordinator: HostId) -> Seconds:
    """Seconds until the members must be down, if this host is the coordinator."""
    seconds = lasts(s, coordinator)
    return math.inf if seconds is None else seconds - host_stop(s, coordinator)


def _goes_down_in(s: Situation, host: HostSeen, bound: Seconds) -> Seconds:
    """Seconds until its way down begins, by its timer or because no more is left."""
    policy, since, own = s.host_policy(host.id).shutdown, supply(s, host.id).since, lasts(s, host.id)
    seconds = min(bound, math.inf if own is None else own) - need(s, host).from_stops
    if policy.enabled and since is not None:
        seconds = min(seconds, since + policy.after - s.now)
    return max(seconds, 0.0) if policy.enabled or is_protected(s, host) else math.inf
