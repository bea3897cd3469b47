"""What people see of a site in the middle of a scenario."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ridethrough.runtime.status import FILE
from ridethrough.sim.scenario import load
from tests.pages.played import played


def status(root: Path, folder: Path, name: str, at: float) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(
        (played(load(root / "scenarios" / f"{name}.toml"), at, folder).state_dir / FILE).read_text("utf-8")
    )
    return found


def test_a_ups_whose_off_time_has_passed_says_so(root: Path, tmp_path: Path) -> None:
    late = status(root, tmp_path, "case_three", 430)
    assert [(row["id"], row["cut"]) for row in late["upses"]] == [("ups1", False), ("ups2", True), ("ups3", True)]
    assert "xenserver2 is down (its supply has been cut)" in late["verdict"]
    assert "power left" not in late["verdict"]


def test_nothing_is_cut_before_its_time(root: Path, tmp_path: Path) -> None:
    early = status(root, tmp_path, "case_three", 250)
    assert not any(row["cut"] for row in early["upses"])
    assert "xenserver2 is down (on battery for" in early["verdict"]
    assert "power left" not in early["verdict"]  # of no use to a host that is down


def test_a_pool_that_a_person_wants_off_says_so(root: Path, tmp_path: Path) -> None:
    assert [pool["wanted_off"] for pool in status(root, tmp_path, "a_person_shuts_the_pool_down", 600)["pools"]] == [
        True
    ]


def test_a_coordinator_without_timers_is_spared(root: Path, tmp_path: Path) -> None:
    found = status(root, tmp_path, "coordinator_without_timers", 40)
    spared = {row["id"]: row["row"]["spared"] for row in found["hosts"]}
    assert [id for id, is_spared in spared.items() if is_spared] == [found["pools"][0]["coordinator"]]


def test_a_nas_on_battery_says_until_when_it_can_be_counted_on_and_since_when_it_is(root: Path, tmp_path: Path) -> None:
    (nas,) = status(root, tmp_path, "nas_alone_loses_power", 120)["nas"]
    assert (nas["id"], nas["supply"], nas["step"], nas["told"]) == ("nas1", "on battery", "", "on battery")
    now = nas["serves_at"] + nas["serves_ago"]
    assert nas["counts_until"] == now + nas["counts_for"]
    assert nas["on_battery_since"] == now - nas["on_battery_for"]


def test_a_switch_on_battery_says_until_when_it_has_power_and_what_it_connects(root: Path, tmp_path: Path) -> None:
    found = status(root, tmp_path, "c18_switch_ends_first", 60)
    (switch,) = found["switches"]
    assert switch["supply"] == "on battery"
    assert switch["hosts"] == ["xenserver1", "xenserver2"]
    assert switch["power_until"] == found["written_at"] + switch["seconds_left"]
    assert switch["on_battery_since"] == found["written_at"] - switch["on_battery_for"]


def test_the_controllers_machine_says_when_it_is_shut_down(root: Path, tmp_path: Path) -> None:
    found = status(root, tmp_path, "own_machine_ends_first", 60)["own_machine"]
    assert found["supply"] == "on battery"
    assert found["shuts_down_at"] == found["power_until"] - 60 - 60  # stop_time and reserve


def test_a_machine_on_utility_power_is_not_said_to_end(root: Path, tmp_path: Path) -> None:
    found = status(root, tmp_path, "own_machine_ends_first", -5)["own_machine"]
    assert (found["supply"], found["power_until"], found["shuts_down_at"]) == ("full", None, None)
