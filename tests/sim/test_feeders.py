"""A copy of the live site puts the UPSs of one feeder on one plug; a failure of a feeder is one failure."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ridethrough.core.observation import Snapshot, UpsSeen
from ridethrough.sim.doors import Doors
from ridethrough.sim.live_site import LiveSite
from ridethrough.sim.memory_journal import MemoryJournal
from ridethrough.sim.outlook import each_alone, outlook, single_failures
from ridethrough.sim.site_file import load_site

SITES = Path(__file__).resolve().parents[2] / "scenarios" / "sites"


APART = {
    "pool": {"pool2": {}},
    "host": {"xenserver3": {"pool": "pool2"}},
    "world": {"pool": {"pool2": {"coordinator": "xenserver3"}}},
}


def live(name: str, changes: dict[str, Any] | None = None, **feeders: str) -> LiveSite:
    """The site of this file as a controller sees it, its UPSs on these feeders; the rest have none."""
    found = load_site(SITES / f"{name}.toml", changes)
    world = found.build()
    seen = Snapshot({id: UpsSeen(ups.reading(0.0)) for id, ups in world.upses.items()})
    for pool in Doors(world, MemoryJournal()).pools.values():
        seen = seen.joined(pool.observe(urgent=False))
    upses = {id: replace(ups, feeder=feeders.get(id, "")) for id, ups in found.site.upses.items()}
    return LiveSite(replace(found.site, upses=upses), seen)


def whys(there: LiveSite) -> list[str]:
    return [one.why for one in each_alone(there.site, there.seen)]


def failing(there: LiveSite, *lost: str) -> list[str]:
    lines: list[str] = outlook(there.site, there.seen, lost)["narrative"]
    begins = "utility power fails on feeder "
    return [line.partition(begins)[2] for line in lines if begins in line]


def test_upses_of_a_named_feeder_share_its_plug() -> None:
    world = live("three_hosts", ups1="A", ups2="A").build()
    assert {id: ups.feeder for id, ups in world.upses.items()} == {"ups1": "A", "ups2": "A", "ups3": "of ups3"}
    world.set_feeder("A", False)
    assert [ups.input_good for ups in world.upses.values()] == [False, False, True]


def test_a_ups_that_is_lost_alone_takes_no_other_with_it() -> None:
    there = live("three_hosts", ups1="A", ups2="A", ups3="A")
    assert failing(there, "ups1", "ups3") == ["of ups1", "of ups3"]
    assert failing(there, "ups1", "ups2", "ups3") == ["A"]


def test_the_weakest_single_failure_is_that_of_a_feeder() -> None:
    first, *rest = whys(live("two_hosts", ups1="A", ups2="A"))
    assert first == "if feeder A fails (ups1, ups2): 6 VMs are stopped, 2 hosts shut down"
    assert sorted(why.split(":")[0] for why in rest) == ["ups1 alone", "ups2 alone"]


def test_a_feeder_with_one_ups_is_that_ups() -> None:
    assert sorted(why.split(":")[0] for why in whys(live("two_hosts", ups1="A", ups2="B"))) == [
        "ups1 alone",
        "ups2 alone",
    ]


@pytest.mark.parametrize(
    ("feeders", "harmless"),
    [({"ups-a": "A", "ups-b": "B"}, True), ({"ups-a": "A", "ups-b": "A"}, False)],
)
def test_two_feeds_from_one_feeder_are_one(feeders: dict[str, str], harmless: bool) -> None:
    there = live("two_feeds", None, **feeders)
    found = list(each_alone(there.site, there.seen))
    alone = [one.why for one in found if one.feeder is None]
    assert alone == [f"{ups} alone: every host on it has another feed" for ups in feeders]
    worst = max(found, key=lambda one: one.harm)
    assert (worst.hosts_off == 0) is harmless
    assert (worst.feeder, worst.ups, worst.upses) == (
        (None, "ups-a", ("ups-a",)) if harmless else ("A", None, ("ups-a", "ups-b"))
    )


def test_of_many_upses_the_number_is_told() -> None:
    there = live("every_card")
    upses = {id: replace(ups, feeder="A" if id < "h" else "B") for id, ups in there.site.upses.items()}
    on_a = sum(1 for id in upses if id < "h")
    told = [str(failure) for failure in single_failures(replace(there.site, upses=upses)) if failure.feeder]
    assert told == [f"if feeder A fails ({on_a} UPSs)", f"if feeder B fails ({20 - on_a} UPSs)"]


def test_a_feeder_reaches_every_island() -> None:
    """xenserver3 has a pool and a UPS of its own: each part is decided by itself, and the feeder takes both."""
    there = live("three_hosts", changes=APART, ups2="A", ups3="A")
    found = {one.feeder: one for one in each_alone(there.site, there.seen)}
    parts = [one for one in each_alone(there.site, there.seen) if one.ups in ("ups2", "ups3")]
    assert found["A"].hosts_off == sum(one.hosts_off for one in parts) == 2
    assert found["A"].stopped == sum(one.stopped for one in parts) > 0
    assert found["A"].moved == sum(one.moved for one in parts) > 0
