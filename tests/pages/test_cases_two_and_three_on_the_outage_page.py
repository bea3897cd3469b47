"""The manual's test cases two and three, watched on the Outage page."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.async_api import Locator, Page, expect

from tests.wire.outage import all_is_well, outage, scenario

from .browser import PATIENCE, administrator, alone, chromium, needs_chromium

pytestmark = needs_chromium


def test_power_that_returns_while_vms_migrate(root: Path, tmp_path: Path) -> None:
    alone(_case_two(root, tmp_path))


def test_two_hosts_that_lose_their_upses_together(root: Path, tmp_path: Path) -> None:
    alone(_case_three(root, tmp_path))


async def _case_two(root: Path, tmp_path: Path) -> None:
    async with (
        outage(scenario(root, "case_two", "two_hosts"), tmp_path, pages=True) as run,
        chromium() as browser,
        administrator(run, browser) as page,
    ):
        expect.set_options(timeout=PATIENCE * 1000)
        await page.goto(f"http://{run.wire.pages}/outage")
        run.fail("a")
        vms = [vm for vm in run.world.vms.values() if vm.name in ("web1", "files1", "db1")]
        await run.until(lambda: all(vm.busy for vm in vms), "VMs move", 90)
        run.restore("a")
        await expect(page.get_by_text("The outage is over.")).to_be_visible()
        await expect(page.locator("#lead")).to_have_text("ups1 on battery: 3 VMs moved.")
        await expect(_host(page, "xenserver1")).to_contain_text("left maintenance mode")
        await expect(_host(page, "xenserver1")).not_to_contain_text("shut down")
        await run.until_restored(90)
    all_is_well(run)


async def _case_three(root: Path, tmp_path: Path) -> None:
    async with (
        outage(scenario(root, "case_three", "three_hosts"), tmp_path, pages=True) as run,
        chromium() as browser,
        administrator(run, browser) as page,
    ):
        expect.set_options(timeout=PATIENCE * 1000)
        await page.goto(f"http://{run.wire.pages}/outage")
        run.fail("b", "c")
        await expect(page.locator("#lead")).to_contain_text("ups2 and ups3 have been on battery")
        for host in ("xenserver2", "xenserver3"):
            row = page.locator(".outage-hosts li").filter(has_text=host)
            await expect(row).to_contain_text(re.compile("(?<!Shutting )Down"))
        await expect(page.locator(".outage-vms > li[data-phase=moved]")).to_have_count(5)
        await page.get_by_text("Why are the others still up?").click()
        await expect(page.get_by_text("It stays up: ups1 has utility power.")).to_be_visible()
        failing = [run.world.upses[ups] for ups in ("ups2", "ups3")]
        await run.until(lambda: not any(ups.output for ups in failing), "both are cut", 300)
        run.restore("b", "c")
        await expect(page.get_by_text("The outage is over.")).to_be_visible()
        await expect(page.locator("#lead")).to_have_text("ups2 and ups3 on battery: 5 VMs moved and 2 hosts shut down.")
        stayed = re.compile(r"Why did the others stay up\?\s*xenserver1\s*ups1 kept utility power")
        await expect(page.locator("section[aria-labelledby=told-hosts]")).to_contain_text(stayed)
        for host in ("xenserver2", "xenserver3"):
            await expect(_host(page, host)).to_contain_text("was told to shut down")
            await expect(_host(page, host)).to_contain_text("left maintenance mode")
        await run.until_restored(120)
    all_is_well(run)


def _host(page: Page, name: str) -> Locator:
    return page.locator(".told-hosts > li").filter(has=page.get_by_role("heading", name=name))
