"""One-time links: the first administrator, and a new password."""

from __future__ import annotations

from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from ridethrough.api import create_app
from ridethrough.api.access import Role
from ridethrough.api.accounts import Accounts, NotDone
from ridethrough.api.accounts.links import RESET_LASTS

from .accounts_client import PASSWORD, Browser, Clock
from .fakes import CHEAP, context

OTHER = "another fine password"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def accounts(tmp_path: Path, clock: Clock) -> Accounts:
    return Accounts(tmp_path / "state", now=clock, hasher=CHEAP)


@pytest.fixture
def browser(tmp_path: Path, accounts: Accounts) -> Browser:
    app = create_app(context(tmp_path, accounts, accounts=accounts))
    return Browser(TestClient(app, base_url="https://testserver"))


def first(token: str | None, name: str = "anna", password: str = PASSWORD) -> dict[str, str]:
    assert token is not None
    return {"token": token, "name": name, "password": password}


def test_the_first_link_makes_an_administrator_who_is_logged_in(accounts: Accounts, browser: Browser) -> None:
    token = accounts.setup_token()
    assert browser.client.get("/api/v1/setup").json() == {"needed": True}
    assert browser.ask("POST", "/setup", first(token)) == (200, "")
    assert browser.client.get("/api/v1/setup").json() == {"needed": False}
    said = browser.client.get("/api/v1/session").json()
    assert (said["name"], said["role"]) == ("anna", "administer")
    assert accounts.setup_token() is None


def test_a_link_is_good_once_and_until_the_next_start(accounts: Accounts, browser: Browser, clock: Clock) -> None:
    old = accounts.setup_token()
    new = accounts.setup_token()
    clock.later(30 * 86400.0)
    for token in (old, "", "guessed"):
        assert browser.ask("POST", "/setup", first(token))[0] == 403
    assert not accounts.is_set_up()
    assert browser.ask("POST", "/setup", first(new)) == (200, "")
    assert browser.ask("POST", "/setup", first(new, "eve"))[0] == 403
    assert [account.name for account in accounts.all()] == ["anna"]


def test_a_bad_password_does_not_use_the_link_up(accounts: Accounts, browser: Browser) -> None:
    token = accounts.setup_token()
    for name, password in (("anna", "short"), ("annaannaanna", "annaannaanna"), ("", PASSWORD)):
        assert browser.ask("POST", "/setup", first(token, name, password))[0] == 422
    assert browser.ask("POST", "/setup", first(token)) == (200, "")


def test_a_link_for_a_new_password_ends_what_was_before(accounts: Accounts, browser: Browser, clock: Clock) -> None:
    accounts.add("bert", Role.OPERATE, PASSWORD, "the test")
    before = accounts.login("bert", PASSWORD, "192.0.2.7", "")
    token = accounts.reset_token("Bert", "root")
    assert accounts.sessions.of(before.value) is not None
    assert browser.ask("POST", "/setup", first(token, "anna", OTHER)) == (409, "this link is for the account bert")
    assert browser.ask("POST", "/setup", first(token, "", OTHER)) == (200, "")
    assert browser.client.get("/api/v1/session").json()["role"] == "operate"
    assert accounts.sessions.of(before.value) is None
    assert browser.ask("POST", "/setup", first(token, "", PASSWORD))[0] == 403


def test_a_link_for_a_new_password_is_good_for_a_day(accounts: Accounts, browser: Browser, clock: Clock) -> None:
    accounts.add("bert", Role.OPERATE, PASSWORD, "the test")
    token = accounts.reset_token("bert", "root")
    clock.later(RESET_LASTS)
    assert browser.ask("POST", "/setup", first(token, "bert", OTHER))[0] == 403
    with pytest.raises(NotDone, match="no account is named"):
        accounts.reset_token("nobody", "root")


def test_a_password_that_was_changed_meanwhile_makes_the_link_void(accounts: Accounts, browser: Browser) -> None:
    accounts.add("bert", Role.OPERATE, PASSWORD, "the test")
    token = accounts.reset_token("bert", "root")
    accounts.set_password("bert", OTHER, "anna")
    assert browser.ask("POST", "/setup", first(token, "bert"))[0] == 403


def test_the_link_has_its_token_where_no_server_logs_it(accounts: Accounts) -> None:
    assert accounts.links.link("TOKEN") == "/setup#TOKEN"
    accounts.links.served_at("https://ups.example:8443/")
    assert accounts.links.link("TOKEN") == "https://ups.example:8443/setup#TOKEN"


def test_the_token_is_not_kept(tmp_path: Path, accounts: Accounts) -> None:
    token = accounts.setup_token()
    assert token is not None
    assert len(token) >= 43
    assert not [path for path in (tmp_path / "state").iterdir() if token.encode() in path.read_bytes()]
