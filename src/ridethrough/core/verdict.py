"""The sentence of this round, and the next moment that matters."""

from __future__ import annotations

from . import events as e
from .budget import in_words, need
from .ends import left
from .evacuation import is_emptying
from .model import Seconds, StorageId
from .observation import HostSeen
from .power import CUT_MARGIN, Supply, supply
from .proof import silent_since
from .recovery import batteries
from .room import makes_room
from .shutdown import CARRIER_FIRST
from .situation import Situation
from .wording import duration

PULSE: Seconds = 2.0  # between two looks at a host on which steps follow each other; what ends wakes the loop at once


def verdict(s: Situation) -> str:
    """What is going on and why, in one sentence."""
    parts = [text for host in s.hosts if (text := _of_host(s, host))]
    parts += [f"making room on {host.id}" for host in makes_room(s)]
    parts += [text for storage in sorted(s.site.storages) if (text := _of_storage(s, storage))]
    parts += [f"waiting for the battery of {u}" for u in batteries(s)]
    failing = [u for u in sorted(s.site.upses) if s.memory.ups(u).on_battery_since is not None]
    if not parts and failing:
        parts.append(f"riding through: {' and '.join(failing)} on battery")
    text = "; ".join(parts) or "nothing to do"
    return f"dry run: {text}" if s.dry_run else text


def _of_host(s: Situation, host: HostSeen) -> str:
    m = s.memory.host(host.id)
    doing = ""
    if m.down_at is not None:
        doing = f"{host.id} is down"
    elif m.shut_down_at is not None:
        doing = f"{host.id} is shutting down"
    elif m.shutdown is not None:
        doing = f"stopping the guests of {host.id}"
    elif is_emptying(s, host):
        doing = f"evacuating {host.id}"
    elif m.disabled_at is not None:
        doing = f"{host.id} is in maintenance mode"
    state = supply(s, host.id)
    if not doing and not state.failing:
        return ""
    if state.state is Supply.LOST:
        return f"{doing or host.id + ' was not shut down'} (its supply has been cut)"
    seconds = left(s, host) if state.failing and m.down_at is None else None
    power = _power(s, host, seconds) if seconds is not None else ""
    clock = f"on battery for {duration(s.now - state.since)}" if state.since is not None else f"supply {state.state}"
    return f"{doing or host.id + ' rides through'} ({clock}{', ' + power if power else ''})"


def _power(s: Situation, host: HostSeen, seconds: Seconds) -> str:
    """What is left against what is needed, until its own shutdown has begun."""
    if s.memory.host(host.id).shut_down_at is not None:
        return f"{duration(seconds)} of power left"
    return in_words(seconds, need(s, host).from_evacuation)


def _of_storage(s: Situation, storage: StorageId) -> str:
    m = s.memory.storage(storage)
    if m.down_at is not None:
        return f"{storage} is down"
    if m.told_at is not None:
        return f"{storage} is shutting down"
    return f"stopping what runs on {storage}" if m.stop is not None else ""


def next_moment(s: Situation) -> Seconds | None:
    """The next moment at which time alone could change the decision; None when only news could."""
    moments: list[Seconds] = []
    for host in s.hosts:
        state, policy = supply(s, host.id), s.host_policy(host.id)
        if state.since is not None:
            moments += [state.since + t.after for t in (policy.maintenance, policy.shutdown) if t.enabled]
            moments += [state.since + after for after in s.policy.shed.values()]
        m = s.memory.host(host.id)
        if m.held_until is not None:
            moments.append(m.held_until)
        if m.shut_down_at is not None or m.down_at is not None:
            asked = m.shutdown_last_asked or m.shut_down_at or 0.0
            moments += [silent_since(s, host) + s.policy.down_silence]
            if host.id == s.carrier and m.shut_down_at is not None:
                moments.append(m.shut_down_at + CARRIER_FIRST)
            moments += [asked + s.policy.host_stop, asked + 2 * s.policy.host_stop]
        elif m.evacuation is not None:
            moments.append((m.disabled_at or m.evacuation.at) + s.policy.disable_wait)
            # While power settles nothing begins and nothing is undone; once it is back no second counts.
            wanted = bool(m.wanted) or s.is_wanted_off(host.pool)
            if wanted or state.failing or (is_emptying(s, host) and not state.powered):
                moments.append(s.now + PULSE)
    for storage, built in sorted(s.site.storages.items()):
        since, known = supply(s, storage).since, s.memory.storage(storage)
        if since is not None:
            moments.append(since + built.after)
        if known.stop is not None and known.down_at is None:
            moments.append(s.now + PULSE)
    for ups in sorted(s.site.upses):
        u = s.memory.ups(ups)
        moments += [t + CUT_MARGIN for t in (u.cut_at, u.off_at) if t is not None]
        if u.utility_since is not None:
            moments.append(u.utility_since + u.settle)
        if u.back_at is not None and (ups, e.RECHARGES) in s.memory.alerts:
            moments += [u.back_at + u.lasted, u.back_at + s.policy.battery_wait]
        if u.off_until is not None:
            moments.append(u.off_until + s.policy.settle)
    starts = [pool.coordinator_since for pool in s.seen.pools.values()]
    moments += [t + s.policy.coordinator_grace for t in starts if t is not None]
    future = [t for t in moments if t > s.now]
    return min(future) if future else None
