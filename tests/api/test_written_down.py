"""What somebody does is written down with who and why, whatever it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from ridethrough.api import Context, Role, create_app
from ridethrough.api.notifications import Notifications
from ridethrough.config import NotifyTarget, Secret

from .accounts_client import PASSWORD, Site
from .imagined import InProcess, planning, site_of

WHY = "the yearly\nlook"
CLEAN = "the yearly look"


async def sent(url: str, title: str, text: str, severity: str) -> None:
    """A message that got through."""


async def plugs(asked: Mapping[str, str]) -> dict[str, Any]:
    return {"trouble": "", "feeders": [], "words": []}


@pytest.fixture
def ready(tmp_path: Path, root: Path) -> Context:
    found = planning(tmp_path, site_of(root), InProcess())
    kept = found.state_dir / "simulations"
    kept.mkdir()
    (kept / "s1.toml").write_text("")
    targets = {"mail": NotifyTarget("mail", Secret("", "mailto://example.com"))}
    service = Notifications(found.state_dir, lambda: targets, lambda: "x", sent, found.live, str)
    return replace(found, plugs=plugs, notifications=service, services=(service,))


@pytest.fixture
def client(ready: Context) -> Iterator[TestClient]:
    with TestClient(create_app(ready)) as client:
        while not client.get("/api/v1/notifications").json():
            pass
        yield client


def test_who_and_why(client: TestClient, ready: Context) -> None:
    ready.accounts.add("bert", Role.VIEW, PASSWORD, "the test")
    other = ready.accounts.login("bert", PASSWORD, "192.0.2.8", "a browser").session.id
    for path in (f"/sessions/{other}", "/simulations/s1"):
        assert client.delete(f"/api/v1{path}", params={"why": WHY}).status_code == 204
    assert client.post("/api/v1/notifications/mail/test", params={"why": WHY}).json()["delivered"]
    search = {"start": "192.0.2.1", "end": "192.0.2.9", "nut": "192.0.2.20", "why": WHY}
    begun = client.post("/api/v1/discovery", json=search).json()["id"]
    assert client.delete(f"/api/v1/discovery/{begun}", params={"why": WHY}).status_code == 200
    assert client.post("/api/v1/demo", json={"do": "fail", "subject": "a", "why": WHY}).status_code == 200
    assert [(row.by, row.says) for row in ready.accounts.audit.all() if row.by != "the test"] == [
        ("anna", f"session of bert from 192.0.2.8 ended ({CLEAN})"),
        ("anna", f"simulation s1 forgotten ({CLEAN})"),
        ("anna", f"test sent to mail ({CLEAN})"),
        ("anna", f"search {begun} of 192.0.2.1-192.0.2.9 and upsd 192.0.2.20 begun ({CLEAN})"),
        ("anna", f"search {begun} ended ({CLEAN})"),
        ("anna", f"on the simulated site: fail a ({CLEAN})"),
    ]


def test_why_somebody_has_another_password(tmp_path: Path) -> None:
    site = Site(tmp_path)
    body = {"old": PASSWORD, "new": "another horse battery", "why": WHY}
    assert site.logged_in().ask("PUT", "/session/password", body)[0] == 200
    last = site.accounts.audit.all()[-1]
    assert (last.by, last.says) == ("anna", f"password of anna changed ({CLEAN})")
