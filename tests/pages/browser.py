"""A browser on the pages of a site that runs on the wire."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, ConsoleMessage, Page, async_playwright

from tests.wire.outage import Outage

CHROMIUM = Path("/usr/bin/chromium")
needs_chromium = pytest.mark.skipif(
    not CHROMIUM.exists(), reason=f"{CHROMIUM} is missing: the pages are tested where it is"
)
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
PASSWORD = "correct horse battery"
PATIENCE = 120.0  # seconds; a busy machine needs them, a run that is well does not
SERIOUS = ("serious", "critical")


def alone(test: Coroutine[Any, Any, None]) -> None:
    """Run a test on a loop in a thread of its own: the browser of the other tests keeps a loop running in this one."""
    with ThreadPoolExecutor(1, "test") as threads:
        threads.submit(asyncio.run, test).result()


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """Debian's Chromium. It may speak to loopback addresses only, and has nothing else to do."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        try:
            yield browser
        finally:
            await browser.close()


@asynccontextmanager
async def administrator(run: Outage, browser: Browser, **options: Any) -> AsyncIterator[Page]:
    """A page of the first administrator, who came by the link that was printed. No script may fail meanwhile."""
    link = rf"(http://{re.escape(run.wire.pages)}/setup#\S+)"
    async with asyncio.timeout(PATIENCE):
        while not (found := re.search(link, run.daemon.log_text())):  # noqa: ASYNC110
            await asyncio.sleep(0.1)
    errors: list[str] = []
    context = await browser.new_context(reduced_motion="reduce", **options)
    context.set_default_timeout(PATIENCE * 1000)
    page = await context.new_page()
    page.on("console", lambda message: _keep(errors, message))
    page.on("pageerror", lambda error: errors.append(str(error)))
    await page.goto(found[1])
    await page.get_by_label("Your name").fill("anna")
    await page.get_by_label("Password", exact=True).fill(PASSWORD)
    await page.get_by_label("Password again").fill(PASSWORD)
    await page.get_by_role("button", name="Make the account").click()
    await page.wait_for_url(f"http://{run.wire.pages}/**")
    await page.locator("#top-user button").wait_for()
    yield page
    assert errors == []
    await context.close()


def _keep(errors: list[str], message: ConsoleMessage) -> None:
    if message.type == "error":
        errors.append(message.text)


async def faults(page: Page) -> list[str]:
    """What axe finds against people who see, hear or point otherwise: serious or worse."""
    found = await Axe().run(page)
    return [f"{one['id']}: {one['help']}" for one in found.response["violations"] if one["impact"] in SERIOUS]


async def fits(page: Page) -> bool:
    """Whether nothing has to be scrolled sideways."""
    return bool(await page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))
