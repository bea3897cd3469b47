"""The Outage page, on scenarios that were played to a moment."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from ridethrough.api import Context
from ridethrough.sim.scenario import load

from .looks import faults
from .played import played

Serve = Callable[[Context], str]


def part(page: Page, name: str) -> str:
    """The text of a section of the report."""
    return page.locator(f"section[aria-labelledby={name}]").inner_text()


@pytest.fixture
def opened(root: Path, tmp_path: Path, serve: Serve, page: Page) -> Callable[..., Page]:
    """Plays a scenario, and opens its latest outage."""

    def do(name: str, until: float) -> Page:
        url = serve(played(load(root / "scenarios" / f"{name}.toml"), until, tmp_path))
        page.goto(f"{url}/outages")
        page.locator("tbody a").first.click()
        expect(page.locator("#lead")).not_to_be_empty()
        return page

    return do


def test_the_report_of_a_dry_run_tells_what_went_down_because_nothing_was_done(opened: Callable[..., Page]) -> None:
    page = opened("dry_run", 700)
    expect(page.locator("#lead")).to_have_text(
        "ups1 on battery: 1 host went down with its supply (dry run: what was to be done was only said)."
    )
    expect(page.locator(".note[data-tone=lost]")).to_contain_text(
        "xenserver1 went down with its supply while running, and with it 3 VMs."
    )
    expect(page.locator(".timeline ul.unseen").first).to_contain_text(
        "xenserver1: down with its supply, 4 min 59 s to 7 min 14 s, done"
    )
    hosts = part(page, "told-hosts")
    assert "lost its supply while it ran: ups1 cut the output" in hosts
    assert "ups2 kept utility power." in hosts
    assert "rode through" not in hosts
    assert "3 VMs ran on it and went down with it: db1, files1 and web1." in part(page, "told-compare")
    guest = page.locator("section[aria-labelledby=told-vms] tbody tr").first
    expect(guest).to_contain_text("would move from xenserver1 to xenserver2: only said")
    expect(guest).to_contain_text("down with xenserver1")
    assert faults(page) == []
    page.get_by_role("link", name="Past outages").click()
    expect(page.locator("tbody tr").first).to_contain_text("1 host crashed")


@pytest.fixture
def now(root: Path, tmp_path: Path, serve: Serve, page: Page) -> Callable[..., Page]:
    """Plays a scenario to a moment, and opens the Outage page."""

    def do(name: str, until: float) -> Page:
        page.goto(f"{serve(played(load(root / 'scenarios' / f'{name}.toml'), until, tmp_path))}/outage")
        expect(page.locator("#lead")).not_to_be_empty()
        return page

    return do


def test_a_ups_whose_off_time_has_passed_is_no_longer_on_battery(now: Callable[..., Page]) -> None:
    page = now("case_three", 430)
    expect(page.locator("#lead")).to_contain_text("The off-times of ups2 and ups3 have passed.")
    expect(page.locator(".figure").nth(1)).to_contain_text("0:00 output off")
    expect(page.locator(".timeline ul.unseen").first).to_contain_text("ups2: output off, 4 min 59 s")
    expect(page.locator(".timeline-legend")).to_contain_text("told to shut down: no way back")
    assert faults(page) == []
    page.get_by_role("link", name="UPSs").first.click()
    expect(page.get_by_role("row").filter(has_text="ups2")).to_contain_text("Its off-time has passed")


def test_what_comes_next_waits_for_a_hold(now: Callable[..., Page]) -> None:
    page = now("hold_for_a_time", 100)
    coming = page.locator(".coming li")
    expect(coming).to_have_count(5)
    assert [text.split("\n")[-1] for text in coming.all_inner_texts()[:3]] == [
        "xenserver1 is no longer held",
        "xenserver1 enters maintenance mode",
        "xenserver1 shuts down",
    ]
    expect(page.locator(".timeline ul.unseen").first).to_contain_text("xenserver1: the hold ends")
    expect(page.locator(".outage-hosts")).to_contain_text("That ends in 1 min")


def test_a_pool_that_a_person_has_shut_down_waits_for_its_hosts(now: Callable[..., Page]) -> None:
    page = now("a_person_shuts_the_pool_down", 600)
    expect(page.locator("#lead")).to_contain_text("pool1 was shut down by a person: switch its hosts on to end this.")
    why = page.get_by_role("button", name="Bring back now")
    expect(why).to_have_attribute("title", "pool1 was shut down by a person: switch its hosts on to end this.")
    expect(page.get_by_text("Power left, weakest UPS")).to_be_hidden()
    expect(page.get_by_text("Without utility power")).to_be_hidden()
    page.get_by_role("link", name="Journal").first.click()
    expect(page.get_by_role("region", name="Outage")).to_contain_text("Shutdown by a person")


def test_in_dry_run_the_page_promises_nothing(now: Callable[..., Page]) -> None:
    page = now("dry_run", 100)
    figures = page.locator(".outage-figures")
    expect(figures).to_contain_text("and 1 will crash")
    expect(page.locator(".outage-vms > li").first).to_contain_text("Nothing is done: dry run")
    expect(page.locator(".outage-hosts")).to_contain_text("Dry run: nothing is done. It crashes when its power ends.")
    expect(page.locator(".coming")).to_contain_text("xenserver1 would shut down (dry run)")
    expect(page.get_by_role("button", name="Bring back now")).to_have_attribute("aria-disabled", "true")


def test_a_nas_that_went_down_after_its_hosts_stands_in_the_time_line_and_the_report(
    opened: Callable[..., Page],
) -> None:
    page = opened("nas_after_its_hosts", 1800)
    line = page.locator(".timeline ul.unseen").first
    for words in ("nas1: shuts down", "nas1: down", "nas1: storage told to go down", "nas1: storage serves again"):
        expect(line).to_contain_text(words)
    told = part(page, "told-storage")
    assert "was told to go down" in told
    assert "its UPS is on battery for 5 min, and nothing that uses it is up" in told
    assert "served again" in told
    link = page.locator("section[aria-labelledby=told-storage]").get_by_role("link", name="nas1")
    expect(link).to_have_attribute("href", "/storage/nas1")
    assert faults(page) == []


def test_the_vms_of_a_nas_that_must_go_down_stop_and_the_time_line_says_so(now: Callable[..., Page]) -> None:
    page = now("nas_alone_loses_power", 740)
    expect(page.locator(".timeline ul.unseen").first).to_contain_text("nas1: its VMs stop")
    assert faults(page) == []
