"""Whether a VM may be moved at all, and whether a host may receive one."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping

from .actions import MoveVm
from .model import Bytes, HostId, NetworkId, PoolId, RepositoryId, Seconds, VmId
from .observation import Cpu, HostSeen, Power, Restart, VmSeen
from .policy import Wish, weight
from .power import Feed, Supply, feed, supply
from .situation import Situation, once

NOT_PROVEN = "its UPS has not been asked again yet"
EQUALS = 4096  # more than twice as many VMs as a pool has
MORE = {Restart.ALWAYS: 2, Restart.BEST_EFFORT: 1, Restart.NEVER: 0}  # what HA would restart comes before its equals
RANK = {Supply.FULL: 0, Supply.REDUCED: 1, Supply.ASSUMED: 2}


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


def worth(s: Situation, vm: VmSeen) -> int:
    """What it is worth that a VM runs on. Of two of one tier one that HA would restart is worth a little more: all of
    that together is less than the least of VMs."""
    return EQUALS * weight(s.vm_policy(vm)) + MORE[vm.restart]


def no_target(s: Situation, host: HostSeen, since: Seconds) -> str:
    """Why a host may not receive a VM; empty when it may. Evidence must be newer than `since`.

    Never a host that is not powered, not enabled, or did not answer this round (behaviour.md "Never" 2).
    """
    return no_target_for(s, host.id, since)


@once
def no_target_for(s: Situation, host_id: HostId, since: Seconds) -> str:
    """The same, by the host's id."""
    host = s.seen.hosts[host_id]
    m = s.memory.host(host.id)
    state = supply(s, host.id).state
    if state not in RANK:
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
def targets(s: Situation, pool: PoolId, since: Seconds) -> list[HostSeen]:
    """The hosts of a pool that may receive a VM."""
    return [h for h in s.members(pool) if not no_target_for(s, h.id, since)]


def could_take(
    s: Situation, vm: VmSeen, source: HostId, since: Seconds, starts: bool = False
) -> tuple[tuple[HostId, ...], str]:
    """The hosts that may receive a VM from `source`, whatever its size; with none, the first reason.

    One that `starts` is not bound to the processor that it ran on. The number of CPUs counts for both.
    """
    cpu = None if starts else vm.cpu
    return able(s, source, since, vm.pool, vm.storage, vm.networks, cpu, _cpus_needed(s, vm))


def _cpus_needed(s: Situation, vm: VmSeen) -> int:
    """0 where every host of its pool has enough of them: such VMs are all alike."""
    return needed if (needed := vm.cpus_needed) > _fewest_cpus(s, vm.pool) else 0


@once
def _fewest_cpus(s: Situation, pool: PoolId) -> float:
    return min((h.cpus for h in s.members(pool) if h.cpus), default=math.inf)


@once
def able(
    s: Situation,
    source: HostId,
    since: Seconds,
    pool: PoolId,
    storage: frozenset[RepositoryId],
    networks: frozenset[NetworkId],
    cpu: Cpu | None,
    cpus: int,
) -> tuple[tuple[HostId, ...], str]:
    """The hosts that may receive a VM with these needs, whatever its size; with none, the first reason."""
    usable = [h for h in targets(s, pool, since) if h.id != source]
    if not usable:
        others = [h.id for h in s.members(pool) if h.id != source]
        named = "; ".join(f"{h} {no_target_for(s, h, since)}" for h in others)
        return (), f"no host to move to ({named})" if named else "it is alone in its pool"
    names = s.seen.pools[pool].network_names if pool in s.seen.pools else {}
    suited, reason = suitable(usable, storage, networks, cpu, cpus, names)
    return tuple(h.id for h in suited), reason


def suitable(
    hosts: Collection[HostSeen],
    storage: frozenset[RepositoryId],
    networks: frozenset[NetworkId],
    cpu: Cpu | None,
    cpus: int,
    names: Mapping[NetworkId, str],
) -> tuple[list[HostSeen], str]:
    """Those of some hosts, at least one, on which a VM with these needs could run; with none, the first reason."""
    reached = [h for h in hosts if storage <= h.storage]
    if not reached:
        return [], "no other host reaches its storage"
    connected = [h for h in reached if networks <= h.networks]
    if not connected:
        lacking = sorted(networks - frozenset.union(*(h.networks for h in reached))) or sorted(networks)
        return [], f'no other host has its network "{names.get(lacking[0], lacking[0])}"'
    alike = [h for h in connected if cpu is None or h.cpu is None or h.cpu.runs(cpu)]
    if not alike:
        return [], "no other host's processor has all that it was started with"
    large = [h for h in alike if h.has_cpus(cpus)]
    return large, "" if large else f"it has {cpus} vCPUs, and no other host as many CPUs"


@once
def room(s: Situation, host: HostId) -> Bytes:
    """Free memory of a host with everything on its way there already counted."""
    return s.seen.hosts[host].memory_free - sum(vm.memory for vm in coming(s).get(host, {}).values())


@once
def vcpus_on(s: Situation, host: HostId) -> int:
    """The vCPUs of all that runs on a host or is on its way there."""
    return sum(vm.vcpus for vm in [*s.guests(host), *coming(s).get(host, {}).values()])


@once
def coming(s: Situation) -> dict[HostId, dict[VmId, VmSeen]]:
    """The VMs on their way to each host, seen or just asked for."""
    ways = [(vm, vm.moving_to) for vm in s.seen.vms.values() if vm.moving_to is not None]
    asked = [a for a in s.memory.pending.values() if isinstance(a, MoveVm) and a.vm in s.seen.vms]
    found: dict[HostId, dict[VmId, VmSeen]] = {}
    for vm, host in ways + [(s.seen.vms[a.vm], a.host) for a in asked]:
        if vm.resident_on != host:
            found.setdefault(host, {})[vm.id] = vm
    return found


@once
def on_the_way(s: Situation) -> list[VmSeen]:
    """The VMs whose migration runs, or was just asked for."""
    return [vm for vm in s.seen.vms.values() if is_moving(s, vm)]


def is_moving(s: Situation, vm: VmSeen) -> bool:
    """Whether a migration of the VM runs, seen or just asked for."""
    return vm.moving_to is not None or vm.id in _asked_to_move(s)


@once
def _asked_to_move(s: Situation) -> frozenset[VmId]:
    return frozenset(a.vm for a in s.memory.pending.values() if isinstance(a, MoveVm))
