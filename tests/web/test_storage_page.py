"""A NAS on the Site page, and its own page, in a browser."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, expect

from tests.api.fakes import context

from .browser import CHROMIUM, Served, nas, opened, served, ups

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="chromium is not here: the pages are not tried in a browser")

ON = re.compile(r"\bon\b")


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Served]:
    with served(context(tmp_path)) as found:
        found.tell(nas=[nas("nas1", "ups2")])
        yield found


def test_the_picture_shows_what_feeds_a_nas_and_who_uses_it(site: Served, window: BrowserContext) -> None:
    page, wrong = opened(window, site.url)
    box = page.locator('[data-node="nas:nas1"]')
    expect(box).to_contain_text("Serves")
    expect(box).to_have_attribute("href", "/storage/nas1")
    expect(page.locator('[data-node="storage:nas"]')).to_have_count(0)
    expect(page.locator('[data-id="ups:ups2>nas:nas1"]')).to_have_count(1)
    box.focus()
    expect(page.locator('[data-node="ups:ups2"]')).to_have_class(ON)
    expect(page.locator('[data-node="ups:ups1"]')).not_to_have_class(ON)
    expect(page.locator('[data-node="host:h1"]')).to_have_class(ON)
    expect(page.locator('[data-id="nas:nas1<pool1"]')).to_have_class(ON)
    site.tell(nas=[nas("nas1", "ups2", serves=False, supply="on battery", step="its VMs stop")])
    expect(box).to_contain_text("Its VMs stop")
    expect(page.get_by_role("link", name="nas1: its VMs stop, 2 VMs on it")).to_have_attribute("href", "/storage/nas1")
    assert not wrong


def test_the_table_of_storage_is_found_in_the_tree_with_the_keyboard(site: Served, window: BrowserContext) -> None:
    page, _ = opened(window, site.url)
    page.get_by_role("treeitem", name="Virtualization").focus()
    page.keyboard.press("s")
    page.keyboard.press("Enter")
    row = page.locator(".manual tbody tr")
    expect(page.locator(".manual th").first).to_have_text("Storage")
    expect(row).to_contain_text("h1, h2")
    expect(row).to_contain_text("Network UPS")
    page.get_by_role("treeitem", name="nas1").focus()
    page.keyboard.press("Enter")
    expect(page.locator('[data-node="nas:nas1"]')).to_have_class(ON)


def test_its_page_tells_how_it_goes_down_and_follows_it(site: Served, window: BrowserContext) -> None:
    page, wrong = opened(window, f"{site.url}/storage/nas1")
    expect(page.get_by_role("heading", name="nas1")).to_be_visible()
    expect(page.locator(".storage-state")).to_have_text("Serves")
    expect(page.locator(".facts")).to_contain_text("After 5 min on battery")
    expect(page.locator(".facts")).to_contain_text("On utility power")
    expect(page.get_by_role("link", name="ups2")).to_have_attribute("href", "/upses/ups2")
    expect(page.get_by_role("link", name="h1")).to_have_attribute("href", "/hosts/h1")
    now = site.context.clock.now()
    failing = {"supply": "on battery", "on_battery_since": now, "serves": False, "told": "on battery"}
    site.tell(nas=[nas("nas1", "ups2", **failing, counts_until=now + 300, logged_in=False)])
    expect(page.locator(".storage-state")).to_have_text("On battery")
    expect(page.locator(".figure").first).to_contain_text("4:")
    expect(page.get_by_text("does not ask for the state of its UPS")).to_be_visible()
    site.tell(nas=[])
    expect(page.get_by_text('site.toml names no NAS or SAN "nas1".')).to_be_visible()
    assert not wrong


def test_a_ups_tells_the_storage_that_it_feeds(site: Served, window: BrowserContext) -> None:
    site.tell(nas=[nas("nas1", "ups2")], upses=[ups("ups1", input_volts=230.0), ups("ups2", input_volts=230.0)])
    page, _ = opened(window, f"{site.url}/upses/ups2")
    link = page.get_by_role("link", name="nas1")
    expect(link).to_have_attribute("href", "/storage/nas1")
    expect(page.get_by_text("2 VMs · fed by this UPS alone")).to_be_visible()


@pytest.mark.parametrize("path", ["/", "/storage/nas1"])
def test_nothing_keeps_anybody_out(site: Served, window: BrowserContext, path: str) -> None:
    failing = {"supply": "on battery", "on_battery_since": 1.0, "serves": False, "trouble": "no answer within 5 s"}
    site.tell(nas=[nas("nas1", "ups2", **failing, step="shutting down", why="no time is left"), nas("nas2", "ups1")])
    page, _ = opened(window, f"{site.url}{path}")
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        for width in (1440, 390):
            page.set_viewport_size({"width": width, "height": 900})
            expect(page.get_by_text("Shutting down", exact=True).first).to_be_visible()
            found = Axe().run(page)
            assert found.violations_count == 0, found.generate_report()
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
