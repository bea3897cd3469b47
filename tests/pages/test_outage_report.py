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
    expect(page.locator(".timeline ul")).to_contain_text(
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
    expect(page.locator("tbody tr").first).to_contain_text("1 host lost")
