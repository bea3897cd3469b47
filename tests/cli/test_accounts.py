"""`ridethrough accounts`, at the machine."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from typer.testing import Result

from ridethrough.api.access import NotAdmitted, Role
from ridethrough.api.accounts import FILE, Accounts

from .live import Live, ridethrough

PASSWORD, OTHER = "correct horse battery", "another fine password"


def opened(state: Path) -> Accounts:
    return Accounts(state, hasher=PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """Anna administers, Bert looks on and has logged in."""
    accounts = opened(tmp_path)
    accounts.add("anna", Role.ADMINISTER, PASSWORD, "the test")
    accounts.add("bert", Role.VIEW, PASSWORD, "the test")
    accounts.login("bert", PASSWORD, "192.0.2.7", "")
    accounts.close()
    return tmp_path


def accounts(state: Path, *arguments: str, typed: str | None = None) -> Result:
    return ridethrough("accounts", *arguments, "--state", str(state), typed=typed)


def test_the_list_shows_who_may_log_in(state: Path) -> None:
    result = accounts(state, "list")
    assert result.exit_code == 0
    heads, anna, bert = result.stdout.splitlines()
    assert heads.split() == ["Name", "Role", "Made", "Last", "login", "Sessions", "API", "tokens"]
    assert anna.split()[:2] == ["anna", "administer"]
    assert anna.split()[-3:] == ["never", "0", "0"]
    assert bert.split()[-2:] == ["1", "0"]


def test_the_list_as_json_has_the_keys_of_the_page(state: Path, root: Path) -> None:
    rows = json.loads(accounts(state, "list", "--json").stdout)["accounts"]
    page = (root / "docs/running.md").read_text(encoding="utf-8")
    (told,) = re.findall(r"^\| `accounts list` \| `accounts` \| (.*) \|$", page, re.MULTILINE)
    assert list(rows[0]) == re.findall(r"`(\w+)`", told)
    assert [(row["name"], row["sessions"]) for row in rows] == [("anna", 0), ("bert", 1)]


def test_a_link_gives_a_new_password_once(state: Path) -> None:
    opened(state).links.served_at("https://ups.example:8443")
    result = accounts(state, "reset", "anna")
    assert result.exit_code == 0
    base, _, token = result.stdout.split()[-1].partition("#")
    assert base == "https://ups.example:8443/setup"
    opened(state).set_up(token, "", OTHER, "192.0.2.7", "")
    assert opened(state).login("anna", OTHER, "192.0.2.7", "").session.name == "anna"


def test_a_password_is_read_from_standard_input(state: Path) -> None:
    result = accounts(state, "reset", "bert", "--password", typed=f"{OTHER}\n")
    assert (result.exit_code, OTHER in result.output) == (0, False)
    again = opened(state)
    assert again.sessions.all("bert") == ()
    assert again.login("bert", OTHER, "192.0.2.7", "").session.role is Role.VIEW
    with pytest.raises(NotAdmitted):
        again.login("bert", PASSWORD, "192.0.2.7", "")


@pytest.mark.parametrize(
    ("arguments", "typed", "why"),
    [
        (("reset", "carl"), None, 'no account is named "carl"'),
        (("reset", "bert", "--password"), "short\n", "fewer than 10 characters"),
        (("reset", "bert", "--password"), "", "fewer than 10 characters"),
        (("remove", "carl", "--yes", "carl"), None, 'no account is named "carl"'),
        (("remove", "bert"), "anna\n", '"anna" is not "bert": nothing was done'),
        (("remove", "anna", "--yes", "anna"), None, "anna is the last administrator"),
    ],
)
def test_what_is_refused_is_told(state: Path, arguments: tuple[str, ...], typed: str | None, why: str) -> None:
    result = accounts(state, *arguments, typed=typed)
    assert result.exit_code == 1
    assert why in result.stderr
    assert [one.name for one in opened(state).all()] == ["anna", "bert"]


def test_a_removed_account_is_gone(state: Path) -> None:
    assert accounts(state, "remove", "bert", "--yes", "bert").exit_code == 0
    assert [one.name for one in opened(state).all()] == ["anna"]
    (written,) = [row for row in opened(state).audit.untold() if "removed" in row.says]
    assert written.says == "account bert removed (with `ridethrough accounts remove`)"


def test_where_no_accounts_are_none_are_made(tmp_path: Path) -> None:
    result = accounts(tmp_path, "list")
    assert (result.exit_code, "nobody has made accounts here" in result.stderr) == (1, True)
    assert not (tmp_path / FILE).exists()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_another_user_is_told_to_be_the_right_one(state: Path) -> None:
    (state / FILE).chmod(0)
    result = accounts(state, "list")
    assert (result.exit_code, "permission denied" in result.stderr) == (1, True)


def test_the_controllers_journal_says_who_did_it(protected: Live) -> None:
    store = opened(protected.state)
    store.add("anna", Role.ADMINISTER, PASSWORD, "the test")
    assert protected.ask("accounts", "reset", "anna", USER="eva").exit_code == 0
    lines = protected.ask("journal").stdout
    assert "accounts: account anna made with role administer, by the test" in lines
    assert "accounts: link for a new password of anna made, by " in lines
    assert store.audit.untold() == ()
