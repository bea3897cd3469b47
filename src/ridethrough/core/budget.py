"""Seconds needed to evacuate and shut down, against seconds of power left."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from .battery import Discharge, Told, remaining
from .durations import durations, host_stop, longest_stop, sending_time, stop_time
from .learned import GIB
from .model import CONTROLLER, HostId, PoolId, Seconds, StorageId, SwitchId, UpsId, Way
from .movable import is_moving, no_target, stays
from .observation import HostSeen, Source, VmSeen
from .ordering import stop_rank
from .power import feeds_of, is_silent, supply
from .situation import Situation, once
from .storage_use import storages_under
from .topology import switches_before
from .wording import duration

LAST_SECONDS: Seconds = 10.0  # before a cut


@dataclass(frozen=True, slots=True)
class Need:
    """What a host's way down takes, in seconds."""

    evacuation: Seconds  # until the last of its guests that can move has left over its own link
    arrivals: Seconds  # until those of all failing hosts have arrived where links are shared
    stops: Seconds  # of the guests that stay, tier after tier
    fallback: Seconds  # a clean stop for a guest whose move fails
    waiting: Seconds  # and for one whose move has not begun
    host_stop: Seconds
    reserve: Seconds  # in which it is also proven down

    @property
    def from_evacuation(self) -> Seconds:
        """From the first move to the cut. A guest whose move fails is stopped while those of other hosts still move."""
        alone = self.evacuation + max(self.stops, self.fallback)
        return max(alone, self.arrivals) + self.host_stop + self.reserve

    @property
    def from_stops(self) -> Seconds:
        """From the first clean stop to the cut. A guest that still waits for its move may have to be stopped too."""
        return max(self.stops, self.waiting) + self.host_stop + self.reserve

    @property
    def last_moment(self) -> Seconds:
        """From the host's own shutdown to the cut: guests and moves must have ended by then."""
        return self.host_stop + self.reserve

    def left_over(self, seconds: Seconds | None) -> Seconds | None:
        """The margin: what is left less what is needed. None when nothing limits it."""
        return None if seconds is None else seconds - self.from_evacuation


def in_words(seconds: Seconds, wanted: Seconds) -> str:
    """What is left, what is needed, and the margin between the two."""
    spare = seconds - wanted
    margin = f"{duration(spare)} to spare" if spare >= 0 else f"{duration(-spare)} short"
    return f"{duration(seconds)} of power left, {duration(wanted)} needed, {margin}"


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
def can_be_told_for(s: Situation, storage: StorageId) -> Seconds | None:
    """Seconds until the reserve before a storage can no longer be reached; None when nothing known limits it."""
    seconds = reached_for(s, storage, "")
    return None if seconds is None else seconds - s.policy.reserve


@once
def reached_for(s: Situation, machine: HostId | StorageId, pool: PoolId) -> Seconds | None:
    """Seconds until a machine can no longer be reached by this controller, which goes down itself at the end, or has
    no switch that leads there any more; None when nothing known limits it. `pool`: that of a host, else empty.
    """
    ends = (_led_to_for(s, machine, pool), _carried_for(s, machine))
    return min((end for end in ends if end is not None), default=None)


@once
def _led_to_for(s: Situation, machine: HostId | StorageId, pool: PoolId) -> Seconds | None:
    """The same, as far as the controller's own supply and the switches limit it."""
    built = s.site.controller
    own = own_left(s, CONTROLLER)
    if own is not None and built.shuts_down:
        own = max(own - built.stop_time, 0.0)
    through = [own_left(s, switch.id) for switch in switches_before(s.site, machine, pool)]
    last = max((end for end in through if end is not None), default=None) if None not in through else None
    ends = [own, last, own_left(s, built.switch) if built.switch else None]
    return min((end for end in ends if end is not None), default=None)


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
    ends = [seconds, None if its is None else its - host_stop(s, machine)]
    first = min((end for end in ends if end is not None), default=None)
    return None if first is None else max(first - LAST_SECONDS, 0.0)


def lasts(s: Situation, host: HostId) -> Seconds | None:
    """Seconds until its feeds, or those of storage that it uses, can no longer carry it."""
    return _first_to_end(s, host) if s.site.storages else own_left(s, host)


@once
def _first_to_end(s: Situation, host: HostId) -> Seconds | None:
    ends = [own_left(s, host), *(serves_for(s, storage) for storage in storages_under(s, host))]
    return min((end for end in ends if end is not None), default=None)


def left(s: Situation, host: HostSeen) -> Seconds | None:
    """Seconds left for this host. Deadlines follow dependencies: a member must be down before its coordinator goes, a
    host before its storage, and before this controller or the switch between the two."""
    pool = s.seen.pools.get(host.pool)
    coordinator = pool.coordinator if pool else None
    ends = [lasts(s, host.id), reached_for(s, host.id, host.pool)]
    if coordinator is not None and coordinator != host.id:
        ends.append(_before_its_coordinator(s, coordinator, host.pool, host.id == s.carrier))
    return min((end for end in ends if end is not None), default=None)


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
    ends = [end for end in (lasts(s, coordinator), reached) if end is not None]
    return max(min(ends) - host_stop(s, coordinator), 0.0) if ends else None


def need(s: Situation, host: HostSeen) -> Need:
    """What this host's way down takes, from its guests as they are now."""
    return _need(s, host.id, host.pool)


