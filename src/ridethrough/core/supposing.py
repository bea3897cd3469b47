"""The present, supposing that something of it were otherwise: UPSs on battery, a host in maintenance mode."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

from .memory import Memory, UpsMemory
from .model import HostId, Seconds, UpsId, VmId
from .observation import HostSeen, PoolSeen, Snapshot, Source, UpsSeen
from .placement import place
from .site import Site
from .situation import Situation


def supposing(site: Site, seen: Snapshot, lost: Collection[UpsId] = ()) -> Situation:
    """A moment at which these UPSs have just lost utility power and everything else is as it was seen last.

    Nothing was done yet. What was silent when it was seen is silent in it too.
    """
    now = latest(seen)
    upses = {ups: UpsMemory(known=True, last_utility=now) for ups in site.upses if _answers(site, seen, ups, now)}
    upses |= {ups: UpsMemory(known=True, on_battery_since=now, last_utility=now) for ups in lost}
    fresh = replace(
        seen,
        upses={ups: _of_ups(ups in lost, there, site, now) for ups, there in seen.upses.items()},
        hosts={host: _of_host(there, site, now) for host, there in seen.hosts.items()},
        pools={pool: _of_pool(there, site, now) for pool, there in seen.pools.items()},
    )
    return Situation(now, fresh, Memory(armed=True, upses=upses), site)


def latest(seen: Snapshot) -> Seconds:
    """The last moment at which anything of it was seen."""
    upses = [there.answered_at for there in seen.upses.values()]
    hosts = [there.toolstack_at for there in seen.hosts.values()]
    pools = [there.answered_at for there in seen.pools.values()]
    return max((at for at in [*upses, *hosts, *pools] if at is not None), default=0.0)


def in_maintenance(site: Site, seen: Snapshot, host: HostId) -> tuple[Snapshot, Mapping[VmId, str]]:
    """The site with this host in maintenance mode: its VMs moved off by our own placement.

    Those that find no place are gone, as if a person had stopped them; they are named, with the reason.
    """
    plan = place(supposing(site, seen), [host])
    hosts, vms = dict(seen.hosts), dict(seen.vms)
    freed = 0
    for vm in seen.guests(host):
        target, _ = plan.moves.get(vm.id, ("", ""))
        freed += vm.memory
        if target:
            vms[vm.id] = replace(vm, resident_on=target)
            hosts[target] = replace(hosts[target], memory_free=hosts[target].memory_free - vm.memory)
        else:
            del vms[vm.id]
    hosts[host] = replace(
        hosts[host], enabled=False, maintenance_mode=True, memory_free=hosts[host].memory_free + freed
    )
    return replace(seen, hosts=hosts, vms=vms), plan.unplaced


def _answers(site: Site, seen: Snapshot, ups: UpsId, now: Seconds) -> bool:
    there = seen.upses.get(ups)
    return there is not None and there.answered_at is not None and now - there.answered_at <= site.policy.silent_after


def _of_ups(is_lost: bool, there: UpsSeen, site: Site, now: Seconds) -> UpsSeen:
    reading = there.reading
    if reading is None or now - reading.at > site.policy.silent_after:
        return there
    source = Source.BATTERY if is_lost else reading.source
    return replace(there, reading=replace(reading, at=now, source=source))


def _of_host(there: HostSeen, site: Site, now: Seconds) -> HostSeen:
    if there.toolstack_at is None or now - there.toolstack_at > site.policy.silent_after:
        return there
    return replace(there, toolstack_at=now)


def _of_pool(there: PoolSeen, site: Site, now: Seconds) -> PoolSeen:
    if there.answered_at is None or now - there.answered_at > site.policy.silent_after:
        return there
    return replace(there, answered_at=now)
