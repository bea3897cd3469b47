"""The Site page and what stands around every page, in a browser."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, expect

from ridethrough.api import Role
from ridethrough.core.events import Ask
from ridethrough.runtime.mailbox import Answer
from tests.api.fakes import Mailbox, OpenGate, context

from .browser import CHROMIUM, Served, host, opened, served, ups

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="chromium is not here: the pages are not tried in a browser")

SIZES = [(1440, 900), (390, 844)]


@pytest.fixture
def gate() -> OpenGate:
    return OpenGate()


@pytest.fixture
def mailbox() -> Mailbox:
    return Mailbox()


@pytest.fixture
def site(tmp_path: Path, gate: OpenGate, mailbox: Mailbox) -> Iterator[Served]:
    with served(context(tmp_path, gate, mailbox)) as found:
        yield found


def test_the_picture_shows_what_feeds_what_and_follows_it(site: Served, window: BrowserContext) -> None:
    page, wrong = opened(window, site.url)
    first = page.locator('[data-node="ups:ups1"]')
    expect(first).to_contain_text("25 min")
    expect(first).to_contain_text("30 %")
    expect(page.locator(".calm")).to_have_text("All is well: 2 UPSs, 2 hosts.")
    expect(page.locator(".feeds path.feed[data-tone=good]")).to_have_count(3)  # two, and the one of the legend
    now = site.context.clock.now()
    failing = ups(
        "ups1", condition="on battery", source="battery", runtime=600.0, on_battery_since=now, off_at=now + 300
    )
    site.tell(upses=[failing, ups("ups2")], hosts=[host("h1", "ups1", supply="on battery"), host("h2", "ups2")])
    expect(first).to_have_attribute("data-tone", "battery")
    expect(page.locator('[data-id="feeder:>ups:ups1>cut"]')).to_have_count(1)
    expect(page.locator('[data-id="ups:ups1>host:h1"]')).to_have_attribute("data-tone", "battery")
    expect(page.locator(".wrong-list")).to_contain_text("ups1: on battery, runtime 10 min, charge 100 %")
    expect(page.locator(".wrong-list")).to_contain_text("output cut in 4:")
    site.tell()
    expect(page.locator(".calm")).to_be_visible()
    assert not wrong


def test_a_feeder_stands_over_its_upses_and_shows_that_it_has_failed(site: Served, window: BrowserContext) -> None:
    page, wrong = opened(window, site.url)
    expect(page.locator(".rail")).to_have_text("Utility power")
    site.tell(upses=[ups("ups1", feeder="A"), ups("ups2", feeder="A")])
    feeder = page.locator('[data-node="feeder:A"]')
    expect(feeder).to_have_text("Feeder A")
    expect(page.locator(".rail")).to_be_hidden()
    failing = [ups(id, feeder="A", condition="on battery", source="battery") for id in ("ups1", "ups2")]
    site.tell(upses=[*failing[:1], ups("ups2", feeder="A")])
    expect(page.locator('[data-id="feeder:A>ups:ups1>cut"]')).to_have_count(1)
    expect(feeder).to_have_text("Feeder A")
    site.tell(upses=failing)
    expect(feeder).to_have_text("Feeder A failed")
    expect(page.locator('[data-id="feeder:A>feeder:A>cut"]')).to_have_count(1)
    assert not wrong


def test_a_ups_lights_what_hangs_on_it(site: Served, window: BrowserContext) -> None:
    page, _ = opened(window, site.url)
    page.locator('[data-node="ups:ups1"]').focus()
    expect(page.locator('[data-node="host:h1"]')).to_have_class(re.compile(r"\bon\b"))
    expect(page.locator('[data-node="host:h2"]')).not_to_have_class(re.compile(r"\bon\b"))
    expect(page.locator('[data-node="ups:ups1"]')).to_have_attribute("href", "/upses/ups1")
    expect(page.locator('[data-node="host:h1"]')).to_have_attribute("href", "/hosts/h1")


def test_a_pool_is_folded_and_unfolded(site: Served, window: BrowserContext) -> None:
    page, _ = opened(window, site.url)
    page.get_by_role("button", name="Fold the hosts of pool1").click()
    expect(page.locator('[data-node="host:h1"]')).to_have_count(0)
    expect(page.locator('[data-node="hosts:pool1"]')).to_contain_text("2 hosts")
    page.get_by_role("button", name="Show the hosts of pool1").click()
    expect(page.locator('[data-node="host:h1"]')).to_be_visible()


def test_the_manuals_table(site: Served, window: BrowserContext) -> None:
    page, _ = opened(window, site.url)
    heads = page.locator(".manual th")
    expect(heads).to_have_text([" ", "Address", "Connection status", "Powered by", "Product"])
    rows = page.locator(".manual tbody tr")
    expect(rows.nth(0)).to_contain_text("192.0.2.1")
    expect(rows.nth(0)).to_contain_text("Citrix XenCenter")
    expect(rows.nth(1)).to_contain_text("Citrix XenServer")
    expect(rows.nth(1)).to_contain_text("ups2")
    expect(page.get_by_role("treeitem", name="h1 Coordinator (XenCenter)")).to_be_visible()


def test_the_tree_is_walked_with_the_keyboard(site: Served, window: BrowserContext) -> None:
    page, _ = opened(window, site.url)
    page.get_by_role("treeitem", name="Virtualization").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    expect(page.locator(":focus")).to_contain_text("h1")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    expect(page.get_by_role("treeitem", name="h1")).to_be_hidden()
    page.keyboard.press("u")
    page.keyboard.press("Enter")
    expect(page.locator(".manual th").first).to_have_text("UPS")


def test_maintenance_mode_is_asked_for_with_a_reason(site: Served, window: BrowserContext, mailbox: Mailbox) -> None:
    page, _ = opened(window, site.url)
    press = page.get_by_role("button", name="Enter maintenance").first
    expect(press).to_have_attribute("title", "Select a host first.")
    page.get_by_label("Select h2").check()
    press.click()
    mailbox.answer = lambda ask, subject: Answer(False, "the site is in dry run: arm it first")
    page.get_by_label("Why?").fill("disk swap")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog").get_by_role("alert")).to_have_text("The site is in dry run: arm it first")
    mailbox.answer = lambda ask, subject: Answer(True, f"accepted: {ask} {subject}")
    page.keyboard.press("Enter")
    expect(page.locator(".toast")).to_contain_text("accepted: enter maintenance h2")
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert mailbox.posted == [(Ask.ENTER_MAINTENANCE, "h2", "anna", "disk swap")] * 2


def test_the_badge_arms(site: Served, window: BrowserContext, mailbox: Mailbox) -> None:
    page, _ = opened(window, site.url)
    page.get_by_role("button", name="Dry run").click()
    page.get_by_role("button", name="Arm", exact=True).click()
    page.get_by_label("Why?").fill("all checked")
    page.get_by_role("dialog").get_by_role("button", name="Arm").click()
    expect(page.locator(".toast")).to_be_visible()
    assert mailbox.posted == [(Ask.ARM, "", "anna", "all checked")]
    site.tell(armed=True, hosts=[host("h1", "ups1", held=True)])
    expect(page.locator(".badge")).to_have_text("Armed, 1 held")


def test_who_may_only_look_is_told_why(site: Served, window: BrowserContext, gate: OpenGate, mailbox: Mailbox) -> None:
    gate.become(Role.VIEW)
    page, _ = opened(window, site.url)
    page.get_by_label("Select h2").check()
    hold = page.get_by_role("button", name="Hold").first
    expect(hold).to_have_attribute("title", 'This needs the role "operate"; you have "view".')
    hold.focus()  # it can be reached, so that its reason is read out
    page.keyboard.press("Enter")
    page.locator(".badge").click()
    arm = page.get_by_role("button", name="Arm", exact=True)
    expect(arm).to_have_attribute("aria-disabled", "true")
    arm.focus()
    page.keyboard.press("Enter")
    expect(page.locator("dialog")).to_have_count(0)
    assert mailbox.posted == []


def test_a_controller_that_ends_and_a_server_that_ends_are_told(site: Served, window: BrowserContext) -> None:
    page, _ = opened(window, site.url)
    banner = page.locator("#banner")
    expect(page.locator(".calm")).to_be_visible()
    expect(banner).to_be_empty()
    assert site.held is not None
    site.held.release()
    site.held = None
    expect(banner).to_contain_text("The controller does not run")
    site.stop()
    expect(banner).to_contain_text("DATA STALE", timeout=15_000)


def test_whoever_is_not_logged_in_comes_back_after_logging_in(
    site: Served, window: BrowserContext, gate: OpenGate
) -> None:
    gate.person = None
    page, wrong = opened(window, f"{site.url}/hosts?host=h1")
    page.wait_for_url("**/login?next=%2Fhosts%3Fhost%3Dh1")
    expect(page.get_by_label("Name")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_label("Name")).to_have_attribute("aria-invalid", "true")
    assert not wrong


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES, ids=str)
def test_axe_finds_nothing_serious(site: Served, browser: Browser, size: tuple[int, int], theme: str) -> None:
    now = site.context.clock.now()
    low = ups("ups1", condition="on battery", source="battery", low=True, on_battery_since=now)
    site.tell(upses=[low, ups("ups2", silent=True)], hosts=[host("h1", "ups1", supply="lost", step="down")])
    window = browser.new_context(
        viewport={"width": size[0], "height": size[1]},
        color_scheme="dark" if theme == "dark" else "light",
        bypass_csp=True,  # for axe, which is put into the page
    )
    window.add_init_script('localStorage.setItem("ridethrough.outage.opens", "no")')
    page, _ = opened(window, site.url)
    expect(page.locator(".wrong-list li").first).to_be_visible()
    found = Axe().run(page).response["violations"]
    assert not [one["id"] for one in found if one["impact"] in ("serious", "critical")]
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    window.close()


@pytest.mark.parametrize("choice", ["Light", "Dark", "As the system"])
def test_the_theme_is_chosen_and_kept(site: Served, window: BrowserContext, choice: str) -> None:
    page, _ = opened(window, site.url)
    page.get_by_role("button", name="anna").click()
    page.get_by_role("menuitemradio", name=choice).click()
    page.reload()
    wanted = {"Light": "light", "Dark": "dark"}.get(choice)
    assert page.evaluate("document.documentElement.dataset.theme ?? null") == wanted
