"""Room that is made on powered hosts for VMs that find none: who goes there, and for whom.

Only as far as the owner allows it (`make_room`), only VMs that are less important than the one that needs the room, and
only where the time is there for both steps. Nothing of it is remembered but by the journal: what is on its way off a
host already counts as room to come.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import combinations

from .actions import StopVm
from .budget import need
from .durations import move_time, sending_time, stop_time
from .ends import left
from .links import under_way
from .model import Bytes, HostId, Seconds, VmId
from .movable import RANK, coming, could_take, is_moving, room, stays, worth
from .observation import HostSeen, Power, VmSeen
from .ordering import stop_rank
from .policy import MakeRoom, Wish
from .power import supply
from .situation import Situation, once

TOGETHER = 3  # so many go at most for one
LOOKED_AT = 30  # so many of a host are thought of, the least important


@dataclass(frozen=True, slots=True)
class Room:
    """What goes for whom. `moves`: the new host, and for which VM; `stops`: for which VM; `awaited`: where a VM that
    has no place yet will find room."""

    moves: Mapping[VmId, tuple[HostId, VmId]] = field(default_factory=dict)
    stops: Mapping[VmId, VmId] = field(default_factory=dict)
    awaited: Mapping[VmId, HostId] = field(default_factory=dict)


NO_ROOM = Room()


@dataclass(frozen=True, slots=True)
class _Choice:
    """Those of one host that go for one VM: whoever has a new host moves, the others stop."""

    host: HostId
    moves: Mapping[VmId, HostId]
    stops: tuple[VmId, ...]
    freed: Bytes
    price: tuple[int, int, Bytes]  # what the stopped are worth; how many go; how large they are


class Making:
    """The room for the guests of one plan, as it is being made. What is planned already is counted."""

    def __init__(self, s: Situation) -> None:
        self.s = s
        self.now: dict[HostId, Bytes] = {h.id: room(s, h.id) for h in s.hosts}
        self.free = {h: free + _to_come(s, h) for h, free in self.now.items()}  # when who leaves has left
        self.busy: dict[HostId, Seconds] = dict.fromkeys(self.free, 0.0)  # of each host's link out
        for flow in (f for pool in s.seen.pools for f in under_way(s, pool)):
            self.busy[flow.source] = self.busy.get(flow.source, 0.0) + flow.needs
        self.moves: dict[VmId, tuple[HostId, VmId]] = {}
        self.stops: dict[VmId, VmId] = {}
        self.awaited: dict[VmId, HostId] = {}

    @property
    def room(self) -> Room:
        return Room(self.moves, self.stops, self.awaited)

    def takes(self, vm: VmSeen, host: HostId, in_time: bool = True) -> None:
        """A place that was found."""
        self.free[host] -= vm.memory
        self.now[host] -= vm.memory
        self.busy[vm.resident_on or ""] += sending_time(self.s, vm) if in_time else 0.0

    def make(self, vm: VmSeen, hosts: Iterable[HostId], since: Seconds) -> bool:
        """Room for a VM on one of these hosts, at the least price; False: there is none, or no time for it."""
        choices = [found for host in hosts if (found := self._choice(vm, host, since)) is not None]
        if not choices:
            return False
        best = min(choices, key=lambda c: (c.price, RANK[supply(self.s, c.host).state], c.host))
        for other, target in best.moves.items():
            self.moves[other] = (target, vm.id)
            self.takes(self.s.seen.vms[other], target)
        self.stops |= dict.fromkeys(best.stops, vm.id)
        self.free[best.host] += best.freed
        self.takes(vm, best.host)
        self.awaited[vm.id] = best.host
        return True

    def _choice(self, vm: VmSeen, host: HostId, since: Seconds) -> _Choice | None:
        lacking = vm.memory - self.free[host]
        if lacking <= 0:
            nobody = _Choice(host, {}, (), 0, (0, 0, 0))
            return nobody if self._is_time(vm, nobody) else None
        if self.s.memory.host(host).hands_off:
            return None
        could = [v for v in self.s.guests(host) if self._may_go(v, vm)]
        could = sorted(could, key=lambda v: (-stop_rank(self.s, v), v.memory, v.name, v.id))[:LOOKED_AT]
        found: list[_Choice] = []
        for count in range(1, TOGETHER + 1):
            for those in combinations(could, count):
                freed = sum(v.memory for v in those)
                if freed < lacking or freed - min(v.memory for v in those) >= lacking:
                    continue  # too little; or one of them need not go
                choice = self._gone(host, those, since)
                if choice is not None and choice.price[0] < worth(self.s, vm) and self._is_time(vm, choice):
                    found.append(choice)
        return min(found, key=lambda c: (c.price, c.stops, tuple(c.moves)), default=None)

    def _may_go(self, other: VmSeen, vm: VmSeen) -> bool:
        """Strictly less important, at rest, and not to be left alone by its owner's wish. One that failed stays."""
        s, wish = self.s, self.s.vm_policy(other).wish
        if stop_rank(s, other) <= stop_rank(s, vm) or other.power is not Power.RUNNING or wish is Wish.LEAVE:
            return False
        if other.id in self.moves or other.id in self.stops or other.busy or is_moving(s, other):
            return False
        return not other.immovable and not s.memory.is_pending(f"vm {other.id}")

    def _gone(self, host: HostId, those: tuple[VmSeen, ...], since: Seconds) -> _Choice | None:
        """Each of them moved, the largest first; or else stopped, where that is allowed."""
        free, moves, stops = dict(self.now), {}, []
        for other in sorted(those, key=lambda v: (-v.memory, v.id)):
            target = self._new_host(other, host, free, since)
            if target is not None:
                moves[other.id] = target
                free[target] -= other.memory
            elif self._may_stop(other):
                stops.append(other.id)
            else:
                return None
        lost = sum(worth(self.s, v) for v in those if v.id in stops)
        freed = sum(v.memory for v in those)
        return _Choice(host, moves, tuple(stops), freed, (lost, len(those), freed))

    def _new_host(self, vm: VmSeen, host: HostId, free: Mapping[HostId, Bytes], since: Seconds) -> HostId | None:
        s, failed = self.s, self.s.memory.vm(vm.id).failed_on
        if stays(s, vm) or len(failed) >= s.policy.move_attempts:
            return None
        hosts, _ = could_take(s, vm, host, since)
        fitting = [h for h in hosts if free[h] >= vm.memory and h not in failed]
        return min(fitting, key=lambda h: (RANK[supply(s, h).state], -free[h], h), default=None)

    def _may_stop(self, vm: VmSeen) -> bool:
        """A stop that has failed is not tried again, and never becomes a hard one."""
        s = self.s
        tried = f"StopVm vm {vm.id}" in s.memory.failures or s.memory.vm(vm.id).stop_failed is not None
        return s.policy.make_room is MakeRoom.STOP and s.vm_policy(vm).wish is not Wish.SUSPEND and not tried

    def _is_time(self, vm: VmSeen, choice: _Choice) -> bool:
        """Whether both steps end in time; and should the first come to nothing, a clean stop."""
        s, source = self.s, self.s.seen.hosts[vm.resident_on or ""]
        seconds = left(s, source)
        if seconds is None:
            return True
        leaving = [self.s.seen.vms[v] for v in choice.moves]
        sent = sum(sending_time(s, v) for v in leaving)
        first = max([stop_time(s, s.seen.vms[v]) for v in choice.stops], default=0.0)
        if leaving:
            first = max(first, self.busy[choice.host] + sent + s.policy.move_overhead)
        second = max(move_time(s, vm), stop_time(s, vm))
        return max(first, self.busy[source.id]) + second <= seconds - need(s, source).last_moment


def is_wanted(s: Situation, vm: VmSeen) -> bool:
    """Whether room may be made for a VM at all: its owner allows it, and the power of its host fails."""
    return s.policy.make_room is not MakeRoom.OFF and supply(s, vm.resident_on or "").failing


def _to_come(s: Situation, host: HostId) -> Bytes:
    """Memory of the guests that are about to leave a host, or to stop there."""
    leaving = {vm for target, there in coming(s).items() if target != host for vm in there} | _stopping(s)
    return sum(v.memory for v in s.guests(host) if v.id in leaving)


@once
def _stopping(s: Situation) -> frozenset[VmId]:
    asked = {a.vm for a in s.memory.pending.values() if isinstance(a, StopVm)}
    return frozenset(asked | {v.id for v in s.seen.vms.values() if "clean_shutdown" in v.busy})


def makes_room(s: Situation) -> list[HostSeen]:
    """The hosts on which room is being made now."""
    hosts = {a.host for a in s.memory.pending.values() if isinstance(a, StopVm) and a.room_for}
    hosts |= {getattr(a, "source", "") for a in s.memory.pending.values() if getattr(a, "room_for", "")} - {""}
    return [h for h in s.hosts if h.id in hosts]
