"""What HA does by itself: fences hosts, declares them dead, replaces the coordinator, restarts protected guests.

Read from source and documentation, not seen running: xapi_ha.ml, xapi_ha_vm_failover.ml (restart_auto_run_vms),
doc of xhad (facts: xenapi.md 4.7, 5.9). A fenced host is reset by its hypervisor, and boots.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from ridethrough.core.model import PoolId, Seconds
from ridethrough.core.observation import Power

from . import boot
from .agenda import Steps
from .failover_plan import is_protected
from .machines import Reach, SimHost, SimPool, SimVm
from .xapi import Xapi

if TYPE_CHECKING:
    from .world import World

TIMEOUT: Seconds = 60.0  # ha_default_timeout_base, xapi_globs.ml
RETRY: Seconds = 20.0  # between two looks at what has to be restarted
PATIENCE: Seconds = 1200.0  # for a guest that finds no place


def watch(world: World, host: SimHost) -> None:
    """The host's heartbeat, or its way to the statefile, is gone: sixty seconds later it is judged."""
    if world.pools[host.pool].ha_enabled:
        world.agenda.after(TIMEOUT, partial(_judge, world, host, host.life))


def _judge(world: World, host: SimHost, life: int) -> None:
    if not world.pools[host.pool].ha_enabled:
        return
    if host.life != life:  # it is back already, or on its way: its guests died all the same
        world.agenda.run(_restart(world, host.pool))
    elif host.power:
        if reason := _why_fenced(world, host):
            fence(world, host, reason)
    else:
        _declare_failed(world, host)


def _why_fenced(world: World, host: SimHost) -> str:
    """A host that runs must be in the largest part of the pool, and reach the statefile unless nobody does."""
    others = [h for h in world.members(host.pool) if h is not host and h.power]
    together = [h for h in others if h.network]
    if not host.network:
        alone = not together and all(host.id < h.id for h in others)  # all are alone: one of them goes on
        return "" if alone else "it has lost the other hosts"
    if host.statefile_lost:
        nobody = len(together) == len(world.members(host.pool)) - 1 and all(h.statefile_lost for h in together)
        return "" if nobody else "it has lost the statefile"
    return ""


def fence(world: World, host: SimHost, reason: str) -> None:
    """The host is reset at once, its guests with it; it boots, and the others restart what is protected."""
    world.tell(f"HA fences {host.id}: {reason}")
    boot.crash(world, host, f"{host.id} is reset")
    boot.power_up(world, host, "boots after its reset")
    world.agenda.after(TIMEOUT, partial(_declare_failed, world, host))


def _declare_failed(world: World, host: SimHost) -> None:
    """Its guests are off, for certain: HA may start them elsewhere. A coordinator that is still dead is replaced."""
    pool = world.pools[host.pool]
    headless = pool.coordinator == host.id and world.reach(host.id) is not Reach.COORDINATOR
    if not pool.ha_enabled or (headless and not _replace(world, pool)):
        return
    if world.reach(host.id) not in (Reach.MEMBER, Reach.COORDINATOR):
        world.tell(f"HA declares {host.id} dead")
        host.live = False
        fallen = world.guests(host.id)
        for vm in fallen:
            boot.halt(world, vm)
        world.changed("host_metrics", host.metrics_ref)
        world.agenda.run(_restart(world, pool.id, fallen))
        return
    world.agenda.run(_restart(world, pool.id))


def _replace(world: World, pool: SimPool) -> bool:
    """A member becomes coordinator; whether there was one left."""
    left = [h for h in world.members(pool.id) if h.id != pool.coordinator and world.reach(h.id) is Reach.MEMBER]
    if not left:
        return False
    new = left[0]
    world.tell(f"HA makes {new.id} the coordinator in place of {pool.coordinator}")
    pool.coordinator = new.id
    world.changed("pool", pool.ref)
    for host in left:
        host.life += 1
        host.follows = new.id
        boot.start_toolstack(world, host, boot.RESTART_SECONDS, cold=False)
    return True


def _restart(world: World, pool: PoolId, fallen: Sequence[SimVm] = ()) -> Steps:
    """Protected guests that are off are started where there is room, again and again until they run.

    After their first turn those that have fallen with their host and are worth a try ("best-effort"): once.
    """
    it, calls, limit = world.pools[pool], Xapi(world, pool), world.now + PATIENCE
    while it.ha_enabled and world.now < limit:
        off = [v for v in world.vms.values() if v.pool == pool and v.power_state is Power.HALTED and is_protected(v)]
        tried = [v for v in fallen if v.ha_restart_priority == "best-effort" and v.power_state is Power.HALTED]
        if not off and not tried and world.coordinator(pool):
            return
        if world.coordinator(pool) and world.now >= it.ha_no_restarts_until:
            for vm in sorted(off, key=lambda v: (v.name, v.id)):
                if not vm.busy:
                    world.tell(f"HA restarts {vm.name}")
                    yield calls.vm_start(vm.ref).done
            for vm in tried:
                world.tell(f"HA tries to restart {vm.name}")
                yield calls.vm_start(vm.ref).done
            fallen = ()
        yield RETRY
