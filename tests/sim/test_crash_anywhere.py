"""The controller dies at any point and is started again: every run must end in the same world.

Killed right after a journal entry: catches acting before writing down. Killed at a moment: catches remembering only
on success.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from ridethrough.core.events import ControllerStarted
from ridethrough.sim.memory_journal import Killed, MemoryJournal
from ridethrough.sim.scenario import Run, Scenario, load, play
from ridethrough.sim.timeline import CRASH, Happening

STORIES = {"case_two": 1, "case_one": 6, "whole_pool_on_battery": 36}  # scenario -> every how many entries it is killed
TICKS = {"case_two": 11, "case_one": 120}  # scenario -> seconds between the moments at which it is killed
AWAY = 10.0  # seconds from death to the next start


def scenario(root: Path, name: str) -> Scenario:
    return load(root / "scenarios" / f"{name}.toml")


def ending(run: Run) -> object:
    """What must be the same at the end; not how often or when."""
    world = run.world
    hosts = [
        (h.id, h.power, h.enabled, h.live, sorted(k for k in h.other_config if k.startswith("MAINTENANCE")))
        for h in world.hosts.values()
    ]
    vms = [(v.name, v.power_state, v.alive, len(v.current_operations)) for v in world.vms.values()]
    return hosts, vms, [p.other_config for p in world.pools.values()], world.crashed, world.lost


def starts(run: Run) -> int:
    return sum(isinstance(event, ControllerStarted) for event in run.journal.entries)


@pytest.mark.parametrize("name", sorted(STORIES))
def test_killed_at_a_journal_entry(root: Path, name: str) -> None:
    story = scenario(root, name)
    whole = play(story)
    for position in range(2, len(whole.journal.entries), STORIES[name]):

        def kill(entry: int, position: int = position) -> None:
            if entry == position:
                raise Killed

        journal = MemoryJournal(after_entry=kill)
        run = play(story, journal)
        where = f"{name}, killed after entry {position}: {whole.journal.entries[position - 1]}"
        assert starts(run) == starts(whole) + 1, where
        assert ending(run) == ending(whole), where
        assert run.failures == (), where


@pytest.mark.parametrize("name", sorted(TICKS))
def test_killed_at_a_moment(root: Path, name: str) -> None:
    story = scenario(root, name)
    whole = ending(play(story))
    last = int(story.until - 2 * AWAY - 60)
    for at in range(1, last, TICKS[name]):
        death = Happening(float(at), CRASH, {}, AWAY)
        timeline = tuple(sorted((*story.timeline, death), key=lambda h: h.at))
        run = play(replace(story, timeline=timeline))
        assert ending(run) == whole, f"{name}, killed at {at} s"
        assert run.failures == (), f"{name}, killed at {at} s"
