"""A controller that knows nothing is led, in a browser, to a site that is armed; only the equipment is simulated."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from .looks import faults
from .real import NAME, SECONDS, Real, make_administrator

SECRET = "ridethrough-demo"  # of the simulated pool's root


@pytest.fixture
def real(root: Path, tmp_path: Path, chromium: object) -> Iterator[Real]:
    found = Real(tmp_path, root / "scenarios" / "sites" / "three_hosts.toml", bare=True)
    yield found
    found.close()


def step(page: Page, name: str) -> None:
    """This step is open, by the name of its heading."""
    expect(page.locator("#step-title")).to_contain_text(name, timeout=SECONDS)


def save(page: Page, word: str = "Save") -> None:
    """The change is shown, and is made."""
    dialog = page.get_by_role("dialog")
    expect(dialog.locator("ins").first).to_be_visible()
    dialog.get_by_role("button", name=word, exact=True).click()
    expect(dialog).to_have_count(0)


def test_from_the_first_start_to_armed(real: Real, page: Page) -> None:
    expect.set_options(timeout=SECONDS)
    page.set_default_timeout(SECONDS)
    make_administrator(page, real)
    page.wait_for_url("**/start")  # an empty site leads there by itself
    name_the_site(page)
    add_the_pool(real, page)
    add_the_upses(real, page)
    say_who_feeds_whom(real, page)
    set_the_timers(page)
    page.get_by_role("button", name="Ask everything now").click()
    expect(page.get_by_role("heading", name=f"Asked by {NAME}")).to_be_visible()
    page.get_by_role("link", name="Next: Simulated outage").click()
    page.get_by_role("button", name="Let utility power fail").click()
    expect(page.get_by_text("Nothing crashes.")).to_be_visible()
    expect(page.get_by_role("row", name="xenserver2")).to_contain_text("Shut down in time")
    assert faults(page) == []
    page.get_by_role("link", name="Next: Dry run, and arming").click()
    expect(page.get_by_text("This site is in dry run, and may stay so.")).to_be_visible()
    page.get_by_role("button", name="Arm…").click()
    page.get_by_role("dialog").get_by_role("button", name="Arm", exact=True).click()
    expect(page.get_by_text("This site is armed.")).to_be_visible()
    assert real.until(lambda status: bool(status["armed"]))["site"] == "Head office"
    text = real.site_file.read_text()
    assert SECRET not in text
    found = tomllib.loads(text)
    assert {host: section["powered_by"] for host, section in found["host"].items()} == {
        "xenserver1": ["ups1"],
        "xenserver2": ["ups2"],
        "xenserver3": ["ups3"],
    }
    assert "shutdown" not in found["host"]["xenserver1"]  # the coordinator is protected without timers
    assert found["host"]["xenserver2"]["shutdown"]["enabled"]
    kept = (real.folder / "secrets" / found["pool"]["pool1"]["password"].removeprefix("secret:")).read_text()
    assert kept == SECRET


def name_the_site(page: Page) -> None:
    step(page, "The site's name")
    assert faults(page) == []
    # Whoever leaves is not led back in this tab, and finds the way there.
    page.get_by_role("button", name="Go on later").click()
    page.get_by_role("link", name="Go on with the set-up").click()
    page.get_by_label("Name of the site").fill("Head office")
    page.get_by_role("button", name="Save…").click()
    save(page)


def add_the_pool(real: Real, page: Page) -> None:
    step(page, "Pool and hosts")
    address, port, _ = real.wire.server.endpoints["xenserver1"]
    page.get_by_label("Address").fill(f"{address}:{port}")
    page.get_by_label("Password", exact=True).fill(SECRET)
    page.get_by_role("button", name="Look", exact=True).click()
    add = page.get_by_role("button", name="Add this pool…")
    accept = page.get_by_role("button", name="Accept and log in")
    while True:  # one host first; then, as the pool tells who else is in it, the others
        expect(accept.or_(add).first).to_be_visible()
        if accept.count() == 0:
            break
        ticks = page.get_by_role("checkbox", name=re.compile("accept"))
        before = ticks.count(), ticks.locator(":scope:not([disabled])").count()
        for tick in ticks.locator(":scope:not([disabled])").all():
            tick.check()
        accept.click()
        page.wait_for_function(
            """([all, open]) => {
                const ticks = [...document.querySelectorAll("input[name=fingerprint]")];
                return ticks.length !== all || ticks.filter((one) => !one.disabled).length !== open;
            }""",
            arg=before,
        )
    expect(page.get_by_role("heading", name="with 3 hosts")).to_be_visible()
    add.click()
    save(page, "Add")
    page.locator(".note").get_by_role("link", name="Next: UPSs").click()


def add_the_upses(real: Real, page: Page) -> None:
    step(page, "UPSs")
    page.get_by_label("Start address").fill("127.0.20.11")
    page.get_by_label("End address").fill("127.0.20.14")
    page.get_by_label("Port").first.fill(str(real.wire.port))
    page.get_by_role("button", name="Search", exact=True).click()
    expect(page.get_by_text("3 UPSs found, 0 known already")).to_be_visible()
    page.get_by_role("checkbox", name="All that are new").check()
    page.get_by_role("button", name="Add 3 UPSs…").click()
    page.get_by_role("dialog").get_by_role("button", name="Add", exact=True).click()
    page.locator(".note").get_by_role("link", name="Next: Who feeds whom").click()


def say_who_feeds_whom(real: Real, page: Page) -> None:
    """One by the mouse, one by the list, one by the keyboard."""
    step(page, "Who feeds whom")
    real.until(lambda status: len(status["upses"]) == 3)
    page.locator('.palette li[data-ups="ups1"]').drag_to(page.locator('.target[data-host="xenserver1"]'))
    page.get_by_label("Give xenserver2 a UPS").select_option("ups2")
    page.get_by_role("button", name="Add it to xenserver2").click()
    page.get_by_label("Give xenserver3 a UPS").focus()
    for key in ("ups2", "Tab", "Enter"):
        page.keyboard.press(key) if key[0].isupper() else page.keyboard.type(key)
    away = page.get_by_role("button", name="ups2 does not feed xenserver3")
    expect(away).to_be_visible()
    away.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_label("Give xenserver3 a UPS")).to_be_focused()
    page.keyboard.type("ups3")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("list", name="UPSs that feed xenserver3")).to_have_text("ups3")
    assert faults(page) == []
    page.get_by_role("button", name="Save…").click()
    save(page)


def set_the_timers(page: Page) -> None:
    step(page, "Shutdown settings")
    host = page.get_by_role("group", name="xenserver2")
    expect(host).to_contain_text("VMs and host crash when the UPS stops")
    expect(page.get_by_role("group", name="xenserver1")).to_contain_text("Protected")
    page.get_by_role("button", name="Propose timers").click()
    expect(host).to_contain_text("VMs migrate, host shuts down")
    assert faults(page) == []
    page.get_by_role("button", name="Save…").click()
    save(page)
    step(page, "Pre-flight")
