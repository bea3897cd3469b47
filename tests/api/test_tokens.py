"""API tokens: what each role may do with one, and when it ends."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ridethrough.api.access import Role
from ridethrough.api.accounts.tokens import KEPT, OF_ONE

from .accounts_client import PASSWORD, Browser, Site

DAY = 86400.0


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


@pytest.fixture
def anna(site: Site) -> Browser:
    return site.logged_in()


def make(browser: Browser, name: str = "backup", **changes: Any) -> dict[str, Any]:
    body = {"name": name} | changes
    answer = browser.client.post("/api/v1/tokens", json=body, headers={"x-ridethrough-csrf": browser.csrf})
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def script(site: Site, value: str) -> Browser:
    """A script that shows a token."""
    browser = site.browser()
    browser.client.headers["Authorization"] = f"Bearer {value}"
    return browser


@pytest.mark.parametrize(
    ("role", "statuses"),
    [("view", (200, 403, 403)), ("operate", (200, 200, 403)), ("administer", (200, 200, 200))],
)
def test_a_token_may_do_what_its_role_may(site: Site, anna: Browser, role: str, statuses: tuple[int, int, int]) -> None:
    bot = script(site, make(anna, role=role)["value"])
    hold = {"ask": "hold", "subject": "h1", "why": "nightly"}
    assert (bot.get("/site"), bot.ask("POST", "/requests", hold)[0], bot.get("/accounts")) == statuses
    if statuses[1] == 200:
        assert site.mailbox.posted[-1][2] == "anna (token backup)"


def test_a_token_needs_neither_cookie_nor_csrf_token_and_says_whose_it_is(site: Site, anna: Browser) -> None:
    bot = script(site, make(anna)["value"])
    said = bot.client.get("/api/v1/session").json()
    assert (said["name"], said["role"], said["token"], said["csrf"]) == ("anna", "view", "backup", None)


def test_a_token_never_does_more_than_its_owner(site: Site, anna: Browser) -> None:
    site.accounts.add("bert", Role.OPERATE, PASSWORD, "the test")
    bert = site.logged_in("bert")
    status, why = bert.ask("POST", "/tokens", {"name": "x", "role": "administer"})
    assert (status, "cannot do more than its owner" in why) == (409, True)
    bot = script(site, make(bert, role="operate")["value"])
    assert bot.client.get("/api/v1/session").json()["role"] == "operate"
    assert anna.ask("PATCH", "/accounts/bert", {"role": "view"}) == (200, "")
    assert bot.client.get("/api/v1/session").json()["role"] == "view"
    assert bot.ask("POST", "/requests", {"ask": "hold", "subject": "h1"})[0] == 403


def test_a_token_makes_no_tokens_and_changes_no_password(site: Site, anna: Browser) -> None:
    bot = script(site, make(anna, role="administer")["value"])
    assert bot.ask("POST", "/tokens", {"name": "next"})[0] == 409
    assert bot.ask("PUT", "/session/password", {"old": PASSWORD, "new": "another fine one"})[0] == 409
    assert bot.ask("DELETE", "/session")[0] == 409


def test_a_token_touches_no_account_whatever_its_role(site: Site, anna: Browser) -> None:
    """It would outlive its end: as an account that it made, or with a password that it chose."""
    site.accounts.add("bert", Role.VIEW, PASSWORD, "the test")
    bot = script(site, make(anna, role="administer", lifetime=60)["value"])
    for method, path, body in (
        ("POST", "/accounts", {"name": "mallory", "role": "administer", "password": "another fine one"}),
        ("PATCH", "/accounts/bert", {"role": "administer"}),
        ("DELETE", "/accounts/bert", None),
        ("POST", "/accounts/anna/password", {"password": "another fine one"}),
        ("POST", "/accounts/bert/password", {"password": "another fine one"}),
    ):
        status, why = bot.ask(method, path, body)
        assert (status, "log in" in why) == (409, True), (method, path)
    assert [(one.name, one.role) for one in site.accounts.all()] == [("anna", Role.ADMINISTER), ("bert", Role.VIEW)]
    assert [site.browser().log_in(name) for name in ("anna", "bert")] == [200, 200]
    assert bot.get("/accounts") == 200


@pytest.mark.parametrize("role", list(Role))
def test_a_token_ends_nothing_but_itself(site: Site, anna: Browser, role: Role) -> None:
    other, own = make(anna, "other"), make(anna, role=role)
    bot = script(site, own["value"])
    (session,) = anna.client.get("/api/v1/sessions").json()
    assert bot.ask("DELETE", f"/sessions/{session['id']}")[0] == 409
    assert bot.ask("DELETE", f"/tokens/{other['id']}")[0] == 409
    assert (anna.get("/site"), script(site, other["value"]).get("/site"), bot.get("/site")) == (200, 200, 200)
    assert bot.ask("DELETE", f"/tokens/{own['id']}?why=done") == (204, "")
    assert (bot.get("/site"), script(site, other["value"]).get("/site")) == (401, 200)
    assert [(row.by, row.says) for row in site.accounts.audit.all()][-1] == (
        "anna (token backup)",
        "token backup of anna revoked (done)",
    )


def test_a_token_expires(site: Site, anna: Browser) -> None:
    made = make(anna, lifetime=DAY)
    assert made["expires_at"] == site.clock.at + DAY
    bot = script(site, made["value"])
    site.clock.later(DAY - 1)
    assert bot.get("/site") == 200
    site.clock.later(1)
    answer = bot.client.get("/api/v1/site")
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")


@pytest.mark.parametrize("lifetime", [0, -1, 59, 1e300, 3651 * DAY])
def test_a_lifetime_that_makes_no_sense_is_refused(anna: Browser, lifetime: float) -> None:
    assert anna.ask("POST", "/tokens", {"name": "x", "lifetime": lifetime})[0] == 422


def test_a_revoked_token_lets_nobody_in(site: Site, anna: Browser) -> None:
    made = make(anna)
    bot = script(site, made["value"])
    assert bot.get("/site") == 200
    assert anna.ask("DELETE", f"/tokens/{made['id']}?why=leaked") == (204, "")
    assert bot.get("/site") == 401
    (listed,) = anna.client.get("/api/v1/tokens").json()
    assert (listed["revoked_at"], listed["used_at"]) == (site.clock.at, site.clock.at)
    assert [row.says for row in site.accounts.audit.all()[1:]] == [
        "token backup made with role view",
        "token backup of anna revoked (leaked)",
    ]


def test_one_sees_and_revokes_ones_own_and_an_administrator_all(site: Site, anna: Browser) -> None:
    site.accounts.add("bert", Role.VIEW, PASSWORD, "the test")
    bert = site.logged_in("bert")
    annas, berts = make(anna), make(bert)
    assert [one["id"] for one in bert.client.get("/api/v1/tokens").json()] == [berts["id"]]
    assert bert.ask("DELETE", f"/tokens/{annas['id']}")[0] == 404
    assert {one["id"] for one in anna.client.get("/api/v1/tokens").json()} == {annas["id"], berts["id"]}
    assert anna.ask("DELETE", f"/tokens/{berts['id']}") == (204, "")
    assert script(site, berts["value"]).get("/site") == 401
    assert script(site, annas["value"]).get("/site") == 200


def test_the_value_is_told_once_and_not_kept(site: Site, anna: Browser) -> None:
    value = make(anna)["value"]
    assert value.startswith("ridethrough_")
    assert value not in anna.client.get("/api/v1/tokens").text
    kept = b"".join(path.read_bytes() for path in (site.folder / "state").glob("accounts.db*"))
    assert b"backup" in kept
    assert value.encode() not in kept


@pytest.mark.parametrize("value", ["", "x", "ridethrough_guessed", "\xe4\xf6\xfc"])
def test_a_token_that_is_none_lets_nobody_in(site: Site, value: str) -> None:
    headers = [(b"authorization", b"Bearer " + value.encode("latin-1"))]
    assert site.browser().client.get("/api/v1/site", headers=headers).status_code == 401


def test_a_session_does_not_lend_its_role_to_a_token(site: Site, anna: Browser) -> None:
    """Who shows both acts as the token: a script in a browser gets no more than it was given."""
    anna.client.headers["Authorization"] = f"Bearer {make(anna)['value']}"
    assert anna.get("/accounts") == 403


def test_names_are_used_once_at_a_time_and_tokens_are_bounded(site: Site, anna: Browser) -> None:
    first = make(anna)
    assert anna.ask("POST", "/tokens", {"name": "backup"})[0] == 409
    anna.ask("DELETE", f"/tokens/{first['id']}")
    for n in range(OF_ONE - 1):
        make(anna, f"number {n}")
    make(anna)
    assert anna.ask("POST", "/tokens", {"name": "one more"})[0] == 409


def test_tokens_that_ended_leave_the_list_after_a_month(site: Site, anna: Browser) -> None:
    make(anna, "old", lifetime=DAY)
    site.clock.later(DAY + KEPT + 1)
    anna = site.logged_in()
    make(anna, "new")
    assert [one["name"] for one in anna.client.get("/api/v1/tokens").json()] == ["new"]
