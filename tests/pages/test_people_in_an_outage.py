"""What a person does while an outage goes on: holds, skips a VM, reads the UPS and the journal."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

from playwright.async_api import Page, expect

from tests.wire.outage import Outage, outage, scenario

from .browser import PATIENCE, administrator, alone, chromium, faults, needs_chromium

pytestmark = needs_chromium
SLOW = 2.0  # site seconds per second: the minute until the first step must be enough for three dialogs


def test_a_person_holds_skips_and_reads_on(root: Path, tmp_path: Path) -> None:
    alone(_in_an_outage(root, tmp_path))


async def _in_an_outage(root: Path, tmp_path: Path) -> None:
    async with (
        outage(scenario(root, "case_one", "two_hosts"), tmp_path, pages=True, speed=SLOW) as run,
        chromium() as browser,
        administrator(run, browser, viewport={"width": 1440, "height": 900}) as page,
    ):
        expect.set_options(timeout=PATIENCE * 1000)
        await page.goto(f"http://{run.wire.pages}/outage")
        run.fail("a")
        await expect(page.locator("#lead")).to_contain_text("ups1 has been on battery")
        await _holds(page)
        await _skips(page)
        await _types_what_is_dangerous(page)
        await _reads_the_ups(run, page)
        await _reads_the_journal(run, page)


async def _holds(page: Page) -> None:
    """A hold is capped at the last safe start, and the page tells so before and after."""
    await page.get_by_role("button", name="Hold 5 minutes").click()
    dialog = page.get_by_role("dialog", name="Hold for 5 minutes?")
    await expect(dialog).to_contain_text("A hold ends at the last safe start, whatever was asked: xenserver1 in ")
    await dialog.get_by_label("Why?").fill("the generator starts")
    await dialog.get_by_role("button", name="Hold 5 minutes").click()
    await expect(page.get_by_text(re.compile("its last safe start is in .*, so it ends there")).first).to_be_visible()
    await expect(page.locator("#top-state")).to_contain_text("Armed, 1 held")


async def _skips(page: Page) -> None:
    await page.get_by_role("button", name="Skip db1").click()
    await page.get_by_role("dialog", name="Skip db1?").get_by_role("button", name="Skip this VM").click()
    await expect(page.locator(".outage-vms > li").filter(has_text="db1")).to_have_attribute("data-phase", "skipped")
    await page.get_by_role("button", name="End every hold").click()
    await page.get_by_role("dialog").get_by_role("button", name="End the hold").click()
    await expect(page.locator("#top-state")).to_have_text("Armed")


async def _types_what_is_dangerous(page: Page) -> None:
    """Nothing dangerous is done by a click, and nothing is brought back while a UPS is on battery."""
    back = page.get_by_role("button", name="Bring back now")
    await expect(back).to_have_attribute("title", "Utility power is not back at ups1.")
    await page.get_by_role("button", name="Shut a pool down").click()
    dialog = page.get_by_role("dialog", name="Shut pool1 down?")
    go = dialog.get_by_role("button", name="Shut down")
    await expect(go).to_have_attribute("aria-disabled", "true")
    await dialog.get_by_label('Type "pool1" to go on').fill("pool1")
    await expect(go).not_to_have_attribute("aria-disabled", "true")
    await page.keyboard.press("Escape")
    await expect(dialog).to_be_hidden()


async def _reads_the_ups(run: Outage, page: Page) -> None:
    """Its state, its past as charts, its card's timers, what it feeds, and every object that says so."""
    await page.goto(f"http://{run.wire.pages}/upses")
    await page.get_by_role("link", name="ups1", exact=True).click()
    await expect(page.locator(".ups-now")).to_contain_text("On battery")
    await expect(page.locator("section[aria-labelledby=ups-timers]")).to_contain_text("It cuts its output in")
    await expect(page.locator("section[aria-labelledby=ups-feeds]")).to_contain_text("xenserver1")
    await expect(page.locator(".chart svg").first).to_have_attribute("data-points", re.compile("[1-9]"))
    await expect(page.get_by_role("row").filter(has_text="shutdown delay")).to_contain_text("2 min")
    assert await faults(page) == []


async def _reads_the_journal(run: Outage, page: Page) -> None:
    """Searched, filtered, with what happens meanwhile on top, and links to what a line names."""
    await page.get_by_role("link", name="Journal").click()
    lines = page.locator(".journal-line")
    await expect(lines.filter(has_text="anna asks: hold")).to_contain_text("the generator starts")
    run.restore("a")
    await expect(lines.filter(has_text="ups1 sees utility power again")).to_be_visible()
    assert await faults(page) == []
    await page.get_by_role("checkbox", name="People").check()
    await expect(lines.filter(has_text="ups1")).to_have_count(0)
    await expect(lines.filter(has_text="accepted: skip VM db1")).to_have_count(1)
    await page.get_by_role("checkbox", name="People").uncheck()
    await page.get_by_role("searchbox", name="Search the journal").fill("the input is dead")
    await expect(lines.first).to_contain_text("ups1 is on battery")
    await lines.first.get_by_role("link", name="ups1").click()
    await page.wait_for_url("**/upses/ups1")
    await page.go_back()
    await expect(page.get_by_role("searchbox", name="Search the journal")).to_have_value("the input is dead")
    async with page.expect_download() as download:
        await page.get_by_role("link", name="CSV").click()
    path = await (await download.value).path()
    assert "ups1 is on battery" in await asyncio.to_thread(path.read_text, "utf-8")
