"""An outage of a journal is played again: the same things are done, and another configuration shows what it changes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from ridethrough.core import events as e
from ridethrough.core.policy import Timer, VmPolicy, Wish
from ridethrough.core.site import Site
from ridethrough.runtime.rounds import Round, Rounds, read_rounds
from ridethrough.sim.reenact import Outcome, counts, minutes_by_tier, reenact, scenario
from ridethrough.sim.scenario import load, play
from ridethrough.views.outages import Outages

Written = tuple[int, e.Event]


def recorded(root: Path, folder: Path, name: str) -> tuple[Round, list[Written]]:
    """The first round and the journal of the outage of a story."""
    rounds = Rounds(folder)
    run = play(load(root / "scenarios" / f"{name}.toml"), decide=rounds.recorder("all"))
    rounds.stop(60.0)
    journal = list(enumerate(run.journal.entries, start=1))
    outages = Outages()
    outages.take_all(journal)
    last = outages.all[-1]
    first, *_ = next(iter(read_rounds(folder, last.id, last.last)))
    return first, [(p, fact) for p, fact in journal if last.id <= p <= last.last]


def played(site: Site, first: Round, outage: Sequence[Written]) -> Outcome:
    return reenact(scenario(site, first.seen, outage, was_armed=True))


def done(facts: Sequence[e.Event]) -> list[tuple[str, str]]:
    actions = [fact.action for fact in facts if isinstance(fact, e.ActionStarted)]
    return [(type(a).__name__, str(getattr(a, "name", "") or getattr(a, "host", ""))) for a in actions]


@pytest.mark.parametrize("name", ["case_two", "whole_pool_on_battery", "migration_refused"])
def test_the_same_is_done_in_the_same_order(root: Path, tmp_path: Path, name: str) -> None:
    first, outage = recorded(root, tmp_path, name)
    again = played(first.site, first, outage)
    assert done(again.run.journal.entries) == done([fact for _, fact in outage])


def test_another_configuration_costs_other_minutes(root: Path, tmp_path: Path) -> None:
    first, outage = recorded(root, tmp_path, "case_one")
    policy = first.site.policy
    stops = replace(policy, vms={"web1": VmPolicy(Wish.SHUT_DOWN, tier=8)})
    runs = {
        "was": played(first.site, first, outage),
        "other": played(replace(first.site, policy=stops), first, outage),
    }
    (row,) = minutes_by_tier(first.site, first.seen, runs)
    assert (row["tier"], row["vms"], row["was"]) == (5, 6, 0.0)
    assert row["other"] > 1.0
    assert counts(runs["other"])["down_minutes"] == row["other"]
    assert (counts(runs["was"])["stopped"], counts(runs["other"])["stopped"]) == (0, 1)


def test_a_host_that_is_left_alone_crashes_in_the_replay(root: Path, tmp_path: Path) -> None:
    first, outage = recorded(root, tmp_path, "case_one")
    bare = {host: replace(p, maintenance=Timer(), shutdown=Timer()) for host, p in first.site.policy.hosts.items()}
    site = replace(first.site, policy=replace(first.site.policy, hosts=bare))
    found = counts(played(site, first, outage))
    assert found["crashed"] == ["xenserver1"]
    assert found["lost"] == ["db1", "files1", "web1"]
