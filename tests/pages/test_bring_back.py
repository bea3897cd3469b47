"""'Bring back now' is carried out: utility power is back, and nobody waits until it has settled."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from playwright.async_api import Page, expect

from ridethrough.core.events import UtilityBack
from ridethrough.sim.scenario import load
from ridethrough.sim.site_file import load_site
from tests.wire.outage import BOOT, Outage, all_is_well, outage

from .browser import PATIENCE, administrator, alone, chromium, faults, needs_chromium

pytestmark = needs_chromium
SETTLE = 1200  # site seconds: longer than this test waits for anything
STAYS = {"maintenance": {"enabled": True, "after": 5}, "shutdown": {"enabled": False}}
CHANGES = {
    "site": {"settle": SETTLE, "settle_max": SETTLE},
    "host": {"xenserver1": STAYS},
    "world": {"host": {"xenserver1": {"boot_time": BOOT}}},
}


def test_a_person_brings_everything_back_at_once(root: Path, tmp_path: Path) -> None:
    alone(_brought_back(root, tmp_path))


async def _brought_back(root: Path, tmp_path: Path) -> None:
    story = load(root / "scenarios" / "case_one.toml")
    story = replace(story, site=load_site(root / "scenarios" / "sites" / "two_hosts.toml", CHANGES))
    async with (
        outage(story, tmp_path, pages=True) as run,
        chromium() as browser,
        administrator(run, browser, viewport={"width": 1280, "height": 900}) as page,
    ):
        expect.set_options(timeout=PATIENCE * 1000)
        await page.goto(f"http://{run.wire.pages}/outage")
        run.fail("a")
        await expect(page.locator(".outage-vms > li[data-phase=moved]")).to_have_count(3)
        run.restore("a")
        await _is_asked_for(page)
        await run.until_restored(120)
        assert _was_cut_short(run)
        await expect(page.locator(".note").filter(has_text="The outage is over.")).to_be_visible()
        await expect(page.locator("section[aria-labelledby=told-compare]")).to_contain_text("As it was before")
        await expect(page.locator("section[aria-labelledby=told-alerts]")).to_contain_text("the grid is stable")
        all_is_well(run)


async def _is_asked_for(page: Page) -> None:
    back = page.get_by_role("button", name="Bring back now")
    await expect(back).not_to_have_attribute("aria-disabled", "true")
    await back.click()
    dialog = page.get_by_role("dialog", name="Bring everything back now?")
    go = dialog.get_by_role("button", name="Bring back now")
    await expect(go).to_have_attribute("aria-disabled", "true")
    assert await faults(page) == []
    await dialog.get_by_label('Type "all" to go on').fill("all")
    await dialog.get_by_label("Why?").fill("the grid is stable")
    await go.click()
    await expect(dialog).to_be_hidden()


def _was_cut_short(run: Outage) -> bool:
    back = [event for event in run.events if isinstance(event, UtilityBack)]
    return len(back) == 1 and back[0].lasted < SETTLE and any(re.search("bring back", line) for line in run.narrative)
