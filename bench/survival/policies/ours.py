"""Ridethrough: the product's own loop and decisions on virtual time, and the agents on its hosts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

from bench.survival.agents import Agents

from ridethrough.core.events import Armed
from ridethrough.core.site import Site
from ridethrough.sim.memory_journal import MemoryJournal
from ridethrough.sim.scenario import Built, Player, Scenario
from ridethrough.sim.virtual_time import run
from ridethrough.sim.world import World

from .ending import is_over


@dataclass
class WithAgents:
    """The same site, whose owner has written `agent = true` for each host."""

    built: Built

    @cached_property
    def site(self) -> Site:
        site = self.built.site
        return replace(site, hosts={name: replace(host, agent=True) for name, host in site.hosts.items()})

    def build(self) -> World:
        return self.built.build()


def play(scenario: Scenario, journal: MemoryJournal | None = None) -> World:
    """With an agent on every host."""
    world = scenario.site.build()
    scenario = replace(scenario, site=WithAgents(scenario.site))
    return go(scenario, world, Agents(scenario, world), journal)


def play_alone(scenario: Scenario, journal: MemoryJournal | None = None) -> World:
    """The controller alone."""
    return go(scenario, scenario.site.build(), None, journal)


def go(scenario: Scenario, world: World, agents: Agents | None, journal: MemoryJournal | None = None) -> World:
    """To the end."""
    kept = journal or MemoryJournal()
    if scenario.armed and not kept.entries:
        kept.entries.append(Armed(0.0, "owner"))
    player = Player(scenario, world, kept)
    if agents is not None:
        agents.player = player
    try:
        run(world, player.play(lambda: is_over(scenario, world)))
    finally:
        if agents is not None:
            agents.end()
    return world
