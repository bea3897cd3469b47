"""The feeder of a UPS on its page: what is told of it, and its change."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, expect

from ridethrough.api import Context
from tests.api.fakes import OpenGate, Role
from tests.web.browser import ups

from .looks import faults
from .site import SITE, site

Serve = Callable[[Context], str]
UPSES = {"upses": [ups("ups1", feeder="A"), ups("ups2", feeder="")]}
TEXT = SITE.replace("[ups.ups2]", 'feeder = "A"\n[ups.ups2]', 1)


def test_a_ups_is_hung_on_the_feeder_of_another(page: Page, serve: Serve, tmp_path: Path) -> None:
    context = site(tmp_path, text=TEXT, status=UPSES)
    page.goto(f"{serve(context)}/upses/ups2")
    panel = page.get_by_role("region", name="What it feeds")
    expect(panel).to_contain_text("Feeder not named")
    page.get_by_role("button", name="Change the feeder of ups2").click()
    name = page.get_by_role("combobox", name="Feeder")
    expect(name).to_be_focused()
    expect(page.locator("datalist option")).to_have_attribute("value", "A")
    name.fill("of ups1")
    name.press("Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text('begins with "of "')
    dialog.get_by_role("button", name="Cancel").click()
    page.get_by_role("button", name="Change the feeder of ups2").click()
    name.fill("A")
    assert faults(page) == []
    name.press("Enter")
    page.get_by_label("Why?").fill("one breaker")
    page.get_by_role("dialog").get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert tomllib.loads(context.site_file.read_text())["ups"]["ups2"]["feeder"] == "A"


def test_who_does_not_administer_only_reads_it(page: Page, serve: Serve, tmp_path: Path) -> None:
    gate = OpenGate()
    gate.become(Role.OPERATE)
    page.goto(f"{serve(site(tmp_path, gate=gate, text=TEXT, status=UPSES))}/upses/ups1")
    expect(page.get_by_role("region", name="What it feeds")).to_contain_text("Feeder A")
    expect(page.get_by_text("No other UPS hangs on it")).to_be_visible()
    expect(page.get_by_role("button", name="Change the feeder of ups1")).to_be_hidden()
