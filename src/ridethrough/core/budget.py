"""Seconds needed to evacuate and shut down, against seconds of power left."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from .durations import durations, host_stop, longest_stop, sending_time, stop_time
from .ends import LAST_SECONDS, can_be_cleared_for, left, serves_for
from .learned import GIB
from .memory import DEADLINE
from .model import HostId, PoolId, Seconds, StorageId, earlier
from .movable import is_moving, no_target, stays
from .observation import HostSeen, VmSeen
from .ordering import stop_rank
from .power import supply
from .situation import Situation, once
from .storage_use import guests_on
from .wording import duration


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


def used_for(s: Situation, storage: StorageId) -> Seconds | None:
    """Seconds until what runs on a storage on battery must have stopped; None when nothing known limits it."""
    return earlier(serves_for(s, storage), can_be_cleared_for(s, storage))


def clearing(s: Situation, storage: StorageId) -> Seconds:
    """Seconds for clean stops of what runs on a storage, wave after wave, before it may go."""
    return stops_in_order(s, guests_on(s, storage)) + s.policy.reserve


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


def asks_cleanly(s: Situation, vm: VmSeen, within: Seconds) -> bool:
    """Whether a clean stop with so much time comes next: none was tried, or the last had less than it takes, and now
    there is enough. What hangs on the same UPS may have gone off since.
    """
    m = s.memory.vm(vm.id)
    short = m.stop_failed == DEADLINE and m.stop_within < stop_time(s, vm) <= within
    return m.stop_failed is None or short


def suspend_deadline(s: Situation, host: HostSeen, vm: VmSeen) -> Seconds | None:
    """How long a guest's suspension may take; None: so long that, should it fail, no clean stop could follow it."""
    likely, seconds = vm.memory / s.policy.suspend_speed, left(s, host)
    most = 2 * likely + 60.0  # the guest itself has half a minute to be ready
    if seconds is None:
        return most
    spare = seconds - need(s, host).last_moment - stop_time(s, vm)
    return min(most, spare) if spare >= likely else None
