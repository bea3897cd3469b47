"""Accounts: what administrators do with them, and what ends with a password or an account."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Literal

import pytest
from argon2 import PasswordHasher

from ridethrough.api.access import NotAdmitted, Role
from ridethrough.api.accounts import Accounts, AccountsRefused, HandingOn, NotDone
from ridethrough.core.events import Ask
from ridethrough.runtime.mailbox import Answer, NoController

from .accounts_client import PASSWORD, Browser, Site
from .fakes import CHEAP

OTHER = "another fine password"


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


@pytest.fixture
def anna(site: Site) -> Browser:
    return site.logged_in()


def account(role: str = "view", **changes: str) -> dict[str, str]:
    return {"name": "bert", "role": role, "password": OTHER} | changes


def test_an_administrator_makes_changes_and_removes_accounts(site: Site, anna: Browser) -> None:
    assert anna.ask("POST", "/accounts", account(why="new\tcolleague\x1b\n")) == (201, "")
    bert = site.logged_in("bert", OTHER)
    assert bert.ask("POST", "/requests", {"ask": "hold", "subject": "h1"})[0] == 403
    for _ in range(2):
        assert anna.ask("PATCH", "/accounts/bert", {"role": "operate"}) == (200, "")
    assert bert.ask("POST", "/requests", {"ask": "hold", "subject": "h1"}) == (200, "")
    listed = anna.client.get("/api/v1/accounts").json()
    assert [(one["name"], one["role"], set(one)) for one in listed] == [
        (name, role, {"name", "role", "created_at", "login_at"})
        for name, role in (("anna", "administer"), ("bert", "operate"))
    ]
    assert anna.ask("DELETE", "/accounts/bert?why=has+left") == (204, "")
    assert bert.get("/site") == 401
    assert site.browser().log_in("bert", OTHER) == 401
    assert [row.says for row in site.accounts.audit.all()[1:]] == [
        "account bert made with role view (new colleague)",
        "account bert has role operate now",
        "account bert removed (has left)",
    ]
    assert {row.by for row in site.accounts.audit.all()[1:]} == {"anna"}


@pytest.mark.parametrize("role", [Role.VIEW, Role.OPERATE])
def test_nobody_else_touches_accounts(site: Site, role: Role) -> None:
    site.accounts.add("bert", role, OTHER, "the test")
    bert = site.logged_in("bert", OTHER)
    for method, path, body in (
        ("GET", "/accounts", None),
        ("POST", "/accounts", account(name="carl")),
        ("PATCH", "/accounts/bert", {"role": "administer"}),
        ("DELETE", "/accounts/anna", None),
        ("POST", "/accounts/anna/password", {"password": OTHER}),
    ):
        assert bert.ask(method, path, body)[0] == 403, path
    assert [one.name for one in site.accounts.all()] == ["anna", "bert"]


@pytest.mark.parametrize(
    ("changes", "status", "why"),
    [
        ({"password": "too short"}, 422, "fewer than 10"),
        ({"password": "bertbertbert", "name": "BertBertBert"}, 422, "is the account's name"),
        ({"password": "x" * 1001}, 422, "at most 1000"),
        ({"name": "-bert"}, 422, "letter or digit"),
        ({"name": "bert bert"}, 422, "letter or digit"),
        ({"name": ""}, 422, "letter or digit"),
        ({"name": "ANNA"}, 409, "anna already"),
        ({"role": "root"}, 422, "role"),
    ],
)
def test_a_bad_account_is_not_made(anna: Browser, changes: dict[str, str], status: int, why: str) -> None:
    found, said = anna.ask("POST", "/accounts", account(**changes))
    assert (found, why in said) == (status, True), said


def test_the_last_administrator_stays(site: Site, anna: Browser) -> None:
    for method, body in (("DELETE", None), ("PATCH", {"role": "operate"})):
        status, why = anna.ask(method, "/accounts/Anna", body)
        assert (status, "last administrator" in why) == (409, True)
    assert anna.ask("PATCH", "/accounts/anna", {"role": "administer"}) == (200, "")
    assert anna.ask("POST", "/accounts", account("administer")) == (201, "")
    assert anna.ask("PATCH", "/accounts/anna", {"role": "view"}) == (200, "")
    assert anna.ask("DELETE", "/accounts/bert", None)[0] == 403


@pytest.mark.parametrize("path", ["/accounts/nobody", "/accounts/nobody/password"])
def test_an_unknown_account_is_told(anna: Browser, path: str) -> None:
    method, body = ("POST", {"password": OTHER}) if path.endswith("password") else ("PATCH", {"role": "view"})
    assert anna.ask(method, path, body) == (404, 'no account is named "nobody"')


def test_a_password_that_was_given_ends_sessions_and_tokens(site: Site, anna: Browser) -> None:
    site.accounts.add("bert", Role.VIEW, PASSWORD, "the test")
    bert = site.logged_in("bert")
    made = bert.client.post("/api/v1/tokens", json={"name": "backup"}, headers={"x-ridethrough-csrf": bert.csrf})
    bearer = {"Authorization": f"Bearer {made.json()['value']}"}
    assert site.browser().client.get("/api/v1/site", headers=bearer).status_code == 200
    assert anna.ask("POST", "/accounts/bert/password", {"password": OTHER}) == (204, "")
    assert bert.get("/site") == 401
    assert site.browser().client.get("/api/v1/site", headers=bearer).status_code == 401
    assert (site.browser().log_in("bert"), site.browser().log_in("bert", OTHER)) == (401, 200)
    assert anna.get("/site") == 200


def test_ones_own_password_needs_the_old_one_and_the_session_goes_on(site: Site, anna: Browser) -> None:
    elsewhere, before = site.logged_in(), anna.cookie
    assert anna.ask("PUT", "/session/password", {"old": OTHER, "new": OTHER}) == (403, "the old password is wrong")
    assert anna.ask("PUT", "/session/password", {"old": PASSWORD, "new": "short"})[0] == 422
    assert elsewhere.get("/site") == 200
    assert anna.ask("PUT", "/session/password", {"old": PASSWORD, "new": OTHER}) == (200, "")
    assert anna.cookie != before
    assert (anna.get("/site"), elsewhere.get("/site")) == (200, 401)
    assert (site.browser().log_in("anna"), site.browser().log_in("anna", OTHER)) == (401, 200)


def test_no_administrator_gives_oneself_a_password_without_the_old_one(site: Site, anna: Browser) -> None:
    """Nor does who finds a browser in which an administrator is logged in."""
    for name in ("anna", "ANNA"):
        status, why = anna.ask("POST", f"/accounts/{name}/password", {"password": OTHER})
        assert (status, "the old one" in why) == (409, True)
    assert (anna.get("/site"), site.browser().log_in("anna")) == (200, 200)


def test_a_password_typed_on_another_keyboard_is_the_same(site: Site) -> None:
    site.accounts.add("bert", Role.VIEW, "stra\u00dfe k\u00f6ln 12", "the test")
    assert site.browser().log_in("bert", "stra\u00dfe ko\u0308ln 12") == 200


def test_the_hash_is_made_anew_when_its_parameters_change(site: Site) -> None:
    stronger = PasswordHasher(time_cost=2, memory_cost=16, parallelism=1)
    later = Accounts(site.folder / "state", now=site.clock, hasher=stronger)

    def kept() -> str:
        with later._database.reading() as connection:
            return str(connection.execute("SELECT hash FROM accounts").fetchone()[0])

    assert "m=8,t=1" in kept()
    later.login("anna", PASSWORD, "192.0.2.7", "")
    assert "m=16,t=2" in (new := kept())
    later.login("anna", PASSWORD, "192.0.2.7", "")
    assert kept() == new


class CountingHasher(PasswordHasher):
    """Counts what it verifies."""

    verified = 0

    def verify(self, hash: str | bytes, password: str | bytes) -> Literal[True]:
        self.verified += 1
        return super().verify(hash, password)


def test_an_unknown_name_costs_as_many_hashes_as_a_wrong_password(tmp_path: Path) -> None:
    hasher = CountingHasher(time_cost=1, memory_cost=8, parallelism=1)
    accounts = Accounts(tmp_path, hasher=hasher)
    accounts.add("anna", Role.VIEW, PASSWORD, "the test")
    for name in ("anna", "nobody"):
        before = hasher.verified
        with pytest.raises(NotAdmitted, match="wrong name or password"):
            accounts.login(name, OTHER, "192.0.2.7", "")
        assert hasher.verified == before + 1


async def test_only_two_hashes_are_made_at_once_and_a_flood_is_sent_away(tmp_path: Path) -> None:
    turns = Accounts(tmp_path, hasher=CHEAP).turns
    at_work, most = 0, 0
    go_on = asyncio.Event()
    loop = asyncio.get_running_loop()

    def work() -> None:
        nonlocal at_work, most
        at_work += 1
        most = max(most, at_work)
        asyncio.run_coroutine_threadsafe(go_on.wait(), loop).result(10)
        at_work -= 1

    first = [asyncio.create_task(turns.run(work)) for _ in range(18)]
    await asyncio.sleep(0)
    with pytest.raises(NotAdmitted) as refused:
        await turns.run(work)
    assert (refused.value.status, refused.value.retry_after) == (429, 2)
    go_on.set()
    await asyncio.gather(*first)
    assert most == 2


def test_what_was_changed_is_handed_to_the_controller_once_it_runs(site: Site) -> None:
    def nobody(ask: Ask, subject: str, by: str, says: str) -> Answer:
        raise NoController("no controller runs here")

    told: list[tuple[Ask, str, str, str]] = []

    def post(ask: Ask, subject: str, by: str, says: str) -> Answer:
        told.append((ask, subject, by, says))
        return Answer(True, "accepted")

    audit = site.accounts.audit
    assert not audit.hand_on(nobody)
    assert [row.says for row in audit.untold()] == ["account anna made with role administer"]
    site.clock.later(3600)
    site.accounts.add("bert", Role.VIEW, PASSWORD, "anna", "new colleague")
    assert audit.hand_on(post)
    late, prompt = told
    assert late[:3] == (Ask.NOTE, "accounts", "the test")
    assert late[3].startswith("account anna made with role administer, at 20")
    assert prompt == (Ask.NOTE, "accounts", "anna", "account bert made with role view (new colleague)")
    assert audit.hand_on(post)
    assert len(told) == 2
    assert (audit.untold(), len(audit.all())) == ((), 2)


async def test_changes_are_handed_on_by_themselves(site: Site) -> None:
    loop, told = asyncio.get_running_loop(), asyncio.Queue[str]()

    def post(ask: Ask, subject: str, by: str, says: str) -> Answer:
        loop.call_soon_threadsafe(told.put_nowait, says)
        return Answer(True, "accepted")

    handing = asyncio.create_task(HandingOn(site.accounts.audit, post, every=0.01).run())
    assert await asyncio.wait_for(told.get(), 10) == "account anna made with role administer"
    site.accounts.set_password("anna", OTHER, "root")
    assert await asyncio.wait_for(told.get(), 10) == "password of anna changed"
    handing.cancel()
    await asyncio.wait({handing})


def test_a_file_of_a_newer_version_or_a_damaged_one_is_refused_with_the_remedy(site: Site) -> None:
    with site.accounts._database.changing() as connection:
        connection.execute("PRAGMA user_version=99")
    with pytest.raises(AccountsRefused, match="written by a newer Ridethrough"):
        site.reopened()
    site.accounts.close()
    for path in (site.folder / "state").glob("accounts.db*"):
        path.write_bytes(b"no database at all, but long enough to be looked at" * 40)
    with pytest.raises(AccountsRefused, match=r"accounts\.db.*restore it from a backup"):
        site.reopened()


def test_a_change_that_fails_half_way_is_not_made(site: Site) -> None:
    def half() -> None:
        with site.accounts._database.changing() as connection:
            connection.execute("DELETE FROM accounts")
            raise NotDone(409, "half-way")

    with pytest.raises(NotDone, match="half-way"):
        half()
    assert site.accounts.get("anna").role is Role.ADMINISTER
