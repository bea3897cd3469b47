"""Searches for UPSs, and the look at a pool before it is added."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from ridethrough.api import create_app

from .equipment import OTHER, PIN, Equipment
from .fakes import OpenGate, Role, context, write_status

SITE = """[site]
name = "Cellar"

[ups.ups1]
source = "snmp://127.0.0.2"
community = "secret:kept"

[pool.pool1]
addresses = ["127.0.0.9"]
username = "root"
password = "secret:pool1"
"""
SHORT = {"version": "3", "username": "u", "auth": "md5", "auth_password": "short"}


@pytest.fixture
def equipment() -> Equipment:
    return Equipment()


@pytest.fixture
def gate() -> OpenGate:
    return OpenGate()


@pytest.fixture
def client(tmp_path: Path, equipment: Equipment, gate: OpenGate) -> Iterator[TestClient]:
    found = context(tmp_path, gate, doors=equipment.doors())
    (tmp_path / "secrets" / "kept").write_text("kept-community")
    (tmp_path / "secrets" / "kept").chmod(0o600)
    (tmp_path / "secrets" / "pool1").write_text("swordfish of the pool")
    (tmp_path / "secrets" / "pool1").chmod(0o600)
    found.site_file.write_text(SITE)
    write_status(found.state_dir, upses=[{"id": "ups1", "address": "127.0.0.2:161"}])
    with TestClient(create_app(found)) as client:
        while not client.get("/api/v1/upses").json():
            pass
        yield client


def ended(client: TestClient, id: str) -> dict[str, Any]:
    while True:
        job: dict[str, Any] = client.get(f"/api/v1/discovery/{id}").json()
        if job["state"] != "running":
            return job


def test_a_search_finds_what_answers_and_says_what_is_known(client: TestClient, equipment: Equipment) -> None:
    body = {"start": "127.0.0.1", "end": "127.0.0.3", "ways": [{"community": "secret:kept"}], "nut": "127.0.0.7"}
    begun = client.post("/api/v1/discovery", json=body)
    assert begun.status_code == 202
    job = ended(client, begun.json()["id"])
    assert job["state"] == "done"
    (row,) = job["result"]["found"]
    assert (row["address"], row["model"], row["vendor"]) == ("127.0.0.2:161", "Pro 1500", "Phoenixtec")
    assert (row["in_site"], row["source"]) == ("ups1", "snmp://127.0.0.2")
    assert job["result"]["troubles"] == ["127.0.0.7:3493 does not answer"]
    assert [address for address, _ in equipment.asked] == ["127.0.0.1", "127.0.0.2", "127.0.0.3"]
    assert equipment.asked[0][1].community.value == "kept-community"


def test_a_search_that_is_cancelled_keeps_what_it_found(client: TestClient, equipment: Equipment) -> None:
    equipment.hangs = True
    id = client.post("/api/v1/discovery", json={"start": "127.0.0.0/29"}).json()["id"]
    while client.get(f"/api/v1/discovery/{id}").json()["progress"].get("found") != 1:
        pass
    job = client.delete(f"/api/v1/discovery/{id}").json()
    assert [row["address"] for row in job["result"]["found"]] == ["127.0.0.2:161"]
    assert job["result"]["troubles"] == ["the search was ended early: 2 of 6 addresses were asked"]


def test_only_so_many_searches_run_at_once(client: TestClient, equipment: Equipment) -> None:
    equipment.hangs = True
    answers = [client.post("/api/v1/discovery", json={"start": "127.0.0.2"}).status_code for _ in range(5)]
    assert answers == [202, 202, 202, 202, 429]


def test_a_typed_secret_is_never_shown(client: TestClient) -> None:
    ways = [
        {"version": "3", "username": "u", "auth": "sha256", "auth_password": "open-sesame"},
        {"community": "hush-1"},
    ]
    id = client.post("/api/v1/discovery", json={"start": "127.0.0.2", "ways": ways}).json()["id"]
    text = client.get(f"/api/v1/discovery/{id}").text
    assert "open-sesame" not in text
    assert "hush-1" not in text


@pytest.mark.parametrize(
    ("body", "remedy"),
    [
        ({}, "name addresses to ask"),
        ({"start": "127.0.0.9", "end": "127.0.0.1"}, "does not go up"),
        ({"start": "10.0.0.0/8"}, "search in parts"),
        ({"start": "127.0.0.1", "ways": [{"community": "secret:missing"}]}, "type it"),
        ({"start": "127.0.0.1", "ways": [{"community": "secret:pool1"}]}, "type it"),
        ({"start": "127.0.0.1", "ways": [{"community": "secret:../x"}]}, "type it"),
        ({"start": "127.0.0.1", "ways": [{"version": "3"}]}, "needs a username"),
        ({"start": "127.0.0.1", "ways": [{"version": "3", "username": "u", "auth": "sha256"}]}, "or neither"),
        (
            {
                "start": "127.0.0.1",
                "ways": [{"version": "3", "username": "u", "auth": "md5", "auth_password": "short"}],
            },
            "shorter than 8",
        ),
        ({"nut": "upsd.example.com"}, "A name is not accepted"),
    ],
)
def test_wrong_wishes_are_refused_with_the_remedy(client: TestClient, body: dict[str, Any], remedy: str) -> None:
    answer = client.post("/api/v1/discovery", json=body)
    assert answer.status_code == 422
    assert remedy in answer.json()["detail"]
    assert "short" not in answer.json()["detail"].replace("shorter", "")


@pytest.mark.parametrize("name", ["pool1", "kept", "missing"])
def test_a_kept_secret_is_sent_only_as_what_it_is(client: TestClient, equipment: Equipment, name: str) -> None:
    """No pool's password goes out as a community, nor a community as a password; and nothing tells which there are."""
    user = {"version": "3", "username": "u", "auth": "md5", "auth_password": f"secret:{name}"}
    ways = [user, *([{"community": f"secret:{name}"}] if name != "kept" else [])]
    for way in ways:
        answer = client.post("/api/v1/discovery", json={"start": "127.0.0.1", "ways": [way]})
        assert answer.status_code == 422
        assert answer.json()["detail"].replace(name, "NAME") in (
            "no UPS of site.toml has secret:NAME as its community: type it",
            "no UPS of site.toml has secret:NAME as its auth_password: type it",
        )
    assert equipment.asked == []


