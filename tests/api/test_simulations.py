"""Stories that people make up, and what is kept of them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from ridethrough.api import Context, create_app
from ridethrough.api.foresight.simulations import KEPT
from ridethrough.api.jobs import State
from ridethrough.sim.scenario import load, play
from ridethrough.sim.timeline import SUBJECTS

from .asgi import scope_of
from .fakes import OpenGate, Role
from .imagined import Endless, InProcess, planning, site_of

TEXT = 21  # where a narrative's text begins, behind its time and who tells it
PLUG = [{"at": 0, "do": "fail", "feeder": "a"}]


@pytest.fixture
def gate() -> OpenGate:
    return OpenGate()


@pytest.fixture
def ready(tmp_path: Path, root: Path, gate: OpenGate) -> Context:
    return planning(tmp_path, site_of(root), InProcess(), gate)


@pytest.fixture
def client(ready: Context) -> Iterator[TestClient]:
    with TestClient(create_app(ready)) as client:
        yield client


def played(client: TestClient, **wanted: Any) -> dict[str, Any]:
    """The simulation of this story."""
    answer = client.post("/api/v1/simulations", params={"wait": 30}, json=wanted)
    assert (answer.status_code, answer.json()["state"]) == (202, "done"), answer.text
    return dict(client.get(f"/api/v1/simulations/{answer.json()['id']}").json())


def refused(client: TestClient, **wanted: Any) -> str:
    answer = client.post("/api/v1/simulations", params={"wait": 30}, json=wanted)
    assert (answer.status_code, answer.json()["state"]) == (202, "failed"), answer.text
    return str(answer.json()["trouble"])


def state_at(frames: list[dict[str, Any]], t: float) -> dict[str, dict[str, Any]]:
    """Every row as it is at a moment, as a page scrubs."""
    found: dict[str, dict[str, Any]] = {}
    for frame in frames:
        if frame["t"] > t:
            break
        for table in frame.keys() - {"t"}:
            found.setdefault(table, {}).update(frame[table])
    return found


def test_the_live_site_is_played(client: TestClient) -> None:
    found = played(client, title="ups1 fails", timeline=PLUG, until="10m")
    assert (found["title"], found["source"], found["by"], found["until"]) == ("ups1 fails", "live", "anna", 600.0)
    assert found["lines"][0] == {"t": 0.0, "who": "site", "text": "utility power fails on feeder a"}
    assert {row["id"]: row["end"] for row in found["outcome"]["hosts"]} == {"xenserver1": "off", "xenserver2": "up"}
    assert found["outcome"]["moves"] == {"db1": 1, "files1": 1, "web1": 1}
    assert found["things"]["feeder"] == ["a", "b"]


def test_every_moment_can_be_shown(client: TestClient) -> None:
    found = played(client, timeline=PLUG, until=600)
    frames = client.get(f"/api/v1/simulations/{found['id']}/frames").json()
    assert [frame["t"] for frame in frames] == sorted(frame["t"] for frame in frames)
    vm = next(row["id"] for row in found["outcome"]["vms"] if row["name"] == "web1")
    columns = found["columns"]
    first, last = state_at(frames, 30.0), state_at(frames, 600.0)
    assert dict(zip(columns["hosts"], first["hosts"]["xenserver1"], strict=True))["power"] is True
    assert dict(zip(columns["hosts"], last["hosts"]["xenserver1"], strict=True))["power"] is False
    assert dict(zip(columns["upses"], last["upses"]["ups1"], strict=True))["output"] == "off"
    assert [dict(zip(columns["vms"], at["vms"][vm], strict=True))["host"] for at in (first, last)] == [
        "xenserver1",
        "xenserver2",
    ]
    assert [state_at(frames, t).get("steps", {}).get("xenserver1") for t in (30.0, 75.0)] == [None, "being emptied"]


@pytest.mark.parametrize("case", ["case_one", "case_two", "case_three"])
def test_the_manuals_cases_are_played_as_their_logs_tell(client: TestClient, root: Path, case: str) -> None:
    assert case in [row["scenario"] for row in client.get("/api/v1/simulations/cases").json()]
    found = played(client, source={"scenario": case})
    log = (root / "scenarios" / f"{case}.log").read_text(encoding="utf-8").splitlines()
    assert [line["text"] for line in found["lines"]] == [line[TEXT:] for line in log]


@pytest.mark.parametrize(
    "wanted",
    [
        {"timeline": PLUG, "settings": {"host": {"xenserver1": {"shutdown": {"enabled": False}}}}},
        {"source": {"site": "two_hosts"}, "timeline": [{"at": 5, "do": "fail", "feeder": "a"}], "until": 400},
        {
            "source": {"scenario": "case_one"},
            "settings": {"world": {"vm": {"web1": {"guest": "no tools"}}}},
            "timeline": [
                {"at": 0, "do": "fail", "feeder": "a"},
                {"at": 70, "do": "crash controller", "for": 20},
                {"at": "1:50", "do": "hold", "host": "xenserver1"},
            ],
        },
    ],
)
def test_it_is_saved_as_a_scenario_that_plays_the_same(
    client: TestClient, tmp_path: Path, root: Path, wanted: dict[str, Any]
) -> None:
    found = played(client, **wanted)
    answer = client.get(f"/api/v1/simulations/{found['id']}/scenario")
    (tmp_path / "sites").symlink_to(root / "scenarios" / "sites")
    (tmp_path / "saved.toml").write_text(answer.text, encoding="utf-8")
    run = play(load(tmp_path / "saved.toml"))
    assert [line[TEXT:] for line in run.narrative.splitlines()] == [row["text"] for row in found["lines"]]
    assert run.failures == ()


def test_two_settings_are_compared(client: TestClient) -> None:
    one = played(client, timeline=PLUG)
    worse = {"host": {"xenserver1": {"shutdown": {"enabled": False}, "maintenance": {"enabled": False}}}}
    other = played(client, timeline=PLUG, settings=worse)
    found = client.get("/api/v1/simulations/compare", params={"a": one["id"], "b": other["id"]}).json()
    assert {"name": "crashed", "a": 0, "b": 1} in found["figures"]
    (host,) = [row for row in found["differences"] if row["kind"] == "host"]
    assert host["a"].startswith("is shut down, off from 2:")
    assert host["b"] == "crashes at 5:00"
    assert {row["name"] for row in found["differences"] if row["kind"] == "vm"} == {"db1", "files1", "web1"}
    nothing = client.get("/api/v1/simulations/compare", params={"a": one["id"], "b": one["id"]}).json()
    assert nothing == {"figures": [], "differences": []}


def test_every_word_of_a_timeline_is_told(client: TestClient) -> None:
    words = {row["do"]: row for row in client.get("/api/v1/simulations/timeline-words").json()}
    assert words.keys() == SUBJECTS.keys()
    assert words["fail"] == {"do": "fail", "actor": "world", "subject": "feeder", "takes": {}}
    assert words["crash controller"] == {
        "do": "crash controller",
        "actor": "machine",
        "subject": "",
        "takes": {"for": 30},
    }
    assert words["enter maintenance"]["actor"] == "person"


def test_what_a_timeline_may_name_is_told(client: TestClient) -> None:
    found = client.post("/api/v1/simulations/things", json={"source": {"site": "three_hosts"}}).json()
    assert found["feeder"] == ["a", "b", "c"]
    assert found["host"] == ["xenserver1", "xenserver2", "xenserver3"]
    assert client.get("/api/v1/simulations/sources").json()["sites"].count("three_hosts") == 1


def test_what_becomes_of_a_nas_a_switch_and_the_controllers_machine_is_told(client: TestClient) -> None:
    found = client.post("/api/v1/simulations/things", json={"source": {"scenario": "nas_alone_loses_power"}}).json()
    assert found["nas"]["nas1"]["fed_by"] == ["ups3"]
    assert (found["nas"]["nas1"]["hosts"], found["nas"]["nas1"]["vms"]) == (["xenserver1", "xenserver2"], 4)
    assert (found["switches"], found["machine"]) == ({}, None)
    switched = played(client, source={"scenario": "c18_switch_ends_first"})
    assert switched["things"]["switches"]["sw1"]["cards"] == ["ups1", "ups2"]
    frames = client.get(f"/api/v1/simulations/{switched['id']}/frames").json()
    shown = [(t, state_at(frames, t)["switches"]["sw1"]) for t in (0, 600, 1700)]
    assert shown == [(0, [True, True]), (600, [False, False]), (1700, [True, True])]
    owned = played(client, source={"scenario": "own_machine_ends_first"})
    frames = client.get(f"/api/v1/simulations/{owned['id']}/frames").json()
    assert owned["things"]["machine"]["fed_by"] == ["ups3"]
    assert [state_at(frames, t)["machine"]["the controller"] for t in (0, 600)] == [[True, True], [False, False]]


def test_how_a_site_is_before_anything_happens_is_told(client: TestClient) -> None:
    found = client.post("/api/v1/simulations/things", json={"source": {"scenario": "case_one"}}).json()
    assert found["timeline"] == [{"at": 0, "do": "fail", "feeder": "a"}, {"at": 420, "do": "restore", "feeder": "a"}]
    assert (found["until"], found["armed"], found["story"].split(".")[0]) == (
        660,
        True,
        "The manual's first test case (3",
    )
    assert found["start"]["t"] == 0
    assert (
        dict(zip(found["columns"]["upses"], found["start"]["upses"]["ups1"], strict=True))["output"] == "utility power"
    )
    assert found["hosts"]["xenserver1"] == {
        "pool": "pool1",
        "fed_by": ["ups1"],
        "needs": 1,
        "options": {"maintenance": {"enabled": True, "after": 60}, "shutdown": {"enabled": True, "after": 120}},
    }


@pytest.mark.parametrize(
    ("wanted", "why"),
    [
        ({"timeline": [{"at": 0, "do": "fail", "feeder": "z"}]}, 'names "z"; known are a, b'),
        ({"timeline": [{"at": 0, "do": "dance"}]}, 'is "dance"; known are'),
        ({"timeline": [{"at": "soon", "do": "fail", "feeder": "a"}]}, "is no time"),
        ({"source": {"scenario": "../case_one"}}, 'there is no scenario "../case_one"'),
        ({"timeline": PLUG, "until": 100_000}, "a story lasts 14400 s at most"),
        ({"settings": {"host": {"xenserver1": {"shutdown": {"after": "x"}}}}}, "settings: "),
        ({"settings": {"host": 3}}, "settings: "),
        ({"source": {"site": "two_hosts"}, "settings": {"host": 3}}, ""),
    ],
)
def test_a_wrong_story_is_refused_with_the_reason(client: TestClient, wanted: dict[str, Any], why: str) -> None:
    assert why in refused(client, **wanted)
    assert client.get("/api/v1/simulations").json() == []


@pytest.mark.parametrize("settings", [{"pool": {"pool1": {"password": "x"}}}, {"host": {"xenserver1": None}}])
def test_settings_that_no_file_could_have_are_not_taken(client: TestClient, settings: dict[str, Any]) -> None:
    assert client.post("/api/v1/simulations", json={"settings": settings}).status_code == 422


def test_the_last_ones_are_kept(client: TestClient) -> None:
    ids = [played(client, source={"site": "empty"}, until=1)["id"] for _ in range(KEPT + 1)]
    assert [row["id"] for row in client.get("/api/v1/simulations").json()] == ids[:0:-1]
    assert client.get(f"/api/v1/simulations/{ids[0]}/frames").status_code == 404
    assert client.delete(f"/api/v1/simulations/{ids[1]}").status_code == 204
    assert client.get(f"/api/v1/simulations/{ids[1]}").status_code == 404
    assert client.delete(f"/api/v1/simulations/{ids[1]}").status_code == 404


def test_one_that_is_played_is_cancelled_with_its_process(tmp_path: Path, root: Path) -> None:
    worker = Endless()
    ready = planning(tmp_path, site_of(root), worker)
    with TestClient(create_app(ready)) as client:
        begun = client.post("/api/v1/simulations", json={"source": {"site": "empty"}}).json()
        path = f"/api/v1/simulations/{begun['id']}"
        assert client.delete(path, params={"why": "too long"}).status_code == 204
        assert client.delete(path).status_code == 404
        assert client.get("/api/v1/simulations").json() == []
    job = ready.jobs.find(begun["id"])
    assert job is not None
    assert (job.state, worker.cancelled.is_set()) == (State.CANCELLED, True)
    assert [row.says for row in ready.accounts.audit.all()] == [f"simulation {begun['id']} cancelled (too long)"]


async def test_who_waits_and_goes_away_has_cancelled_it(tmp_path: Path, root: Path) -> None:
    worker = Endless()
    app = create_app(planning(tmp_path, site_of(root), worker))
    sent = [{"type": "http.request", "body": b'{"source": {"site": "empty"}}', "more_body": False}]
    answered: list[Any] = []

    async def receive() -> dict[str, Any]:
        if sent:
            return sent.pop()
        while not worker.asked:  # noqa: ASYNC110
            await asyncio.sleep(0.001)
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        answered.append(message)

    scope = scope_of(
        "POST",
        "/simulations",
        query=b"wait=30",
        headers=[(b"content-type", b"application/json"), (b"host", b"testserver")],
    )
    async with asyncio.timeout(20.0):
        await app(scope, receive, send)
    assert b'"cancelled"' in answered[1]["body"]
    assert worker.cancelled.is_set()


def test_who_may_only_look_plays_nothing(client: TestClient, gate: OpenGate) -> None:
    gate.become(Role.VIEW)
    assert client.post("/api/v1/simulations", json={}).status_code == 403
    assert client.get("/api/v1/simulations").status_code == 200
