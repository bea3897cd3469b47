"""The browser in which pages are tried, and a window on a desk."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext

from .browser import chromium


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as found:
        yield found


@pytest.fixture
def window(browser: Browser) -> Iterator[BrowserContext]:
    found = browser.new_context(viewport={"width": 1440, "height": 900}, reduced_motion="reduce")
    found.add_init_script('localStorage.setItem("ridethrough.outage.opens", "no")')
    yield found
    found.close()
