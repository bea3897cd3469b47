"""Logging in and out: whom the gate lets in, for how long, and what a write must show."""

from __future__ import annotations

from pathlib import Path

import pytest

from ridethrough.api.access import CSRF_HEADER, SESSION_COOKIE, Role
from ridethrough.api.accounts.sessions import LONGEST, LONGEST_WATCH

from .accounts_client import IDLE, PASSWORD, Browser, Site


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


@pytest.fixture
def anna(site: Site) -> Browser:
    return site.logged_in()


def test_without_a_session_nothing_is_told_or_done_but_that_one_must_log_in(site: Site) -> None:
    browser = site.browser()
    open_to_all = {("get", "/api/v1/setup"), ("post", "/api/v1/setup"), ("post", "/api/v1/session")}
    routes = [(method, path) for path, found in site.app.openapi()["paths"].items() for method in found]
    assert len(routes) > 30
    for method, path in routes:
        if (method, path) not in open_to_all:
            answer = browser.client.request(method, path.replace("{", "").replace("}", ""))
            assert answer.status_code == 401, (method, path)


def test_the_document_says_what_each_operation_needs(site: Site) -> None:
    """A role, shown with a token or a session, and with a session's writes its CSRF token; none where anybody may."""
    paths = site.app.openapi()["paths"]
    ways = {
        ("/accounts", "get"): [{"token": ["administer"]}, {"session": ["administer"]}],
        ("/requests", "post"): [{"token": ["operate"]}, {"session": ["operate"], "csrf": []}],
        ("/events", "get"): [{"token": ["view"]}, {"session": ["view"]}],
        ("/setup", "get"): None,
        ("/session", "post"): None,
    }
    assert {at: paths[f"/api/v1{at[0]}"][at[1]].get("security") for at in ways} == ways
    assert [(one["type"], one.get("name")) for one in site.app.openapi()["components"]["securitySchemes"].values()] == [
        ("http", None),
        ("apiKey", SESSION_COOKIE),
        ("apiKey", CSRF_HEADER),
    ]


def test_the_session_says_who_asks_and_until_when(site: Site, anna: Browser) -> None:
    said = anna.client.get("/api/v1/session").json()
    assert (said["name"], said["role"], said["csrf"], said["token"]) == ("anna", "administer", anna.csrf, None)
    assert (said["idle_ends_at"], said["ends_at"]) == (site.clock.at + IDLE, site.clock.at + LONGEST)
    assert not said["simulated"]


def test_the_cookie_is_for_nobody_else(site: Site) -> None:
    answer = site.browser().client.post("/api/v1/session", json={"name": "anna", "password": PASSWORD})
    cookie = answer.headers["set-cookie"].lower()
    assert cookie.startswith(f"{SESSION_COOKIE}=")
    assert all(word in cookie for word in ("; httponly", "; samesite=strict", "; path=/", "; secure"))
    assert "domain" not in cookie
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(("address", "secure"), [("127.0.0.1", False), ("::1", False), ("192.0.2.7", True)])
def test_only_on_loopback_without_tls_the_cookie_is_not_secure(site: Site, address: str, secure: bool) -> None:
    client = site.browser(address).client
    answer = client.post("http://testserver/api/v1/session", json={"name": "anna", "password": PASSWORD})
    assert ("; secure" in answer.headers["set-cookie"].lower()) == secure


@pytest.mark.parametrize(("name", "password"), [("anna", "wrong horse battery"), ("nobody", PASSWORD), ("", "")])
def test_a_wrong_name_and_a_wrong_password_sound_the_same(site: Site, name: str, password: str) -> None:
    browser = site.browser()
    answer = browser.client.post("/api/v1/session", json={"name": name, "password": password})
    assert (answer.status_code, answer.json()) == (401, {"detail": "wrong name or password"})
    assert "set-cookie" not in answer.headers
    assert browser.get("/site") == 401


