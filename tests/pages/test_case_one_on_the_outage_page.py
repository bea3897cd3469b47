"""The manual's test case one, watched on the Outage page: the real controller against a simulated site on the wire."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.async_api import Page, ViewportSize, expect

from ridethrough.core.events import Ask
from tests.wire.outage import Outage, all_is_well, outage, scenario

from .browser import PATIENCE, administrator, alone, chromium, faults, fits, needs_chromium

pytestmark = needs_chromium
LONG = PATIENCE * 1000
PHONE: ViewportSize = {"width": 390, "height": 844}
DESK: ViewportSize = {"width": 1440, "height": 900}
MOVED = ("web1", "files1", "db1")


def test_case_one_is_watched_from_its_first_second_to_its_report(root: Path, tmp_path: Path) -> None:
    alone(_watched(root, tmp_path))


async def _watched(root: Path, tmp_path: Path) -> None:
    async with (
        outage(scenario(root, "case_one", "two_hosts"), tmp_path, pages=True) as run,
        chromium() as browser,
        administrator(run, browser, viewport=DESK) as page,
    ):
        expect.set_options(timeout=LONG)
        await _begins(run, page)
        await _is_carried_out(run, page)
        await _is_over(run, page)
        await _is_told_again(page)
    all_is_well(run)


async def _begins(run: Outage, page: Page) -> None:
    """Whoever has the Site page open is taken to the outage; other pages say that it goes on."""
    await page.goto(f"http://{run.wire.pages}/outage")
    await expect(page.get_by_text("No outage.")).to_be_visible()
    await page.goto(f"http://{run.wire.pages}/")
    run.fail("a")
    await page.wait_for_url("**/outage")
    await expect(page.get_by_role("heading", name="Outage", exact=True)).to_be_visible()
    await expect(page.locator("#lead")).to_contain_text("ups1 has been on battery")
    # Power is left, and the point of no return is told, as long as nothing was begun.
    await expect(page.locator(".outage-hosts")).to_contain_text(re.compile(r"last safe start in|to spare"))
    await expect(page.get_by_role("button", name="Bring back now")).to_have_attribute("aria-disabled", "true")


async def _is_carried_out(run: Outage, page: Page) -> None:
    """Each step stands on the page when it is taken: emptied, moved, shut down, down."""
    host = page.locator(".outage-hosts li").filter(has_text="xenserver1")
    await expect(host).to_contain_text(re.compile("Being emptied|Guests stop|Shutting down|Down"))
    guests = page.locator(".outage-vms > li")
    for name in MOVED:
        await expect(guests.filter(has_text=name)).to_contain_text("xenserver1 → xenserver2")
        await expect(guests.filter(has_text=name)).to_have_attribute("data-phase", "moved")
    await expect(host).to_contain_text("Down")
    await expect(page.locator(".story")).to_contain_text("xenserver1 accepted its shutdown")
    await expect(page.locator(".timeline ul.unseen").first).to_contain_text("xenserver1: evacuate")
    await expect(page.locator(".timeline ul.unseen").first).to_contain_text("told to shut down: no way back")
    assert await faults(page) == []
    await page.set_viewport_size(PHONE)
    assert await fits(page)
    assert await faults(page) == []
    await page.set_viewport_size(DESK)


async def _is_over(run: Outage, page: Page) -> None:
    """When everything is undone, the same page tells the outage again."""
    ups1 = run.world.upses["ups1"]
    await run.until(lambda: not ups1.output, "ups1 is cut", 300)
    await expect(page.locator("#lead")).to_contain_text("The off-time of ups1 has passed.")
    await expect(page.locator("#lead")).not_to_contain_text("has been on battery")
    await expect(page.locator(".timeline ul.unseen").first).to_contain_text("ups1: output off")
    run.restore("a")
    await run.until_restored(120)
    await expect(page.get_by_text("The outage is over.")).to_be_visible()
    await expect(page.get_by_role("heading", name=re.compile("^Outage of "))).to_be_visible()
    # What happens later does not take the report away.
    await run.daemon.ask(Ask.DISARM)
    await expect(page.locator("#top-state")).to_have_text("Dry run")


async def _is_told_again(page: Page) -> None:
    """The report: what came of it, before and after, each VM; printed without what belongs to a screen."""
    await expect(page.locator("#lead")).to_contain_text("3 VMs moved and 1 host shut down")
    await expect(page.locator("section[aria-labelledby=told-compare]")).to_contain_text("As it was before")
    moved = page.locator("section[aria-labelledby=told-vms] tbody tr")
    assert sorted(await moved.locator("td.lead").all_inner_texts()) == sorted(MOVED)
    assert await faults(page) == []
    await page.emulate_media(media="print")
    await expect(page.get_by_role("button", name="Print report")).to_be_hidden()
    await expect(page.locator("#nav")).to_be_hidden()
    await expect(page.locator("section[aria-labelledby=told-hosts]")).to_contain_text("was told to shut down")
    await page.emulate_media(media="screen")
    await page.get_by_role("link", name="Past outages").click()
    await page.locator("tbody a").first.click()
    await expect(page.locator("#lead")).to_contain_text("ups1 on battery")
