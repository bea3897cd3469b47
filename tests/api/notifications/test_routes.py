"""Targets over HTTP: never their URLs, and a test of each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from ridethrough.api import Role, create_app
from ridethrough.api.notifications import Notifications, Targets
from ridethrough.config import Secrets
from ridethrough.ports import Unreachable
from tests.api.fakes import OpenGate, context

PASSWORD = "very-secret"


class Wire:
    def __init__(self) -> None:
        self.down = ""
        self.sent: list[tuple[str, str]] = []

    async def send(self, url: str, title: str, text: str, severity: str) -> None:
        if self.down:
            raise Unreachable(self.down)
        self.sent.append((url, title))


def write(tmp_path: Path, name: str = "mail", more: str = "") -> None:
    (tmp_path / "secrets").mkdir(exist_ok=True, mode=0o700)
    kept = tmp_path / "secrets" / "notify"
    kept.touch(mode=0o600)
    kept.write_text(f"mailto://anna:{PASSWORD}@example.com")
    (tmp_path / "site.toml").write_text(
        f'[site]\nname = "Head office"\n[notify.{name}]\nurl = "secret:notify"\n'
        f'classes = ["alerts", "utility power"]\n{more}'
    )


@pytest.fixture
def wire() -> Wire:
    return Wire()


@pytest.fixture
def gate() -> OpenGate:
    return OpenGate()


@pytest.fixture
def client(tmp_path: Path, wire: Wire, gate: OpenGate) -> Iterator[TestClient]:
    write(tmp_path)
    found = context(tmp_path, gate)
    targets = Targets(found.site_file, found.secrets)
    service = Notifications(found.state_dir, targets.now, lambda: targets.site, wire.send, found.live, str)
    with TestClient(create_app(replace(found, notifications=service, services=(service,)))) as client:
        while not client.get("/api/v1/notifications").json():
            pass
        yield client


def test_targets_are_told_without_their_urls(client: TestClient) -> None:
    answer = client.get("/api/v1/notifications")
    assert PASSWORD not in answer.text
    (target,) = answer.json()
    assert (target["name"], target["classes"], target["severity"]) == ("mail", ["alerts", "utility power"], "warning")
    assert (target["waiting"], target["failed"], target["retry_in"]) == (0, 0, None)


def test_a_test_is_sent(client: TestClient, wire: Wire) -> None:
    assert client.post("/api/v1/notifications/mail/test").json() == {"delivered": True, "trouble": ""}
    assert wire.sent == [(f"mailto://anna:{PASSWORD}@example.com", "Head office: a test of mail")]
    wire.down = "wrong password"
    assert client.post("/api/v1/notifications/mail/test").json() == {"delivered": False, "trouble": "wrong password"}


def test_unknown_targets_and_small_roles_are_told(client: TestClient, wire: Wire, gate: OpenGate) -> None:
    answer = client.post("/api/v1/notifications/nobody/test")
    assert (answer.status_code, answer.json()["detail"]) == (
        404,
        'there is no [notify.NAME] of the name "nobody"; known are mail',
    )
    gate.become(Role.OPERATE)
    assert client.post("/api/v1/notifications/mail/test").status_code == 403
    assert wire.sent == []


def test_a_change_of_the_file_is_taken_and_a_wrong_one_is_not(tmp_path: Path) -> None:
    write(tmp_path)
    targets = Targets(tmp_path / "site.toml", Secrets(tmp_path / "secrets"))
    assert list(targets.now()) == ["mail"]
    write(tmp_path, "chat", 'severity = "danger"\n')
    assert [(t.name, str(t.severity)) for t in targets.now().values()] == [("chat", "danger")]
    write(tmp_path, "post", 'severity = "awful"\n')
    assert list(targets.now()) == ["chat"]
    (tmp_path / "site.toml").unlink()
    assert list(targets.now()) == ["chat"]


def test_a_secret_that_is_written_anew_is_taken(tmp_path: Path) -> None:
    write(tmp_path)
    targets = Targets(tmp_path / "site.toml", Secrets(tmp_path / "secrets"))
    targets.now()
    fresh = tmp_path / "secrets" / "fresh"
    fresh.touch(mode=0o600)
    fresh.write_text("json://localhost")
    fresh.replace(tmp_path / "secrets" / "notify")
    assert targets.now()["mail"].url.value == "json://localhost"


def test_nobody_is_notified_from_here(tmp_path: Path) -> None:
    with TestClient(create_app(context(tmp_path))) as client:
        assert client.get("/api/v1/notifications").status_code == 503
