"""By which names the manager answers: its own, and every address; not by one that somebody else points at it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from ridethrough.api import create_app
from ridethrough.api.hosts import Hosts
from ridethrough.web import pages

from .fakes import OpenGate, context

OWN = Hosts("UPS1", ["ridethrough.example.com", "power.example.com."], lambda: ["*.lab.example", "vip.example"])
ANYWHERE = [
    "192.0.2.7",
    "192.0.2.7:8443",
    "[2001:db8::7]:8443",
    "[::1]",
    "127.0.0.1:8080",
    "localhost:8080",
    "Localhost",
    "ups1:8443",
    "ups1.",
    "Ridethrough.Example.COM:443",
    "power.example.com",
    "x.lab.example:8443",
    "vip.example",
]
STRANGE = [
    "evil.example",
    "evil.example:8443",
    "x.y.lab.example",
    "ups10",
    "192.0.2.7.evil.example",
    "2001:db8::7x",
    "*",
]


@pytest.mark.parametrize("host", ANYWHERE)
@pytest.mark.parametrize("tls", [True, False])
def test_a_name_of_ones_own_and_every_address_is_known(host: str, tls: bool) -> None:
    assert replace(OWN, tls=tls).know(host)


@pytest.mark.parametrize("host", STRANGE)
@pytest.mark.parametrize("tls", [True, False])
def test_a_name_of_somebody_else_is_not(host: str, tls: bool) -> None:
    assert not replace(OWN, tls=tls).know(host)
    assert not Hosts(tls=tls).know(host)


@pytest.mark.parametrize("machine", ["ups1", "ups1.old.example"])
def test_the_machines_name_is_enough_under_any_domain_where_a_certificate_tells_the_rest(machine: str) -> None:
    for name in ("ups1.corp.example:8443", "ups1.local"):
        assert (Hosts(machine, tls=True).know(name), Hosts(machine).know(name)) == (True, False)
    assert (Hosts(machine).know(machine), Hosts(machine).know("ups1")) == (True, True)


@pytest.mark.parametrize("path", ["/api/v1/site", "/api/v1/setup", "/api/v1/events", "/metrics", "/", "/login"])
def test_a_strange_name_is_sent_away_with_the_remedy(tmp_path: Path, path: str) -> None:
    found = replace(context(tmp_path), hosts=OWN)
    client = TestClient(create_app(found, pages()), base_url="https://evil.example:8443")
    answer = client.get(path)
    assert answer.status_code == 421
    assert 'names = ["evil.example"] under [manager] in site.toml' in answer.json()["detail"]
    assert "content-security-policy" in answer.headers


def test_nobody_logs_in_under_a_strange_name(tmp_path: Path) -> None:
    """DNS rebinding: page and request then agree on where they are from."""
    client = TestClient(create_app(replace(context(tmp_path), hosts=OWN)), base_url="http://evil.example:8080")
    headers = {"origin": "http://evil.example:8080", "sec-fetch-site": "same-origin"}
    body = {"name": "anna", "password": "correct horse battery"}
    assert client.post("/api/v1/session", json=body, headers=headers).status_code == 421


def test_of_two_names_neither_may_be_strange(tmp_path: Path) -> None:
    client = TestClient(create_app(replace(context(tmp_path), hosts=OWN)), base_url="https://ups1")
    headers = [("host", "ups1"), ("host", "evil.example")]
    assert client.get("/api/v1/site", headers=headers).status_code == 421
    assert client.get("/api/v1/site", headers=headers[:1]).status_code == 200


def test_nobody_is_sent_elsewhere_by_a_slash(tmp_path: Path) -> None:
    client = TestClient(create_app(context(tmp_path, OpenGate()), pages()), follow_redirects=False)
    of_the_api, of_a_page = client.get("/api/v1/site/"), client.get("/login/")
    assert (of_the_api.status_code, "location" in of_the_api.headers) == (404, False)
    assert (of_a_page.status_code, of_a_page.headers["location"]) == (307, "/login")  # it names no host
