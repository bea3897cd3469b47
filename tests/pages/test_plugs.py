"""The plugs of a simulated site, pulled in a browser."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from .real import SECONDS, Real, ask, log_in, make_administrator

VIEWER, PASSWORD = "vera", "look but do not touch"


@pytest.fixture
def real(root: Path, tmp_path: Path, chromium: Browser) -> Iterator[Real]:
    found = Real(tmp_path, root / "scenarios" / "sites" / "two_hosts.toml", plugs=True)
    yield found
    found.close()


def test_utility_power_is_switched_off_and_on_but_not_by_who_only_looks(
    real: Real, page: Page, chromium: Browser
) -> None:
    expect.set_options(timeout=SECONDS)
    page.set_default_timeout(SECONDS)
    make_administrator(page, real)
    made = ask(page, "POST", "/accounts", {"name": VIEWER, "password": PASSWORD, "role": "view"})
    assert made["status"] < 300, made
    page.goto(f"{real.at}/outage")
    feeder = page.get_by_role("switch", name="Feeder a")
    feeder.uncheck()
    expect(page.locator("#lead")).to_contain_text("ups1 has been on battery")
    assert not real.wire.world.feeders["a"]
    feeder.check()
    real.until(lambda status: all(ups["condition"] == "good" for ups in status["upses"]))
    page.goto(f"{real.at}/")
    page.get_by_text("Let something else happen").click()
    page.get_by_label("What happens").select_option("silence card")
    page.get_by_label("To which").select_option("ups2")
    page.get_by_role("button", name="Let it happen").click()
    real.until(lambda status: any(ups["silent"] for ups in status["upses"]))
    other = chromium.new_context().new_page()
    other.set_default_timeout(SECONDS)
    log_in(other, real, VIEWER, PASSWORD)
    panel = other.get_by_role("region", name="Simulated site")
    expect(panel).to_contain_text('This needs the role "operate"; you have "view".')
    expect(panel.get_by_role("switch", name="Feeder a")).to_be_disabled()
    other.context.close()
