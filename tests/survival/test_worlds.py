"""The stories of the survival benchmark: the same for a seed, playable, and drawn as bench/README.md says."""

from __future__ import annotations

from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from bench.survival import outages, worlds
from bench.survival.outages import story

from ridethrough.sim.scenario import read

SCENARIOS = Path(__file__).parents[2] / "scenarios"
SEEDS = range(1, 401)


@cache
def stories() -> list[dict[str, Any]]:
    return [story(seed) for seed in SEEDS]


def world_of(content: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = content["override"]["world"]
    return found


def share(count: int) -> float:
    return 100.0 * count / len(SEEDS)


def test_a_seed_is_the_same_story_each_time_and_another_seed_is_another() -> None:
    assert story(7) == story(7)
    assert story(7) != story(8)


@pytest.mark.parametrize("seed", [1, 2, 3, 20, 63])
def test_a_story_can_be_played(seed: int) -> None:
    scenario = read(story(seed), SCENARIOS / "survival.toml")
    world = scenario.site.build()
    assert all(world.memory_free(host) >= 0 for host in world.hosts)
    assert all(vm.alive for vm in world.vms.values())


def test_sites_are_drawn_as_told() -> None:
    sizes = [len(world_of(s)["host"]) for s in stories()]
    assert (min(sizes), max(sizes)) == (2, 16)
    for content in stories():
        world = world_of(content)
        memory = sum(host["memory_gib"] - 4 for host in world["host"].values())
        fill = sum(vm["memory_gib"] for vm in world["vm"].values()) / memory
        assert 0.25 < fill <= 0.85  # VMs that found no room leave it a little emptier
        for ups in world["ups"].values():
            assert 0.6 <= 1 / ups["promise"] <= 1.101
        fed = Counter(ups for host in content["override"]["host"].values() for ups in host["powered_by"])
        single = all(len(host["powered_by"]) == 1 for host in content["override"]["host"].values())
        assert max(fed.values()) <= (4 if single else 8)
    assert {world_of(s)["host"]["host01"]["link_gbit"] for s in stories()} == {1, 10}


def test_about_so_many_vms_are_awkward() -> None:
    vms = [vm for content in stories() for vm in world_of(content)["vm"].values()]
    awkward = [vm for vm in vms if _is_awkward(vm)]
    assert 100 * len(awkward) / len(vms) == pytest.approx(worlds.AWKWARD, abs=1.0)


def _is_awkward(vm: dict[str, Any]) -> bool:
    return vm.get("guest") in ("no tools", "ignores") or "disk of" in vm["storage"][0] or "device" in vm


def test_outages_last_as_told() -> None:
    longest = [_longest(content) for content in stories()]
    found = {
        "moment": share(sum(seconds <= 60.05 for seconds in longest)),
        "minutes": share(sum(60.05 < seconds <= 600.05 for seconds in longest)),
        "hour": share(sum(600.05 < seconds <= 3600.05 for seconds in longest)),
        "longer": share(sum(seconds > 3600.05 for seconds in longest)),
    }
    assert found == pytest.approx(outages.LASTS, abs=6.0)


def test_bad_luck_is_as_often_as_told() -> None:
    words = [Counter(h["do"] for h in content["timeline"]) for content in stories()]
    assert share(sum(w["silence card"] for w in words)) == pytest.approx(outages.SILENT_CARD, abs=3.0)
    assert 0 < share(sum(w["crash controller"] for w in words)) < 3
    flapping = sum(any(n > 1 for n in _failures(content).values()) for content in stories())
    assert share(flapping) == pytest.approx(outages.FLAPPING, abs=4.0)
    slow = sum(any(vm.get("guest") == "slow" for vm in world_of(content)["vm"].values()) for content in stories())
    assert share(slow) == pytest.approx(outages.SLOW_GUESTS, abs=4.0)
    refused = sum(any(h.get("code") == "VM_MIGRATE_FAILED" for h in content["timeline"]) for content in stories())
    assert share(refused) == pytest.approx(outages.REFUSED_MOVES, abs=3.0)


def _failures(content: dict[str, Any]) -> Counter[str]:
    return Counter(h["feeder"] for h in content["timeline"] if h["do"] == "fail")


def _longest(content: dict[str, Any]) -> float:
    """The longest time without utility power that any UPS has at one time."""
    failed: dict[str, float] = {}
    longest = 0.0
    for h in content["timeline"]:
        if h["do"] == "fail":
            failed[h["feeder"]] = h["at"]
        elif h["do"] == "restore":
            longest = max(longest, h["at"] - failed[h["feeder"]])
    return longest
