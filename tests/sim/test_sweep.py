"""The weakest points: single failures and pairs, with a host in maintenance mode where that matters."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ridethrough.core.learned import NOTHING_LEARNED, Learned
from ridethrough.core.observation import Snapshot
from ridethrough.core.site import Site
from ridethrough.sim.glimpse import situation_at
from ridethrough.sim.outlook import outlook
from ridethrough.sim.scenario import Expectation, Scenario
from ridethrough.sim.site_file import load_site
from ridethrough.sim.sweep import sweep

SITES = Path(__file__).resolve().parents[2] / "scenarios" / "sites"
LONG = 600.0  # seconds of the wall, which nothing here needs


def site_and_seen(name: str, changes: dict[str, Any] | None = None) -> tuple[Site, Snapshot]:
    """A site as a controller sees it after a minute."""
    there = situation_at(Scenario(name, "", load_site(SITES / f"{name}.toml", changes), (), 0.0, Expectation()))
    return there.site, there.seen


def swept(name: str, seconds: float = LONG, workers: int = 1, changes: dict[str, Any] | None = None) -> dict[str, Any]:
    return sweep(*site_and_seen(name, changes), seconds, workers)


def whys(found: dict[str, Any], adds: bool = True) -> list[str]:
    return [row["why"] for row in found["rows"] if row["adds"] is adds]


def test_every_single_failure_and_every_pair_where_maintenance_matters() -> None:
    found = swept("three_hosts", workers=2)
    # 3 alone, each also with one of 2 others away; 3 pairs, each also without the host that is left
    assert (found["of"], found["played"], found["not_played"]) == (15, 15, [])
    assert whys(found)[:3] == [
        f"if {a} and {b} fail while xenserver{n} is in maintenance mode, 7 VMs are stopped, 2 hosts shut down"
        for a, b, n in (("ups1", "ups2", 3), ("ups1", "ups3", 2), ("ups2", "ups3", 1))
    ]
    assert len(whys(found, adds=False)) == 11  # all VMs still find a place


def test_a_feeder_is_a_case_of_its_own() -> None:
    found = swept("two_hosts", changes={"world": {"ups": {"ups2": {"feeder": "a"}}}})
    assert whys(found)[0] == "if feeder a fails, 6 VMs are stopped, 2 hosts shut down"
    assert "if ups1 fails while xenserver2 is in maintenance mode, 6 VMs are stopped, 1 host shuts down" in whys(found)


def test_two_feeds_matter_only_together() -> None:
    found = swept("two_feeds")
    assert all(len(row["upses"]) == 2 for row in found["rows"])


def test_single_failures_are_played_first_and_the_rest_is_told() -> None:
    found = swept("three_hosts", seconds=0.0)
    assert (found["of"], found["played"], found["rows"]) == (15, 0, [])
    assert all(" and " not in case and "maintenance" not in case for case in found["not_played"][:3])
    assert len(found["not_played"]) == 10


def test_what_the_journal_has_taught_counts_as_it_does_for_one_failure() -> None:
    site, seen = site_and_seen("two_hosts")

    def margin(learned: Learned) -> float:
        rows = sweep(site, seen, LONG, 1, learned)["rows"]
        return next(float(row["margin"]) for row in rows if row["upses"] == ["ups1"] and row["maintenance"] is None)

    weak = Learned(held={"ups1": 0.15})  # the way down begins before its time then
    assert margin(weak) == outlook(site, seen, ["ups1"], weak)["summary"]["margin"] != margin(NOTHING_LEARNED)
