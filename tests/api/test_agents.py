"""What an agent is told: a lease while the controller handles its host, warnings, and when it must go down."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from ridethrough.api import create_app
from ridethrough.api.agents import LEASE, Present, told_host, told_storage
from ridethrough.runtime.lock import Lock

from .fakes import OpenGate, Role, context, write_status

NOW = 1.8e9
OPTIONS = {"maintenance": {"enabled": True, "after": 60.0}, "shutdown": {"enabled": True, "after": 120.0}}
HOST: dict[str, Any] = {
    "id": "h1",
    "pool": "pool1",
    "powered_by": ["ups1", "ups2"],
    "connected": True,
    "options": OPTIONS,
    "row": {"spared": False},
    "supply": "full",
    "step": "",
}
UPSES: dict[str, dict[str, Any]] = {
    "ups1": {"id": "ups1", "address": "192.0.2.11", "condition": "good", "runtime": 900.0},
    "ups2": {"id": "ups2", "address": "", "condition": "good"},
    "ups9": {"id": "ups9", "condition": "on battery"},  # feeds somebody else
}
POOLS: dict[str, dict[str, Any]] = {"pool1": {"id": "pool1", "connected": True}}
NO_COORDINATOR = {"pool1": {"id": "pool1", "connected": False}}
NEITHER = {"maintenance": {"enabled": True, "after": 60.0}, "shutdown": {"enabled": False, "after": 0.0}}


def told(
    age: float | None = 2.0,
    running: bool = True,
    armed: bool = True,
    upses: Any = UPSES,
    pools: Any = POOLS,
    **changes: Any,
) -> dict[str, Any]:
    return told_host(HOST | changes, Present(upses, pools, NOW, age, running, armed))


def test_while_the_controller_handles_it_there_is_a_lease() -> None:
    found = told()
    assert (found["handled"], found["lease"], found["shutdown"]) == (True, LEASE - 2.0, None)
    assert [ups["id"] for ups in found["upses"]] == ["ups1", "ups2"]
    assert found["warnings"] == []


@pytest.mark.parametrize(
    ("arguments", "why", "withdrawn"),
    [
        ({"running": False}, "no controller runs", False),
        ({"age": None}, "the controller has not shown anything yet", False),
        ({"age": 21.0}, "what the controller shows is 21 s old", False),
        ({"connected": False}, "the controller does not reach it now", False),
        ({"pools": NO_COORDINATOR}, "the controller does not reach its pool's coordinator now", False),
        ({"pools": {}}, "the controller does not reach its pool's coordinator now", False),
        ({"armed": False}, "the site is in dry run", True),
        ({"armed": False, "running": False}, "the site is in dry run", False),
        ({"powered_by": []}, "site.toml names no UPS for it", True),
        ({"options": NEITHER}, "its option shutdown is off, and it is no coordinator that is protected without", True),
    ],
)
def test_without_the_controllers_care_there_is_none_and_nothing_is_ordered(
    arguments: Any, why: str, withdrawn: bool
) -> None:
    """What passes, such as a restart, takes no earlier lease away; what a person has set does."""
    found = told(step="shutting down", **arguments)
    assert (found["handled"], found["lease"], found["why"], found["shutdown"]) == (False, 0.0, why, None)
    assert found["withdrawn"] == withdrawn


def test_while_the_coordinator_hands_over_nobody_answers_and_the_controller_goes_on() -> None:
    assert told(connected=False, pools={"pool1": {"id": "pool1", "connected": False, "hands_over": True}})["handled"]


def test_a_coordinator_that_is_protected_without_timers_is_handled() -> None:
    assert told(options=NEITHER, row={"spared": True})["handled"]


def test_a_ups_on_battery_is_warned_of_in_the_manuals_words() -> None:
    failing = {
        "ups1": UPSES["ups1"] | {"condition": "on battery", "on_battery_since": NOW - 42.04},
        "ups2": UPSES["ups2"] | {"condition": "on battery", "low": True, "cut_at": NOW + 60.0},
    }
    found = told(upses=failing)
    assert found["warnings"] == [
        {"who": "192.0.2.11 (ups1)", "what": "Utility power is not available"},
        {"who": "ups2", "what": "Utility power is not available; The battery is low; The output is cut in 60 s"},
    ]
    assert [ups["on_battery_for"] for ups in found["upses"]] == [42.0, None]
    assert told(upses=failing, age=30.0)["warnings"] == []


@pytest.mark.parametrize(
    ("step", "order"),
    [
        ("", None),
        ("being emptied", None),
        ("maintenance mode", None),
        ("guests stop", None),
        ("shutting down", {"why": "it shuts down", "within": 300.0}),
        ("down", None),
    ],
)
def test_it_must_go_down_when_the_controller_shuts_it_down(step: str, order: Any) -> None:
    """Not while its guests stop: others may still move away, and the controller stops them in their order."""
    assert told(step=step, power_until=NOW + 300.0)["shutdown"] == order
    assert told(step=step)["shutdown"] == (order and order | {"within": None})


NAS: dict[str, Any] = {"id": "nas1", "powered_by": ["ups1"], "way": "agent", "step": "", "why": "", "supply": "full"}


@pytest.mark.parametrize(
    ("changes", "handled", "order"),
    [
        ({}, True, None),
        ({"step": "its VMs stop"}, True, None),
        ({"step": "shutting down", "why": "its hosts are down"}, True, {"why": "its hosts are down", "within": None}),
        ({"step": "shutting down", "way": "ssh"}, True, None),
        ({"step": "down"}, True, None),
        ({"way": "by itself"}, False, None),
        ({"powered_by": []}, False, None),
    ],
)
def test_storage_is_told_when_the_plan_wants_it_down(changes: Any, handled: bool, order: Any) -> None:
    found = told_storage(NAS | changes, Present(UPSES, POOLS, NOW, 2.0, True, True))
    assert (found["kind"], found["handled"], found["shutdown"]) == ("storage", handled, order)
    assert told_storage(NAS | changes, Present(UPSES, POOLS, NOW, 2.0, False, True))["shutdown"] is None


@contextmanager
def served(tmp_path: Path, **status: Any) -> Iterator[TestClient]:
    gate = OpenGate()
    gate.become(Role.VIEW)
    found = context(tmp_path, gate)
    rows = {"hosts": [HOST], "pools": list(POOLS.values()), "upses": list(UPSES.values()), "nas": [NAS]}
    write_status(found.state_dir, **(rows | {"written_at": found.clock.now()} | status))
    with TestClient(create_app(found)) as client:
        while not client.get("/api/v1/hosts").json():
            pass
        yield client


def test_a_viewer_asks(tmp_path: Path) -> None:
    with served(tmp_path) as client:
        answer = client.get("/api/v1/agents/h1").json()
        assert (answer["id"], answer["kind"], answer["handled"]) == ("h1", "host", False)
        assert answer["why"] == "no controller runs"
        assert client.get("/api/v1/agents/nas1").json()["kind"] == "storage"
        missing = client.get("/api/v1/agents/h9")
        assert (missing.status_code, missing.json()["detail"]) == (404, 'no host is named "h9"; known are h1')


@pytest.mark.parametrize(("armed", "handled"), [(True, True), (False, False)])
def test_a_controller_that_runs_and_is_armed_handles_it(tmp_path: Path, armed: bool, handled: bool) -> None:
    state = tmp_path / "state"
    state.mkdir()
    lock = Lock(state)
    with served(tmp_path, armed=armed) as client:
        answer = client.get("/api/v1/agents/h1").json()
        lock.release()
        assert answer["handled"] == handled
        assert answer["why"] == ("the controller shuts it down in time" if handled else "the site is in dry run")
        assert (answer["lease"] > LEASE - 20.0) == handled
