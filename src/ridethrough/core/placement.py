"""Which powered host takes which VM; who finds no place, and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from .budget import moving_time, need
from .ends import left
from .learned import GIB
from .model import Bytes, HostId, Seconds, VmId
from .movable import (
    MORE,
    RANK,
    coming,
    could_take,
    room,
    vcpus_on,
    worth,
)
from .movable import (
    NOT_PROVEN as NOT_PROVEN,
)
from .movable import is_moving as is_moving
from .movable import no_target as no_target
from .movable import stays as stays
from .observation import VmSeen
from .planner import Guest, Problem, Target, packed
from .policy import weight as weight
from .power import Supply, supply
from .room import NO_ROOM, Making, Room, is_wanted
from .situation import Situation, once

NO_TIME = "no time is left to move it"
ROOM_IS_MADE = "room is made for it"
_POWER = {Supply.FULL: "has utility power", Supply.REDUCED: "has one feed left", Supply.ASSUMED: "names no UPS"}


@dataclass(frozen=True, slots=True)
class Placement:
    """For each VM that should leave its host: the target, or the reason in words why there is none.

    `moves` stand in the order in which they should begin. Those in `late` come last: there is room for them, and
    perhaps no time. `room` is made for some of those that have no place yet.
    """

    moves: Mapping[VmId, tuple[HostId, str]] = field(default_factory=dict)
    unplaced: Mapping[VmId, str] = field(default_factory=dict)
    late: Mapping[VmId, str] = field(default_factory=dict)
    room: Room = NO_ROOM


def place(s: Situation, sources: Iterable[HostId]) -> Placement:
    """Targets for every guest of the hosts that are being emptied, all planned together.

    As much as possible of what the guests are worth finds a place and the time for it. Infrastructure moves first, then
    by tier, then as HA would restart them, then by size, the largest first. A VM already on its way keeps its target
    and its memory there.
    """
    return _placed(s, tuple(sorted(sources)))


@once
def _placed(s: Situation, sources: tuple[HostId, ...]) -> Placement:
    guests = [v for h in sources for v in s.guests(h) if not is_moving(s, v)]
    unplaced: dict[VmId, str] = {}
    wanted: list[tuple[VmSeen, tuple[HostId, ...]]] = []
    for vm in guests:
        fitting, reason = ((), reason) if (reason := stays(s, vm) or _needs_no_room(s, vm)) else _fitting(s, vm)
        if reason:
            unplaced[vm.id] = reason
        else:
            wanted.append((vm, fitting))
    if not wanted and not any(is_wanted(s, v) for v in guests):
        return Placement({}, unplaced)
    making = Making(s)
    begun = [v for v in guests if s.memory.vm(v.id).room_on and unplaced.get(v.id) == _too_large(v)]
    _make_room(s, making, begun, unplaced)  # nobody else may have what they wait for
    plan = packed(_problem(s, wanted, making.free if begun else {}))
    late = {v.id: NO_TIME for v, _ in wanted if v.id in plan.late}
    for vm, _ in wanted:
        if vm.id not in plan.places:
            unplaced[vm.id] = _too_large(vm)
        else:
            making.takes(vm, plan.places[vm.id], in_time=vm.id not in late)
    _make_room(s, making, [v for v in guests if unplaced.get(v.id) == _too_large(v)], unplaced)
    placed = sorted((v for v, _ in wanted if v.id in plan.places), key=lambda v: _order(s, v, v.id in late))
    moves = {v.id: (t := plan.places[v.id], f"{t} {_why(s, t)}") for v in placed}
    return Placement(moves, unplaced, late, making.room)


def _needs_no_room(s: Situation, vm: VmSeen) -> str:
    """Room was to be made for a VM, and its host has power again: what went for it may come back."""
    host = vm.resident_on or ""
    wanted = s.memory.host(host).wanted or s.is_wanted_off(vm.pool)
    spared = s.memory.vm(vm.id).room_on and not supply(s, host).failing and not wanted
    return "its host has power again, and need not be left" if spared else ""


def _make_room(s: Situation, making: Making, vms: list[VmSeen], unplaced: dict[VmId, str]) -> None:
    """Have others make room for these VMs, the most important first, and say so."""
    for vm in sorted(vms, key=lambda v: _order(s, v, False)):
        since, failed = _since(s, vm), s.memory.vm(vm.id).failed_on
        hosts, _ = could_take(s, vm, vm.resident_on or "", since)
        if stays(s, vm) or len(failed) >= s.policy.move_attempts or not is_wanted(s, vm):
            continue
        if making.make(vm, [h for h in hosts if h not in failed], since):
            unplaced[vm.id] = f"{ROOM_IS_MADE} on {making.awaited[vm.id]}"


def _since(s: Situation, vm: VmSeen) -> Seconds:
    """How new the proof of a target must be."""
    evacuation = s.memory.host(vm.resident_on or "").evacuation
    return evacuation.at if evacuation is not None and not s.dry_run else s.now - s.policy.target_fresh


def _order(s: Situation, vm: VmSeen, late: bool) -> tuple[bool, bool, int, int, int, str, str]:
    """In which order moves begin; of those that there may be no time for, the smallest first."""
    policy = s.vm_policy(vm)
    size = vm.memory if late else -vm.memory
    return (late, not policy.infrastructure, policy.tier, -MORE[vm.restart], size, vm.name, vm.id)


def _too_large(vm: VmSeen) -> str:
    return f"not enough memory: needs {vm.memory / GIB:.1f} GiB"


# --- where a VM can go at all ------------------------------------------------------------------------------------


def _fitting(s: Situation, vm: VmSeen) -> tuple[tuple[HostId, ...], str]:
    """The hosts on which a VM could run, were there room; with none, the reason."""
    failed = s.memory.vm(vm.id).failed_on
    if len(failed) >= s.policy.move_attempts:
        return (), f"its migration failed {len(failed)} times"
    fitting, reason = could_take(s, vm, vm.resident_on or "", _since(s, vm))
    if reason:
        return (), reason
    if vm.memory > _most_room(s, fitting):
        return (), _too_large(vm)
    if not failed:
        return fitting, ""
    untried = tuple(h for h in fitting if h not in failed)
    if vm.memory > _most_room(s, untried):
        return (), "its migration failed on every host that could take it"
    return untried, ""


@once
def _most_room(s: Situation, hosts: tuple[HostId, ...]) -> Bytes:
    return max((room(s, h) for h in hosts), default=-1)


# --- the problem, as the planner takes it ------------------------------------------------------------------------


def _problem(s: Situation, wanted: list[tuple[VmSeen, tuple[HostId, ...]]], at_most: Mapping[HostId, Bytes]) -> Problem:
    guests = tuple(
        Guest(
            vm.id,
            vm.resident_on or "",
            vm.memory,
            able,
            worth(s, vm),
            moving_time(s, [vm]),
            _preferred(s, vm),
            vm.groups,
            vm.vcpus,
        )
        for vm, able in wanted
    )
    hosts = sorted({h for _, able in wanted for h in able})
    spread = {group for vm, _ in wanted for group in vm.groups}
    windows = {h: w for h in {g.source for g in guests} if (w := _window(s, h)) is not None}
    return Problem(guests, tuple(_target(s, h, spread, at_most.get(h, room(s, h))) for h in hosts), windows)


def _target(s: Situation, host: HostId, spread: set[str], at_most: Bytes) -> Target:
    on_their_way = list(coming(s).get(host, {}).values())
    members = [*s.guests(host), *on_their_way] if spread else []
    met = Counter(group for vm in members for group in vm.groups if group in spread)
    rank = RANK[supply(s, host).state]
    free, cpus = max(min(room(s, host), at_most), 0), s.seen.hosts[host].cpus
    return Target(
        host, free, rank, moving_time(s, on_their_way) / 2, met, cpus=cpus, vcpus=vcpus_on(s, host) if cpus else 0
    )


def _window(s: Situation, source: HostId) -> Seconds | None:
    """The seconds in which moves off a host must have ended; None: it has time.

    Of what is under way nobody tells how far it is: half of it, taken together.
    """
    host = s.seen.hosts[source]
    seconds = left(s, host) if supply(s, source).failing else None
    if seconds is None:
        return None
    under_way = [v for v in s.guests(source) if is_moving(s, v)]
    return max(seconds - need(s, host).last_moment - moving_time(s, under_way) / 2, 0.0)


def _preferred(s: Situation, vm: VmSeen) -> HostId | None:
    """Where WLB would have the VM, else its owner."""
    pool = s.seen.pools.get(vm.pool)
    return (pool.advice.get(vm.id) if pool else None) or vm.affinity


def _why(s: Situation, host: HostId) -> str:
    return f"{_POWER[supply(s, host).state]} and room"
