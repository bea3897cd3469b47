"""Reads: what the controller's files say, with moments in seconds since 1970."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from ridethrough.api import create_app
from ridethrough.core.events import Armed, Ask
from ridethrough.runtime.journal import DiskJournal
from ridethrough.runtime.mailbox import Answer

from .fakes import Mailbox, OpenGate, Role, context, write_status


async def _journalled(state: Path) -> None:
    journal = DiskJournal(state)
    await journal.append([Armed(1.0, "anna")])
    await journal.close()


@pytest.fixture
def gate() -> OpenGate:
    return OpenGate()


@pytest.fixture
def mailbox() -> Mailbox:
    return Mailbox()


@pytest.fixture
def client(tmp_path: Path, gate: OpenGate, mailbox: Mailbox) -> Iterator[TestClient]:
    found = context(tmp_path, gate, mailbox)
    write_status(found.state_dir)
    asyncio.run(_journalled(found.state_dir))
    with TestClient(create_app(found)) as client:
        while not client.get("/api/v1/upses").json():
            pass
        yield client


def test_rows_are_found_by_id_and_unknown_ones_are_told(client: TestClient) -> None:
    assert [row["id"] for row in client.get("/api/v1/hosts").json()] == ["h1", "h2"]
    assert client.get("/api/v1/hosts/h2").json()["powered_by"] == ["ups1"]
    answer = client.get("/api/v1/hosts/h3")
    assert (answer.status_code, answer.json()["detail"]) == (404, 'no host is named "h3"; known are h1, h2')


def test_moments_are_seconds_since_1970_and_relative_ones_are_left_out(client: TestClient) -> None:
    ups = client.get("/api/v1/upses/ups1").json()
    now = client.get("/api/v1/site").json()["now"]
    assert "answered" not in ups
    assert now > 1.7e9
    assert abs(ups["answered_at"] - (now + 8.0)) < 60.0


def test_nobody_gets_in_who_is_not_admitted(client: TestClient, gate: OpenGate) -> None:
    gate.person = None
    answer = client.get("/api/v1/site")
    assert (answer.status_code, answer.json()) == (401, {"detail": "log in first"})


def test_who_may_only_look_asks_for_nothing(client: TestClient, gate: OpenGate, mailbox: Mailbox) -> None:
    gate.become(Role.VIEW)
    answer = client.post("/api/v1/requests", json={"ask": "hold", "subject": "h1"})
    assert (answer.status_code, mailbox.posted) == (403, [])


def test_a_request_is_handed_on_with_who_and_why(client: TestClient, mailbox: Mailbox) -> None:
    body = {"ask": "hold", "subject": "h1", "why": "disk swap"}
    assert client.post("/api/v1/requests", json=body).json() == {"accepted": True, "answer": "hold: done"}
    assert mailbox.posted == [(Ask.HOLD, "h1", "anna", "disk swap")]


def test_a_refusal_is_a_conflict_with_its_reason(client: TestClient, mailbox: Mailbox) -> None:
    mailbox.answer = lambda ask, subject: Answer(False, "the site is in dry run: arm it first")
    answer = client.post("/api/v1/requests", json={"ask": "enter maintenance", "subject": "h1"})
    assert (answer.status_code, answer.json()["detail"]) == (409, "the site is in dry run: arm it first")


@pytest.mark.parametrize(
    "body",
    [
        {"ask": "shut down pool", "subject": "pool1"},
        {"ask": "shut down pool", "subject": "pool1", "confirm": "pool2"},
        {"ask": "evacuate", "subject": "h1", "confirm": ""},
        {"ask": "bring back", "subject": "pool1"},
        {"ask": "bring back", "subject": "", "confirm": ""},
        {"ask": "enter maintenance"},
        {"ask": "skip VM"},
        {"ask": "hold", "subject": "h1", "seconds": 0},
        {"ask": "hold", "subject": "h1", "seconds": 1e9},
        {"ask": "release", "subject": "h1", "seconds": 60},
        {"ask": "arm", "subject": "h1"},
        {"ask": "reboot", "subject": "h1"},
    ],
)
def test_the_red_button_is_typed(client: TestClient, mailbox: Mailbox, body: dict[str, Any]) -> None:
    assert client.post("/api/v1/requests", json=body).status_code == 422
    assert mailbox.posted == []


@pytest.mark.parametrize(
    ("body", "posted", "seconds"),
    [
        ({"ask": "hold", "subject": "h1", "seconds": 300}, (Ask.HOLD, "h1"), 300.0),
        ({"ask": "hold"}, (Ask.HOLD, ""), None),
        ({"ask": "release", "subject": "pool1"}, (Ask.RELEASE, "pool1"), None),
        ({"ask": "skip VM", "subject": "web1"}, (Ask.SKIP_VM, "web1"), None),
        ({"ask": "bring back", "subject": "pool1", "confirm": "pool1"}, (Ask.BRING_BACK, "pool1"), None),
        ({"ask": "bring back", "confirm": "all"}, (Ask.BRING_BACK, ""), None),
    ],
)
def test_a_hold_may_be_for_a_time_or_of_all(
    client: TestClient, mailbox: Mailbox, body: dict[str, Any], posted: tuple[Ask, str], seconds: float | None
) -> None:
    assert client.post("/api/v1/requests", json=body).status_code == 200
    assert mailbox.posted == [(*posted, "anna", "")]
    assert mailbox.seconds == [seconds]


def test_every_answer_has_a_strict_policy(client: TestClient) -> None:
    for path in ("/api/v1/site", "/nowhere"):
        headers = client.get(path).headers
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
