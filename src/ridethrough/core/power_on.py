"""Hosts that stayed off are switched on again, one by one."""

from __future__ import annotations

from . import events as e
from .actions import PowerOnHost, WakeStorage
from .custody import feeds_to, has_agent, is_away, patience, turn
from .gates import carries_what_runs, may_start
from .model import HostId, PoolId, PowerWay, Seconds, Storage, UpsId
from .observation import HostSeen
from .power import Supply, backs_of, supply
from .proof import had_guests, silent_since
from .situation import Situation, once
from .start import has_claim, may_act, start
from .storage import is_in_other_hands, waits_for
from .storage_use import hosts_on
from .wording import duration

XAPI_DEADLINE: Seconds = 300.0  # host.power_on sends its packets for minutes
OUT_OF_BAND_DEADLINE: Seconds = 60.0
WOKEN_AGAIN: Seconds = 60.0  # a packet that comes while a machine still goes down is lost


def wake(s: Situation) -> list[e.Event]:
    """NAS and SAN that went down in the outage, have power, and may not start by themselves."""
    found: list[e.Event] = []
    for _, built in sorted(s.site.storages.items()):
        if built.wakes and _may_be_woken(s, built) and not is_in_other_hands(s, built.id):
            found += start(s, WakeStorage(built.id, "its supply is back, and it is off"))
    return found


def _may_be_woken(s: Situation, built: Storage) -> bool:
    m, seen = s.memory.storage(built.id), s.seen.storages.get(built.id)
    heard = seen.network_at if seen is not None else None
    if m.down_at is None or supply(s, built.id).state not in (Supply.FULL, Supply.REDUCED):
        return False
    if heard is not None and s.now - heard < s.policy.down_silence:
        return False  # it starts, or was not down
    if m.woken_at is not None and s.now - m.woken_at < WOKEN_AGAIN:
        return False
    charged = sum(carries_what_runs(s, ups) for ups in built.powered_by) >= min(built.needs, len(built.powered_by))
    return charged or any(s.memory.pool(h.pool).hurried for h in hosts_on(s, built.id))


def power_on(s: Situation) -> list[e.Event]:
    """Hosts that stayed off although their supply is back.

    A host starts by itself when its UPS's output was cut and came back; without a cut nothing would ever start it.
    """
    found: list[e.Event] = []
    begun: set[UpsId] = set()
    for host in sorted(s.hosts, key=lambda h: s.memory.host(h.id).powered_on_at or 0.0):  # else the first ever again
        if not _stays_off(s, host) or is_away(s, host) or not (ways := _usable(s, host)):
            continue  # a person has been called, or is about to be
        feeds = set(feeds_to(s, host.id))
        if not begun.isdisjoint(feeds) or s.now < turn(s, host.id):
            continue  # its turn comes
        if not waits_for(s, host) or _waited_long(s, host):
            hurried = s.memory.pool(host.pool).hurried
            why = "a person wants it back now" if hurried else "its supply is back and it does not start by itself"
            switched = start(s, _action(s, host, ways, why))
            begun |= feeds if switched else set()
            found += switched
    return found


def _action(s: Situation, host: HostSeen, ways: list[PowerWay], why: str) -> PowerOnHost:
    """By the way that was tried least, in the owner's order."""
    tried = s.memory.host(host.id).switched_on_by
    way = min(ways, key=tried.count)
    others = [other for other in tried if other is not way]
    after = f"; {_failure(s, host, others[-1])}" if others else ""
    deadline = XAPI_DEADLINE if way is PowerWay.XAPI else OUT_OF_BAND_DEADLINE
    return PowerOnHost(host.id, host.pool, why + after, deadline, way)


def _ways(s: Situation, host: HostId) -> tuple[PowerWay, ...]:
    built = s.site.hosts.get(host)
    return built.power_on if built is not None else (PowerWay.XAPI,)


def _usable(s: Situation, host: HostSeen) -> list[PowerWay]:
    """host.power_on needs a power-on mode and a coordinator, which cannot switch itself on. Past the pool the
    coordinator comes first: the members find nobody without it, and wait for one that starts.
    """
    if may_act(s, host.pool):
        return [w for w in _ways(s, host.id) if w is not PowerWay.XAPI or not _xapi_cannot(s, host)]
    ours = s.memory.pool(host.pool).record is not None and not s.dry_run and has_claim(s, host.pool)
    beside = _coordinator_starts(s, host.pool) and not _may_be_starting(s, host)
    able = ours and (s.is_coordinator(host) or beside)
    return [w for w in _ways(s, host.id) if w is not PowerWay.XAPI] if able else []


def _may_be_starting(s: Situation, member: HostSeen) -> bool:
    """It was told to start, and nothing is heard of it before its coordinator is there."""
    m = s.memory.host(member.id)
    return m.powered_on_at is not None and m.switched_on_by[-1:] != () and m.switched_on_by[-1] not in m.switch_errors


