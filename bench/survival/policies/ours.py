"""Ridethrough: the product's own loop and decisions, on virtual time."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from ridethrough.core.site import Site
from ridethrough.sim.memory_journal import MemoryJournal
from ridethrough.sim.scenario import Built, Scenario
from ridethrough.sim.scenario import play as play_scenario
from ridethrough.sim.world import World

from .ending import is_over


@dataclass
class Kept:
    """A scenario's site whose world is at hand while it is played."""

    built: Built
    worlds: list[World] = field(default_factory=list)

    @property
    def site(self) -> Site:
        return self.built.site

    def build(self) -> World:
        self.worlds.append(self.built.build())
        return self.worlds[-1]


def play(scenario: Scenario, journal: MemoryJournal | None = None) -> World:
    kept = Kept(scenario.site)
    run = play_scenario(replace(scenario, site=kept), journal, over=lambda: is_over(scenario, kept.worlds[0]))
    return run.world
