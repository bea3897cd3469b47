"""The real controller and its manager, on a simulated site on the wire, for a browser to look at."""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import aiohttp
from playwright.sync_api import Browser, Page, expect

from ridethrough.cli.compose import VARIABLE
from ridethrough.cli.plugs import FILE, Plugs
from ridethrough.cli.wire import Daemon, WireSite, is_ready
from ridethrough.sim.site_file import load_site

T = TypeVar("T")
SPEED = 5.0
PATIENCE = 90.0  # seconds of the wall; only a broken run needs them
SECONDS = PATIENCE * 1000  # the same, as a browser counts
NAME, PASSWORD = "anna", "correct horse battery"


class Real:
    """A site on the wire in a thread of its own, and the controller with its pages as processes beside it.

    `bare`: site.toml says where the pages are, and nothing else. `plugs`: the pages have those of a demo.
    """

    def __init__(
        self, folder: Path, site: Path, *, bare: bool = False, plugs: bool = False, speed: float = SPEED
    ) -> None:
        self.folder, self.site_file = folder, folder / "site.toml"
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="simulated site", daemon=True)
        self._thread.start()
        self.wire = WireSite(load_site(site), folder, speed, pages=True)
        self.daemon = Daemon(folder, speed)
        self.run(self.wire.start())
        self.at = f"http://{self.wire.pages}"
        if bare:
            text = f'[site]\nname = "New site"\n\n[manager]\nlisten = "{self.wire.pages}"\nhttp = true\n'
            self.site_file.write_text(text, encoding="utf-8")
            (folder / "secrets" / "simulated-pool").unlink()
        self.plugs = Plugs(self.wire, folder / FILE) if plugs else None
        if self.plugs is not None:
            self.daemon.variables[VARIABLE] = str(folder / FILE)
            self.run(self.plugs.start())
        self.run(self.daemon.start())
        self.until(lambda status: bare or is_ready(status))
        self.link = self.run(self._link())

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Do something in the site's own thread."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(PATIENCE + 10.0)

    def until(self, is_so: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Wait until the controller's status is as wanted."""
        return self.run(self.daemon.until(is_so, PATIENCE))

    def set_feeder(self, feeder: str, on: bool) -> None:
        """Utility power fails or returns."""
        self.run(self._set_feeder(feeder, on))

    async def _set_feeder(self, feeder: str, on: bool) -> None:
        self.wire.pace.step()
        self.wire.world.set_feeder(feeder, on)

    async def _link(self) -> str:
        """The one-time link for the first administrator, as soon as the pages behind it are served."""
        async with asyncio.timeout(PATIENCE):
            while not (link := re.search(rf"{self.at}/setup#\S+", self.daemon.log_text())):  # noqa: ASYNC110
                await asyncio.sleep(0.1)
            async with aiohttp.ClientSession() as session:
                while True:
                    try:
                        async with session.get(f"{self.at}/api/v1/setup") as answer:
                            assert answer.status == 200
                            return link[0]
                    except aiohttp.ClientConnectionError:
                        await asyncio.sleep(0.1)

    def close(self) -> None:
        """End everything in order."""
        self.run(self.daemon.stop())
        if self.plugs is not None:
            self.run(self.plugs.stop())
        self.run(self.wire.stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(PATIENCE)
        self._loop.close()


def make_administrator(page: Page, real: Real) -> None:
    """The first account, by the link that was printed; the browser is logged in then."""
    page.goto(real.link)
    page.get_by_label("Your name").fill(NAME)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("Password again").fill(PASSWORD)
    page.get_by_role("button", name="Make the account").click()
    page.locator("#top-user button").wait_for(timeout=SECONDS)


@contextmanager
def first_administrator(real: Real, chromium: Browser) -> Iterator[Page]:
    """A browser in which the first account has just been made."""
    context = chromium.new_context()
    page = context.new_page()
    page.set_default_timeout(SECONDS)
    make_administrator(page, real)
    yield page
    context.close()


@contextmanager
def tab_of(chromium: Browser, session: Any, script: str = "") -> Iterator[Page]:
    """A tab with a session's cookies; `script` runs before each page's own. Fails where a script on the page has."""
    context = chromium.new_context(
        viewport={"width": 1280, "height": 900}, storage_state=session, reduced_motion="reduce"
    )
    if script:
        context.add_init_script(script)
    page = context.new_page()
    page.set_default_timeout(SECONDS)
    expect.set_options(timeout=SECONDS)
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    context.close()
    assert errors == []


def log_in(page: Page, real: Real, name: str, password: str) -> None:
    """Log in at the log-in page."""
    page.goto(f"{real.at}/login")
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Log in").click()


def ask(page: Page, method: str, path: str, body: dict[str, Any], csrf: str | None = None) -> dict[str, Any]:
    """What the page's own session is answered; `csrf`: another token than the session's."""
    found: dict[str, Any] = page.evaluate(
        """async ([method, path, body, csrf]) => {
            const me = await (await fetch("/api/v1/session")).json();
            const headers = {"content-type": "application/json", "x-ridethrough-csrf": csrf ?? me.csrf};
            const answer = await fetch("/api/v1" + path, {method, headers, body: JSON.stringify(body)});
            return {status: answer.status, text: await answer.text()};
        }""",
        [method, path, body, csrf],
    )
    return found
