"""Every page, with a real site behind it: for who sees, hears or points otherwise, and with the keyboard alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from ridethrough.web.table import PAGES
from ridethrough.web.table import Page as OnePage

from .looks import faults
from .real import Real, first_administrator, tab_of

IDS = {"ups": "ups1", "host": "xenserver1", "storage": "nas1"}  # of the pages for one thing, by their names
MOST = 160  # presses of Tab on one page

# What can be reached with Tab on the page as it is: of radio buttons one of each group, nothing in what is folded.
REACHABLE = """() => {
    const found = [...document.querySelectorAll("a[href], button, input, select, textarea, summary, [tabindex]")];
    const groups = new Set();
    const wanted = found.filter((el) => {
        if (el.disabled || el.tabIndex < 0 || !el.checkVisibility({visibilityProperty: true})) return false;
        if (el.closest("[inert]") || (el.tagName === "SUMMARY" && el.parentElement.tagName !== "DETAILS")) return false;
        if (el.type !== "radio") return true;
        const one = [...document.getElementsByName(el.name)].find((radio) => radio.checked) ?? el;
        return one === el && !groups.has(el.name) && groups.add(el.name);
    });
    wanted.forEach((el) => { el.dataset.toBeReached = ""; });
    return wanted.length;
}"""
# What has not been reached; what the page has hidden meanwhile need not be.
LEFT = """() => [...document.querySelectorAll("[data-to-be-reached]")]
    .filter((el) => el.checkVisibility({visibilityProperty: true})).map((el) => el.outerHTML.slice(0, 120))"""

# Where the focus is: it has been reached; told is what has it without showing it.
FOCUSED = """() => {
    const el = document.activeElement;
    if (!el || el === document.body) return "";
    delete el.dataset.toBeReached;
    const shown = (one) => {
        const style = getComputedStyle(one);
        return style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0;
    };
    const near = [el, el.parentElement, el.closest("label")].filter(Boolean);
    return near.some(shown) ? "" : el.outerHTML.slice(0, 120);
}"""

# What stands elsewhere than in the cell of the table that it belongs to.
STRAYED = """() => [...document.querySelectorAll("td :is(a, button, .status)")].filter((el) => {
    const [own, cell] = [el.getBoundingClientRect(), el.closest("td").getBoundingClientRect()];
    const middle = [own.x + own.width / 2, own.y + own.height / 2];
    return own.width > 0 && !(middle[0] > cell.left && middle[0] < cell.right
        && middle[1] > cell.top && middle[1] < cell.bottom);
}).map((el) => el.outerHTML.slice(0, 120))"""


@pytest.fixture(scope="module")
def real(root: Path, tmp_path_factory: pytest.TempPathFactory, chromium: Browser) -> Iterator[Real]:
    found = Real(tmp_path_factory.mktemp("every_page"), root / "scenarios" / "sites" / "two_hosts.toml")
    yield found
    found.close()


@pytest.fixture(scope="module")
def session(real: Real, chromium: Browser) -> Any:
    """The administrator's cookies; and there has been an outage, so that there is one to tell."""
    with first_administrator(real, chromium) as page:
        real.set_feeder("a", False)
        real.until(lambda status: any(ups["condition"] == "on battery" for ups in status["upses"]))
        real.set_feeder("a", True)
        real.until(lambda status: all(ups["condition"] == "good" for ups in status["upses"]))
        page.goto(f"{real.at}/drills")
        page.get_by_role("button", name="Run the pre-flight").click()
        page.locator(".drill-report").wait_for()
        for name in ("outage", "drills"):
            found = page.evaluate(f"async () => (await (await fetch('/api/v1/{name.rstrip('s')}s')).json())[0].id")
            IDS[name] = str(found)
        return page.context.storage_state()


@pytest.fixture
def tab(session: Any, chromium: Browser) -> Iterator[Page]:
    with tab_of(chromium, session, "localStorage.setItem('ridethrough.outage.opens', 'no')") as page:
        yield page


def opened(page: Page, real: Real, wanted: OnePage) -> None:
    """The page, with its data."""
    page.goto(real.at + wanted.path.replace("{id}", IDS.get(wanted.name, "")))
    if wanted.bare:
        page.locator("#form input, #notice .note").first.wait_for()
    else:
        expect(page.locator("#top-age")).to_contain_text("old")
        expect(page.get_by_text("Waiting for the controller")).to_have_count(0)
    page.wait_for_load_state("load")


@pytest.mark.parametrize("wanted", PAGES, ids=lambda page: page.path)
def test_a_page_has_no_serious_fault(real: Real, tab: Page, wanted: OnePage) -> None:
    opened(tab, real, wanted)
    assert tab.evaluate(STRAYED) == []
    assert faults(tab) == []


@pytest.mark.parametrize("wanted", PAGES, ids=lambda page: page.path)
def test_a_page_is_worked_with_the_keyboard_alone(real: Real, tab: Page, wanted: OnePage) -> None:
    opened(tab, real, wanted)
    tab.locator("body").evaluate("(body) => document.activeElement?.blur()")
    number = tab.evaluate(REACHABLE)
    assert number > 0
    unseen = []
    for _ in range(min(number + 10, MOST)):
        tab.keyboard.press("Tab")
        if without := tab.evaluate(FOCUSED):
            unseen.append(without)
        if not tab.evaluate(LEFT):
            break
    assert tab.evaluate(LEFT) == []
    assert unseen == []
