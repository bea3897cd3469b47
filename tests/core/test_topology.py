"""What hangs on what."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ridethrough.core.model import Controller, Host, Pool, Switch, Ups
from ridethrough.core.site import Site
from ridethrough.core.topology import feeders, islands, losing, without_others

from .build import site


def on_feeders(**names: str) -> Site:
    return replace(site(1), upses={ups: Ups(ups, feeder=feeder) for ups, feeder in names.items()})


def test_feeders_are_those_that_have_a_name() -> None:
    assert feeders(on_feeders(ups1="B", ups2="A", ups3="", ups4="B")) == {"A": ["ups2"], "B": ["ups1", "ups4"]}


def test_a_feeder_takes_all_that_hangs_on_it() -> None:
    there = on_feeders(ups1="B", ups2="A", ups3="", ups4="B")
    assert losing(there, ["B"]) == {"ups1", "ups4"}
    assert losing(there, ["ups1", "ups3"]) == {"ups1", "ups3"}
    assert losing(there, ["A", "ups1"]) == {"ups1", "ups2"}


def test_a_ups_goes_before_a_feeder_of_its_name() -> None:
    assert losing(on_feeders(ups1="ups2", ups2="", ups3="ups2"), ["ups2"]) == {"ups2"}


def test_who_leaves_others_on_its_feeder_behind() -> None:
    there = on_feeders(ups1="B", ups2="A", ups3="", ups4="B")
    assert without_others(there, {"ups1", "ups2", "ups3"}) == {"ups1"}
    assert without_others(there, {"ups1", "ups2", "ups4"}) == set()


@pytest.mark.parametrize(
    ("there", "told"),
    [
        (on_feeders(ups1="A"), "names C, ups9; known UPSs are ups1; known feeders are A"),
        (on_feeders(ups1=""), "names C, ups9; known UPSs are ups1"),
    ],
)
def test_what_is_not_known_is_told(there: Site, told: str) -> None:
    with pytest.raises(ValueError, match=f"^{told}$"):
        losing(there, ["ups9", "C"])


def two_pools() -> Site:
    """h1 and h2 in pools of their own, on UPSs of their own; ups3 feeds nothing."""
    found = site(2)
    hosts = {"h1": found.hosts["h1"], "h2": Host("h2", "pool2", ("ups2",))}
    pools = {"pool1": Pool("pool1"), "pool2": Pool("pool2")}
    return replace(found, pools=pools, hosts=hosts, upses={**found.upses, "ups3": Ups("ups3")})


def test_a_switch_joins_what_it_connects_and_what_feeds_it() -> None:
    assert [sorted(part.upses) for part in islands(two_pools())] == [["ups1"], ["ups2"], ["ups3"]]
    joined = replace(two_pools(), switches={"sw1": Switch("sw1", ("ups3",), hosts=("h1",), pools=("pool2",))})
    (part,) = islands(joined)
    assert list(part.switches) == ["sw1"]
    alone = replace(two_pools(), switches={"sw1": Switch("sw1", ("ups3",), hosts=("h1",))})
    assert [(sorted(p.upses), list(p.switches)) for p in islands(alone)] == [
        (["ups1", "ups3"], ["sw1"]),
        (["ups2"], []),
    ]


def test_a_controller_that_names_its_ups_is_needed_by_everything() -> None:
    whole, rest = islands(replace(two_pools(), controller=Controller(("ups1",), vm="me")))
    assert (sorted(whole.upses), sorted(whole.pools)) == (["ups1", "ups2"], ["pool1", "pool2"])
    assert (whole.controller.powered_by, rest.controller) == (("ups1",), Controller(vm="me"))