def look(client: TestClient, *pins: str) -> dict[str, Any]:
    body = {"addresses": ["127.0.0.9"], "username": "root", "password": "open-sesame", "fingerprints": list(pins)}
    answer = client.post("/api/v1/pools/look", json=body)
    assert answer.status_code == 200
    assert "open-sesame" not in answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_nothing_is_sent_until_the_certificate_is_accepted(client: TestClient, equipment: Equipment) -> None:
    first = look(client)
    assert first["certificates"] == [{"address": "127.0.0.9:443", "fingerprint": PIN, "accepted": False}]
    assert (first["pool"], first["troubles"], equipment.logins) == (None, [], [])
    second = look(client, PIN.upper().replace("SHA256:", ""))
    assert [certificate["accepted"] for certificate in second["certificates"]] == [False, True]
    assert equipment.logins == [("root", "open-sesame")]
    third = look(client, PIN, OTHER)
    assert (third["troubles"], len(third["pool"]["members"])) == ([], 2)


def test_who_does_not_administer_searches_nothing(client: TestClient, gate: OpenGate, equipment: Equipment) -> None:
    gate.become(Role.OPERATE)
    assert client.post("/api/v1/discovery", json={"start": "127.0.0.2"}).status_code == 403
    assert client.post("/api/v1/pools/look", json={}).status_code in (403, 422)
    assert equipment.asked == []


def test_what_was_sent_is_not_sent_back_with_the_error(client: TestClient) -> None:
    body = {"addresses": ["127.0.0.9"], "username": "", "password": "open-sesame", "port": "hush-1"}
    answer = client.post("/api/v1/pools/look", json=body)
    assert answer.status_code == 422
    assert "username: String should have at least 1 character" in answer.json()["detail"]
    assert "open-sesame" not in answer.text
    assert "hush-1" not in answer.text
