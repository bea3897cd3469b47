"""Makes the pictures of docs/screenshots: every page, light and dark, on a desk and on a phone.

    .venv-test/bin/python -m tests.pages.screenshots [NAME ...]

Starts a simulated site on the wire, the real controller and its manager, and looks at them with Debian's Chromium;
plays an outage for the Outage page. NAME: only pages of these names (site, hosts, outage, ...).
It takes about three minutes.
"""

from __future__ import annotations

import base64
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, Page, ViewportSize, expect, sync_playwright

from .conftest import ARGUMENTS, CHROMIUM
from .real import PATIENCE, SECONDS, Real, make_administrator

ROOT = Path(__file__).parents[2]
OUT = ROOT / "docs" / "screenshots"
LARGEST = 150_000  # bytes of one picture
QUALITY = 85  # percent, as WebP: a fourth of a PNG
SIZES: dict[str, ViewportSize] = {"desktop": {"width": 1280, "height": 800}, "phone": {"width": 390, "height": 844}}
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
SETTLE = 1500.0  # milliseconds in which charts and tables fill
SPEED = 4.0

CALM = {  # pages of a site on which all is well
    "site": "/",
    "hosts": "/hosts",
    "host": "/hosts/xenserver2",
    "add": "/add",
    "upses": "/upses",
    "ups": "/upses/ups1",
    "simulator": "/simulator",
    "findings": "/findings",
    "drills": "/drills",
    "settings": "/settings",
    "start": "/start#feeds",
}
AFTER = {"report": "/outage/{outage}", "outages": "/outages", "journal": "/journal"}  # when an outage is over
NAMES = (*CALM, "outage", *AFTER, "login")


def main(wanted: Sequence[str]) -> int:
    """The pictures of these pages, or of all; 2 where a name is unknown."""
    if strangers := [name for name in wanted if name not in NAMES]:
        print(f"no page is named {strangers[0]}; known are {', '.join(NAMES)}")
        return 2
    OUT.mkdir(exist_ok=True)
    names = wanted or NAMES
    with tempfile.TemporaryDirectory() as folder, site(Path(folder)) as real, chromium() as browser:
        state = log_in(browser, real)
        calm = {name: path for name, path in CALM.items() if name in names}
        take_all(browser, real, calm, state)
        if "login" in names:
            take_all(browser, real, {"login": "/login"}, None)
        if {"outage", *AFTER} & set(names):
            play(browser, real, state, names)
    total = sum(path.stat().st_size for path in OUT.glob("*.webp"))
    print(f"{len(list(OUT.glob('*.webp')))} pictures, {total / 1e6:.1f} MB")
    return 0


@contextmanager
def site(folder: Path) -> Iterator[Real]:
    real = Real(folder, ROOT / "scenarios" / "sites" / "three_hosts.toml", speed=SPEED)
    try:
        yield real
    finally:
        real.close()


@contextmanager
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


def log_in(browser: Browser, real: Real) -> Path:
    """The administrator's session, in a file that every further tab starts with. The site is armed."""
    context = browser.new_context()
    page = context.new_page()
    page.set_default_timeout(SECONDS)
    make_administrator(page, real)
    page.get_by_role("button", name="Dry run").click()
    page.get_by_role("button", name="Arm", exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name="Arm", exact=True).click()
    real.until(lambda status: bool(status["armed"]))
    state = real.folder / "session.json"
    context.storage_state(path=state)
    context.close()
    return state


def play(browser: Browser, real: Real, state: Path, names: Sequence[str]) -> None:
    """An outage: the page while it goes on, then what is told of it."""
    real.set_feeder("b", False)
    real.until(lambda status: any(host["step"] == "being emptied" for host in status["hosts"]))
    if "outage" in names:
        take_all(browser, real, {"outage": "/outage"}, state)
    real.until(lambda status: all(not host["vms"] for host in status["hosts"] if host["id"] == "xenserver2"))
    real.set_feeder("b", True)
    until_over(browser, real, state)
    take_all(browser, real, {name: path for name, path in AFTER.items() if name in names}, state)


def until_over(browser: Browser, real: Real, state: Path) -> None:
    """Wait until the outage has its end, with every VM back."""
    context = browser.new_context(storage_state=state)
    page = context.new_page()
    page.goto(f"{real.at}/outages")
    ends = time.monotonic() + PATIENCE
    while page.evaluate("async () => (await (await fetch('/api/v1/outages')).json())[0].ended_at") is None:
        assert time.monotonic() < ends, "the outage has not ended"
        page.wait_for_timeout(1000)
    context.close()


def take_all(browser: Browser, real: Real, pages: dict[str, str], state: Path | None) -> None:
    for scheme in SCHEMES:
        for size, viewport in SIZES.items():
            context = browser.new_context(
                viewport=viewport, color_scheme=scheme, reduced_motion="reduce", storage_state=state
            )
            context.add_init_script("localStorage.setItem('ridethrough.outage.opens', 'no')")
            page = context.new_page()
            page.set_default_timeout(SECONDS)
            for name, path in pages.items():
                take(page, real, path, OUT / f"{name}-{scheme}-{size}.webp")
            context.close()


def take(page: Page, real: Real, path: str, file: Path) -> None:
    """One picture, of what fits onto the screen."""
    if "{outage}" in path:
        page.goto(f"{real.at}/")
        path = path.format(outage=page.evaluate("async () => (await (await fetch('/api/v1/outages')).json())[0].id"))
    page.goto(f"{real.at}{path}")
    page.locator("#top-user button, #form input").first.wait_for()
    if path == "/":
        page.locator(".plan-verdict").wait_for()
        page.get_by_text("Weakest point").wait_for()
    for waits in ("Copying the site", "Waiting for"):
        expect(page.get_by_text(waits)).to_have_count(0, timeout=SECONDS)
    page.wait_for_timeout(SETTLE)
    picture = page.context.new_cdp_session(page).send("Page.captureScreenshot", {"format": "webp", "quality": QUALITY})
    file.write_bytes(base64.b64decode(picture["data"]))
    if file.stat().st_size > LARGEST:
        print(f"{file.name} has {file.stat().st_size // 1000} kB")


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
