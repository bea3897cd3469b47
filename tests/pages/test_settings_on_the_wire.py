"""Shutdown Settings and Add with everything real but the equipment: SNMP, XenAPI over TLS, and the controller."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from playwright.async_api import Page, expect

from tests.wire.outage import Outage, outage, scenario

from .browser import PATIENCE, administrator, chromium, needs_chromium

pytestmark = needs_chromium
SECONDS = "Enter shutdown mode after battery discharge"


async def test_what_is_set_holds_in_the_controller_and_what_is_looked_for_is_found(root: Path, tmp_path: Path) -> None:
    async with (
        outage(scenario(root, "case_one", "two_hosts"), tmp_path, pages=True) as run,
        chromium() as browser,
        administrator(run, browser) as page,
    ):
        expect.set_options(timeout=PATIENCE * 1000)
        where = f"http://{run.wire.pages}"
        site = tomllib.loads((tmp_path / "site.toml").read_text())
        await _timers_are_set(page, where)
        await _a_host_goes_into_maintenance_mode_and_out(run, page, where)
        await _the_pool_is_looked_at(page, where, site, (tmp_path / "secrets" / "simulated-pool").read_text())
        await _the_cards_are_found(page, where, site)


async def _timers_are_set(page: Page, where: str) -> None:
    await page.goto(f"{where}/hosts/xenserver1")
    await page.get_by_label(SECONDS).fill("150")
    await page.get_by_role("button", name="Save…").click()
    await page.get_by_label("Why?").fill("more time")
    await page.get_by_role("dialog").get_by_role("button", name="Save", exact=True).click()
    await expect(page.get_by_text("Saved. The controller goes by it.").first).to_be_visible()
    await page.goto(f"{where}/hosts")
    # The list tells what the controller itself says of its hosts.
    await expect(page.get_by_role("row", name="xenserver1")).to_contain_text("after 2 min 30 s")


async def _a_host_goes_into_maintenance_mode_and_out(run: Outage, page: Page, where: str) -> None:
    await page.goto(f"{where}/hosts/xenserver1")
    for word, enabled in (("Enter maintenance mode", False), ("Exit maintenance mode", True)):
        await page.get_by_role("button", name=word).click()
        await page.get_by_role("dialog").get_by_role("button", name=word).click()
        await run.until(lambda now=enabled: run.world.hosts["xenserver1"].enabled == now, word, 120)  # type: ignore[misc]
    await expect(page.locator("#about")).to_contain_text("Up")


async def _the_pool_is_looked_at(page: Page, where: str, site: dict[str, Any], password: str) -> None:
    pool = site["pool"]["pool1"]
    await page.goto(f"{where}/add")
    await page.get_by_label("Address", exact=True).fill(pool["addresses"][0])
    await page.get_by_label("Password", exact=True).fill(password)
    await page.get_by_role("button", name="Look").click()
    found = page.get_by_role("region", name="The pool", exact=True)
    accepted = page.locator(".certificates .chip[data-tone=good]")
    while not await found.count():
        number = await accepted.count()
        tick = page.locator("input[name=fingerprint]:not(:disabled)").first
        await expect(tick.or_(found)).to_be_visible()
        if await found.count():
            break
        await tick.check()
        await page.get_by_role("button", name="Accept and log in").click()
        await expect(accepted).to_have_count(number + 1)
    await expect(found.get_by_role("row", name="xenserver2")).to_contain_text("Coordinator (XenCenter)")
    await expect(found).to_contain_text("This pool is known here already, as pool1.")


async def _the_cards_are_found(page: Page, where: str, site: dict[str, Any]) -> None:
    first, port = site["ups"]["ups1"]["source"].removeprefix("snmp://").split(":")
    await page.goto(f"{where}/add#ups")
    panel = page.get_by_role("tabpanel", name="Search device")
    await panel.get_by_label("Start address").fill(first)
    await panel.get_by_label("End address").fill(first.replace(".11", ".12"))
    await panel.get_by_label("Port").fill(port)
    await panel.get_by_role("button", name="Search").click()
    await expect(page.locator(".found li").filter(has_text="Known as ups1")).to_contain_text("On utility power")
    await expect(page.locator(".found li").filter(has_text="Known as ups2")).to_be_visible()
