"""Who may come in, and what they may do there: in a browser, with the real manager."""

from __future__ import annotations

import json
import re
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from .real import NAME, PASSWORD, SECONDS, Real, ask, log_in, make_administrator

VIEWER, LONG = "vera", "look but do not touch"


@pytest.fixture(scope="module")
def real(root: Path, tmp_path_factory: pytest.TempPathFactory, chromium: Browser) -> Iterator[Real]:
    """Anna administers it, Vera looks on."""
    found = Real(tmp_path_factory.mktemp("people"), root / "scenarios" / "sites" / "two_hosts.toml")
    context = chromium.new_context()
    page = context.new_page()
    page.set_default_timeout(SECONDS)
    make_administrator(page, found)
    made = ask(page, "POST", "/accounts", {"name": VIEWER, "password": LONG, "role": "view", "why": "the wall"})
    assert made["status"] < 300, made
    context.close()
    yield found
    found.close()


@pytest.fixture
def tab(chromium: Browser) -> Iterator[Page]:
    """A browser that nobody has used."""
    context: BrowserContext = chromium.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.set_default_timeout(SECONDS)
    expect.set_options(timeout=SECONDS)
    yield page
    context.close()


def test_who_only_looks_sees_what_is_refused_and_why(real: Real, tab: Page) -> None:
    log_in(tab, real, VIEWER, LONG)
    tab.get_by_role("button", name="Dry run").click()
    arm = tab.get_by_role("button", name="Arm", exact=True)
    expect(arm).to_have_attribute("aria-disabled", "true")
    expect(arm).to_have_attribute("title", 'This needs the role "operate"; you have "view".')
    tab.goto(f"{real.at}/hosts")
    expect(tab.get_by_role("button", name="Add", exact=True)).to_have_attribute("aria-disabled", "true")
    tab.goto(f"{real.at}/start")
    expect(tab.get_by_text('needs the role "administer"; you have "view"')).to_be_visible()
    # The pages only tell it early: the server refuses the same.
    refused = ask(tab, "POST", "/requests", {"ask": "arm"})
    assert (refused["status"], "operate" in refused["text"]) == (403, True)


def test_without_the_sessions_token_nothing_is_written(real: Real, tab: Page) -> None:
    log_in(tab, real, NAME, PASSWORD)
    tab.locator("#top-user button").wait_for()
    assert ask(tab, "POST", "/requests", {"ask": "arm"}, csrf="forged")["status"] == 403
    assert not real.until(lambda status: True)["armed"]


def test_who_logs_out_is_out_and_comes_back_to_where_they_were(real: Real, tab: Page) -> None:
    log_in(tab, real, NAME, PASSWORD)
    tab.get_by_role("button", name=f"{NAME}: theme, log out").click()
    tab.get_by_role("menuitem", name="Log out").click()
    tab.wait_for_url("**/login")
    assert tab.evaluate("async () => (await fetch('/api/v1/state')).status") == 401
    tab.goto(f"{real.at}/hosts")
    tab.wait_for_url("**/login?next=%2Fhosts")
    tab.get_by_label("Name").fill(NAME)
    tab.get_by_label("Password").fill(PASSWORD)
    tab.get_by_role("button", name="Log in").click()
    expect(tab.get_by_role("heading", name="Shutdown settings")).to_be_visible()


def test_an_api_token_is_shown_once_looks_and_is_revoked(real: Real, tab: Page) -> None:
    log_in(tab, real, NAME, PASSWORD)
    tab.locator("#top-user button").wait_for()
    tab.goto(f"{real.at}/settings#tokens")
    tab.get_by_role("button", name="New token").click()
    dialog = tab.get_by_role("dialog")
    dialog.get_by_label("Name").fill("backup")
    dialog.get_by_label("Role").select_option("view")
    dialog.get_by_label("Valid for").select_option(label="a day")
    dialog.get_by_role("button", name="Make the token").click()
    token = tab.get_by_label("The token", exact=True).input_value()
    made = tab.evaluate("async () => (await (await fetch('/api/v1/tokens')).json())[0]")
    assert (made["name"], made["role"], made["owner"]) == ("backup", "view", NAME)
    assert made["expires_at"] - made["created_at"] == 86400
    tab.reload()
    row = tab.get_by_role("row", name="backup")
    expect(row).to_contain_text("view")
    assert token not in tab.content()

    assert [answered(real, token, path) for path in ("/site", "/hosts", "/journal")] == [200, 200, 200]
    assert answered(real, token, "/requests", {"ask": "arm"}) == 403
    assert answered(real, token, "/tokens", {"name": "another"}) == 409
    assert not real.until(lambda status: True)["armed"]
    assert answered(real, f"{token}x", "/site") == 401

    tab.reload()
    expect(row).not_to_contain_text("never")  # it was used
    row.get_by_role("button", name="Revoke backup").click()
    tab.get_by_label("Why?").fill("it leaked")
    tab.get_by_role("dialog").get_by_role("button", name="Revoke", exact=True).click()
    expect(row).to_contain_text("revoked")
    assert answered(real, token, "/site") == 401


def answered(real: Real, token: str, path: str, body: dict[str, Any] | None = None) -> int:
    """The status that a script with this token gets; with a body it writes."""
    data = json.dumps(body).encode() if body is not None else None
    headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}
    request = urllib.request.Request(f"{real.at}/api/v1{path}", data, headers)
    try:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=60) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        error.close()
        return error.code


def test_who_guesses_is_told_how_long_to_wait(real: Real, tab: Page) -> None:
    """The last of this module: the next login from this address has to wait."""
    log_in(tab, real, NAME, "wrong password 1")
    problem = tab.get_by_role("alert")
    expect(problem).to_contain_text(re.compile("name or .*password", re.IGNORECASE))
    for n in range(2, 12):
        if re.search(r"\d+ s", problem.inner_text()):
            break
        tab.get_by_label("Password").fill(f"wrong password {n}")
        with tab.expect_response("**/api/v1/session") as answered:
            tab.get_by_role("button", name="Log in").click()
        assert answered.value.status in (401, 429)
        expect(tab.get_by_role("button", name="Log in")).not_to_have_attribute("aria-busy", "true")
    expect(problem).to_contain_text(re.compile(r"[Tt]oo many wrong logins; try again in \d+ s"))
