"""The Site page in a browser: what an outage would do now, what is held and by whom, several hosts set together."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from .looks import faults
from .real import Real, ask, first_administrator, tab_of


@pytest.fixture(scope="module")
def real(root: Path, tmp_path_factory: pytest.TempPathFactory, chromium: Browser) -> Iterator[Real]:
    found = Real(tmp_path_factory.mktemp("site"), root / "scenarios" / "sites" / "three_hosts.toml")
    yield found
    found.close()


@pytest.fixture(scope="module")
def session(real: Real, chromium: Browser) -> Any:
    """The administrator's cookies. The coordinator has no timers, as the wizard proposes it."""
    with first_administrator(real, chromium) as page:
        options = ("maintenance", "shutdown")
        change = {"operations": [{"op": "remove", "path": ["host", "xenserver1", option]} for option in options]}
        version = json.loads(ask(page, "POST", "/settings/preview", change)["text"])["version"]
        saved = ask(page, "POST", "/settings", change | {"version": version})
        assert saved["status"] == 200, saved
        return page.context.storage_state()


@pytest.fixture
def tab(real: Real, session: Any, chromium: Browser) -> Iterator[Page]:
    """The Site page."""
    with tab_of(chromium, session) as page:
        page.goto(real.at)
        yield page


def test_the_card_tells_what_would_be_done_and_in_dry_run_that_it_would_not(real: Real, tab: Page) -> None:
    card = tab.get_by_role("region", name="If utility power failed now")
    expect(card.locator(".plan-verdict")).to_contain_text("Nothing crashes")
    expect(card).to_contain_text("Dry run: none of this would be done. This is what it would do if armed.")
    # The coordinator has no timers, and is no host that its settings let crash.
    expect(card).not_to_contain_text("let hosts crash")
    margin = card.locator(".figure").filter(has_text="smallest margin")
    expect(margin).to_contain_text(re.compile(r"\d+ s|\d+:\d\d min"))
    expect(card).to_contain_text(re.compile("Weakest point.*ups[123]"))
    card.get_by_text("that nobody tells").click()
    expect(card.get_by_text("Every host moves VMs at 100 MB/s")).to_be_visible()
    assert faults(tab) == []
    assert ask(tab, "POST", "/requests", {"ask": "arm"})["status"] == 200
    expect(card).not_to_contain_text("Dry run")
    assert ask(tab, "POST", "/requests", {"ask": "disarm"})["status"] == 200


def test_the_badge_tells_who_holds_what_and_why(real: Real, tab: Page) -> None:
    hold = {"ask": "hold", "subject": "xenserver2", "seconds": 3600, "why": "new memory"}
    assert ask(tab, "POST", "/requests", hold)["status"] == 200
    tab.get_by_role("button", name="Dry run, 1 held").click()
    panel = tab.get_by_role("dialog", name="What Ridethrough may do")
    expect(panel).to_contain_text(re.compile("xenserver2, by anna, until .*: new memory"))
    assert faults(tab) == []
    tab.keyboard.press("Escape")
    assert ask(tab, "POST", "/requests", {"ask": "release", "subject": "xenserver2"})["status"] == 200
    expect(tab.get_by_role("button", name="Dry run", exact=True)).to_be_visible()


def test_several_hosts_are_set_together(real: Real, tab: Page) -> None:
    hosts = tab.get_by_role("region", name="Virtualization, UPSs and storage")
    for host in ("xenserver2", "xenserver3"):
        hosts.get_by_role("row", name=host).get_by_role("checkbox").check()
    hosts.get_by_role("button", name="Shutdown settings").click()
    tab.wait_for_url("**/hosts/xenserver2?with=xenserver3")
    expect(tab.get_by_role("heading", level=1)).to_contain_text("2 hosts")
    assert faults(tab) == []


def test_a_dark_theme_is_printed_dark_on_white(tab: Page) -> None:
    tab.evaluate("document.documentElement.dataset.theme = 'dark'")
    assert tab.evaluate("getComputedStyle(document.body).color") == "rgb(232, 237, 241)"
    tab.emulate_media(media="print")
    assert tab.evaluate("getComputedStyle(document.body).color") == "rgb(22, 32, 42)"
    assert tab.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
