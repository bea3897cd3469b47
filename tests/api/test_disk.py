"""A disk that takes nothing any more: who is logged in goes on looking, and who is not is told why."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from ridethrough.api.access import Role
from ridethrough.api.accounts.database import FILE
from ridethrough.core.events import Ask
from ridethrough.runtime.mailbox import Answer

from .accounts_client import IDLE, Browser, Site
from .test_tokens import make, script


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


@pytest.fixture
def anna(site: Site) -> Browser:
    return site.logged_in()


@pytest.fixture
def bot(site: Site, anna: Browser) -> Browser:
    return script(site, make(anna)["value"])


@pytest.fixture(params=["full", "locked"])
def stuck(request: pytest.FixtureRequest, site: Site, anna: Browser, bot: Browser) -> Iterator[None]:
    """Nothing more is written into accounts.db: it takes none, or another process is at it."""
    if request.param == "full":
        with site.accounts._database.changing() as connection:
            connection.execute("PRAGMA query_only=ON")
        yield
        return
    with closing(sqlite3.connect(site.folder / "state" / FILE, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


@pytest.mark.usefixtures("stuck")
def test_a_use_that_cannot_be_noted_locks_nobody_out(site: Site, anna: Browser, bot: Browser) -> None:
    for _ in range(5):
        site.clock.later(IDLE / 2)
        assert (anna.get("/site"), bot.get("/site")) == (200, 200)
    site.clock.later(IDLE)
    assert (anna.get("/site"), bot.get("/site")) == (401, 200)


def test_a_use_that_was_not_noted_counts_when_the_disk_takes_it_again(site: Site, anna: Browser) -> None:
    with site.accounts._database.changing() as connection:
        connection.execute("PRAGMA query_only=ON")
    site.clock.later(IDLE - 1)
    assert anna.get("/site") == 200
    with site.accounts._database.reading() as connection:
        connection.execute("PRAGMA query_only=OFF")
    site.clock.later(IDLE - 1)
    other = site.logged_in()  # sweeps out sessions that are over
    assert (other.get("/site"), anna.get("/site")) == (200, 200)


def test_a_change_that_the_disk_does_not_take_leaves_the_next_one_alone(site: Site) -> None:
    database = site.accounts._database

    def nobodys() -> None:
        with database.changing() as connection:
            connection.execute("PRAGMA defer_foreign_keys=ON")
            connection.execute("INSERT INTO places (name, address, last) VALUES ('nobody', 'x', 0.0)")

    with pytest.raises(sqlite3.IntegrityError):
        nobodys()
    assert site.accounts.add("bert", Role.VIEW, "another fine one", "the test").name == "bert"


def test_what_must_be_written_is_refused_with_the_remedy(site: Site, anna: Browser) -> None:
    with site.accounts._database.changing() as connection:
        connection.execute("PRAGMA query_only=ON")
    login = {"name": "anna", "password": "correct horse battery"}
    for browser, method, path, body in (
        (site.browser(), "POST", "/session", login),
        (anna, "DELETE", "/session", None),
        (anna, "POST", "/tokens", {"name": "second"}),
    ):
        answer = browser.client.request(
            method, f"/api/v1{path}", json=body, headers={"x-ridethrough-csrf": browser.csrf}
        )
        assert (answer.status_code, "Check the disk" in answer.json()["detail"]) == (503, True), path
        assert "content-security-policy" in answer.headers


def test_a_bug_of_ours_is_answered_as_one(site: Site, anna: Browser) -> None:
    @site.app.get("/broken")
    def broken() -> None:
        raise OSError(36, "File name too long")

    client = TestClient(site.app, base_url="https://testserver", raise_server_exceptions=False)
    answer = client.get("/broken")
    assert (answer.status_code, "report it" in answer.json()["detail"]) == (500, True)
    assert "content-security-policy" in answer.headers


def test_a_mailbox_that_may_not_be_written_is_told(site: Site, anna: Browser) -> None:
    def read_only(ask: Ask, subject: str) -> Answer:
        raise PermissionError("state: attempt to write a readonly database. Ask as the controller's user.")

    site.mailbox.answer = read_only
    status, why = anna.ask("POST", "/requests", {"ask": "hold", "subject": "h1"})
    assert (status, "Ask as the controller's user" in why) == (503, True)
