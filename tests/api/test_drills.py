"""Drills: what must be good before one begins, what is kept of it, and its end when the manager ended in the middle."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from ridethrough.api import Context, Person, create_app
from ridethrough.api.drills.record import KEPT, Drill, Kind, State, Store
from ridethrough.core.events import Ask
from ridethrough.runtime import lock
from ridethrough.runtime.mailbox import Answer, NoAnswer
from ridethrough.sim.imagine import WORK

from .fakes import Mailbox, OpenGate, Role, write_status
from .imagined import Equipment, InProcess, planning, site_of, snapshot

UPS = {"condition": "good", "silent": False}
HOST = {"pool": "pool1", "connected": True, "enabled": True, "step": "", "held": False, "supply": "full"}


def status(**changes: Any) -> dict[str, Any]:
    """The status of the site of two hosts in good order."""
    return {
        "armed": True,
        "journal_trouble": "",
        "upses": [{"id": "ups1", **UPS}, {"id": "ups2", **UPS}],
        "pools": [{"id": "pool1", "connected": True}],
        "hosts": [host("xenserver1", vms=["web1"]), host("xenserver2", coordinator=True)],
        "vms": [{"id": "v1", "name": "web1", "pool": "pool1", "host": "xenserver1"}],
        "under_way": [],
        **changes,
    }


def host(id: str, **changes: Any) -> dict[str, Any]:
    return {"id": id, "coordinator": False, "vms": [], **HOST, **changes}


@pytest.fixture
def gate() -> OpenGate:
    return OpenGate()


@pytest.fixture
def mailbox() -> Mailbox:
    return Mailbox()


@pytest.fixture
def equipment(root: Path) -> Equipment:
    return Equipment(snapshot(site_of(root)))


@pytest.fixture
def ready(tmp_path: Path, root: Path, gate: OpenGate, mailbox: Mailbox, equipment: Equipment) -> Context:
    return planning(tmp_path, site_of(root), InProcess(), gate, mailbox, equipment)


@pytest.fixture
def show(ready: Context) -> Iterator[Callable[..., None]]:
    """Writes the status of a controller that runs."""
    held = lock.Lock(ready.state_dir)

    def written(**changes: Any) -> None:
        write_status(ready.state_dir, **status(**changes), written_at=ready.clock.now())

    written()
    yield written
    held.release()


@pytest.fixture
def client(ready: Context, show: Callable[..., None]) -> Iterator[TestClient]:
    with TestClient(create_app(ready)) as client:
        while not (ready.live.tables["upses"] and ready.live.running):
            client.get("/api/v1/site")
        yield client


def drill(client: TestClient, **order: Any) -> dict[str, Any]:
    answer = client.post("/api/v1/drills", params={"wait": 30}, json=order)
    assert (answer.status_code, answer.json()["state"]) == (202, "done"), answer.text
    return dict(client.get(f"/api/v1/drills/{answer.json()['id']}").json())


# --- looking


def test_a_preflight_looks_at_everything(client: TestClient) -> None:
    found = drill(client, kind="preflight", why="before the weekend")
    assert (found["state"], found["trouble"], found["by"], found["why"]) == ("passed", "", "anna", "before the weekend")
    assert [point["name"] for point in found["points"]] == [
        *("controller", "journal", "armed", "UPS ups1", "UPS ups2", "pool pool1", "findings", "outage", "margin"),
    ]
    assert client.get(f"/api/v1/simulations/{found['simulation']}").status_code == 200


def test_a_preflight_tells_what_is_not_good(client: TestClient, equipment: Equipment) -> None:
    equipment.troubles = {"ups1": "does not answer: check its address"}
    found = drill(client, kind="preflight")
    assert found["state"] == "failed"
    assert "findings: 1 danger" in found["trouble"]


def test_an_outage_is_only_simulated(client: TestClient, mailbox: Mailbox) -> None:
    found = drill(client, kind="outage", lose=["ups1"])
    assert (found["state"], found["summary"]["moved"], found["summary"]["hosts_off"]) == ("passed", 3, 1)
    assert not [one for one in mailbox.posted if one[0] is not Ask.NOTE]


def test_an_outage_of_a_feeder_takes_all_upses_on_it(client: TestClient, ready: Context) -> None:
    ready.site_file.write_text(ready.site_file.read_text().replace('feeder = "b"', 'feeder = "a"'))
    found = drill(client, kind="outage", lose=["a"])
    assert (found["summary"]["moved"], found["summary"]["hosts_off"]) == (0, 2)
    assert found["steps"][0]["text"] == "an outage of feeder a is played on a copy of the site"
    alone = drill(client, kind="outage", lose=["ups1"])
    assert (alone["summary"]["moved"], alone["summary"]["hosts_off"]) == (3, 1)


def test_a_look_that_was_for_nothing_keeps_nobody_from_the_next(
    client: TestClient, show: Callable[..., None], ready: Context
) -> None:
    show(armed=False)
    while ready.live.rest["armed"]:
        client.get("/api/v1/site")
    for _ in range(2):
        answer = client.post("/api/v1/drills", json={"kind": "maintenance", "host": "xenserver1"})
        assert (answer.status_code, "the site is in dry run" in answer.json()["detail"]) == (409, True)


def test_an_outage_of_an_unknown_ups(client: TestClient) -> None:
    assert "known UPSs are ups1, ups2" in drill(client, kind="outage", lose=["ups9"])["trouble"]


# --- guard


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"armed": False}, "the site is in dry run"),
        ({"journal_trouble": "the disk is full"}, "journal: the disk is full"),
        ({"upses": [{"id": "ups1", **UPS, "condition": "on battery"}]}, "UPS ups1: on battery"),
        ({"upses": [{"id": "ups1", **UPS, "silent": True}]}, "UPS ups1: does not answer"),
        ({"pools": [{"id": "pool1", "connected": False, "trouble": ""}]}, "pool pool1: is not connected"),
        ({"hosts": [host("xenserver1", held=True)]}, "host xenserver1: is held"),
        ({"hosts": [host("xenserver1", step="being emptied")]}, "is being worked on: being emptied"),
        ({"hosts": [host("xenserver1", supply="reduced")]}, "xenserver1's supply is reduced"),
        ({"hosts": [host("xenserver1", coordinator=True)]}, "xenserver1 is the coordinator of pool1"),
        ({"hosts": [host("xenserver2")]}, 'no host is named "xenserver1"'),
        ({"under_way": ["move web1 to xenserver2"]}, "under way: move web1 to xenserver2"),
    ],
)
def test_no_host_is_taken_while_something_is_not_good(
    ready: Context, client: TestClient, show: Callable[..., None], mailbox: Mailbox, changes: dict[str, Any], why: str
) -> None:
    before = ready.live.written_at
    show(**changes)
    while ready.live.written_at == before:
        client.get("/api/v1/site")
    answer = client.post("/api/v1/drills", json={"kind": "maintenance", "host": "xenserver1"})
    assert answer.status_code == 409
    assert why in answer.json()["detail"]
    assert mailbox.posted == []


def test_no_host_is_taken_whose_vms_have_no_place(tmp_path: Path, root: Path, gate: OpenGate, mailbox: Mailbox) -> None:
    stuck = site_of(root, changes={"world": {"vm": {"web1": {"guest": "no tools"}}}})
    ready = planning(tmp_path, stuck, InProcess(), gate, mailbox)
    held = lock.Lock(ready.state_dir)
    write_status(ready.state_dir, **status(), written_at=ready.clock.now())
    with TestClient(create_app(ready)) as client:
        while not (ready.live.tables["upses"] and ready.live.running):
            client.get("/api/v1/site")
        answer = client.post("/api/v1/drills", json={"kind": "maintenance", "host": "xenserver1"})
    held.release()
    assert answer.status_code == 409
    assert "places: web1 would not move" in answer.json()["detail"]
    assert mailbox.posted == []


def test_a_refusal_of_the_controller_ends_the_drill(client: TestClient, mailbox: Mailbox) -> None:
    mailbox.answer = lambda ask, subject: Answer(False, "xenserver1 is held: release it first")
    found = drill(client, kind="maintenance", host="xenserver1", why="new disk")
    assert (found["state"], found["trouble"]) == ("failed", "xenserver1 is held: release it first")
    assert found["entered"] is False
    (asked,) = [one for one in mailbox.posted if one[0] is not Ask.NOTE]
    assert asked == (Ask.ENTER_MAINTENANCE, "xenserver1", "anna", f"drill {found['id']}: new disk")


def test_who_gets_no_answer_leaves_all_the_same(client: TestClient, mailbox: Mailbox) -> None:
    def silent(ask: Ask, subject: str) -> Answer:
        raise NoAnswer("the controller took the request but did not answer within 30 s")

    mailbox.answer = silent
    found = drill(client, kind="maintenance", host="xenserver1")
    asked = [ask for ask, *_ in mailbox.posted if ask is not Ask.NOTE]
    assert asked == [Ask.ENTER_MAINTENANCE, *[Ask.EXIT_MAINTENANCE] * (len(asked) - 1)]
    assert len(asked) > 2
    assert (found["state"], found["entered"]) == ("unfinished", True)
    assert "xenserver1 may still be in maintenance mode: exit maintenance there" in found["trouble"]


def test_a_host_is_asked_out_until_the_controller_answers(client: TestClient, mailbox: Mailbox) -> None:
    troubles = [NoAnswer("the disk does not answer"), OSError(), sqlite3.DatabaseError("malformed")]

    def silent_for_a_while(ask: Ask, subject: str) -> Answer:
        if troubles:
            raise troubles.pop()
        return Answer(False, "xenserver1 is not in maintenance mode")

    mailbox.answer = silent_for_a_while
    found = drill(client, kind="maintenance", host="xenserver1")
    assert [one[0] for one in mailbox.posted[:4]] == [Ask.ENTER_MAINTENANCE, *[Ask.EXIT_MAINTENANCE] * 3]
    assert "xenserver1 is not in maintenance mode" in found["trouble"]


def test_two_hosts_at_the_same_moment_are_one_too_many(
    tmp_path: Path, root: Path, gate: OpenGate, mailbox: Mailbox
) -> None:
    """The first is still being looked at when the second is asked for."""
    go_on, worker = threading.Event(), InProcess()

    def simulate(raw: bytes) -> Any:
        go_on.wait()
        return WORK["simulate"](raw)

    worker.work = {**WORK, "simulate": simulate}
    ready = planning(tmp_path, site_of(root), worker, gate, mailbox)
    held = lock.Lock(ready.state_dir)
    both = [host("xenserver1", vms=["web1"]), host("xenserver2", vms=["db1"])]
    write_status(ready.state_dir, **status(hosts=both), written_at=ready.clock.now())
    with TestClient(create_app(ready)) as client, ThreadPoolExecutor(2) as threads:
        while not (ready.live.tables["upses"] and ready.live.running):
            client.get("/api/v1/site")

        def asked(host: str) -> Any:
            return client.post("/api/v1/drills", json={"kind": "maintenance", "host": host})

        first = threads.submit(asked, "xenserver1")
        while not worker.asked:
            client.get("/api/v1/site")
        second = threads.submit(asked, "xenserver2")
        while not (second.done() or len(worker.asked) > 1):
            client.get("/api/v1/site")
        go_on.set()
        answers = [first.result(), second.result()]
        again = asked("xenserver2")
    held.release()
    assert [answer.status_code for answer in answers] == [202, 409]
    assert all("another host is in a drill" in answer.json()["detail"] for answer in (answers[1], again))


def test_an_abort_leaves_at_once(client: TestClient, mailbox: Mailbox, ready: Context, gate: OpenGate) -> None:
    begun = client.post("/api/v1/drills", json={"kind": "maintenance", "host": "xenserver1"}).json()
    path = f"/api/v1/drills/{begun['id']}"
    while not mailbox.posted:
        client.get(path)
    while not (steps := client.get(path).json()["steps"]):
        pass
    assert steps[0]["text"] == "xenserver1 was asked into maintenance mode"
    second = client.post("/api/v1/drills", json={"kind": "maintenance", "host": "xenserver1"})
    assert (second.status_code, "another host is in a drill" in second.json()["detail"]) == (409, True)
    gate.person = Person("bert", Role.OPERATE)
    assert client.post(f"{path}/abort", json={"why": "enough\nseen"}).status_code == 202
    while Ask.EXIT_MAINTENANCE not in [ask for ask, *_ in mailbox.posted]:
        client.get(path)
    (told,) = ready.accounts.audit.all()
    assert (told.by, told.says) == ("bert", f"drill {begun['id']} aborted (enough seen)")


def test_an_aborted_drill_says_by_whom(client: TestClient, mailbox: Mailbox, gate: OpenGate) -> None:
    """Its host could not be asked out."""

    def answer(ask: Ask, subject: str) -> Answer:
        if ask is Ask.EXIT_MAINTENANCE:
            raise NoAnswer("the controller stands still")
        return Answer(True, "done")

    mailbox.answer = answer
    begun = client.post("/api/v1/drills", json={"kind": "maintenance", "host": "xenserver1"}).json()
    path = f"/api/v1/drills/{begun['id']}"
    while not client.get(path).json()["steps"]:
        pass
    gate.person = Person("bert", Role.OPERATE)
    assert client.post(f"{path}/abort", json={"why": "enough"}).status_code == 202
    assert "aborted by bert: enough" in ended(client, begun["id"])["trouble"]


def test_a_failure_of_utility_power_ends_it(
    client: TestClient, mailbox: Mailbox, ready: Context, show: Callable[..., None]
) -> None:
    begun = client.post("/api/v1/drills", json={"kind": "maintenance", "host": "xenserver1"}).json()
    while not mailbox.posted:
        client.get("/api/v1/site")
    show(upses=[{"id": "ups1", **UPS}, {"id": "ups2", **UPS, "condition": "on battery"}])
    while len(mailbox.posted) < 2:
        client.get("/api/v1/site")
    assert mailbox.posted[1][:2] == (Ask.EXIT_MAINTENANCE, "xenserver1")
    while client.get(f"/api/v1/drills/{begun['id']}").json()["state"] == "running":
        show()
        assert client.get("/api/v1/site").status_code == 200
    assert client.get(f"/api/v1/drills/{begun['id']}").json()["trouble"] == "ended early: ups2 is on battery"


def test_host_and_kind_belong_together(client: TestClient) -> None:
    assert client.post("/api/v1/drills", json={"kind": "maintenance"}).status_code == 422
    assert client.post("/api/v1/drills", json={"kind": "preflight", "host": "xenserver1"}).status_code == 422


def test_who_may_only_look_begins_none(client: TestClient, gate: OpenGate) -> None:
    gate.become(Role.VIEW)
    assert client.post("/api/v1/drills", json={"kind": "preflight"}).status_code == 403
    assert client.get("/api/v1/drills").json() == []


# --- what an earlier manager left open


def left_open(ready: Context, **changes: Any) -> str:
    found = Drill("d1", Kind.MAINTENANCE, "anna", "", 1.0, "xenserver1", **changes)
    Store(ready.state_dir / "drills").keep(found)
    return found.id


def ended(client: TestClient, id: str) -> dict[str, Any]:
    while (found := client.get(f"/api/v1/drills/{id}").json())["state"] in ("running",):
        pass
    return dict(found)


@pytest.mark.parametrize("state", [State.RUNNING, State.UNFINISHED])
def test_a_host_is_not_left_in_maintenance_mode(ready: Context, mailbox: Mailbox, state: State) -> None:
    id = left_open(ready, state=state, entered=True)
    with TestClient(create_app(ready)) as client:
        while not mailbox.posted:
            client.get("/api/v1/drills")
        found = ended(client, id)
    asked = [one[:3] for one in mailbox.posted if one[0] is not Ask.NOTE]
    assert asked == [(Ask.EXIT_MAINTENANCE, "xenserver1", "anna")]
    assert (found["state"], found["entered"]) == ("interrupted", False)
    assert "it has asked xenserver1 out of maintenance mode" in found["trouble"]


def test_a_drill_that_asked_for_nothing_asks_for_nothing(ready: Context, mailbox: Mailbox) -> None:
    id = left_open(ready)
    with TestClient(create_app(ready)) as client:
        assert ended(client, id)["state"] == "interrupted"
    assert not [one for one in mailbox.posted if one[0] is not Ask.NOTE]


def test_the_last_ones_are_kept(tmp_path: Path) -> None:
    store = Store(tmp_path)
    for number in range(KEPT + 2):
        store.keep(Drill(f"d{number}", Kind.OUTAGE, "anna", "", float(number), state=State.PASSED))
    assert [drill.at for drill in store.all()] == [float(number) for number in range(KEPT + 1, 1, -1)]


def test_it_is_noted_for_the_journal(ready: Context, client: TestClient) -> None:
    found = drill(client, kind="outage", why="the yearly one")
    told = [(row.by, row.says) for row in ready.accounts.audit.all()]
    assert told == [("anna", f"drill {found['id']} (outage) passed (the yearly one)")]