def test_a_session_ends_after_idling_and_a_request_counts(site: Site, anna: Browser) -> None:
    site.clock.later(IDLE - 1)
    assert anna.get("/site") == 200
    site.clock.later(IDLE - 1)
    assert anna.get("/site") == 200
    site.clock.later(IDLE)
    assert anna.get("/site") == 401


def test_asking_who_one_is_keeps_no_session_alive(site: Site, anna: Browser) -> None:
    site.clock.later(IDLE - 1)
    assert anna.get("/session") == 200
    site.clock.later(1)
    assert anna.get("/session") == 401


def test_the_event_stream_keeps_no_session_alive(site: Site, anna: Browser) -> None:
    def still_there() -> bool:
        """As the stream looks again with each beat."""
        try:
            site.accounts.admit(anna.cookie, "", "", "192.0.2.7", False, counts=False)
        except Exception:
            return False
        return True

    for _ in range(int(IDLE) // 60 - 1):
        site.clock.later(60)
        assert still_there()
    site.clock.later(60)
    assert not still_there()


def test_a_screen_on_the_wall_stays_for_thirty_days(site: Site) -> None:
    """A page that stands open keeps a session alive that may only look."""
    site.accounts.add("wall", Role.VIEW, PASSWORD, "the test")
    wall = site.logged_in("wall")
    while site.clock.at < 1.8e9 + LONGEST_WATCH - IDLE:
        site.clock.later(IDLE - 60)
        site.accounts.admit(wall.cookie, "", "", "192.0.2.7", False, counts=False)
    site.clock.later(IDLE)
    assert wall.get("/session") == 401


def test_however_busy_a_session_ends_after_twelve_hours(site: Site, anna: Browser) -> None:
    for _ in range(int(LONGEST / 1000)):
        site.clock.later(1000)
        assert anna.get("/site") == 200
    site.clock.later(LONGEST % 1000)
    assert anna.get("/site") == 401


def test_a_session_survives_a_restart_of_the_manager(site: Site, anna: Browser) -> None:
    site.accounts.close()
    assert site.reopened().admit(anna.cookie, "", "", "192.0.2.7", False).name == "anna"


def test_logging_out_ends_the_session_for_good(site: Site, anna: Browser) -> None:
    value = anna.cookie
    assert anna.ask("DELETE", "/session") == (204, "")
    assert anna.cookie == ""
    anna.client.cookies.set(SESSION_COOKIE, value)
    assert anna.get("/site") == 401


def test_a_session_that_was_there_before_the_login_is_none_after_it(site: Site) -> None:
    """Session fixation: who has planted a cookie knows nothing afterwards."""
    planted = site.logged_in().cookie
    for value in (planted, "chosen by the attacker"):
        victim = site.browser()
        victim.client.cookies.set(SESSION_COOKIE, value)
        assert victim.log_in("anna") == 200
        assert value not in [
            cookie.value for cookie in victim.client.cookies.jar if cookie.domain == "testserver.local"
        ]
        attacker = site.browser()
        attacker.client.cookies.set(SESSION_COOKIE, value)
        assert attacker.get("/site") == 401


def test_a_write_needs_the_csrf_token_of_its_own_session(site: Site, anna: Browser) -> None:
    body = {"ask": "hold", "subject": "h1"}
    other = site.logged_in()
    for csrf in ("", "wrong", other.csrf):
        answer = anna.client.post("/api/v1/requests", json=body, headers={CSRF_HEADER: csrf})
        assert answer.status_code == 403
    assert site.mailbox.posted == []
    assert anna.ask("POST", "/requests", body) == (200, "")
    assert len(site.mailbox.posted) == 1


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://elsewhere.example"},
        {"Origin": "null"},
        {"Origin": "https://testserver.elsewhere.example"},
        {"Origin": "https://testserver:8443"},
        {"Origin": "https://["},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site", "Origin": "https://testserver"},
    ],
)
def test_a_page_from_elsewhere_logs_nobody_in(site: Site, headers: dict[str, str]) -> None:
    for path, body in (
        ("/session", {"name": "anna", "password": PASSWORD}),
        ("/setup", {"token": "x", "name": "eve", "password": PASSWORD}),
    ):
        status, why = site.browser().ask("POST", path, body, **headers)
        assert (status, "from elsewhere" in why) == (403, True)


