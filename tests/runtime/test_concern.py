"""The islands of a site share a journal and nothing else."""

from __future__ import annotations

import pytest

from ridethrough.core import events as e
from ridethrough.core.fold import fold_all
from ridethrough.core.memory import Memory
from ridethrough.core.model import Host, Pool, Ups
from ridethrough.core.site import Site
from ridethrough.runtime.concern import concerning

from .fakes import disable

EAST = Site("east", {"ups1": Ups("ups1")}, {"east": Pool("east")}, {"h1": Host("h1", "east")})
WEST = Site("west", {"ups2": Ups("ups2")}, {"west": Pool("west")}, {"h2": Host("h2", "west")})
RECORD = e.PoolRecorded(0.0, "west", "h2", (("h2", 1.0), ("unnamed", 1.0)), (), (), False)

OF_ALL: list[e.Event] = [
    e.ControllerStarted(0.0, "1"),
    e.Armed(0.0, "eva"),
    e.Requested(0.0, e.Ask.ARM, "", "eva"),
    e.Alerted(0.0, "journal", "facts in memory only", "the disk"),
    e.HostDown(0.0, "a host that nothing places", "silent"),
]
OF_WEST: list[e.Event] = [
    e.UtilityLost(0.0, "ups2", 0.0, 0.0, None, None, None, None, 10.0, "two polls"),
    e.EvacuationBegun(0.0, "unnamed", "ups2 on battery"),  # before the record that places the host
    RECORD,
    e.ActionStarted(0.0, disable("h2", pool="west")),
    e.ActionFinished(0.0, 4, disable("h2", pool="west")),
    e.Alerted(0.0, "ups2", "degraded", "bypass"),
    e.Alerted(0.0, "west", "ha", "HA is on"),
    e.Requested(0.0, e.Ask.HOLD, "h2", "eva"),
    e.HostDown(0.0, "h2", "silent"),
]


def kept(site: Site) -> list[e.Event]:
    return [event for _, event in concerning(site, list(enumerate(OF_ALL + OF_WEST, 1)))]


@pytest.mark.parametrize("event", OF_WEST, ids=lambda event: type(event).__name__)
def test_what_concerns_one_island_does_not_concern_the_other(event: e.Event) -> None:
    assert event in kept(WEST)
    assert event not in kept(EAST)


@pytest.mark.parametrize("event", OF_ALL, ids=lambda event: type(event).__name__)
def test_what_concerns_the_site_concerns_every_island(event: e.Event) -> None:
    assert event in kept(EAST)
    assert event in kept(WEST)


def test_equal_names_of_different_kinds_are_not_mixed_up() -> None:
    """Forgetting one of our own facts would be worse than keeping a foreign one."""
    ours: list[e.Event] = [
        e.HostDown(0.0, "ups2", "silent"),  # a host of ours that is named as their UPS
        e.HostDown(0.0, "h2", "silent"),  # one that is named as a host of theirs
        e.ActionStarted(0.0, disable("h2", pool="east")),
        e.Alerted(0.0, "h2", "missing", "look at it"),
    ]
    facts = list(enumerate([*OF_WEST, *ours], 1))
    found = [event for _, event in concerning(EAST, facts)]
    assert all(event in found for event in ours)
    assert RECORD not in found


def test_an_outage_of_another_island_leaves_this_one_calm() -> None:
    facts = list(enumerate(OF_ALL + OF_WEST, 1))
    assert fold_all(Memory(), facts).urgent
    assert not fold_all(Memory(), concerning(EAST, facts)).urgent
