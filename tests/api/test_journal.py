"""The journal and its outages, as scripts and pages read them."""

from __future__ import annotations

import asyncio
import contextlib
import csv
import io
import json
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from ridethrough.api import Person, create_app
from ridethrough.api.explain import explanations, next_steps
from ridethrough.core.events import Event, TrapHeard
from ridethrough.runtime.journal import DiskJournal
from ridethrough.runtime.journal_file import FILE
from ridethrough.sim.scenario import load, play

from .fakes import OpenGate, context


async def _write(state: Path, events: Sequence[Event]) -> None:
    journal = DiskJournal(state, patience=60.0)
    await journal.append(events)
    await journal.close()


@pytest.fixture(scope="module")
def case_one(root: Path) -> Sequence[Event]:
    return play(load(root / "scenarios" / "case_one.toml")).journal.entries


@pytest.fixture
def client(tmp_path: Path, case_one: Sequence[Event]) -> Iterator[TestClient]:
    found = context(tmp_path)
    asyncio.run(_write(found.state_dir, case_one))
    with TestClient(create_app(found)) as client:
        while found.live.position < len(case_one):
            client.get("/api/v1/site")
        yield client


def test_pages_of_the_journal_hold_every_line_once_latest_first(client: TestClient, case_one: Sequence[Event]) -> None:
    found, before = list[int](), None
    while True:
        page = client.get("/api/v1/journal", params={"limit": 7} | ({"before": before} if before else {})).json()
        found += [line["position"] for line in page["items"]]
        before = page["next"]
        if before is None:
            break
    assert found == list(range(len(case_one), 0, -1))


def test_words_and_kinds_filter(client: TestClient) -> None:
    lines = client.get("/api/v1/journal", params={"q": "XENSERVER1 down"}).json()["items"]
    assert lines
    assert all("xenserver1" in line["text"] and "down" in line["text"] for line in lines)
    lines = client.get("/api/v1/journal", params={"kind": ["HostDown", "UtilityLost"]}).json()["items"]
    assert {line["kind"] for line in lines} == {"HostDown", "UtilityLost"}


def test_an_export_holds_every_fact(client: TestClient, case_one: Sequence[Event]) -> None:
    rows = [json.loads(line) for line in client.get("/api/v1/journal/export").text.splitlines()]
    assert [row["event"]["type"] for row in rows] == [type(event).__name__ for event in case_one]
    table = list(csv.DictReader(io.StringIO(client.get("/api/v1/journal/export?format=csv").text)))
    assert [row["text"].removeprefix("'") for row in table] == [row["text"] for row in rows]


def test_an_export_holds_what_was_searched_for(client: TestClient) -> None:
    chosen = {"q": "XENSERVER1", "kind": ["HostDown", "EvacuationBegun"]}
    lines = client.get("/api/v1/journal", params=chosen).json()["items"]
    rows = [json.loads(line) for line in client.get("/api/v1/journal/export", params=chosen).text.splitlines()]
    assert len(rows) > 1
    assert [row["position"] for row in rows] == [line["position"] for line in reversed(lines)]


async def test_a_search_over_a_long_journal_goes_on_where_it_stopped(tmp_path: Path) -> None:
    found = context(tmp_path)
    many: list[Event] = [TrapHeard(float(n), "ups1", "1.3.6", f"number={n}.") for n in range(25_000)]
    await _write(found.state_dir, many)
    client = TestClient(create_app(found))
    page = client.get("/api/v1/journal", params={"q": "number=17."}).json()
    assert (page["items"], page["next"]) == ([], 5001)
    page = client.get("/api/v1/journal", params={"q": "number=17.", "before": page["next"]}).json()
    assert ([line["position"] for line in page["items"]], page["next"]) == ([18], None)


def test_a_cell_is_never_a_formula(tmp_path: Path) -> None:
    found = context(tmp_path)
    asyncio.run(_write(found.state_dir, [TrapHeard(1.0, "ups1", "1.3.6", "x")]))
    text = TestClient(create_app(found)).get("/api/v1/journal/export?format=csv").text
    assert not any(cell.startswith(("=", "+", "-", "@")) for row in csv.reader(io.StringIO(text)) for cell in row)


def test_a_damaged_journal_is_told_with_the_remedy(client: TestClient, tmp_path: Path) -> None:
    for path in (tmp_path / "state").glob(f"{FILE}*"):
        path.write_bytes(b"no database at all, but long enough to be looked at" * 400)
    for asked in ("/journal", "/journal/export", "/journal/export?format=csv"):
        answer = client.get(f"/api/v1{asked}")
        assert (answer.status_code, "restore it from a backup" in answer.json()["detail"]) == (503, True), asked


@pytest.mark.parametrize("damaged", [1, 20])
def test_an_export_ends_with_what_cannot_be_read(client: TestClient, tmp_path: Path, damaged: int) -> None:
    with contextlib.closing(sqlite3.connect(tmp_path / "state" / FILE)) as connection, connection:
        connection.execute("UPDATE events SET event = 'no event' WHERE position = ?", (damaged,))
    *rows, last = [json.loads(line) for line in client.get("/api/v1/journal/export").text.splitlines()]
    assert [row["position"] for row in rows] == list(range(1, damaged))
    assert (list(last), str(damaged) in last["detail"]) == (["detail"], True)
    *lines, told = csv.DictReader(io.StringIO(client.get("/api/v1/journal/export?format=csv").text))
    assert [line["position"] for line in lines] == [str(n) for n in range(1, damaged)]
    assert (told["position"], told["text"]) == ("", last["detail"])
    answer = client.get("/api/v1/journal")
    assert (answer.status_code, answer.json()["detail"]) == (503, last["detail"])


