"""Seconds of power left: what a battery holds, and when each machine must be down for its own sake and others'."""

from __future__ import annotations

import math

from .battery import Discharge, Told, remaining
from .durations import host_stop
from .model import CONTROLLER, HostId, PoolId, Seconds, StorageId, SwitchId, UpsId, Way, earlier
from .observation import HostSeen, Source
from .power import feeds_of, is_silent, supply
from .situation import Situation, once
from .storage_use import guests_on, storages_under
from .topology import switches_before

LAST_SECONDS: Seconds = 10.0  # before a cut


def runtime(s: Situation, ups: UpsId) -> Seconds | None:
    """Trusted share of what the battery of a UPS still holds; counted down while its card is silent."""
    found = holds(s, ups)
    return None if found is None else found * s.policy.trust


def holds(s: Situation, ups: UpsId) -> Seconds | None:
    """What a battery holds: its card's promise, or less where its discharge, now or in outages before, shows it."""
    m, told = s.memory.ups(ups), promised(s, ups)
    held = s.memory.learned.held.get(ups, 1.0)
    if m.discharge is None:
        return None if told is None else told * held
    now = _told_last(s, ups, m.discharge)
    shown = remaining(m.discharge, now, held)
    until = s.now if m.utility_since is None else max(m.utility_since, now.at)  # then it is charged again
    ends = [end for end in (told, shown - (until - now.at) if shown is not None else None) if end is not None]
    return max(min(ends), 0.0) if ends else None


def promised(s: Situation, ups: UpsId) -> Seconds | None:
    """What a card promises, counted down since; None when it does not tell."""
    m, seen = s.memory.ups(ups), s.seen.upses.get(ups)
    reading = seen.reading if seen else None
    if reading is not None and reading.runtime is not None:
        return max(reading.runtime - (s.now - reading.at), 0.0)
    if m.runtime is None or m.told_at is None or (reading is not None and not is_silent(s, ups)):
        return None
    return max(m.runtime - (s.now - m.told_at), 0.0)


def _told_last(s: Situation, ups: UpsId, discharge: Discharge) -> Told:
    """What its card said last in this outage. A charge that fell in one answer alone is not believed yet."""
    seen = s.seen.upses.get(ups)
    reading, before = (seen.reading, seen.previous) if seen else (None, None)
    if reading is None or reading.at < discharge.last.at or reading.source is not Source.BATTERY:
        return discharge.last
    charge = reading.charge
    if charge is not None and before is not None and before.charge is not None and before.at >= discharge.start.at:
        charge = max(charge, before.charge)
    return Told(reading.at, reading.runtime, charge, reading.load)


def hard_left(s: Situation, ups: UpsId) -> Seconds:
    """Seconds until the card cuts the output or a low battery ends; infinite when neither is known."""
    m = s.memory.ups(ups)
    ends = [t for t in (m.off_at, m.cut_at) if t is not None]
    if m.low_since is not None:
        ends.append(m.low_since + s.policy.low_battery_left)
    return max(min(ends) - s.now, 0.0) if ends else math.inf


@once
def own_left(s: Situation, host: HostId | StorageId | SwitchId) -> Seconds | None:
    """Seconds until a machine's feeds can no longer carry it; None when nothing known limits it.

    With several feeds each carries its share; when one is gone, the others inherit it and drain faster.
    """
    built = s.site.fed(host)
    if built is None or not built.powered_by:
        return None
    feeds = feeds_of(s, host)
    alive = {u: _soft_left(s, u) for u in feeds.failing}
    hard = {u: hard_left(s, u) for u in alive}
    spare = len(feeds.good) + len(feeds.settling)
    wanted = min(max(built.needs - spare, 1), len(alive))
    left = _exhausted_after(alive, hard, wanted) if alive and spare < built.needs else math.inf
    return None if math.isinf(left) else left


def _soft_left(s: Situation, ups: UpsId) -> Seconds:
    told = runtime(s, ups)
    return math.inf if told is None else told


def _exhausted_after(soft: dict[UpsId, Seconds], hard: dict[UpsId, Seconds], needs: int) -> Seconds:
    """When fewer than `needs` of these feeds are left, draining faster as others go."""
    count, passed = len(soft), 0.0
    remaining = dict(soft)
    while len(remaining) >= needs and remaining:
        rate = count / len(remaining)
        ends = {u: min(r / rate, hard[u] - passed) for u, r in remaining.items()}
        first = min(ends.values())
        if math.isinf(first):
            return math.inf
        passed += max(first, 0.0)
        remaining = {u: r - max(first, 0.0) * rate for u, r in remaining.items() if ends[u] > first}
    return passed


@once
def serves_for(s: Situation, storage: StorageId) -> Seconds | None:
    """Seconds for which a storage on battery can be counted on; None when nothing known limits it.

    What uses it must be proven down by then; after that come its own stop and the cut. One that goes down by itself
    does not wait for that.
    """
    built, state = s.site.storages[storage], supply(s, storage)
    if not state.failing:
        return None
    own, ends = own_left(s, storage), []
    if own is not None:
        ends.append(own - built.stop_time - s.policy.down_silence - LAST_SECONDS)
    if built.way is not Way.BY_ITSELF and (told := can_be_told_for(s, storage)) is not None:
        ends.append(told - s.policy.down_silence - LAST_SECONDS)
    if built.way is Way.BY_ITSELF and state.since is not None:
        ends.append(state.since + built.after - s.now)
    return max(min(ends), 0.0) if ends else None


