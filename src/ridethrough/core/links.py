"""Which moves may share a link: as many as all of them end in time; where it carries no more, one after another."""

from __future__ import annotations

import math
from dataclasses import dataclass

from .actions import MoveVm
from .budget import need
from .durations import sending_time
from .ends import left
from .model import HostId, PoolId, Seconds
from .movable import on_the_way
from .observation import VmSeen
from .power import supply
from .situation import Situation


@dataclass(frozen=True, slots=True)
class Flow:
    """A move, by the seconds for which it still needs a link to itself, and those in which it must have ended."""

    source: HostId
    target: HostId
    needs: Seconds
    within: Seconds  # infinite: nothing presses


def flow(s: Situation, vm: VmSeen, target: HostId) -> Flow:
    """A move that has not begun."""
    return Flow(vm.resident_on or "", target, sending_time(s, vm), _within(s, vm.resident_on or ""))


def under_way(s: Situation, pool: PoolId) -> list[Flow]:
    """The moves of a pool that run, or were just asked for."""
    found: list[Flow] = []
    pending = {a.vm: (position, a) for position, a in s.memory.pending.items() if isinstance(a, MoveVm)}
    for vm in on_the_way(s):
        if vm.pool != pool:
            continue
        position, action = pending.get(vm.id, (0, None))
        source, target = (action.source, action.host) if action else (vm.resident_on or "", vm.moving_to or "")
        if vm.resident_on != target:
            found.append(Flow(source, target, _rest(s, vm, position), _within(s, source)))
    return found


def carry(flows: list[Flow], new: Flow) -> bool:
    """Whether a move may begin beside these: all that share a link with it, and itself, still end in time.

    A link's speed is shared evenly. A move is held back by each other one for as long as the shorter of the two takes.
    """
    for beside in (
        [f for f in flows if f.source == new.source],
        [f for f in flows if f.target == new.target],
    ):
        if not beside:
            continue
        together = [*beside, new]
        for each in together:
            ends = sum(min(each.needs, other.needs) for other in together)
            if ends > each.within:
                return False
    return True


def _rest(s: Situation, vm: VmSeen, position: int) -> Seconds:
    """What is left of a move by what it had of its link. Of one that nobody has watched from its beginning: half."""
    whole, begun = sending_time(s, vm), s.memory.begun.get(position)
    if begun is None:
        return whole / 2
    return max(whole - begun.share - max(s.now - begun.settled_at, 0.0) / max(begun.beside, 1), 0.0)


def _within(s: Situation, source: HostId) -> Seconds:
    """What a source has for sending; what each move takes beside that passes for all at the same time."""
    host = s.seen.hosts.get(source)
    seconds = left(s, host) if host is not None and supply(s, source).failing else None
    if host is None or seconds is None:
        return math.inf
    return max(seconds - need(s, host).last_moment - s.policy.move_overhead, 0.0)
