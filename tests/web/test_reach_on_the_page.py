"""Switches and the controller's own machine on the Site page, in a browser."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, expect

from tests.api.fakes import context

from .browser import CHROMIUM, Served, opened, own_machine, served, switch

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="chromium is not here: the pages are not tried in a browser")

ON = re.compile(r"\bon\b")


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Served]:
    with served(context(tmp_path)) as found:
        found.tell(switches=[switch("core", "ups1", hosts=["h2"])], own_machine=own_machine("ups2", switch="core"))
        yield found


def test_the_picture_shows_what_feeds_a_switch_and_who_is_behind_it(site: Served, window: BrowserContext) -> None:
    page, wrong = opened(window, site.url)
    box = page.get_by_role("link", name="switch, Has power, powered by ups1, connects h2, the card of ups1")
    expect(box).to_have_attribute("href", "/settings#equipment")
    expect(page.locator('[data-id="ups:ups1>switch:core"]')).to_have_count(1)
    expect(page.locator('[data-id="ups:ups2>machine:"]')).to_have_count(1)
    box.focus()
    expect(page.locator('[data-node="host:h2"]')).to_have_class(ON)
    expect(page.locator('[data-node="host:h1"]')).not_to_have_class(ON)
    expect(page.locator('[data-node="machine:"]')).to_have_class(ON)
    site.tell()
    expect(page.locator('[data-node="switch:core"]')).to_have_count(0)
    expect(page.locator('[data-node="machine:"]')).to_have_count(0)
    assert not wrong


def test_on_battery_its_time_runs_and_the_controller_tells_when_it_goes_down(
    site: Served, window: BrowserContext
) -> None:
    page, wrong = opened(window, site.url)
    expect(page.locator('[data-node="machine:"]')).to_contain_text("Has power")
    now = site.context.clock.now()
    failing = {"supply": "on battery", "on_battery_since": now, "power_until": now + 62}
    site.tell(
        switches=[switch("core", "ups1", supply="lost", on_battery_since=now)],
        own_machine=own_machine("ups2", **failing, shuts_down_at=now + 40),
    )
    box = page.locator('[data-node="machine:"]')
    expect(box).to_contain_text("On battery")
    expect(box).to_have_attribute("title", re.compile(r"\d\d s of power left, shut down at .*\d\d:\d\d"))
    before = box.get_attribute("title")
    expect(box).not_to_have_attribute("title", before or "")  # nobody has told anything new
    wrongs = page.get_by_role("region", name="What is wrong")
    expect(wrongs).to_contain_text("core: no power, reached through it: h1, h2 and the card of ups1")
    expect(wrongs).to_contain_text("The controller's machine: on battery")
    found = Axe().run(page).response["violations"]
    assert [one["id"] for one in found if one["impact"] in ("serious", "critical")] == []
    assert not wrong


def test_a_ups_tells_that_they_hang_on_it(site: Served, window: BrowserContext) -> None:
    page, wrong = opened(window, f"{site.url}/upses/ups2")
    fed = page.locator(".ups-feeds li")
    expect(fed.filter(has_text="Controller")).to_contain_text(["own machine"])
    page.goto(f"{site.url}/upses/ups1")
    expect(fed.filter(has_text="core")).to_contain_text(["reached through it: h2 and the card of ups1"])
    page.goto(f"{site.url}/upses")
    expect(page.get_by_role("row", name="ups1")).to_contain_text("h1, core")
    assert not wrong


def test_the_table_is_found_in_the_tree_with_the_keyboard(site: Served, window: BrowserContext) -> None:
    page, wrong = opened(window, site.url)
    page.get_by_role("treeitem", name="Network and controller").focus()
    page.keyboard.press("Enter")
    rows = page.locator(".manual tbody tr")
    expect(rows).to_have_count(2)
    expect(rows.filter(has_text="core")).to_contain_text(["h2, the card of ups1"])
    expect(rows.filter(has_text="Controller")).to_contain_text(["is behind core"])
    page.get_by_role("treeitem", name="core").focus()
    page.keyboard.press("Enter")
    expect(rows).to_have_count(1)
    expect(page.locator('[data-node="switch:core"]')).to_have_class(ON)
    assert not wrong
