"""The manual's Shutdown Setting (2.2.3) in a browser: what is chosen, what it makes of an outage, and saving it."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from ridethrough.api import Context
from ridethrough.core.events import Ask
from ridethrough.runtime.mailbox import Answer
from tests.api.fakes import Mailbox, OpenGate, Role

from .looks import faults
from .site import SITE, site

Serve = Callable[[Context], str]


def in_file(context: Context, host: str = "h2") -> dict[str, Any]:
    found: dict[str, Any] = tomllib.loads(context.site_file.read_text())["host"][host]
    return found


def save(page: Page, why: str = "") -> None:
    page.get_by_role("button", name="Save…").click()
    page.get_by_label("Why?").fill(why)
    page.get_by_role("dialog").get_by_role("button", name="Save", exact=True).click()


def test_the_list_tells_each_hosts_row_and_leads_to_its_settings(page: Page, serve: Serve, tmp_path: Path) -> None:
    page.goto(f"{serve(site(tmp_path))}/hosts")
    good = page.get_by_role("row", name="h2")
    expect(good).to_contain_text("VMs migrate, host shuts down")
    expect(good).to_contain_text("after 1 min")
    coordinator = page.get_by_role("row", name="h1")
    expect(coordinator).to_contain_text("Coordinator (XenCenter)")
    expect(coordinator).to_contain_text("Protected: VMs move or stop, then it is shut down last")
    assert faults(page) == []
    page.get_by_role("link", name="h2", exact=True).click()
    expect(page.get_by_role("heading", name="h2")).to_be_visible()


@pytest.mark.parametrize(
    ("maintenance", "shutdown", "says", "crash"),
    [
        (True, True, "VMs migrate, host shuts down", False),
        (False, True, "VMs migrate, host shuts down", False),
        (True, False, "VMs migrate, host crashes when its UPS stops", True),
        (False, False, "VMs and host crash when the UPS stops", True),
    ],
)
def test_each_row_of_the_action_table_is_told_while_it_is_chosen(
    page: Page, serve: Serve, tmp_path: Path, maintenance: bool, shutdown: bool, says: str, crash: bool
) -> None:
    context = site(tmp_path)
    page.goto(f"{serve(context)}/hosts/h2")
    page.get_by_role("switch", name="Enable remote maintenance").set_checked(maintenance)
    page.get_by_role("switch", name="Enable remote shutdown").set_checked(shutdown)
    told = page.locator(".outcome .status")
    expect(told).to_have_text(says)
    expect(told).to_have_attribute("data-tone", "danger" if crash else "good")
    here = page.locator(".action-table [aria-current] td")
    expect(here.nth(0)).to_have_text("Enabled" if maintenance else "Disabled")
    expect(here.nth(1)).to_have_text("Enabled" if shutdown else "Disabled")
    assert faults(page) == []
    remedy = page.get_by_role("button", name="Enable remote shutdown after")
    expect(remedy).to_have_count(1 if crash else 0)
    if crash:
        remedy.click()
        expect(told).to_have_text("VMs migrate, host shuts down")
        expect(page.get_by_role("switch", name="Enable remote shutdown")).to_be_checked()
    assert context.site_file.read_text() == SITE


def test_timers_that_end_too_late_are_warned_of_with_the_sum_and_mended_by_one_press(
    page: Page, serve: Serve, tmp_path: Path
) -> None:
    page.goto(f"{serve(site(tmp_path))}/hosts/h2")
    page.get_by_label("Enter shutdown mode after battery discharge").fill("800")
    warning = page.locator(".note").filter(has_text="Shutdown ends after the warning period of ups2's card (900 s)")
    expect(warning).to_contain_text(
        "800 s + 60 s to shut the host down + 60 s reserve = 920 s, and the card cuts the output"
    )
    warning.get_by_role("button", name="Set shutdown to 780 s").click()
    expect(page.get_by_label("Enter shutdown mode after battery discharge")).to_have_value("780")
    expect(warning).to_have_count(0)
    picture = page.locator(".timeline ul.unseen")
    expect(picture).to_contain_text("ups2: its card: Warning period")
    expect(picture).to_contain_text("ups2 off")


def test_saving_shows_the_change_first_and_keeps_the_rest_of_the_file(page: Page, serve: Serve, tmp_path: Path) -> None:
    mailbox = Mailbox()
    context = site(tmp_path, mailbox)
    page.goto(f"{serve(context)}/hosts/h2")
    expect(page.get_by_role("button", name="Save…")).to_have_attribute("aria-disabled", "true")
    page.get_by_label("Enter shutdown mode after battery discharge").fill("180")
    page.get_by_role("checkbox", name="ups1").check()
    page.get_by_label("Utility power it needs").select_option("2")
    page.get_by_role("button", name="Save…").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.locator("del").first).to_have_text('-powered_by = ["ups2"]')
    expect(dialog.locator("ins").first).to_have_text('+powered_by = ["ups2", "ups1"]')
    assert context.site_file.read_text() == SITE
    assert faults(page) == []
    page.get_by_label("Why?").fill("a second feed")
    dialog.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("Saved. The controller goes by it.").first).to_be_visible()
    found = in_file(context)
    assert (found["powered_by"], found["needs"], found["shutdown"]["after"]) == (["ups2", "ups1"], 2, 180)
    assert "# in the second rack" in context.site_file.read_text()
    ((ask, _, by, says),) = mailbox.posted
    assert (ask, by) == (Ask.TAKE_SETTINGS, "anna")
    assert "a second feed" in says
    expect(page.get_by_label("Enter shutdown mode after battery discharge")).to_have_value("180")


def test_a_file_that_was_edited_by_hand_meanwhile_is_shown_and_not_overwritten(
    page: Page, serve: Serve, tmp_path: Path
) -> None:
    context = site(tmp_path)
    page.goto(f"{serve(context)}/hosts/h2")
    page.get_by_label("Enter shutdown mode after battery discharge").fill("180")
    page.get_by_role("button", name="Save…").click()
    expect(page.get_by_role("dialog").locator("ins")).to_contain_text("180")
    context.site_file.write_text(SITE.replace('name = "Head office"', 'name = "Main office"'))
    page.get_by_role("dialog").get_by_role("button", name="Save", exact=True).click()
    conflict = page.get_by_role("alert").filter(has_text="Nothing was saved yet.")
    expect(conflict.locator("ins")).to_have_text('+name = "Main office"')
    assert in_file(context)["shutdown"]["after"] == 120
    page.get_by_role("dialog").get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert in_file(context)["shutdown"]["after"] == 180
    assert 'name = "Main office"' in context.site_file.read_text()


def test_where_the_controller_refuses_it_is_told_and_the_file_is_as_it_was(
    page: Page, serve: Serve, tmp_path: Path
) -> None:
    context = site(tmp_path, Mailbox(answer=lambda ask, subject: Answer(False, "an outage is under way")))
    page.goto(f"{serve(context)}/hosts/h2")
    page.get_by_label("Enter shutdown mode after battery discharge").fill("180")
    save(page)
    expect(page.get_by_role("alert").filter(has_text="An outage is under way")).to_contain_text("Nothing was saved.")
    assert context.site_file.read_text() == SITE


def test_several_hosts_are_set_together_and_what_differs_stays(page: Page, serve: Serve, tmp_path: Path) -> None:
    context = site(tmp_path, text=SITE.replace('powered_by = ["ups1"]', 'powered_by = ["ups1"]\nneeds = 1', 1))
    page.goto(f"{serve(context)}/hosts")
    page.get_by_role("checkbox", name="Select h1").check()
    page.get_by_role("checkbox", name="Select h2").check()
    page.get_by_role("button", name="Set 2 together…").click()
    expect(page.get_by_role("heading", name="Shutdown settings of 2 hosts")).to_be_visible()
    expect(page.get_by_text("They differ: h1 ups1; h2 ups2.")).to_be_visible()
    page.get_by_role("radiogroup", name="Enable remote shutdown").get_by_label("Enable", exact=True).check()
    expect(page.locator(".outcome").filter(has_text="VMs migrate, host shuts down")).to_contain_text("h1 and h2")
    page.get_by_label("Enter shutdown mode after battery discharge").fill("240")
    assert faults(page) == []
    save(page)
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert [in_file(context, h)["shutdown"] for h in ("h1", "h2")] == [{"enabled": True, "after": 240}] * 2
    assert [in_file(context, h)["powered_by"] for h in ("h1", "h2")] == [["ups1"], ["ups2"]]


def test_the_coordinator_is_explained_and_may_be_set_all_the_same(page: Page, serve: Serve, tmp_path: Path) -> None:
    page.goto(f"{serve(site(tmp_path))}/hosts/h1")
    expect(page.get_by_text("The manual says: do not set timers for it")).to_be_visible()
    expect(page.get_by_text("Without timers it is protected all the same")).to_be_visible()
    expect(page.get_by_role("switch", name="Enable remote shutdown")).to_be_hidden()
    expect(page.locator(".outcome .status")).to_have_text("Protected: VMs move or stop, then it is shut down last")
    assert faults(page) == []
    page.get_by_role("button", name="Set timers all the same").click()
    page.get_by_role("switch", name="Enable remote shutdown").check()
    expect(page.locator(".outcome .status")).to_have_text("VMs migrate, host shuts down")


def test_a_coordinator_that_is_not_protected_is_told_as_a_danger(page: Page, serve: Serve, tmp_path: Path) -> None:
    text = SITE.replace('name = "Head office"', 'name = "Head office"\nprotect_coordinator = false')
    page.goto(f"{serve(site(tmp_path, text=text))}/hosts/h1")
    expect(page.get_by_text("site.toml says protect_coordinator = false")).to_be_visible()
    expect(page.locator(".outcome .status")).to_have_text("VMs and host crash when the UPS stops")
    page.get_by_role("button", name="Enable remote shutdown after").click()
    expect(page.get_by_role("switch", name="Enable remote shutdown")).to_be_checked()


def test_who_only_looks_saves_nothing_and_is_told_why(page: Page, serve: Serve, tmp_path: Path) -> None:
    gate = OpenGate()
    gate.become(Role.VIEW)
    page.goto(f"{serve(site(tmp_path, gate=gate))}/hosts/h2")
    page.get_by_label("Enter shutdown mode after battery discharge").fill("180")
    expect(page.get_by_role("button", name="Save…")).to_have_attribute(
        "title", 'This needs the role "administer"; you have "view".'
    )
    expect(page.get_by_role("button", name="Hold")).to_have_attribute("aria-disabled", "true")


def test_all_of_it_works_with_the_keyboard(page: Page, serve: Serve, tmp_path: Path) -> None:
    context = site(tmp_path)
    page.goto(f"{serve(context)}/hosts/h2")
    page.get_by_role("checkbox", name="ups1").focus()
    page.keyboard.press("Space")
    seconds = page.get_by_label("Enter shutdown mode after battery discharge")
    for _ in range(12):
        if seconds.evaluate("(el) => el === document.activeElement"):
            break
        page.keyboard.press("Tab")
    expect(seconds).to_be_focused()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type("90")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Why?")).to_be_focused()
    page.keyboard.type("by keyboard")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert in_file(context)["shutdown"]["after"] == 90
    assert in_file(context)["powered_by"] == ["ups2", "ups1"]


def test_a_person_holds_a_host_and_sends_it_into_maintenance_mode(page: Page, serve: Serve, tmp_path: Path) -> None:
    mailbox = Mailbox()
    page.goto(f"{serve(site(tmp_path, mailbox))}/hosts/h2")
    for word in ("Hold", "Enter maintenance mode"):
        page.get_by_role("button", name=word).click()
        page.get_by_role("dialog").get_by_role("button", name=word).click()
        expect(page.get_by_role("dialog")).to_have_count(0)
    assert [(ask, subject) for ask, subject, *_ in mailbox.posted] == [(Ask.HOLD, "h2"), (Ask.ENTER_MAINTENANCE, "h2")]
