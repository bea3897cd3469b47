"""What is wrong with the site: as it is seen, and as it is when everything is asked."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from ridethrough.api import Context, create_app

from .fakes import OpenGate, Role
from .imagined import Equipment, InProcess, planning, site_of, snapshot, write_seen

CRASHES = {"host": {"xenserver1": {"shutdown": {"enabled": False}}}}


@pytest.fixture
def gate() -> OpenGate:
    return OpenGate()


@pytest.fixture
def equipment(root: Path) -> Equipment:
    return Equipment(snapshot(site_of(root)))


@pytest.fixture
def ready(tmp_path: Path, root: Path, equipment: Equipment, gate: OpenGate) -> Context:
    found = planning(tmp_path, site_of(root, changes=CRASHES), InProcess(), gate, equipment=equipment)
    (found.state_dir / "seen.json").unlink()
    return found


@pytest.fixture
def client(ready: Context) -> Iterator[TestClient]:
    with TestClient(create_app(ready)) as client:
        yield client


def test_what_site_toml_shows_by_itself_is_told_before_anything_is_seen(client: TestClient) -> None:
    found = client.get("/api/v1/findings").json()
    assert (found["asked"], found["running"], found["live"]["at"]) == (None, None, None)
    assert "the controller has seen nothing yet" in found["live"]["trouble"]
    worst = found["live"]["findings"][0]
    assert (worst["level"], worst["about"]) == ("danger", "host.xenserver1")
    assert "Write shutdown = { enabled = true, after = ... }" in worst["text"]


def test_what_the_controller_sees_is_told_without_asking(
    client: TestClient, ready: Context, root: Path, equipment: Equipment
) -> None:
    write_seen(ready.state_dir, snapshot(site_of(root)))
    live = client.get("/api/v1/findings").json()["live"]
    assert live["at"] > 1.7e9
    assert live["trouble"] == ""
    assert live["counts"] == {"ok": 3, "danger": 1, "warning": 1, "note": 1, "score": 76}
    assert {row["about"] for row in live["findings"]} == {"host.xenserver1", "host.xenserver2", "controller"}
    assert equipment.looked == []


def test_everything_is_asked(client: TestClient, equipment: Equipment) -> None:
    equipment.troubles = {"ups2": "does not answer: check its address"}
    answer = client.post("/api/v1/findings", params={"wait": 20})
    assert (answer.status_code, answer.json()["state"]) == (202, "done")
    asked = client.get("/api/v1/findings").json()["asked"]
    assert asked["by"] == "anna"
    said = "does not answer: check its address"
    silent = {"level": "danger", "about": "ups.ups2", "text": said, "sentence": said, "remedy": ""}
    assert silent in asked["findings"]
    assert asked["counts"]["danger"] == 2
    assert [row["id"] for row in asked["hosts"]] == ["xenserver1", "xenserver2"]
    assert asked["hosts"][0]["crash"] is True
    assert set(equipment.looked[0].site.upses) == {"ups1"}  # the silent one has had its time


def test_a_wrong_file_is_told(client: TestClient, ready: Context) -> None:
    ready.site_file.write_text("site = 3")
    answer = client.post("/api/v1/findings", params={"wait": 20})
    assert (answer.status_code, answer.json()["state"]) == (202, "failed")
    assert "site.toml: " in answer.json()["trouble"]
    assert "site.toml: " in client.get("/api/v1/findings").json()["live"]["trouble"]


def test_who_may_only_look_asks_nothing(client: TestClient, gate: OpenGate, equipment: Equipment) -> None:
    gate.become(Role.VIEW)
    assert client.get("/api/v1/findings").status_code == 200
    assert client.post("/api/v1/findings").status_code == 403
    assert equipment.looked == []
