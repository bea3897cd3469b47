"""Workload Balancing as clients see it: answering, late, dead. Read from source, not seen running."""

from __future__ import annotations

from ridethrough.sim.machines import Wlb

from .site import served, until, vm

QUESTION = "host.retrieve_wlb_evacuate_recommendations"


async def test_recommendations_and_an_evacuation_that_follows_them() -> None:
    async with served(speed=50.0) as caller:
        session, world = await caller.login(), caller.server.world
        pool, h2, h3 = world.pools["p"], world.hosts["h2"], world.hosts["h3"]
        web, db = vm(world, "web"), vm(world, "db")
        assert await caller.refusal("h1", QUESTION, session, h2.ref) == ["WLB_NOT_INITIALIZED"]
        await caller.call("h1", "pool.set_wlb_enabled", session, pool.ref, True)
        pool.wlb_advice = {web.id: "h3"}
        answer = await caller.call("h1", QUESTION, session, h2.ref)
        assert answer == {web.ref: ["WLB", h3.uuid], db.ref: ["HOST_NOT_ENOUGH_FREE_MEMORY", db.ref]}
        prevented = await caller.call("h1", "host.get_vms_which_prevent_evacuation", session, h2.ref)
        assert prevented == {}  # never asks WLB
        refused = await caller.refusal("h1", "host.evacuate", session, h2.ref)
        assert refused == ["HOST_NOT_ENOUGH_FREE_MEMORY", db.ref]
        pool.wlb_advice[db.id] = "h3"
        await caller.call("h1", "host.evacuate", session, h2.ref)
        assert (web.resident_on, db.resident_on) == ("h3", "h3")


async def test_a_dead_wlb_ends_after_half_a_minute_and_an_evacuation_without_it() -> None:
    async with served(speed=100.0) as caller:
        session, world = await caller.login(), caller.server.world
        pool, h2 = world.pools["p"], world.hosts["h2"]
        pool.wlb_enabled, pool.wlb = True, Wlb.DEAD
        began = caller.server.pace.now()
        assert await caller.refusal("h1", QUESTION, session, h2.ref) == ["WLB_TIMEOUT", "30."]
        assert caller.server.pace.now() - began >= 30.0
        task = await caller.call("h1", "Async.host.evacuate", session, h2.ref)
        assert list(await caller.call("h1", "task.get_all", session)) == [task]  # its question has no task of its own
        await until(caller, lambda: not world.guests("h2"))
