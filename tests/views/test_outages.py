"""The journal of each of the manual's cases, told as outages."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ridethrough.core.events import Event, StorageBack, StorageDown, UtilityBack, UtilityLost
from ridethrough.sim.scenario import load, play
from ridethrough.views.outages import Outages

from .told import told


def outages(root: Path, name: str) -> Outages:
    return told(play(load(root / "scenarios" / f"{name}.toml")).journal.entries)


def by_id(rows: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {row["id"]: row for row in rows}


def test_case_one_is_one_outage_with_one_host_down_and_back(root: Path) -> None:
    found = outages(root, "case_one")
    (outage,) = found.all
    whole = outage.whole()
    assert found.current is None
    assert (whole["hosts_shut_down"], whole["failed"], whole["dry_run"]) == (1, 0, False)
    (ups,) = whole["upses"]
    assert ups["id"] == "ups1"
    assert ups["back_at"] > ups["since"] > 0
    host = by_id(whole["hosts"])["xenserver1"]
    order = [
        host[key] for key in ("maintenance_at", "emptied_at", "shut_down_at", "down_at", "returned_at", "enabled_at")
    ]
    assert order == sorted(order)
    assert host["maintenance_at"] - ups["since"] == pytest.approx(60.0, abs=1.0)
    assert host["shut_down_at"] - ups["since"] == pytest.approx(120.0, abs=1.0)
    assert all(vm["home"] == "xenserver1" and vm["host"] == "xenserver2" and vm["moves"] == 1 for vm in whole["vms"])
    assert whole["ended_at"] >= host["enabled_at"]


def test_case_three_moves_each_vm_once(root: Path) -> None:
    (outage,) = outages(root, "case_three").all
    whole = outage.whole()
    assert [ups["id"] for ups in whole["upses"]] == ["ups2", "ups3"]
    assert {vm["host"] for vm in whole["vms"]} == {"xenserver1"}
    assert all(vm["moves"] == 1 for vm in whole["vms"])
    assert whole["vms_moved"] == len(whole["vms"]) == 5


def test_a_dry_run_has_told_and_done_nothing(root: Path) -> None:
    (outage,) = outages(root, "dry_run").all
    whole = outage.whole()
    assert whole["dry_run"]
    assert whole["actions"] == whole["hosts_shut_down"] == whole["vms_moved"] == 0
    assert whole["done"]
    assert all(done["told"] for done in whole["done"])


def test_what_a_person_asked_for_is_told_as_theirs(root: Path) -> None:
    outage = outages(root, "a_person_shuts_the_pool_down").all[0]
    assert outage.summary()["by_person"]
    assert outage.requests[0]["text"].endswith("asks: shut down pool pool1")
    assert outage.requests[0]["answer"].startswith("accepted")


def test_only_so_many_are_kept() -> None:
    found = Outages(kept=3)
    for n in range(5):
        lost = UtilityLost(n * 10.0, "u", n * 10.0, n * 10.0, None, None, None, None, 10.0, "test")
        found.take_all([(2 * n + 1, lost), (2 * n + 2, UtilityBack(n * 10.0 + 5, "u", 5.0))])
    assert [outage.id for outage in found.all] == [5, 7, 9]


def test_a_nas_is_told_goes_down_and_serves_again(root: Path) -> None:
    (outage,) = outages(root, "nas_after_its_hosts").all
    whole = outage.whole()
    (nas,) = whole["nas"]
    assert nas["id"] == "nas1"
    order = [nas[key] for key in ("stop_begun_at", "told_at", "down_at", "back_at")]
    assert order == sorted(order)
    assert nas["told_at"] >= max(host["down_at"] for host in whole["hosts"])
    assert nas["back_at"] <= min(vm["started_at"] for vm in whole["vms"])
    assert nas["why"][0].startswith("its UPS is on battery for 5 min")


def test_a_nas_that_was_spared_was_never_told(root: Path) -> None:
    (outage,) = outages(root, "nas_spared_at_the_last_moment").all
    (nas,) = outage.whole()["nas"]
    assert nas["stop_begun_at"] < nas["spared_at"]
    assert (nas["told_at"], nas["down_at"], nas["back_at"]) == (None, None, None)


def test_a_nas_that_serves_after_the_end_of_its_outage_is_told_there() -> None:
    found = Outages()
    lost = UtilityLost(10.0, "u", 10.0, 10.0, None, None, None, None, 10.0, "test")
    events: list[Event] = [
        lost,
        StorageDown(20.0, "nas1", "cut"),
        UtilityBack(60.0, "u", 50.0),
        StorageBack(90.0, "nas1"),
    ]
    found.take_all(enumerate([*events, StorageBack(95.0, "another")], start=1))
    (outage,) = found.all
    assert (outage.ended_at, outage.storages["nas1"].back_at, list(outage.storages)) == (60.0, 90.0, ["nas1"])
