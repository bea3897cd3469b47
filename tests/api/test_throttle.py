"""Guessing gets slower and slower, and locks nobody else out."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ridethrough.api.access import NotAdmitted
from ridethrough.api.accounts.database import Database
from ridethrough.api.accounts.throttle import ADDRESS, NAME, Rule, Throttle, Tries, network, one_more, wait

from .accounts_client import PASSWORD, Clock, Site

OWNER, STRANGER = "192.0.2.7", "198.51.100.9"
RULES = st.sampled_from([ADDRESS, NAME])
MOMENTS = st.floats(0, 4e9)


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


def tried(site: Site, address: str, name: str = "anna", password: str = "a wrong password") -> tuple[int, int]:
    """Status of a login, and the seconds of its Retry-After."""
    body = {"name": name, "password": password}
    answer = site.browser(address).client.post("/api/v1/session", json=body)
    return answer.status_code, int(answer.headers.get("retry-after", 0))


def guess(site: Site, address: str, name: str = "anna", times: int = 1) -> None:
    """Guess so often, each time as soon as one may."""
    for _ in range(times):
        status, seconds = tried(site, address, name)
        if status == 429:
            site.clock.later(seconds)
            status, _ = tried(site, address, name)
        assert status == 401


@given(RULES, st.integers(0, 10**6), MOMENTS, st.floats(-1e6, 1e6))
def test_no_wait_is_longer_than_the_longest(rule: Rule, failures: int, last: float, later: float) -> None:
    assert 0.0 <= wait(rule, Tries(failures, last), last + later) <= rule.longest


@given(RULES, st.integers(0, 1000), MOMENTS)
def test_each_failure_makes_the_wait_longer_until_it_is_the_longest(rule: Rule, failures: int, last: float) -> None:
    before, after = (wait(rule, Tries(n, last), last) for n in (failures, failures + 1))
    assert after > before or after == before == (0.0 if failures + 1 < rule.free else rule.longest)


@given(RULES, st.integers(0, 1000), MOMENTS)
def test_after_the_wait_one_may_try(rule: Rule, failures: int, last: float) -> None:
    tries = Tries(failures, last)
    assert wait(rule, tries, last + wait(rule, tries, last) + 1e-3) == 0.0


@given(RULES, st.integers(0, 1000), MOMENTS)
def test_failures_of_long_ago_are_forgotten(rule: Rule, failures: int, last: float) -> None:
    now = last + rule.forgotten + 1.0
    assert (wait(rule, Tries(failures, last), now), one_more(rule, Tries(failures, last), now).failures) == (0.0, 1)


def test_guessing_from_one_address_is_told_to_wait_longer_and_longer(site: Site) -> None:
    waits = []
    for _ in range(ADDRESS.free + 6):
        status, seconds = tried(site, STRANGER)
        if status == 429:
            waits.append(seconds)
            site.clock.later(seconds)
            assert tried(site, STRANGER)[0] == 401
    assert waits == [1, 2, 4, 8, 16, 32]


def test_what_is_refused_meanwhile_prolongs_nothing_and_even_the_right_password_waits(site: Site) -> None:
    guess(site, STRANGER, times=ADDRESS.free + 5)
    before = tried(site, STRANGER, password=PASSWORD)
    assert before[0] == 429
    for _ in range(50):
        assert tried(site, STRANGER) == before
    site.clock.later(before[1])
    assert tried(site, STRANGER, password=PASSWORD)[0] == 200


def test_other_names_from_the_same_address_wait_too(site: Site) -> None:
    for n in range(ADDRESS.free):
        assert tried(site, STRANGER, f"name{n}")[0] == 401
    assert tried(site, STRANGER, "anna")[0] == 429


def test_a_login_of_ones_own_does_not_wash_the_address(site: Site) -> None:
    """Who has an account of his own cannot log in between two guesses to start anew."""
    for _ in range(ADDRESS.free):
        assert tried(site, STRANGER, "bert")[0] == 401
        site.clock.later(60)
        tried(site, STRANGER, "anna", PASSWORD)
    assert tried(site, STRANGER, "bert") == (401, 0)
    assert tried(site, STRANGER, "bert") == (429, 2)


def test_a_login_that_succeeds_makes_nobody_wait_and_does_not_keep_failures_in_mind(site: Site) -> None:
    """Many people behind one address: who mistyped is forgotten an hour later, however busy the others are."""
    guess(site, STRANGER, "bert", times=ADDRESS.free + 8)
    site.clock.later(ADDRESS.longest)
    for _ in range(3):
        assert tried(site, STRANGER, "anna", PASSWORD) == (200, 0)
        site.clock.later(1)
    for _ in range(3):
        site.clock.later(ADDRESS.forgotten / 3)
        assert tried(site, STRANGER, "anna", PASSWORD) == (200, 0)
    for _ in range(ADDRESS.free):
        assert tried(site, STRANGER, "carl")[0] == 401


def test_a_failure_beside_a_login_that_succeeds_keeps_its_time(site: Site) -> None:
    clock, database = site.clock, site.accounts._database
    limits = Throttle(database, clock)
    begun = limits.begin("anna", STRANGER)
    clock.later(5)
    for _ in range(ADDRESS.free):
        limits.begin("bert", STRANGER)
        clock.later(1)
    with database.changing() as connection:
        limits.succeeded(connection, "anna", STRANGER, begun)
    clock.later(-1)  # as it was when the last of these failed
    with pytest.raises(NotAdmitted, match="try again in 1 s"):
        limits.begin("anna", STRANGER)


def test_many_addresses_wait_for_one_name(site: Site) -> None:
    for n in range(NAME.free):
        assert tried(site, f"198.51.100.{n}")[0] == 401
    assert tried(site, "198.51.100.200") == (429, 1)


def test_the_owner_gets_in_where_she_was_before_and_soon_from_elsewhere(site: Site) -> None:
    site.logged_in("anna", address=OWNER)
    for n in range(40):
        site.clock.later(NAME.longest)
        assert tried(site, f"198.51.100.{n}")[0] == 401
    status, seconds = tried(site, "203.0.113.1", password=PASSWORD)
    assert (status, seconds <= NAME.longest) == (429, True)
    assert tried(site, OWNER, password=PASSWORD)[0] == 200


def test_unknown_names_are_told_to_wait_like_known_ones(site: Site) -> None:
    def heard(name: str, network: str) -> list[tuple[int, int]]:
        return [tried(site, f"{network}.{n}", name) for n in range(NAME.free + 2)]

    assert heard("anna", "198.51.100") == heard("nobody", "203.0.113")


def test_a_restart_forgets_nothing(site: Site) -> None:
    guess(site, STRANGER, times=ADDRESS.free + 4)
    status = tried(site, STRANGER)
    again = site.reopened()
    with pytest.raises(NotAdmitted) as refused:
        again.login("anna", PASSWORD, STRANGER, "")
    assert (refused.value.status, refused.value.retry_after) == status


def test_many_at_once_are_counted_before_they_are_compared(tmp_path: Path) -> None:
    limits = Throttle(Database(tmp_path), Clock())
    for _ in range(ADDRESS.free):
        limits.begin("anna", STRANGER)
    with pytest.raises(NotAdmitted, match="too many wrong logins"):
        limits.begin("anna", STRANGER)


def test_the_counts_are_bounded_and_the_worst_are_kept(tmp_path: Path) -> None:
    clock, database = Clock(), Database(tmp_path)
    limits = Throttle(database, clock, rows=100)
    for _ in range(ADDRESS.free):
        limits.begin("anna", STRANGER)
    for n in range(500):
        clock.later(0.0001)
        limits.begin(f"name{n}", f"10.0.{n >> 8}.{n & 255}")
    with database.reading() as connection:
        rows = connection.execute("SELECT count(*) FROM tries GROUP BY kind").fetchall()
    assert [row[0] <= 100 for row in rows] == [True, True]
    with pytest.raises(NotAdmitted):
        limits.begin("anna", STRANGER)


@pytest.mark.parametrize(
    ("address", "of"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::1", "::/64"),
        ("no address", "no address"),
    ],
)
def test_an_ipv6_address_stands_for_its_network(address: str, of: str) -> None:
    assert network(address) == of


def test_the_old_password_is_guessed_no_faster(site: Site) -> None:
    anna = site.logged_in()
    body = {"old": "a wrong password", "new": "another fine password"}
    for _ in range(ADDRESS.free):
        assert anna.ask("PUT", "/session/password", body)[0] == 403
    assert anna.ask("PUT", "/session/password", body)[0] == 429
