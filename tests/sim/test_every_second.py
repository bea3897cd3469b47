"""Utility power returns at every second of the manual's case one: whatever was being done, the site ends as it began.

Only where VMs reside may differ. A plain run takes every third second; `--thorough` asks every card at every second,
and at every fifth of a second.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from ridethrough.core.events import ActionStarted, PoolRecorded, PoolRestored
from ridethrough.core.model import Seconds
from ridethrough.sim.reading import merged
from ridethrough.sim.scenario import Expectation, Run, Scenario, load, play
from ridethrough.sim.site_file import SimSite, load_site
from ridethrough.sim.world import World

CHUNK = 30  # seconds of the outage that one test goes through
LAST = 330  # ups1 is off from second 300 on
LAST_WITH_A_NAS = 440  # all UPSs are cut from second 430 on
LEAD_IN: Seconds = 20.0
FINE = 0.2


@dataclass(frozen=True, slots=True)
class Card:
    """How ups1's card is built, and at which seconds power returns to it."""

    changes: dict[str, Any]
    seconds: Sequence[int]


def built(cancels: bool, tells: str = "eppc", typed: bool = False) -> dict[str, Any]:
    """Changes to the site's file. `typed`: the card's timers stand in site.toml, since it does not tell them all."""
    card = {"cancels_on_return": cancels, "tells": tells}
    timers = {"warning_period": 180, "shutdown_delay": 120, "action": "client and ups"}
    # A host that boots fast makes the runs short; nothing here depends on how long it takes.
    world = {"ups": {"ups1": {"card": card}}, "host": {"xenserver1": {"boot_time": 30}}}
    return {"ups": {"ups1": timers if typed else {}}, "world": world}