@once
def _coordinator_starts(s: Situation, pool: PoolId) -> bool:
    """It was switched on a moment ago, or its supply has come back after a cut."""
    for host in s.members(pool):
        if s.is_coordinator(host):
            at, coming = s.memory.host(host.id).powered_on_at, _was_cut(s, host.id) and supply(s, host.id).powered
            return coming or (at is not None and s.now - at < s.policy.start_timeout)
    return False


def _xapi_cannot(s: Situation, host: HostSeen) -> bool:
    return not host.power_on_mode or s.is_coordinator(host)


def _waited_long(s: Situation, host: HostSeen) -> bool:
    """For storage that does not come back: a person has been told, and a host without it is better than none."""
    return s.now - max(backs_of(s, host.id)) >= s.policy.start_timeout


def _stays_off(s: Situation, host: HostSeen) -> bool:
    m = s.memory.host(host.id)
    gone = m.shut_down_at is not None or m.down_at is not None or _agent_has_stopped(s, host)
    if not gone or s.memory.pool(host.pool).off_by_person:
        return False
    if m.wanted and m.shut_down_at is None:
        return False  # a person wanted it in maintenance mode, and has switched it off to work on it
    if supply(s, host.id).state not in (Supply.FULL, Supply.REDUCED) or s.answers(host):
        return False
    if not may_start(s, host.id, host.pool):
        return False
    since = max(_gone_at(s, host.id), *backs_of(s, host.id))
    tried = m.powered_on_at
    waits = _was_cut(s, host.id) and not s.memory.pool(host.pool).hurried
    waited = s.now - since >= (patience(s) if waits else 0.0)
    if not waited or tried is None or s.now - tried >= s.policy.starts_itself:
        return waited
    return m.switched_on_by[-1:] != () and m.switched_on_by[-1] in m.switch_errors and _has_another(s, host)


def _agent_has_stopped(s: Situation, host: HostSeen) -> bool:
    """It ran in this outage, and is silent without our asking: its agent was quicker, while the controller was away.

    That it is down is not proven where there is no witness. Switched on it can be all the same: one that runs does not
    mind.
    """
    silent = s.now - silent_since(s, host) >= s.policy.down_silence
    return silent and has_agent(s, host.id) and had_guests(s, host)


def _has_another(s: Situation, host: HostSeen) -> bool:
    """A way that was tried less than the last."""
    tried = s.memory.host(host.id).switched_on_by
    return any(tried.count(way) < tried.count(tried[-1]) for way in _usable(s, host))


def _gone_at(s: Situation, host: HostId) -> Seconds:
    m = s.memory.host(host)
    return m.shut_down_at + s.policy.host_stop if m.shut_down_at is not None else m.down_at or 0.0


def _was_cut(s: Situation, host: HostId) -> bool:
    built = s.site.hosts.get(host)
    return built is not None and all(s.memory.ups(u).was_cut for u in built.powered_by)


def trouble(s: Situation, host: HostSeen) -> str:
    """Why it stays off and a person must look at it; empty while there is a way left to try."""
    tried = s.memory.host(host.id).switched_on_by
    if not is_out(s, host):
        return ""
    if not tried:
        out_of_band = [way for way in _ways(s, host.id) if way is not PowerWay.XAPI]
        if not _stays_off(s, host) or out_of_band or not _xapi_cannot(s, host):
            return ""
        return "is the coordinator" if s.is_coordinator(host) else "has no power-on mode"
    if not s.is_coordinator(host) and not s.is_trusted(host.pool) and _may_be_starting(s, host):
        return ""  # it may be up, and wait for its coordinator
    last = s.memory.host(host.id)
    waits = last.powered_on_at is not None and s.now - last.powered_on_at < s.policy.starts_itself
    if any(way not in tried for way in _usable(s, host)) or (waits and tried[-1] not in last.switch_errors):
        return ""
    return tries(s, host)


def tries(s: Situation, host: HostSeen) -> str:
    """What was tried to switch it on, and how that went; empty when nothing was."""
    return "; ".join(_failure(s, host, way) for way in dict.fromkeys(s.memory.host(host.id).switched_on_by))


def is_out(s: Situation, host: HostSeen) -> bool:
    """It is off, or may be, although its supply is there."""
    m = s.memory.host(host.id)
    return (m.shut_down_at is not None or m.down_at is not None) and not s.answers(host) and supply(s, host.id).powered


def _failure(s: Situation, host: HostSeen, way: PowerWay) -> str:
    error = s.memory.host(host.id).switch_errors.get(way)
    return f"{way} failed: {error}" if error else f"{way} did not bring it up within {duration(s.policy.starts_itself)}"
