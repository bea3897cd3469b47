"""A person's hold: which hosts it keeps our hands off, for how long, and its end."""

from __future__ import annotations

import math

from . import events as e
from .evacuation import is_last_start, last_start_in
from .model import HostId, Seconds
from .observation import HostSeen
from .power import Supply, supply
from .situation import Situation
from .wording import duration, listed


def hold(s: Situation, request: e.Requested) -> list[e.Event]:
    """The answer to a hold: of one host, or of every host of a pool, or of the site, that the outage concerns."""
    seconds = request.seconds
    if seconds is not None and not (math.isfinite(seconds) and seconds > 0.0):
        return [_refused(s, request, "it must be for some seconds")]
    if _names_a_host(s, request.subject):
        host = s.seen.hosts.get(request.subject)
        if host is not None and (why := _too_late(s, host)):
            return [_refused(s, request, why)]
        return [e.RequestDone(s.now, request.ask, request.subject, _until(s, host, seconds))]
    if why := _unknown(s, request.subject):
        return [_refused(s, request, why)]
    concerned = [h for h in _meant(s, request.subject) if is_in_outage(s, h)]
    able = [h for h in concerned if not _too_late(s, h)]
    if not able:
        reasons = [_too_late(s, h) for h in concerned]
        return [_refused(s, request, "; ".join(reasons) or f"no host{_of(request.subject)} is in an outage")]
    told = [f"{h.id} is {_until(s, h, seconds) or 'held'}" for h in able]
    told += [f"{h.id} is not: {_too_late(s, h)}" for h in concerned if h not in able]
    return [e.RequestDone(s.now, request.ask, request.subject, "; ".join(told), tuple(h.id for h in able))]


def release(s: Situation, request: e.Requested) -> list[e.Event]:
    """The answer to the end of a hold: of one host, or of all of a pool or of the site."""
    if _names_a_host(s, request.subject):
        return [e.RequestDone(s.now, request.ask, request.subject)]
    if why := _unknown(s, request.subject):
        return [_refused(s, request, why)]
    memory = {h.id: s.memory.host(h.id) for h in _meant(s, request.subject)}
    held = tuple(host for host, m in memory.items() if m.held or m.yielded_at is not None)
    if not held:
        return [_refused(s, request, f"no host{_of(request.subject)} is held")]
    return [e.RequestDone(s.now, request.ask, request.subject, listed(held), held)]


def end(s: Situation) -> list[e.Event]:
    """Holds whose time is over."""
    found: list[e.Event] = []
    for host in sorted({*s.site.hosts, *s.seen.hosts}):
        until = s.memory.host(host).held_until
        if until is not None and s.now >= until:
            found.append(e.HoldEnded(s.now, host))
    return found


def is_in_outage(s: Situation, host: HostSeen) -> bool:
    """Its supply fails, or has not settled since; or it is being emptied because of that."""
    m, built = s.memory.host(host.id), s.site.hosts.get(host.id)
    begun = built is not None and any(s.memory.ups(u).on_battery_since is not None for u in built.powered_by)
    fails = supply(s, host.id).failing or (begun and supply(s, host.id).state is Supply.SETTLING)
    return fails or (m.evacuation is not None and not m.wanted)


def _until(s: Situation, host: HostSeen | None, seconds: Seconds | None) -> str:
    """How long the hold lasts, in words; empty where it is without an end, and nothing that is known limits it."""
    last = last_start_in(s, host) if host is not None else None
    if seconds is None:
        return f"held until its last safe start, in {duration(last)}" if last is not None else ""
    if last is not None and last < seconds:
        return f"held for {duration(seconds)}; its last safe start is in {duration(last)}, so it ends there"
    return f"held for {duration(seconds)}"


def _too_late(s: Situation, host: HostSeen) -> str:
    """Why a hold could keep nobody's hands off the host any more."""
    m = s.memory.host(host.id)
    if m.shut_down_at is not None:
        return f"{host.id} was told to shut down already, which nobody can take back"
    late = m.down_at is None and is_last_start(s, host)
    return f"{host.id}'s last safe start has passed" if late else ""


def _names_a_host(s: Situation, subject: str) -> bool:
    return subject in s.site.hosts or subject in s.seen.hosts


def _unknown(s: Situation, subject: str) -> str:
    if not subject or subject in s.site.pools:
        return ""
    hosts = ", ".join(sorted({*s.site.hosts, *s.seen.hosts})) or "none"
    return f'no host is named "{subject}"; known hosts are {hosts}; nor has a pool that name'


def _meant(s: Situation, subject: HostId) -> list[HostSeen]:
    return [h for h in s.hosts if subject in ("", h.pool)]


def _of(pool: str) -> str:
    return f" of {pool}" if pool else ""


def _refused(s: Situation, request: e.Requested, why: str) -> e.RequestRefused:
    return e.RequestRefused(s.now, request.ask, request.subject, why)
