"""Which powered host takes which VM; who finds no place, and why."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from .actions import MoveVm
from .model import Bytes, HostId, PoolId, Seconds, VmId
from .observation import HostSeen, Power, VmSeen
from .policy import Wish
from .power import Feed, Supply, feed, supply
from .situation import Situation, once

NOT_PROVEN = "its UPS has not been asked again yet"
_RANK = {Supply.FULL: 0, Supply.REDUCED: 1, Supply.ASSUMED: 2}


@dataclass(frozen=True, slots=True)
class Placement:
    """For each VM that should leave its host: the target, or the reason in words why there is none."""

    moves: Mapping[VmId, tuple[HostId, str]] = field(default_factory=dict)
    unplaced: Mapping[VmId, str] = field(default_factory=dict)


def place(s: Situation, sources: Iterable[HostId]) -> Placement:
    """Targets for every guest of the hosts that are being emptied, all planned together.

    Infrastructure first, then by tier, then by size, the largest first; each to the roomiest host of the best supply.
    A VM already on its way keeps its target and its memory there.
    """
    return _placed(s, tuple(sorted(sources)))


@once
def _placed(s: Situation, sources: tuple[HostId, ...]) -> Placement:
    moves: dict[VmId, tuple[HostId, str]] = {}
    unplaced: dict[VmId, str] = {}
    free = {h.id: room(s, h.id) for h in s.hosts}
    rank = {h.id: _RANK.get(supply(s, h.id).state, len(_RANK)) for h in s.hosts}
    for vm in _in_order(s, sources):
        reason = stays(s, vm)
        if reason:
            unplaced[vm.id] = reason
            continue
        fitting, reason = _fitting(s, vm, free)
        if not fitting:
            unplaced[vm.id] = reason
            continue
        advised = _advised(s, vm)
        best = min(fitting, key=lambda h: (rank[h], h != advised, -free[h], h))
        free[best] -= vm.memory
        moves[vm.id] = (best, _why(s, vm, best))
    return Placement(moves, unplaced)


def stays(s: Situation, vm: VmSeen) -> str:
    """Why a guest is not to be moved at all; empty when it may be."""
    wish = s.vm_policy(vm).wish
    if s.memory.vm(vm.id).skipped:
        return "a person skips it"
    if wish is not Wish.MIGRATE:
        return f'its wish is "{wish}"'
    if vm.immovable:
        return vm.immovable
    return "it is paused" if vm.power is Power.PAUSED else ""


def no_target(s: Situation, host: HostSeen, since: Seconds) -> str:
    """Why a host may not receive a VM; empty when it may. Evidence must be newer than `since`.

    Never a host that is not powered, not enabled, or did not answer this round (behaviour.md "Never" 2).
    """
    return _no_target(s, host.id, since)


@once
def _no_target(s: Situation, host_id: HostId, since: Seconds) -> str:
    host = s.seen.hosts[host_id]
    m = s.memory.host(host.id)
    state = supply(s, host.id).state
    if state not in _RANK:
        return f"supply {state}"
    if not host.enabled or not host.live:
        return "in maintenance mode" if not host.enabled else "not live"
    if m.evacuation or m.shutdown or m.disabled_at is not None or m.shut_down_at is not None or m.wanted:
        return "being emptied"
    if not s.answers(host) or m.down_at is not None:
        return "does not answer"
    return "" if _freshly_proven(s, host.id, since) else NOT_PROVEN


def _freshly_proven(s: Situation, host: HostId, since: Seconds) -> bool:
    """Enough of the host's feeds said utility power after `since`, and just now."""
    built = s.site.hosts.get(host)
    if built is None or not built.powered_by:
        return True  # assumed powered: nothing to ask
    proven = 0
    for ups in built.powered_by:
        at = seen.answered_at if (seen := s.seen.upses.get(ups)) else None
        fresh = at is not None and at >= since and s.now - at <= s.policy.target_fresh
        proven += fresh and feed(s, ups) is Feed.GOOD and s.memory.ups(ups).doubted is None
    return proven >= built.needs