def test_outages_are_listed_and_told(client: TestClient) -> None:
    (summary,) = client.get("/api/v1/outages").json()
    assert summary["hosts_shut_down"] == 1
    assert summary["begun_at"] > 1.7e9
    whole = client.get(f"/api/v1/outages/{summary['id']}").json()
    assert whole["upses"][0]["since"] > 1.7e9
    assert whole["next"] == whole["lost"] == []
    assert client.get("/api/v1/outages/current").json() is None
    assert client.get("/api/v1/outages/99999").status_code == 404


def host(**changes: Any) -> dict[str, Any]:
    options = {"maintenance": {"enabled": True, "after": 60.0}, "shutdown": {"enabled": True, "after": 120.0}}
    row = {"id": "h1", "pool": "p", "coordinator": False, "supply": "on battery", "on_battery_since": 1000.0}
    row |= {"powered_by": ["ups1"], "options": options, "step": "rides through", "held": False, "vms": ["a", "b"]}
    return row | {"row": {"spared": False}, "power_until": 1300.0, "seconds_needed": 200.0} | changes


OFF = {"maintenance": {"enabled": False, "after": 0.0}, "shutdown": {"enabled": False, "after": 0.0}}


def test_next_steps_are_told_by_time() -> None:
    told = [(step["at"], step["what"]) for step in next_steps([host(step="rides through")], 1010.0)]
    assert told == [(1060.0, "maintenance"), (1100.0, "last safe start"), (1120.0, "shutdown"), (1300.0, "power ends")]
    takes = next_steps([host(takes={"evacuation": 30.0, "shutdown": 60.0})], 1010.0)
    assert [(step["what"], step["takes"]) for step in takes if step["takes"]] == [("maintenance", 30), ("shutdown", 60)]
    assert next_steps([host(step="down"), host(supply="full")], 1010.0) == []
    emptied = [step["what"] for step in next_steps([host(step="maintenance mode")], 1070.0)]
    assert emptied == ["shutdown", "power ends"]


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"step": "down"}, "It is down, and that is proven."),
        ({"supply": "full", "step": ""}, "It stays up: ups1 has utility power."),
        ({"supply": "assumed", "powered_by": [], "step": ""}, "no UPS for it"),
        ({"step": "being emptied"}, "2 VMs are left on it"),
        ({"step": "maintenance mode"}, "It is in maintenance mode."),
        ({"held": True}, "held"),
        ({"supply": "lost"}, "Its supply has been cut: the off-time of ups1 has passed."),
        ({"options": OFF, "step": "", "coordinator": True}, "it crashes when its power ends"),
        ({"options": OFF, "step": "", "row": {"spared": True}}, "the coordinator: it goes down last"),
    ],
)
def test_why_a_host_is_as_it_is(changes: dict[str, Any], text: str) -> None:
    ((told),) = explanations([host(**changes)], 1010.0)
    assert text in told["text"]


@pytest.mark.parametrize(
    ("changes", "then", "at"),
    [
        ({"step": ""}, "It enters maintenance mode", 1060.0),
        ({"step": "maintenance mode"}, "It shuts down", 1120.0),
        ({"held": True, "held_until": 1050.0}, "That ends", 1050.0),
        ({"held": True, "held_until": 1050.0, "supply": "full"}, "That ends", 1050.0),
        ({"supply": "lost"}, "", None),
        ({"supply": "full"}, "", None),
    ],
)
def test_what_comes_next_for_a_host(changes: dict[str, Any], then: str, at: float | None) -> None:
    ((told),) = explanations([host(**changes)], 1010.0)
    assert (told["then"], told["then_at"]) == (then, at)


def test_in_dry_run_nothing_is_done_and_that_is_said() -> None:
    ((told),) = explanations([host()], 1010.0, armed=False)
    assert (told["text"], told["then"]) == ("Dry run: nothing is done. It crashes when its power ends.", "")


def test_nothing_comes_before_a_hold_ends() -> None:
    steps = [(step["at"], step["what"]) for step in next_steps([host(held=True, held_until=1100.0)], 1010.0)]
    assert steps[:2] == [(1100.0, "hold ends"), (1100.0, "last safe start")]
    assert steps[2:] == [(1100.0, "maintenance"), (1120.0, "shutdown"), (1300.0, "power ends")]
    endless = host(held=True, held_until=None, power_until=None)
    assert next_steps([endless], 1010.0) == []


def test_what_an_open_page_asks_by_itself_keeps_nobody_logged_in(tmp_path: Path) -> None:
    counted: list[bool] = []

    class Counting(OpenGate):
        def admit(self, *shown: Any, **how: Any) -> Person:
            counted.append(shown[5] if len(shown) > 5 else how.get("counts", True))
            return super().admit(*shown[:5])

    client = TestClient(create_app(context(tmp_path, Counting())))
    for path in ("/outages", "/outages/current", "/drills", "/simulations", "/outages/7", "/journal"):
        client.get(f"/api/v1{path}")
    assert counted == [False] * 4 + [True] * 2