# Before it counts down, from second 180 on, a card that does not cancel is like any other.
CARDS = {
    "it cancels its countdown": Card(built(cancels=True), range(0, LAST, 3)),
    "it goes on counting": Card(built(cancels=False), range(170, 310, 3)),
    "it tells neither its timers nor its countdown": Card(built(True, "xppc", typed=True), range(1, LAST, 13)),
    "it tells no countdown and goes on": Card(built(False, "usha"), range(3, LAST, 13)),
}
PARTS = [
    (name, start) for name, card in CARDS.items() for start in range(card.seconds[0] // CHUNK * CHUNK, LAST, CHUNK)
]


def enough(at: Seconds) -> Seconds:
    """By when everything must have been undone, after power returned at `at`."""
    if at < 60:
        return at + 40.0  # nothing was done
    if at < 119.5:
        return at + 80.0  # evacuated
    if at < 178:
        return at + 130.0  # shut down
    if 295 <= at < 300:  # cut or not, nobody has read it: the host may start by itself for 5 minutes
        return at + 420.0
    return max(at, 300.0) + 90.0  # and perhaps cut


def returns(root: Path, card: str, at: Seconds) -> Scenario:
    """Case one, with power returning `at` seconds after it failed."""
    story = load(root / "scenarios" / "case_one.toml")
    site = load_site(root / "scenarios" / "sites" / "two_hosts.toml", CARDS[card].changes)
    fails, comes = story.timeline
    return replace(
        story,
        site=site,
        timeline=(fails, replace(comes, at=at)),
        until=enough(at),
        lead_in=LEAD_IN,
        expect=Expectation(),
    )


def condition(world: World) -> dict[str, object]:
    """All that must be as it was, but for what a host's start changes. `life` counts the starts and stops of a VM."""
    of_a_start = {"agent_start_time", "boot_time"}
    found: dict[str, object] = {"crashed": world.crashed, "lost": world.lost, "at work": len(world.at_work)}
    for h in world.hosts.values():
        kept = {key: value for key, value in h.other_config.items() if key not in of_a_start}
        found[h.id] = (h.power, h.network, h.toolstack, h.enabled, h.live, h.auto_enable, h.current_operations, kept)
    for v in world.vms.values():
        found[v.name] = (v.power_state, v.alive, v.life, v.current_operations, v.blocked_operations, v.other_config)
    for p in world.pools.values():
        found[p.id] = (p.coordinator, p.other_config, p.ha_enabled)
    for u in world.upses.values():
        found[u.id] = (u.output, u.input_good, u.card.cut_at)
    for n in world.nases.values():
        found[n.id] = (n.power, n.serves)
    return found


def wrong(run: Run, before: dict[str, object]) -> list[str]:
    """What is not as it must be at the end, in words."""
    after = condition(run.world)
    found = [f"{what} was {before[what]}, is {after[what]}" for what in before if after[what] != before[what]]
    found += [f"{vm} has moved {times} times" for vm, times in run.world.moves.items() if times > 1]
    events = run.journal.entries
    ends = [event.differences for event in events if isinstance(event, PoolRestored)]
    if len(ends) != sum(isinstance(event, PoolRecorded) for event in events) or any(ends):
        found.append(f"not restored as it was: {ends}")
    if any(isinstance(event, ActionStarted) for event in events) and not ends:
        found.append("acted without a record")
    return found


@pytest.mark.parametrize(("card", "start"), PARTS)
def test_power_returns_at_every_second(root: Path, thorough: bool, card: str, start: int) -> None:
    seconds: Sequence[float] = [s for s in CARDS[card].seconds if start <= s < start + CHUNK]
    if thorough:
        seconds = [start + n * FINE for n in range(round(CHUNK / FINE))]
    bad: list[str] = []
    for at in seconds:
        story = returns(root, card, at)
        run = play(story)
        bad += [f"power back at {at:.1f} s: {words}" for words in wrong(run, condition(story.site.build()))]
    assert bad == []


def whole_pool(root: Path, at: Seconds) -> Scenario:
    """Both UPSs of a pool fail, and power returns to both; a BMC starts each host that was shut down for nothing."""
    story = load(root / "scenarios" / "coordinator_switched_on_by_its_bmc.toml")
    bmc = {"address": "192.0.2.131", "username": "ops", "password": "secret:simulated"}
    names = ("xenserver1", "xenserver2")
    changes = {
        "host": {name: {"power_on": ["xapi", "ipmi"], "bmc": bmc} for name in names},
        "world": {"host": {name: {"bmc": "works", "boot_time": 30} for name in names}},
    }
    site = load_site(root / "scenarios" / "sites" / "two_hosts.toml", changes)
    timeline = tuple(each if each.do == "fail" else replace(each, at=at) for each in story.timeline)
    until = max(at, 300.0) + 900.0
    return replace(story, site=site, timeline=timeline, until=until, lead_in=LEAD_IN, expect=Expectation())


@pytest.mark.parametrize("start", range(0, LAST, 3 * CHUNK))
def test_power_returns_to_a_whole_pool_at_every_second(root: Path, thorough: bool, start: int) -> None:
    """Everything runs again. Its guests may have been stopped and started; nothing else differs."""
    seconds = range(start, min(start + 3 * CHUNK, LAST), 1 if thorough else 15)
    assert [words for at in seconds for words in not_as_before(whole_pool(root, float(at)), at)] == []


def not_as_before(story: Scenario, at: Seconds) -> list[str]:
    run = play(story)
    before = condition(story.site.build())
    stopped = {vm.name for vm in run.world.vms.values() if vm.life != before[vm.name][2]}  # type: ignore[index]
    bad = [f"power back at {at} s: {words}" for words in wrong(run, before) if words.split(" ")[0] not in stopped]
    return bad + [f"power back at {at} s: {vm.name} is off" for vm in run.world.vms.values() if not vm.alive]


def with_a_nas(root: Path, at: Seconds) -> Scenario:
    """All UPSs fail, are told to cut their outputs when the NAS is down, too, and power returns to all of them.

    Their outputs come back whenever they are cut, as Eaton says of its own command. By RFC 1628 one that is cut just
    after power is back may stay off: scenarios/c14_power_returns_as_the_output_is_cut.toml.
    """
    story = load(root / "scenarios" / "c14_power_returns_before_the_nas_is_cut.toml")
    assert isinstance(story.site, SimSite)
    cards = {ups: {"card": {"tells": "xups"}} for ups in story.site.site.upses}
    story = replace(story, site=replace(story.site, world=merged(story.site.world, {"ups": cards})))
    timeline = tuple(each if each.do == "fail" else replace(each, at=at) for each in story.timeline)
    return replace(story, timeline=timeline, until=at + 1500.0, lead_in=LEAD_IN, expect=Expectation())


@pytest.mark.parametrize("start", range(0, LAST_WITH_A_NAS, CHUNK))
def test_c14_power_returns_to_a_whole_pool_with_a_nas_at_every_second(root: Path, thorough: bool, start: int) -> None:
    """Whatever has gone down is back: by itself after a cut, else woken or switched on."""
    seconds = range(start, min(start + CHUNK, LAST_WITH_A_NAS), 1 if thorough else 7)
    assert [words for at in seconds for words in not_as_before(with_a_nas(root, float(at)), at)] == []


def test_a_nas_is_cut_or_not(root: Path) -> None:
    """The seconds above do reach both ends."""
    told = {at: play(with_a_nas(root, float(at))).narrative for at in (320, 410, LAST_WITH_A_NAS)}
    assert "let ups3 cut its output" not in told[320]
    assert "nas1 is woken over the network" in told[320]
    assert "let ups3 keep its output" in told[410]
    assert "nas1 starts by itself" in told[LAST_WITH_A_NAS]


def test_the_stories_differ(root: Path) -> None:
    """The seconds above do reach every part of the story: nothing done, evacuated, shut down, its UPS cut."""
    card = "it cancels its countdown"
    reached = {at: play(returns(root, card, at)) for at in (10, 70, 150, 310)}
    told = {at: run.narrative for at, run in reached.items()}
    assert "enters maintenance mode" not in told[10]
    assert "enters maintenance mode" in told[70]
    assert "xenserver1 is off" not in told[70]
    assert "xenserver1 is off" in told[150]
    assert "cuts its output" not in told[150].split("utility power returns")[1]
    assert any(line.text == "ups1's card cuts its output" for line in reached[310].world.story)
    on = play(returns(root, "it goes on counting", 200)).world.story
    texts = [line.text for line in on]
    assert texts.index("utility power returns on feeder a") < texts.index("ups1's card cuts its output")
