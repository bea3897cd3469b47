"""What would happen if utility power failed now."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from ridethrough.api import Context, create_app
from ridethrough.runtime.worker import JobFailed, JobTooLong

from .fakes import OpenGate, context
from .imagined import InProcess, planning, site_of, snapshot, write_seen, write_site

DETAIL = "lose names ups9; known UPSs are ups1, ups2; known feeders are a, b"
CRASHES = {"host": {"xenserver1": {"shutdown": {"enabled": False}}}}
BARE = {name: {"enabled": False} for name in ("maintenance", "shutdown")}


@pytest.fixture
def worker() -> InProcess:
    return InProcess()


@pytest.fixture
def ready(tmp_path: Path, root: Path, worker: InProcess) -> Context:
    return planning(tmp_path, site_of(root), worker)


@pytest.fixture
def client(ready: Context) -> Iterator[TestClient]:
    with TestClient(create_app(ready)) as client:
        yield client


def card(ready: Context) -> dict[str, Any]:
    """The card, once it was looked whether it is due."""
    assert ready.plans
    asyncio.run(ready.plans.once())
    with TestClient(create_app(ready)) as client:
        return dict(client.get("/api/v1/plan/now").json())


def test_the_card_tells_the_essence(ready: Context) -> None:
    found = card(ready)
    plan = found["plan"]
    assert (found["trouble"], found["stale"]) == ("", False)
    assert found["computed_at"] > 1.7e9
    assert (plan["lose"], plan["stopped"], plan["moved"]) == (["ups1", "ups2"], 6, 0)
    assert (plan["hosts_off"], plan["hosts_up"], plan["crashed"], plan["lost"]) == (2, 0, 0, 0)
    assert plan["weakest_ups"] == {"ups": "ups1", "runtime": 1500.0}
    assert plan["last_off"]["host"] in ("xenserver1", "xenserver2")
    assert 0 < plan["margin"] < 300 - plan["last_off"]["after"] + 1
    assert plan["crash_rows"] == []
    assert "every host moves VMs at 100 MB/s and stops within 60 s" in plan["assumed"]


def test_the_weakest_single_failure_is_told_in_words(ready: Context) -> None:
    plan = card(ready)["plan"]
    assert (plan["alone"]["looked_at"], plan["alone"]["of"]) == (2, 2)
    assert plan["weakest_failure"] == plan["alone"]["rows"][0]
    assert plan["weakest_failure"]["why"] == f"{plan['weakest_failure']['ups']} alone: 1 host shuts down, 3 VMs move"


def test_a_feeder_is_a_single_failure(tmp_path: Path, root: Path, worker: InProcess) -> None:
    shared = {"world": {"ups": {"ups2": {"feeder": "a"}}}}
    ready = planning(tmp_path, site_of(root, changes=shared), worker)
    plan = card(ready)["plan"]
    assert (plan["alone"]["looked_at"], plan["alone"]["of"]) == (3, 3)
    worst = plan["weakest_failure"]
    assert (worst["ups"], worst["feeder"], worst["upses"]) == (None, "a", ["ups1", "ups2"])
    assert worst["why"] == "if feeder a fails (ups1, ups2): 6 VMs are stopped, 2 hosts shut down"
    with TestClient(create_app(ready)) as client:
        report = client.get("/api/v1/plan", params={"lose": "a"}).json()
    assert (report["lose"], report["summary"]["hosts_off"]) == (["ups1", "ups2"], 2)


def test_a_host_that_would_crash_is_the_weakest_failure(tmp_path: Path, root: Path, worker: InProcess) -> None:
    plan = card(planning(tmp_path, site_of(root, changes=CRASHES), worker))["plan"]
    assert [row["id"] for row in plan["crash_rows"]] == ["xenserver1"]
    assert plan["crashed_hosts"] == ["xenserver1"]
    assert plan["weakest_failure"]["ups"] == "ups1"
    assert plan["weakest_failure"]["why"].startswith("ups1 alone: 1 host crashes")


def test_a_coordinator_without_timers_is_not_said_to_crash(tmp_path: Path, root: Path, worker: InProcess) -> None:
    site = site_of(root, changes={"host": {"xenserver1": BARE, "xenserver2": BARE}})
    leads = snapshot(site).pools["pool1"].coordinator
    plan = card(planning(tmp_path, site, worker))["plan"]
    member = next(host for host in site.site.hosts if host != leads)
    assert plan["crashed_hosts"] == [row["id"] for row in plan["crash_rows"]] == [member]


def test_a_changed_placement_is_worked_out_anew(ready: Context, tmp_path: Path, root: Path) -> None:
    assert card(ready)["plan"]["stopped"] == 6
    moved = {"world": {"vm": {"web1": {"host": "xenserver2"}}}}
    write_seen(tmp_path / "state", snapshot(site_of(root, changes=moved)))
    alone = {row["ups"]: row["moved"] for row in card(ready)["plan"]["alone"]["rows"]}
    assert alone == {"ups1": 2, "ups2": 4}


def test_the_report_of_one_ups(client: TestClient) -> None:
    report = client.get("/api/v1/plan", params={"lose": "ups1"}).json()
    assert report["lose"] == ["ups1"]
    assert report["summary"]["moved"] == 3
    ends = {row["id"]: row["end"] for row in report["hosts"]}
    assert ends == {"xenserver1": "off", "xenserver2": "up"}
    assert {row["name"]: row["from"] for row in report["vms"]}["web1"] == "xenserver1"
    assert report["narrative"][0].endswith("utility power fails on feeder a")


def test_an_unknown_ups_is_told(client: TestClient) -> None:
    answer = client.get("/api/v1/plan", params={"lose": "ups9"})
    assert (answer.status_code, answer.json()["detail"]) == (422, DETAIL)


def test_what_has_not_changed_is_not_worked_out_again(ready: Context, worker: InProcess) -> None:
    assert card(ready) == card(ready)
    assert worker.asked == ["outlook", "alone"]


def test_before_anything_was_seen(ready: Context, worker: InProcess) -> None:
    (ready.state_dir / "seen.json").unlink()
    found = card(ready)
    assert "the controller has seen nothing yet" in found["trouble"]
    assert found["plan"] is None
    with TestClient(create_app(ready)) as client:
        assert client.get("/api/v1/plan").status_code == 503
    assert worker.asked == []


def test_a_wrong_file_is_told(tmp_path: Path, root: Path, ready: Context) -> None:
    ready.site_file.write_text("site = 3")
    assert "site.toml: " in card(ready)["trouble"]
    write_site(tmp_path, site_of(root))
    assert card(ready)["trouble"] == ""


@pytest.mark.parametrize(("error", "status"), [(JobTooLong("too long"), 504), (JobFailed("it died"), 503)])
def test_a_worker_in_trouble_is_told(tmp_path: Path, root: Path, error: Exception, status: int) -> None:
    def fails(raw: bytes) -> None:
        raise error

    ready = planning(tmp_path, site_of(root), InProcess({"outlook": fails}))
    found = card(ready)
    assert (found["plan"], found["trouble"]) == (None, str(error))
    with TestClient(create_app(ready)) as client:
        answer = client.get("/api/v1/plan")
        assert (answer.status_code, answer.json()["detail"]) == (status, str(error))


def test_it_ends_with_the_application(ready: Context, worker: InProcess) -> None:
    assert ready.plans
    with TestClient(create_app(replace(ready, services=(ready.plans,)))):
        pass
    assert worker.closed


def test_who_plans_nothing_says_so(tmp_path: Path) -> None:
    with TestClient(create_app(context(tmp_path, OpenGate()))) as client:
        assert client.get("/api/v1/plan/now").status_code == 503
