"""Small worlds for the tests."""

from __future__ import annotations

from ridethrough.core.model import CardAction, Seconds
from ridethrough.sim.battery import Battery
from ridethrough.sim.cards import SimCard, SimUps
from ridethrough.sim.machines import GIB, SimHost, SimPool, SimSr, SimTask, SimVm, uuid_of
from ridethrough.sim.world import World
from ridethrough.sim.xapi import Xapi

NAS = uuid_of("storage", "nas")


def site(hosts: int = 2, coordinator: int = 1, guests: int = 2, capacity_wh: float = 125.0) -> World:
    """Hosts h1, h2, ... on ups1, ups2, ... on feeders a, b, ...; guests h1-vm1, ... of 1 GiB, all in pool p."""
    world = World()
    for i in range(1, hosts + 1):
        feeder = "abcdefgh"[i - 1]
        world.add_ups(SimUps(f"ups{i}", feeder, Battery.full(capacity_wh), SimCard(180, 120)))
    world.add_pool(SimPool("p", f"h{coordinator}"))
    world.add_storage(SimSr(NAS, "nas"))
    for i in range(1, hosts + 1):
        world.add_host(SimHost(f"h{i}", "p", f"192.0.2.{i}", fed_by=(f"ups{i}",), storage={NAS}))
        for k in range(1, guests + 1):
            name = f"h{i}-vm{k}"
            world.add_vm(
                SimVm(uuid_of("vm", name), name, "p", memory=GIB, storage=frozenset({NAS}), resident_on=f"h{i}")
            )
    return world


def xapi(world: World) -> Xapi:
    return Xapi(world, "p")


def vm(world: World, name: str) -> SimVm:
    return next(v for v in world.vms.values() if v.name == name)


def let(world: World, seconds: Seconds) -> None:
    """Let time pass."""
    world.advance(world.now + seconds)


def finish(world: World, task: SimTask, limit: Seconds = 2000.0) -> SimTask:
    """Let time pass until the task ends."""
    end = world.now + limit
    while task.pending and (change := world.next_change()) is not None and change <= end:
        world.advance(change)
    assert not task.pending, f"{task.name} has not ended in {limit:.0f} s"
    return task


def outcome(world: World, task: SimTask) -> list[str]:
    """The error that a task ends with; empty for success."""
    finish(world, task)
    assert task.status in ("success", "failure"), task.status
    return list(task.error_info)


def told(world: World) -> list[str]:
    return [line.text for line in world.story]


def card_that(world: World, ups: str = "ups1", action: CardAction = CardAction.CLIENT_AND_UPS) -> SimCard:
    world.upses[ups].card.action = action
    return world.upses[ups].card
