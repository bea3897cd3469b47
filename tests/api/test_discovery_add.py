"""UPSs that a search has found are written into site.toml; what was typed for it is kept as files."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from ridethrough.api import create_app
from ridethrough.api.routes.discovery import MOST
from ridethrough.config import Endpoint, Secrets, load
from ridethrough.config.settings import CardConnection
from ridethrough.core.events import Ask
from ridethrough.runtime.mailbox import Answer

from .equipment import Equipment
from .fakes import Mailbox, OpenGate, Role, context, write_status

SITE = """# kept
[site]
name = "Lab"

[ups.ups1]
source = "snmp://127.0.0.5"
"""
USER = {"version": "3", "username": "u", "auth": "sha256", "auth_password": "open-sesame"}


@pytest.fixture
def mailbox() -> Mailbox:
    return Mailbox()


@pytest.fixture
def gate() -> OpenGate:
    return OpenGate()


@pytest.fixture
def client(tmp_path: Path, mailbox: Mailbox, gate: OpenGate) -> Iterator[TestClient]:
    found = context(tmp_path, gate, mailbox, doors=Equipment().doors())
    (tmp_path / "secrets").chmod(0o700)
    found.site_file.write_text(SITE)
    write_status(found.state_dir)
    with TestClient(create_app(found)) as client:
        yield client


def searched(client: TestClient, **way: Any) -> str:
    body = {"start": "127.0.0.2", "ways": [way] if way else [{}]}
    id: str = client.post("/api/v1/discovery", json=body).json()["id"]
    while client.get(f"/api/v1/discovery/{id}").json()["state"] == "running":
        pass
    return id


def add(client: TestClient, id: str, name: str = "ups2", address: str = "127.0.0.2:161") -> Any:
    body = {"upses": [{"address": address, "name": name}], "why": "the new rack"}
    return client.post(f"/api/v1/discovery/{id}/add", json=body)


def test_a_ups_that_was_found_is_added_and_the_rest_of_the_file_stays(
    client: TestClient, tmp_path: Path, mailbox: Mailbox
) -> None:
    answer = add(client, searched(client))
    assert answer.status_code == 200, answer.text
    assert (tmp_path / "site.toml").read_text() == SITE + '\n[ups.ups2]\nsource = "snmp://127.0.0.2"\n'
    ((ask, _, by, says),) = mailbox.posted
    assert (ask, by) == (Ask.TAKE_SETTINGS, "anna")
    assert "the new rack" in says


def test_it_may_be_told_on_which_feeder_it_hangs(client: TestClient, tmp_path: Path) -> None:
    id = searched(client)
    ticked = {"address": "127.0.0.2:161", "name": "ups2", "feeder": "of ups1"}
    refused = client.post(f"/api/v1/discovery/{id}/add", json={"upses": [ticked]})
    assert refused.status_code == 422, refused.text
    assert 'ups.ups2.feeder "of ups1" begins with "of "' in refused.json()["detail"]
    answer = client.post(f"/api/v1/discovery/{id}/add", json={"upses": [ticked | {"feeder": "Cellar 2"}]})
    assert answer.status_code == 200, answer.text
    assert (tmp_path / "site.toml").read_text().endswith('source = "snmp://127.0.0.2"\nfeeder = "Cellar 2"\n')


def test_a_typed_community_becomes_a_secret_of_its_own(client: TestClient, tmp_path: Path) -> None:
    answer = add(client, searched(client, community="hush-1"))
    assert answer.status_code == 200, answer.text
    assert "hush-1" not in answer.text
    assert "hush-1" not in (tmp_path / "site.toml").read_text()
    (kept,) = (tmp_path / "secrets").iterdir()
    assert (kept.read_text(), kept.stat().st_mode & 0o777) == ("hush-1", 0o600)
    card = load(tmp_path / "site.toml", Secrets.of_process(tmp_path / "secrets")).upses["ups2"]
    assert isinstance(card, CardConnection)
    assert card.community.value == "hush-1"


def test_a_typed_user_is_kept_with_its_password(client: TestClient, tmp_path: Path) -> None:
    assert add(client, searched(client, **USER)).status_code == 200
    card = load(tmp_path / "site.toml", Secrets.of_process(tmp_path / "secrets")).upses["ups2"]
    assert isinstance(card, CardConnection)
    assert card.user is not None
    assert card.user.auth_password is not None
    assert (card.version, card.user.name, card.user.auth) == ("3", "u", "sha256")
    assert card.user.auth_password.value == "open-sesame"


def test_a_whole_site_is_added_at_once_each_with_a_user_of_its_own(client: TestClient, tmp_path: Path) -> None:
    """As many as fit into one request, with three changes each."""
    both = USER | {"privacy": "aes128", "privacy_password": "open-sesame"}
    id = searched(client, **both)
    kept = client.app.state.context.jobs.find(id).kept  # type: ignore[attr-defined]
    (card,) = kept.values()
    kept |= {f"127.0.{n}.1:161": replace(card, at=Endpoint(f"127.0.{n}.1", 161)) for n in range(MOST)}
    upses = [{"address": f"127.0.{n}.1:161", "name": f"rack{n}"} for n in range(MOST)]
    answer = client.post(f"/api/v1/discovery/{id}/add", json={"upses": upses})
    assert answer.status_code == 200, answer.text
    assert len(load(tmp_path / "site.toml", Secrets.of_process(tmp_path / "secrets")).upses) == 1 + MOST


def test_a_kept_secret_is_named_again(client: TestClient, tmp_path: Path) -> None:
    kept = tmp_path / "secrets" / "cards"
    kept.write_text("hush-1")
    kept.chmod(0o600)
    (tmp_path / "site.toml").write_text(SITE + 'community = "secret:cards"\n')
    assert add(client, searched(client, community="secret:cards")).status_code == 200
    assert (tmp_path / "site.toml").read_text().count('community = "secret:cards"') == 2
    assert list((tmp_path / "secrets").iterdir()) == [kept]


def test_what_cannot_be_added_is_told(client: TestClient, tmp_path: Path, gate: OpenGate) -> None:
    id = searched(client)
    assert 'the name "ups1" is taken' in add(client, id, "ups1").json()["detail"]
    assert "found nothing at 127.0.0.9:161" in add(client, id, address="127.0.0.9:161").json()["detail"]
    twice = [{"address": "127.0.0.2:161", "name": "ups2"}, {"address": "127.0.0.2:161", "name": "ups2"}]
    assert client.post(f"/api/v1/discovery/{id}/add", json={"upses": twice}).status_code == 422
    assert add(client, "none").status_code == 404
    (tmp_path / "site.toml").write_text("not = [toml")
    assert add(client, id).status_code == 503
    gate.become(Role.OPERATE)
    assert add(client, id).status_code == 403
    assert (tmp_path / "site.toml").read_text() == "not = [toml"


def test_where_the_controller_refuses_nothing_stays(tmp_path: Path) -> None:
    refuses = Mailbox(answer=lambda ask, subject: Answer(False, "ups1 is on battery: wait until the outage is over"))
    found = context(tmp_path, mailbox=refuses, doors=Equipment().doors())
    (tmp_path / "secrets").chmod(0o700)
    found.site_file.write_text(SITE)
    write_status(found.state_dir)
    with TestClient(create_app(found)) as client:
        answer = add(client, searched(client, community="hush-1"))
    assert answer.status_code == 409
    assert "wait until the outage is over" in answer.json()["detail"]
    assert found.site_file.read_text() == SITE
    assert list((tmp_path / "secrets").iterdir()) == []
