"""The weakest points of the site, played when somebody wants it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from ridethrough.api import Context, create_app
from ridethrough.runtime.worker import JobTooLong

from .fakes import OpenGate, Role
from .imagined import InProcess, planning, site_of


@pytest.fixture
def worker() -> InProcess:
    return InProcess()


@pytest.fixture
def gate() -> OpenGate:
    return OpenGate()


@pytest.fixture
def ready(tmp_path: Path, root: Path, worker: InProcess, gate: OpenGate) -> Context:
    return planning(tmp_path, site_of(root), worker, gate)


@pytest.fixture
def client(ready: Context) -> Iterator[TestClient]:
    with TestClient(create_app(ready)) as client:
        yield client


def _too_long(_: bytes) -> None:
    raise JobTooLong("it was not done in 120 s and was ended")


def test_nothing_is_played_before_somebody_wants_it(client: TestClient, worker: InProcess) -> None:
    assert client.get("/api/v1/plan/sweep").json() == {"swept": None, "running": None}
    assert worker.asked == []


def test_every_ups_and_every_pair_is_played(client: TestClient) -> None:
    answer = client.post("/api/v1/plan/sweep", params={"wait": 30})
    assert (answer.status_code, answer.json()["state"]) == (202, "done")
    found = client.get("/api/v1/plan/sweep").json()
    assert found["running"] is None
    swept = found["swept"]
    assert (swept["by"], swept["of"], swept["played"], swept["more_rows"]) == ("anna", 5, 5, 0)
    assert swept["rows"][0]["why"] == "if ups1 and ups2 fail, 6 VMs are stopped, 2 hosts shut down"


def test_one_who_may_only_look_sees_it_and_does_not_begin_it(client: TestClient, gate: OpenGate) -> None:
    gate.become(Role.VIEW)
    assert client.post("/api/v1/plan/sweep").status_code == 403
    assert client.get("/api/v1/plan/sweep").status_code == 200


def test_a_sweep_that_fails_says_why_and_leaves_the_last_one(client: TestClient, worker: InProcess) -> None:
    client.post("/api/v1/plan/sweep", params={"wait": 30})
    before = client.get("/api/v1/plan/sweep").json()
    worker.work = {"sweep": _too_long}
    job = client.post("/api/v1/plan/sweep", params={"wait": 30}).json()
    assert (job["state"], job["trouble"]) == ("failed", "it was not done in 120 s and was ended")
    assert client.get("/api/v1/plan/sweep").json() == before
