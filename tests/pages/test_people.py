"""Who may come in, and what they may do there: in a browser, with the real manager."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

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