@once
def room(s: Situation, host: HostId) -> Bytes:
    """Free memory of a host with everything on its way there already counted."""
    return s.seen.hosts[host].memory_free - sum(_coming(s).get(host, {}).values())


@once
def _coming(s: Situation) -> dict[HostId, dict[VmId, Bytes]]:
    """The VMs on their way to each host, seen or just asked for, with what they need there."""
    ways = [(vm, vm.moving_to) for vm in s.seen.vms.values() if vm.moving_to is not None]
    asked = [a for a in s.memory.pending.values() if isinstance(a, MoveVm) and a.vm in s.seen.vms]
    found: dict[HostId, dict[VmId, Bytes]] = {}
    for vm, host in ways + [(s.seen.vms[a.vm], a.host) for a in asked]:
        if vm.resident_on != host:
            found.setdefault(host, {})[vm.id] = vm.memory
    return found


def is_moving(s: Situation, vm: VmSeen) -> bool:
    """Whether a migration of the VM runs, seen or just asked for."""
    return vm.moving_to is not None or vm.id in _asked_to_move(s)


@once
def _asked_to_move(s: Situation) -> frozenset[VmId]:
    return frozenset(a.vm for a in s.memory.pending.values() if isinstance(a, MoveVm))


def _in_order(s: Situation, hosts: Iterable[HostId]) -> list[VmSeen]:
    vms = [v for h in hosts for v in s.guests(h) if not is_moving(s, v)]

    def key(vm: VmSeen) -> tuple[bool, int, int, str, str]:
        policy = s.vm_policy(vm)
        return (not policy.infrastructure, policy.tier, -vm.memory, vm.name, vm.id)

    return sorted(vms, key=key)


def _fitting(s: Situation, vm: VmSeen, free: Mapping[HostId, Bytes]) -> tuple[list[HostId], str]:
    """The hosts that can take the VM; with none, the reason."""
    failed = s.memory.vm(vm.id).failed_on
    if len(failed) >= s.policy.move_attempts:
        return [], f"its migration failed {len(failed)} times"
    evacuation = s.memory.host(vm.resident_on or "").evacuation
    since = evacuation.at if evacuation is not None and not s.dry_run else s.now - s.policy.target_fresh
    usable = [h for h in _targets(s, vm.pool, since) if h.id != vm.resident_on]
    if not usable:
        others = [h.id for h in s.members(vm.pool) if h.id != vm.resident_on]
        named = "; ".join(f"{h} {_no_target(s, h, since)}" for h in others)
        return [], f"no host to move to ({named})" if named else "it is alone in its pool"
    reach = [h for h in usable if vm.storage <= h.storage]
    if not reach:
        return [], "no other host reaches its storage"
    roomy = [h.id for h in reach if free[h.id] >= vm.memory]
    if not roomy:
        return [], f"not enough memory: needs {vm.memory / 2**30:.1f} GiB"
    untried = [h for h in roomy if h not in failed]
    return (untried, "") if untried else ([], "its migration failed on every host that could take it")


@once
def _targets(s: Situation, pool: PoolId, since: Seconds) -> list[HostSeen]:
    """The hosts of a pool that may receive a VM."""
    return [h for h in s.members(pool) if not _no_target(s, h.id, since)]


def _advised(s: Situation, vm: VmSeen) -> HostId | None:
    """Where WLB would have the VM."""
    return s.seen.pools[vm.pool].advice.get(vm.id) if vm.pool in s.seen.pools else None


def _why(s: Situation, vm: VmSeen, host: HostId) -> str:
    state = supply(s, host).state
    power = {Supply.FULL: "has utility power", Supply.REDUCED: "has one feed left", Supply.ASSUMED: "names no UPS"}
    return f"{host} {power[state]} and room"
