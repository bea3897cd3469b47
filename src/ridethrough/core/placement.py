"""Which powered host takes which VM; who finds no place, and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from .budget import left, moving_time, need
from .learned import GIB
from .model import HostId, NetworkId, PoolId, RepositoryId, Seconds, VmId
from .movable import (
    NOT_PROVEN as NOT_PROVEN,
)
from .movable import (
    RANK,
    coming,
    no_target_for,
    room,
    targets,
)
from .movable import is_moving as is_moving
from .movable import no_target as no_target
from .movable import stays as stays
from .observation import Cpu, VmSeen
from .planner import Guest, Problem, Target, packed
from .policy import VmPolicy
from .power import Supply, supply
from .situation import Situation, once

NO_TIME = "no time is left to move it"
_POWER = {Supply.FULL: "has utility power", Supply.REDUCED: "has one feed left", Supply.ASSUMED: "names no UPS"}


@dataclass(frozen=True, slots=True)
class Placement:
    """For each VM that should leave its host: the target, or the reason in words why there is none.

    `moves` stand in the order in which they should begin. Those in `late` come last: there is room for them, and
    perhaps no time.
    """

    moves: Mapping[VmId, tuple[HostId, str]] = field(default_factory=dict)
    unplaced: Mapping[VmId, str] = field(default_factory=dict)
    late: Mapping[VmId, str] = field(default_factory=dict)


def place(s: Situation, sources: Iterable[HostId]) -> Placement:
    """Targets for every guest of the hosts that are being emptied, all planned together.

    As much as possible of what the guests are worth finds a place and the time for it. Infrastructure moves first, then
    by tier, then by size, the largest first. A VM already on its way keeps its target and its memory there.
    """
    return _placed(s, tuple(sorted(sources)))


@once
def _placed(s: Situation, sources: tuple[HostId, ...]) -> Placement:
    guests = [v for h in sources for v in s.guests(h) if not is_moving(s, v)]
    unplaced: dict[VmId, str] = {}
    wanted: list[tuple[VmSeen, tuple[HostId, ...]]] = []
    for vm in guests:
        fitting, reason = ((), reason) if (reason := stays(s, vm)) else _fitting(s, vm)
        if reason:
            unplaced[vm.id] = reason
        else:
            wanted.append((vm, fitting))
    if not wanted:
        return Placement({}, unplaced)
    plan = packed(_problem(s, wanted))
    late = {v.id: NO_TIME for v, _ in wanted if v.id in plan.late}
    for vm, _ in wanted:
        if vm.id not in plan.places:
            unplaced[vm.id] = _too_large(vm)
    placed = sorted((v for v, _ in wanted if v.id in plan.places), key=lambda v: _order(s, v, v.id in late))
    return Placement({v.id: (t := plan.places[v.id], f"{t} {_why(s, t)}") for v in placed}, unplaced, late)


def _order(s: Situation, vm: VmSeen, late: bool) -> tuple[bool, bool, int, int, str, str]:
    """In which order moves begin; of those that there may be no time for, the smallest first."""
    policy = s.vm_policy(vm)
    size = vm.memory if late else -vm.memory
    return (late, not policy.infrastructure, policy.tier, size, vm.name, vm.id)


def weight(policy: VmPolicy) -> int:
    """What a VM is worth: twice as much as one of the next tier; infrastructure as much as two of tier 0."""
    return int(2 ** (10 if policy.infrastructure else max(9 - policy.tier, 0)))


def _too_large(vm: VmSeen) -> str:
    return f"not enough memory: needs {vm.memory / GIB:.1f} GiB"


# --- where a VM can go at all ------------------------------------------------------------------------------------


def _fitting(s: Situation, vm: VmSeen) -> tuple[tuple[HostId, ...], str]:
    """The hosts on which a VM could run, were there room; with none, the reason."""
    failed = s.memory.vm(vm.id).failed_on
    if len(failed) >= s.policy.move_attempts:
        return (), f"its migration failed {len(failed)} times"
    evacuation = s.memory.host(vm.resident_on or "").evacuation
    since = evacuation.at if evacuation is not None and not s.dry_run else s.now - s.policy.target_fresh
    fitting, reason = able(s, vm.resident_on or "", since, vm.pool, vm.storage, vm.networks, vm.cpu)
    if reason:
        return (), reason
    roomy = [h for h in fitting if room(s, h) >= vm.memory]
    if not roomy:
        return (), _too_large(vm)
    if not failed:
        return fitting, ""
    untried = tuple(h for h in fitting if h not in failed)
    if not any(h not in failed for h in roomy):
        return (), "its migration failed on every host that could take it"
    return untried, ""


@once
def able(
    s: Situation,
    source: HostId,
    since: Seconds,
    pool: PoolId,
    storage: frozenset[RepositoryId],
    networks: frozenset[NetworkId],
    cpu: Cpu | None,
) -> tuple[tuple[HostId, ...], str]:
    """The hosts that may receive a VM with these needs, whatever its size; with none, the first reason."""
    usable = [h for h in targets(s, pool, since) if h.id != source]
    if not usable:
        others = [h.id for h in s.members(pool) if h.id != source]
        named = "; ".join(f"{h} {no_target_for(s, h, since)}" for h in others)
        return (), f"no host to move to ({named})" if named else "it is alone in its pool"
    usable = [h for h in usable if storage <= h.storage]
    if not usable:
        return (), "no other host reaches its storage"
    connected = [h for h in usable if networks <= h.networks]
    if not connected:
        lacking = sorted(networks - frozenset.union(*(h.networks for h in usable))) or sorted(networks)
        names = s.seen.pools[pool].network_names if pool in s.seen.pools else {}
        return (), f'no other host has its network "{names.get(lacking[0], lacking[0])}"'
    alike = [h for h in connected if cpu is None or h.cpu is None or h.cpu.runs(cpu)]
    if not alike:
        return (), "no other host's processor has all that it was started with"
    return tuple(h.id for h in alike), ""


# --- the problem, as the planner takes it ------------------------------------------------------------------------


def _problem(s: Situation, wanted: list[tuple[VmSeen, tuple[HostId, ...]]]) -> Problem:
    guests = tuple(
        Guest(
            vm.id,
            vm.resident_on or "",
            vm.memory,
            able,
            weight(s.vm_policy(vm)),
            moving_time(s, [vm]),
            _preferred(s, vm),
            vm.groups,
        )
        for vm, able in wanted
    )
    hosts = sorted({h for _, able in wanted for h in able})
    spread = {group for vm, _ in wanted for group in vm.groups}
    windows = {h: w for h in {g.source for g in guests} if (w := _window(s, h)) is not None}
    return Problem(guests, tuple(_target(s, h, spread) for h in hosts), windows)


def _target(s: Situation, host: HostId, spread: set[str]) -> Target:
    on_their_way = list(coming(s).get(host, {}).values())
    members = [*s.guests(host), *on_their_way] if spread else []
    met = Counter(group for vm in members for group in vm.groups if group in spread)
    rank = RANK[supply(s, host).state]
    return Target(host, max(room(s, host), 0), rank, moving_time(s, on_their_way) / 2, met)


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