def stays_for(s: Situation, storage: StorageId) -> Seconds | None:
    """Seconds until a storage on battery must be told to go down, or goes by itself; None when nothing limits it.

    A VM on a host that stays up has so long: of its host nothing need be proven.
    """
    built, seconds, own = s.site.storages[storage], serves_for(s, storage), own_left(s, storage)
    if built.way is Way.BY_ITSELF or seconds is None:
        return seconds
    ends = [own - built.stop_time] if own is not None else []
    ends += [told] if (told := can_be_told_for(s, storage)) is not None else []
    return max(min(ends) - LAST_SECONDS, 0.0)


@once
def can_be_cleared_for(s: Situation, storage: StorageId) -> Seconds | None:
    """Seconds until what runs on it, on hosts that stay up, can no longer be told to stop: the coordinator goes down
    itself, with nobody in its place; None when nothing known limits it.
    """
    staying = {v.pool for v in guests_on(s, storage) if not supply(s, v.resident_on or "").failing}
    coordinators = {pool: s.seen.pools[pool].coordinator for pool in staying}
    first = earlier(*(_before_its_coordinator(s, c, pool, False) for pool, c in coordinators.items() if c is not None))
    return None if first is None else max(first - LAST_SECONDS, 0.0)


@once
def can_be_told_for(s: Situation, storage: StorageId) -> Seconds | None:
    """Seconds until the reserve before a storage can no longer be reached; None when nothing known limits it."""
    seconds = reached_for(s, storage, "")
    return None if seconds is None else seconds - s.policy.reserve


@once
def reached_for(s: Situation, machine: HostId | StorageId, pool: PoolId) -> Seconds | None:
    """Seconds until a machine can no longer be reached by this controller, which goes down itself at the end, or has
    no switch that leads there any more; None when nothing known limits it. `pool`: that of a host, else empty.
    """
    return earlier(_led_to_for(s, machine, pool), _carried_for(s, machine))


@once
def _led_to_for(s: Situation, machine: HostId | StorageId, pool: PoolId) -> Seconds | None:
    """The same, as far as the controller's own supply and the switches limit it."""
    built = s.site.controller
    own = own_left(s, CONTROLLER)
    if own is not None and built.shuts_down:
        own = max(own - built.stop_time, 0.0)
    through = [own_left(s, switch.id) for switch in switches_before(s.site, machine, pool)]
    last = max((end for end in through if end is not None), default=None) if None not in through else None
    return earlier(own, last, own_left(s, built.switch) if built.switch else None)


def _carried_for(s: Situation, machine: HostId | StorageId) -> Seconds | None:
    """A controller that is a VM goes down with its host: seconds until that must go.

    It orders its host and that pool's coordinator at last, one right after the other: then the coordinator must be
    ready.
    """
    carrier = s.carrier
    if carrier is None or machine == carrier:
        return None
    seconds = own_left(s, carrier)
    if not s.is_coordinator_of(machine, carrier):
        return None if seconds is None else max(seconds - host_stop(s, carrier), 0.0)
    its = own_left(s, machine)
    first = earlier(seconds, None if its is None else its - host_stop(s, machine))
    return None if first is None else max(first - LAST_SECONDS, 0.0)


def lasts(s: Situation, host: HostId) -> Seconds | None:
    """Seconds until its feeds, or those of storage that it uses, can no longer carry it."""
    return _first_to_end(s, host) if s.site.storages else own_left(s, host)


@once
def _first_to_end(s: Situation, host: HostId) -> Seconds | None:
    return earlier(own_left(s, host), *(serves_for(s, storage) for storage in storages_under(s, host)))


def left(s: Situation, host: HostSeen) -> Seconds | None:
    """Seconds left for this host. Deadlines follow dependencies: a member must be down before its coordinator goes, a
    host before its storage, and before this controller or the switch between the two."""
    pool = s.seen.pools.get(host.pool)
    coordinator = pool.coordinator if pool else None
    ends = [lasts(s, host.id), reached_for(s, host.id, host.pool)]
    if coordinator is not None and coordinator != host.id:
        ends.append(_before_its_coordinator(s, coordinator, host.pool, host.id == s.carrier))
    return earlier(*ends)


def left_until(s: Situation, host: HostSeen) -> str:
    """What ends first of all that limits this host, in words: its power or its coordinator's, if nothing else does."""
    coordinator = s.seen.pools[host.pool].coordinator if host.pool in s.seen.pools else None
    seconds, stop = left(s, host), host_stop(s, coordinator) if coordinator is not None else 0.0
    machines = [(host.id, 0.0), *([(coordinator, stop)] if coordinator not in (None, host.id) else [])]
    for machine, before in machines:
        reached = reached_for(s, machine or "", host.pool)
        if seconds is None or reached is None or seconds not in (reached, max(reached - before, 0.0)):
            continue
        own = own_left(s, CONTROLLER)
        if own is not None and reached == max(own - s.site.controller.stop_time * s.site.controller.shuts_down, 0.0):
            return "left until the controller must go"
        switches = [s.site.controller.switch, *(w.id for w in switches_before(s.site, machine or "", host.pool))]
        ending = [w for w in switches if w and own_left(s, w) == reached]
        return f"left until {ending[0]} ends" if ending else "left until the host of the controller must go"
    return "of power left"


@once
def _before_its_coordinator(s: Situation, coordinator: HostId, pool: PoolId, carries_us: bool) -> Seconds | None:
    """Seconds until a member must be down: before its coordinator goes down itself, or cannot be reached any more.

    For the host that carries this controller the coordinator waits.
    """
    reached = _led_to_for(s, coordinator, pool) if carries_us else reached_for(s, coordinator, pool)
    if not supply(s, coordinator).failing:
        return reached
    first = earlier(lasts(s, coordinator), reached)
    return None if first is None else max(first - host_stop(s, coordinator), 0.0)
