"""Virtual time: nothing waits, and everything happens in order."""

from __future__ import annotations

import asyncio
import time

import pytest

from ridethrough.sim.agenda import Agenda
from ridethrough.sim.virtual_time import Deadlock, VirtualClock, run

from .sites import site


class Quiet:
    """A timeline on which nothing happens by itself."""

    def __init__(self) -> None:
        self.agenda = Agenda()

    @property
    def now(self) -> float:
        return self.agenda.now

    def next_change(self) -> float | None:
        return self.agenda.next()

    def advance(self, to: float) -> None:
        self.agenda.advance(to)


def test_an_hour_passes_at_once() -> None:
    timeline, began = Quiet(), time.monotonic()

    async def main() -> float:
        await asyncio.sleep(3600)
        return asyncio.get_running_loop().time()

    assert run(timeline, main()) == pytest.approx(3600)
    assert time.monotonic() - began < 2


def test_the_world_and_the_tasks_take_turns_in_the_order_of_time() -> None:
    world, order = site(), list[str]()
    world.agenda.at(5.0, lambda: order.append("world at 5"))
    world.agenda.at(15.0, lambda: order.append("world at 15"))

    async def main() -> None:
        for _ in range(2):
            await asyncio.sleep(10)
            order.append(f"task at {world.now:.0f}")

    run(world, main())
    assert order == ["world at 5", "task at 10", "world at 15", "task at 20"]


def test_what_the_world_does_wakes_a_task_at_that_very_moment() -> None:
    world = site()

    async def main() -> float:
        woken = asyncio.get_running_loop().create_future()
        world.agenda.at(7.25, lambda: woken.set_result(None))
        async with asyncio.timeout(60):
            await woken
        return world.now

    assert run(world, main()) == 7.25


def test_timeouts_of_asyncio_run_on_virtual_time() -> None:
    timeline = Quiet()

    async def main() -> float:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(130):
                await asyncio.get_running_loop().create_future()
        return timeline.now

    assert run(timeline, main()) == pytest.approx(130)


def test_a_clock_that_is_the_worlds() -> None:
    world = site()
    clock = VirtualClock(world)

    async def main() -> None:
        await clock.sleep(12.5)

    run(world, main())
    assert clock.now() == world.now == 12.5


def test_waiting_for_what_never_happens_is_told() -> None:
    async def main() -> None:
        await asyncio.get_running_loop().create_future()

    with pytest.raises(Deadlock):
        run(Quiet(), main())
