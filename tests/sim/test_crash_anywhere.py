"""The controller dies at any point and is started again: every run must end in the same world.

Killed right after a journal entry: catches acting before writing down. Killed at a moment: catches remembering only
on success. `--thorough` does both everywhere, in every scenario.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from ridethrough.core.events import ControllerStarted, PoolRecorded, PoolRestored
from ridethrough.core.model import Seconds
from ridethrough.sim.memory_journal import Killed, MemoryJournal
from ridethrough.sim.scenario import Run, Scenario, load, play
from ridethrough.sim.timeline import ASKS, CRASH, Happening

AWAY = (1.0, 30.0)  # seconds from death to the next start
LONGER: Seconds = 60.0  # a run with a death in it may end this much later
PHASE: Seconds = 3.3  # kills fall between the beats on which things happen by themselves


@dataclass(frozen=True, slots=True)
class Steps:
    """How finely a story is gone through; both lengths of absence take turns unless `both`."""

    entries: int  # killed at every so many journal entries; 0: not at all
    seconds: float  # and at moments so far apart; 0: not at all
    both: bool = False


STORIES = {
    "case_one": Steps(1, 10),
    "case_two": Steps(1, 10, both=True),
    "case_three": Steps(3, 30),
    "whole_pool_on_battery": Steps(8, 100),
    "nowhere_to_go": Steps(3, 60),
    "guest_that_never_stops": Steps(6, 80),
    "administrators_maintenance_mode": Steps(3, 60),
    "countdown_goes_on_after_power_returned": Steps(3, 60),
    "card_dead_after_the_outage": Steps(2, 300),  # ends with the pool still claimed
}
EVERYWHERE = Steps(1, 10, both=True)

# Where the end may differ, and why. Each VM still moves at most once; all else must be the same.
BACK_FIRST = "power is back before the controller is: what has not moved by then stays where it is"
RESIDENCE = {
    ("case_two", 30.0): BACK_FIRST,
    ("flapping_power", 30.0): BACK_FIRST,
    ("outage_during_self_test", 30.0): BACK_FIRST,
    ("wlb_gives_advice", 1.0): "WLB's advice was lost with the controller: it places the VMs itself",
    ("wlb_gives_advice", 30.0): "WLB's advice was lost with the controller: it places the VMs itself",
}
# Stories in which a death may end badly whatever is done, and why.
UNFIT = {
    "journal_disk_fails": "what could not be written down dies with the controller",
    "controller_killed_before_power_returns": "the controller dies a second time, for eight minutes",
    "coordinator_gone_in_mid_outage": "nothing can be done before second 255: 30 s more leave no time to shut down",
}

SCENARIOS = sorted(path.stem for path in (Path(__file__).resolve().parents[2] / "scenarios").glob("*.toml"))


def chosen(name: str, thorough: bool) -> Steps:
    if name in UNFIT:
        pytest.skip(UNFIT[name])
    if thorough:
        return EVERYWHERE
    if name not in STORIES:
        pytest.skip("a story for --thorough")
    return STORIES[name]


def turns(count: int, both: bool) -> Iterator[tuple[int, Seconds]]:
    """Each number below `count` with how long the controller stays away."""
    for n in range(count):
        yield from ((n, away) for away in (AWAY if both else (AWAY[n % 2],)))


def ending(run: Run, elsewhere: bool = False) -> dict[str, object]:
    """What must be the same at the end; not how often or when. `elsewhere`: VMs may reside anywhere."""
    world = run.world
    found: dict[str, object] = {"crashed": world.crashed, "lost": world.lost}
    for h in world.hosts.values():
        keys = sorted(k for k in h.other_config if k.startswith("MAINTENANCE"))
        found[h.id] = (h.power, h.enabled, h.live, h.auto_enable, keys, list(h.current_operations.values()))
    for v in world.vms.values():
        where = "" if elsewhere else v.resident_on
        found[v.name] = (v.power_state.value, v.alive, where, list(v.current_operations.values()))
    for p in world.pools.values():
        found[p.id] = (p.coordinator, p.other_config, p.ha_enabled)
    recorded = sum(isinstance(event, PoolRecorded) for event in run.journal.entries)
    restored = [event.differences for event in run.journal.entries if isinstance(event, PoolRestored)]
    found["open records"] = recorded - len(restored)
    found["differences"] = sorted(set(restored) - {()})
    if not elsewhere:
        found |= {"missed": run.failures, "moves": dict(world.moves)}
    return found


def differs(run: Run, whole: Run, elsewhere: bool) -> list[str]:
    """What has ended otherwise than in the run without a death, in words."""
    found, wanted = ending(run, elsewhere), ending(whole, elsewhere)
    bad = [f"{what}: {found[what]} instead of {wanted[what]}" for what in wanted if found[what] != wanted[what]]
    return bad + [f"{vm} has moved {n} times" for vm, n in run.world.moves.items() if n > max(whole.world.moves[vm], 1)]


def starts(run: Run) -> int:
    return sum(isinstance(event, ControllerStarted) for event in run.journal.entries)


def is_heard(story: Scenario, dies: Seconds, back: Seconds) -> bool:
    """Whether the controller lives whenever somebody asks it for something, or dies by the story itself."""
    return not any(dies <= h.at <= back for h in story.timeline if h.do in ASKS or h.do == CRASH)


def killing(position: int) -> MemoryJournal:
    """A journal that kills its controller once, right after this entry."""

    def kill(entry: int) -> None:
        if entry == position:
            raise Killed

    return MemoryJournal(after_entry=kill)


def longer(root: Path, name: str) -> Scenario:
    story = load(root / "scenarios" / f"{name}.toml")
    return replace(story, until=story.until + LONGER)


@pytest.mark.parametrize("name", SCENARIOS)
def test_killed_at_a_journal_entry(root: Path, thorough: bool, name: str) -> None:
    steps, story = chosen(name, thorough), longer(root, name)
    whole = play(story)
    entries = whole.journal.entries
    bad: list[str] = []
    for n, away in turns((len(entries) - 2) // steps.entries, steps.both):
        position = 2 + n * steps.entries
        entry = entries[position - 1]
        dies = entry.at - story.lead_in
        if not is_heard(story, dies - 1, dies + away + 1):
            continue
        run = play(story, killing(position), away=away)
        where = f"killed after entry {position} ({type(entry).__name__}), {away:.0f} s away"
        bad += [f"{where}: {words}" for words in differs(run, whole, (name, away) in RESIDENCE)]
        if starts(run) != starts(whole) + 1:
            bad.append(f"{where}: started {starts(run)} times")
    assert bad == []


@pytest.mark.parametrize("name", SCENARIOS)
def test_killed_at_a_moment(root: Path, thorough: bool, name: str) -> None:
    steps, story = chosen(name, thorough), longer(root, name)
    whole = play(story)
    bad: list[str] = []
    for n, away in turns(int((story.until - LONGER) // steps.seconds), steps.both):
        at = n * steps.seconds + PHASE
        if not is_heard(story, at, at + away + 1):
            continue
        timeline = tuple(sorted((*story.timeline, Happening(at, CRASH, {}, away)), key=lambda h: h.at))
        run = play(replace(story, timeline=timeline))
        bad += [
            f"killed at {at:.1f} s, {away:.0f} s away: {words}"
            for words in differs(run, whole, (name, away) in RESIDENCE)
        ]
    assert bad == []