@pytest.mark.parametrize(
    "headers",
    [{}, {"Origin": "https://testserver", "Sec-Fetch-Site": "same-origin"}, {"Sec-Fetch-Site": "none"}],
)
def test_our_own_page_and_a_script_log_in(site: Site, headers: dict[str, str]) -> None:
    body = {"name": "anna", "password": PASSWORD}
    assert site.browser().ask("POST", "/session", body, **headers) == (200, "")


def test_what_cannot_be_read_is_not_repeated(site: Site) -> None:
    """A password in the wrong field, or one that is too long, comes back to nobody."""
    secret = "my secret " * 200
    for body in ({"name": "anna", "password": secret}, {"name": "anna", "pasword": secret}, {"name": {"x": secret}}):
        answer = site.browser().client.post("/api/v1/session", json=body)
        assert answer.status_code == 422
        assert "secret" not in answer.text
        assert isinstance(answer.json()["detail"], str)


def test_a_method_that_is_none_of_the_path_names_all_that_are(site: Site, anna: Browser) -> None:
    for path, allowed in (("/accounts", "GET, POST"), ("/accounts/anna", "DELETE, PATCH"), ("/site", "GET")):
        answer = anna.client.options(f"/api/v1{path}")
        assert (answer.status_code, answer.headers["allow"]) == (405, allowed)


def test_a_text_that_is_none_is_refused_and_nothing_breaks(site: Site) -> None:
    raw = b'{"name": "anna", "password": "\\ud800\\udfff\\ud800 x", "\\ud800": 1}'
    answer = site.browser().client.post("/api/v1/session", content=raw, headers={"content-type": "application/json"})
    assert answer.status_code == 422


def test_sessions_are_listed_and_ended(site: Site, anna: Browser) -> None:
    site.accounts.add("bert", Role.VIEW, PASSWORD, "the test")
    bert = site.logged_in("bert", address="192.0.2.8")
    of_all = anna.client.get("/api/v1/sessions").json()
    assert {(one["name"], one["address"], one["current"]) for one in of_all} == {
        ("anna", "192.0.2.7", True),
        ("bert", "192.0.2.8", False),
    }
    assert not any(anna.cookie in str(one) or anna.csrf in str(one) for one in of_all)
    (own,) = bert.client.get("/api/v1/sessions").json()
    (annas,) = [one["id"] for one in of_all if one["name"] == "anna"]
    assert bert.ask("DELETE", f"/sessions/{annas}")[0] == 404
    assert anna.get("/site") == 200
    assert anna.ask("DELETE", f"/sessions/{own['id']}") == (204, "")
    assert bert.get("/site") == 401


def test_neither_cookie_nor_csrf_token_nor_password_stands_in_the_file(site: Site, anna: Browser) -> None:
    state = site.folder / "state"
    kept = b"".join(path.read_bytes() for path in state.glob("accounts.db*"))
    assert b"anna" in kept
    assert not [secret for secret in (anna.cookie, anna.csrf, PASSWORD) if secret.encode() in kept]


def test_only_the_owner_reads_the_file(site: Site, anna: Browser) -> None:
    files = sorted((site.folder / "state").glob("accounts.db*"))
    assert len(files) == 3  # with what SQLite writes beside it
    assert [oct(path.stat().st_mode & 0o777) for path in files] == ["0o600"] * 3
    site.accounts.close()
    files[0].chmod(0o644)
    site.reopened()
    assert files[0].stat().st_mode & 0o777 == 0o600