@once
def _need(s: Situation, host_id: HostId, pool: PoolId) -> Need:
    guests = s.guests(host_id)
    movable = _movable(s, host_id, pool)
    going = {v.id for v in movable}
    staying = [v for v in guests if v.id not in going] if len(movable) < len(guests) else []
    longest = [(stop_time(s, v), is_moving(s, v)) for v in movable]
    return Need(
        evacuation=moving_time(s, movable),
        arrivals=_arrivals(s, pool) if movable else 0.0,
        stops=stops_in_order(s, staying),
        fallback=max((seconds for seconds, _ in longest), default=0.0),
        waiting=max((seconds for seconds, moves in longest if not moves), default=0.0),
        host_stop=host_stop(s, host_id),
        reserve=max(s.policy.reserve, s.policy.down_silence),
    )


def _movable(s: Situation, host: HostId, pool: PoolId) -> list[VmSeen]:
    """The guests that go to another host, if any can take VMs at all."""
    found = [t for t in _takers(s, pool) if t != host]
    return [v for v in s.guests(host) if not stays(s, v)] if found else []


@once
def _takers(s: Situation, pool: PoolId) -> list[HostId]:
    return [h.id for h in s.members(pool) if not no_target(s, h, -math.inf)]


@once
def _arrivals(s: Situation, pool: PoolId) -> Seconds:
    """Seconds until all that is moved off the failing hosts of a pool has arrived, over the links that take it in.

    One host alone is slower to send than the others are to receive.
    """
    sources = [h.id for h in s.members(pool) if supply(s, h.id).failing and s.memory.host(h.id).down_at is None]
    targets = _takers(s, pool)
    if len(sources) < 2 or not targets:
        return 0.0
    moved = [v for h in sources for v in _movable(s, h, pool)]
    waiting = len([v for v in moved if not is_moving(s, v)])
    sizes, known = sum(v.memory for v in moved) / GIB, durations(s)
    speed = sum(1 / known.link_in(t, pool) for t in targets)
    return sizes / speed + math.ceil(waiting / (s.policy.parallel * len(targets))) * s.policy.move_overhead


def stops_in_order(s: Situation, vms: Iterable[VmSeen]) -> Seconds:
    """Clean stops wave after wave: those of one tier all together, the next when the last of them is off."""
    waves: dict[int, Seconds] = {}
    for vm in vms:
        rank = stop_rank(s, vm)
        waves[rank] = max(waves.get(rank, 0.0), stop_time(s, vm))
    return sum(waves.values())


def longest_of(s: Situation, vms: Iterable[VmSeen]) -> Seconds:
    """Clean stops all at once."""
    return max((stop_time(s, v) for v in vms), default=0.0)


def moving_time(s: Situation, vms: list[VmSeen]) -> Seconds:
    """Seconds to migrate these VMs, all off one host, over its link."""
    if not vms:
        return 0.0
    waves = math.ceil(len([v for v in vms if not is_moving(s, v)]) / s.policy.parallel)
    return sum(sending_time(s, v) for v in vms) + waves * s.policy.move_overhead


def is_last_moment(s: Situation, host: HostSeen) -> bool:
    """The reserve is reached: the host's own shutdown must start now, or it is cut while running."""
    seconds = left(s, host)
    return seconds is not None and seconds <= need(s, host).last_moment


def fits(s: Situation, host: HostSeen, vm: VmSeen) -> bool:
    """Whether a move of this VM ends before the host's own shutdown must begin."""
    seconds = left(s, host) if supply(s, host.id).failing else None
    return seconds is None or seconds > need(s, host).last_moment + moving_time(s, [vm])


def is_pressed(s: Situation, host: HostSeen) -> bool:
    """No time is left for wave after wave: half of what the order costs beside stopping all at once is used up."""
    seconds = left(s, host) if supply(s, host.id).failing else None
    if seconds is None:
        return False
    guests = [v for v in s.guests(host.id) if not is_moving(s, v)]
    return seconds <= need(s, host).last_moment + (longest_of(s, guests) + stops_in_order(s, guests)) / 2


def stop_deadline(s: Situation, host: HostSeen, vm: VmSeen, host_stops: bool = True) -> Seconds:
    """How long a clean stop of this guest may take: cut from the budget, never below five seconds.

    What the tiers that stop after it need is kept for them, while there is time for an order. A clean stop that came
    late may use up the reserve, but not the host's own stop. Where the host itself is not shut down, its guests have
    until shortly before the cut.
    """
    seconds, most = left(s, host), longest_stop(s, vm)
    if seconds is None:
        return most
    wanted = need(s, host)
    kept = wanted.last_moment if host_stops else LAST_SECONDS
    if not is_pressed(s, host):
        rank = stop_rank(s, vm)
        kept += stops_in_order(s, (v for v in s.guests(host.id) if stop_rank(s, v) < rank and not is_moving(s, v)))
    late = min(stop_time(s, vm), seconds - wanted.host_stop - LAST_SECONDS)
    return max(min(most, seconds - kept), late, 5.0)


def suspend_deadline(s: Situation, host: HostSeen, vm: VmSeen) -> Seconds | None:
    """How long a guest's suspension may take; None: so long that, should it fail, no clean stop could follow it."""
    likely, seconds = vm.memory / s.policy.suspend_speed, left(s, host)
    most = 2 * likely + 60.0  # the guest itself has half a minute to be ready
    if seconds is None:
        return most
    spare = seconds - need(s, host).last_moment - stop_time(s, vm)
    return min(most, spare) if spare >= likely else None
