"""What became of hosts, and of a pool when its outage is closed."""

from __future__ import annotations

from dataclasses import replace

from ridethrough.core import events as e
from ridethrough.core.memory import HostMemory, Memory, PoolMemory
from ridethrough.core.model import HostId, VmId

from .change import change_host, change_pool, change_vm


def has_fallen(known: HostMemory, event: e.HostReturned) -> bool:
    """One that was proven down and never was, for only its network was gone, has lost nothing by it."""
    anew = known.has_booted_anew(event.booted)
    ran_on = event.agent_started == known.agent_before if anew is None else not anew
    return known.fell_before if known.fell and ran_on else known.fell


def record_with(m: Memory, host: HostId) -> e.PoolRecorded | None:
    """What its pool was like before the outage, while one is open."""
    records = (p.record for p in m.pools.values() if p.record is not None)
    return next((r for r in records if host in dict(r.members)), None)


def is_in_our_hands(m: HostMemory) -> bool:
    """Down, or being emptied, by an outage and not by a person's wish."""
    begun = m.evacuation is not None or m.shut_down_at is not None or m.down_at is not None
    return begun and not m.wanted


def down(m: Memory, event: e.HostDown) -> Memory:
    known = m.host(event.host)
    if known.shut_down_at is not None:
        return change_host(m, event.host, down_at=event.at, heard_at=None)
    return change_host(
        _with_its_guests(m, event.host),
        event.host,
        down_at=event.at,
        heard_at=None,
        fell=True,
        fell_before=known.fell,
        agent_before=event.agent_started,
    )


def _with_its_guests(m: Memory, host: HostId) -> Memory:
    """The host has fallen: guests that may have been on it need to be started once more."""
    record = record_with(m, host)
    if record is None:
        return m
    homes = {vm: home for vm, home in record.running if m.vm(vm).started}
    fallen = [vm for vm, home in homes.items() if host in m.vm(vm).may_be_on(home, record)]
    return replace(m, vms={**m.vms, **{vm: replace(m.vm(vm), started=False) for vm in fallen}})


def pool_is_back(m: Memory, event: e.HostReturned) -> Memory:
    """What a person asked of a whole pool is over when any host of it is up again."""
    if m.pool(event.pool).shutdown_asked is None:
        return m
    return change_pool(m, event.pool, shutdown_asked=None, back_at=event.at)


def owed_again(m: Memory, event: e.PoolRecorded) -> Memory:
    """VMs whose start was given up, and whose hosts are back: ours to start, like those that we have just stopped."""
    homes = dict(event.running)
    for vm in event.owed:
        m = change_vm(m, vm, pool=event.pool, host=homes[vm], stopped=True, stopped_at=event.at)
    return change_pool(m, event.pool, owed=tuple(x for x in m.pool(event.pool).owed if x[0] not in event.owed))


def no_longer_owed(m: Memory, vm: VmId) -> Memory | None:
    """It runs: somebody has started it. None where its start was not given up."""
    for pool in (p for p, it in m.pools.items() if vm in dict(it.owed)):
        return change_pool(m, pool, owed=tuple(x for x in m.pool(pool).owed if x[0] != vm))
    return None


def restored(m: Memory, event: e.PoolRestored) -> Memory:
    """The outage of a pool is closed: what people asked for stays, all else of it is forgotten."""
    record = m.pool(event.pool).record
    hosts = dict(m.hosts)
    for host, _ in record.members if record else ():
        known = m.host(host)
        if not is_in_our_hands(known) and not known.wanted:
            hosts[host] = HostMemory(held=known.held, held_until=known.held_until, hold_asked=known.hold_asked)
        elif record is not None and host in record.disabled:  # an administrator's maintenance mode, which we restored
            hosts[host] = replace(known, disabled_at=None, disabled_done=None)
    ran = {vm for vm, _ in record.running} if record else set()
    vms = {k: v for k, v in m.vms.items() if v.pool != event.pool and k not in ran}
    pool = PoolMemory(ha=m.pool(event.pool).ha, owed=event.owed)
    failure = m.failures.get(f"RestoreHa pool {event.pool}")
    if pool.ha is not None and failure is not None:
        pool = replace(pool, ha_given_up=replace(failure, at=event.at))
    return replace(m, pools={**m.pools, event.pool: pool}, hosts=hosts, vms=vms, failures={})
