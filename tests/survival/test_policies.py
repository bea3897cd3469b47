"""The rivals do what they are said to do, on the manual's test bed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from bench.survival.policies import after_minutes, low_battery, manual

from ridethrough.core.model import Seconds
from ridethrough.sim.fates import Fate
from ridethrough.sim.scenario import Scenario, read
from ridethrough.sim.world import World

SCENARIOS = Path(__file__).parents[2] / "scenarios"
CLIENT = {"card": {"warning_period": 180, "shutdown_delay": 120, "action": "client"}}


def outage(*feeders: str, lasts: Seconds = 3000, **world: Any) -> Scenario:
    fails = [{"at": 0, "do": "fail", "feeder": feeder} for feeder in feeders]
    returns = [{"at": lasts, "do": "restore", "feeder": feeder} for feeder in feeders]
    content = {"story": "one\ntwo", "site": "two_hosts", "timeline": [*fails, *returns], "until": lasts + 900}
    return read({**content, "override": {"world": world}} if world else content, SCENARIOS / "rival.toml")


def first(world: World, fate: Fate) -> Seconds:
    """When it came first, in seconds since the outage began."""
    return next(turn.at for turn in world.turns if turn.fate is fate) - 60


def test_the_manual_moves_the_vms_after_its_time_and_shuts_the_host_down() -> None:
    world = manual.play(outage("a"))
    assert world.crashed == []
    assert {turn.fate for turn in world.turns} == {Fate.MOVES}
    assert 60 < first(world, Fate.MOVES) < 180
    assert any(line.text == "xenserver1 accepts its shutdown" and 180 <= line.at < 190 for line in world.story)
    assert world.hosts["xenserver1"].enabled


def test_the_manual_hangs_without_a_host_and_its_vms_crash() -> None:
    """The coordinator is protected by its agent; the other host has nowhere to move its VMs to."""
    world = manual.play(outage("a", "b", host={"xenserver2": {"memory_gib": 12}}))
    assert world.crashed == ["xenserver1"]
    assert sorted(world.lost) == ["db1", "files1", "web1"]


def test_low_battery_waits_for_it_and_stops_everything() -> None:
    world = low_battery.play(outage("a", "b", ups={"ups1": CLIENT, "ups2": CLIENT}))
    assert world.crashed == []
    assert first(world, Fate.STOPS) > 1000
    assert all(host.enabled for host in world.hosts.values())  # they start when their supply returns


def test_after_minutes_stops_everything_after_five() -> None:
    world = after_minutes.play(outage("a", "b", ups={"ups1": CLIENT, "ups2": CLIENT}))
    assert world.crashed == []
    assert 300 < first(world, Fate.STOPS) < 400
    assert all(host.enabled for host in world.hosts.values())


def test_after_minutes_rides_through_what_is_shorter() -> None:
    assert after_minutes.play(outage("a", "b", lasts=250, ups={"ups1": CLIENT, "ups2": CLIENT})).turns == []
