"""Chromium, and the pages served on loopback for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from ridethrough.api import Context

from .real import Real, first_administrator, tab_of
from .served import Served

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="module")  # no longer: Playwright's loop would stand in the way of other files' loops
def chromium() -> Iterator[Browser]:
    """One browser for all tests of a file."""
    if not CHROMIUM.exists():
        pytest.skip(f"there is no {CHROMIUM}: nothing can look at the pages")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def serve() -> Iterator[Callable[[Context], str]]:
    """Serves the API and the pages of a context; returns where."""
    running: list[Served] = []

    def begin(context: Context) -> str:
        served = Served(context)
        running.append(served)
        return served.url

    yield begin
    for served in running:
        served.close()


@pytest.fixture
def page(chromium: Browser, serve: object) -> Iterator[Page]:
    """A tab of a browser that nobody has used; it is closed before what is served.

    The test fails where a script on the page has failed.
    """
    context = chromium.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.set_default_timeout(15_000)
    yield page
    context.close()
    assert errors == []


@pytest.fixture(scope="module")
def session(real: Real, chromium: Browser) -> Any:
    """The administrator's cookies, of a file that has a controller of its own: its `real`."""
    with first_administrator(real, chromium) as page:
        return page.context.storage_state()


@pytest.fixture
def tab(session: Any, chromium: Browser) -> Iterator[Page]:
    """A tab of the administrator's browser."""
    with tab_of(chromium, session) as page:
        yield page
