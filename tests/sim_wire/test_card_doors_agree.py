"""A simulated card tells the same through its door in memory as through SNMP and the driver.

Scenarios and forecasts use the door, the daemon the driver: where they differ, a story would promise what the real
thing does not do. Every field of two polls is compared; only the words of `trouble` are each one's own.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import fields, replace
from functools import partial

import pytest

from ridethrough.core.model import CardAction, Seconds
from ridethrough.core.observation import UpsReading, UpsSeen
from ridethrough.drivers.snmp import Cards
from ridethrough.sim import faults
from ridethrough.sim.card_door import CardsDoor
from ridethrough.sim.cards import Family
from ridethrough.sim.world import World

from .snmp.site import DELAY, WARNING, Site, served, world_of

# field -> why door and driver may differ, and by less than what
ALLOWED: dict[str, tuple[str, Seconds]] = {
    "countdown": ("cards count whole seconds; the door keeps their fractions", 1.0),
}

# Their delay to the cut reads 0 when it has ended, and 0 when none runs: for half a minute the driver goes on to tell
# of a cut in 0 seconds, even if utility power has switched the output on again by then; the door tells of none.
READ_0_AFTER_THE_CUT = (Family.XUPS, Family.PXGX, Family.MGE, Family.HP, Family.DELTA)

Step = Callable[[World], None]


def each_card(call: Callable[[World, str], None]) -> Step:
    def step(world: World) -> None:
        for ups in sorted(world.upses):
            call(world, ups)

    return step


def pass_time(seconds: Seconds) -> Step:
    """Time passes with a poll every two seconds, as in an outage."""
    return lambda world: world.advance(world.now + seconds)


def power(on: bool) -> Step:
    return lambda world: world.set_feeder("a", on)


BUILT: dict[str, dict[str, object]] = {  # how the cards are before the first poll, where it matters
    "low battery": {"action": CardAction.CLIENT},
    "counting on after power is back": {"cancels_on_return": False},
    "no runtime told": {"tells_runtime": False},
}

STATES: dict[str, tuple[Step, ...]] = {
    "utility power": (pass_time(5),),
    "on battery": (power(False), pass_time(2), pass_time(30)),
    "low battery": (power(False), pass_time(9000 - 150), pass_time(2)),
    "testing": (each_card(partial(faults.start_test, seconds=60.0)), pass_time(5)),
    "outage in a test": (each_card(partial(faults.start_test, seconds=60.0)), pass_time(5), power(False), pass_time(2)),
    "counting down": (power(False), pass_time(WARNING + 2), pass_time(2), pass_time(20)),
    "counting on after power is back": (
        power(False), pass_time(WARNING + 2), pass_time(2), power(True),
        pass_time(5), pass_time(2),
    ),
    "countdown cancelled": (
        power(False), pass_time(WARNING + 2), pass_time(2), power(True), pass_time(5), pass_time(2),
    ),
    "output cut": (power(False), pass_time(WARNING + DELAY - 10), pass_time(2), pass_time(20), pass_time(2)),
    "back after the cut": (
        power(False), pass_time(WARNING + 2), pass_time(2), pass_time(DELAY + 10), power(True), pass_time(20),
        pass_time(2),
    ),
    "silent": (power(False), pass_time(4), each_card(faults.silence_card), pass_time(10)),
    "silent and back": (
        each_card(faults.silence_card), pass_time(10), power(False), pass_time(20), each_card(faults.answer_card),
        pass_time(2),
    ),
    "link lost": (pass_time(5), each_card(faults.lose_link), power(False), pass_time(30)),
    "link found again": (
        each_card(faults.lose_link), power(False), pass_time(30), each_card(faults.restore_link), pass_time(2),
        pass_time(2),
    ),
    "no runtime told": (power(False), pass_time(30), pass_time(2)),
    "dip": (power(False), pass_time(2), power(True), pass_time(2)),
    "off the beat of whole seconds": (
        power(False), pass_time(1.37), pass_time(30.61), pass_time(WARNING - 20.1), pass_time(2.2), pass_time(20.35),
    ),
}  # fmt: skip


class Both:
    """The same cards seen twice: from memory, and by the driver over the wire."""

    def __init__(self, site: Site) -> None:
        self.world = site.world
        self._door = CardsDoor(site.world)
        configs = [site.config(ups, timeout=0.05) for ups in sorted(site.world.upses)]
        self._driver = Cards(configs, lambda: site.world.now)

    async def poll(self) -> None:
        """At the same moment."""
        self._door._poll()
        for watched in self._driver._watched.values():
            await self._driver._poll(watched)

    async def seen(self) -> list[tuple[str, UpsSeen, UpsSeen]]:
        """Each card: what the door tells, what the driver tells."""
        door, driver = self._door.observe(False), self._driver.observe(False)
        assert sorted(door.upses) == sorted(driver.upses)
        return [(ups, door.upses[ups], driver.upses[ups]) for ups in sorted(door.upses)]

    async def close(self) -> None:
        await self._driver.stop()


@asynccontextmanager
async def both(world: World) -> AsyncIterator[Both]:
    async with served(world) as site:
        it = Both(site)
        yield it
        await it.close()


def differences(card: str, ours: UpsReading | None, theirs: UpsReading | None) -> list[str]:
    """What the door and the driver tell differently."""
    if ours is None or theirs is None:
        return [] if ours is theirs else [f"door {ours}, driver {theirs}"]
    if card in READ_0_AFTER_THE_CUT and ours.countdown is None and theirs.countdown == 0:
        theirs = replace(theirs, countdown=None)
    told = [(f.name, getattr(ours, f.name), getattr(theirs, f.name)) for f in fields(UpsReading)]
    return [
        f"{name}: door {mine}, driver {its}" for name, mine, its in told if mine != its and not near(name, mine, its)
    ]


def near(name: str, mine: object, its: object) -> bool:
    """Whether this difference is one that may be."""
    within = ALLOWED.get(name, ("", 0.0))[1]
    return isinstance(mine, float) and isinstance(its, float) and abs(mine - its) < within


@pytest.mark.parametrize("state", STATES)
async def test_door_and_driver_tell_the_same(state: str) -> None:
    world = world_of(list(Family))
    for ups in world.upses.values():
        for name, value in BUILT.get(state, {}).items():
            setattr(ups.card, name, value)
    async with both(world) as it:
        await it.poll()
        for step in STATES[state]:
            step(it.world)
            await it.poll()
        wrong: list[str] = []
        for card, door, driver in await it.seen():
            wrong += [f"{card}: {words}" for words in differences(card, door.reading, driver.reading)]
            wrong += [f"{card}, poll before: {words}" for words in differences(card, door.previous, driver.previous)]
            if bool(door.trouble) != bool(driver.trouble):
                wrong.append(f"{card}: trouble: door {door.trouble!r}, driver {driver.trouble!r}")
        assert not wrong, "\n".join(wrong)
