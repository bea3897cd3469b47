"""The red button on a calm site, pressed for real: a host is emptied, and a whole pool is shut down."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from .looks import faults
from .real import PATIENCE, SECONDS, Real, ask, make_administrator

HOST, POOL = "xenserver2", "pool1"


@pytest.fixture
def real(root: Path, tmp_path: Path, chromium: object) -> Iterator[Real]:
    found = Real(tmp_path, root / "scenarios" / "sites" / "three_hosts.toml", speed=10.0)
    yield found
    found.close()


def until(page: Page, is_so: Callable[[], bool]) -> None:
    """Wait for what happens in the simulated site, while the page lives on."""
    ends = time.monotonic() + PATIENCE
    while not is_so():
        assert time.monotonic() < ends
        page.wait_for_timeout(100)


def test_a_host_is_evacuated_and_a_pool_shut_down_though_no_power_fails(real: Real, page: Page) -> None:
    expect.set_options(timeout=SECONDS)
    page.set_default_timeout(SECONDS)
    make_administrator(page, real)
    assert ask(page, "POST", "/requests", {"ask": "arm"})["status"] == 200
    page.goto(f"{real.at}/outage")
    expect(page.get_by_text("No outage.")).to_be_visible()
    assert faults(page) == []
    evacuated(real, page)
    back_again(real, page)
    # The manager looks at the controller's files twice a second: the page may still see the end of it.
    page.goto(f"{real.at}/outage")
    expect(page.get_by_text("No outage.").or_(page.get_by_text("The outage is over."))).to_be_visible()
    page.goto(f"{real.at}/outage")
    expect(page.get_by_text("No outage.")).to_be_visible()
    shut_down(real, page)


def evacuated(real: Real, page: Page) -> None:
    world = real.wire.world
    page.get_by_role("button", name="Evacuate a host").click()
    page.get_by_role("dialog", name="Which host?").get_by_label("Which host?").select_option(HOST)
    page.get_by_role("dialog").get_by_role("button", name="Go on").click()
    dialog = page.get_by_role("dialog", name=f"Evacuate {HOST}?")
    assert faults(page) == []
    go = dialog.get_by_role("button", name="Evacuate")
    dialog.get_by_label(f'Type "{HOST}" to go on').fill("xenserver")
    expect(go).to_have_attribute("aria-disabled", "true")
    dialog.get_by_label(f'Type "{HOST}" to go on').fill(HOST)
    dialog.get_by_label("Why?").fill("its fan is loud")
    go.click()
    expect(dialog).to_have_count(0)
    expect(page.locator(".said")).to_contain_text(HOST)  # the answer, which stays while the page changes
    expect(page.get_by_role("heading", name="Work under way")).to_be_visible()
    expect(page.locator(".said")).to_contain_text(HOST)
    until(page, lambda: not world.hosts[HOST].enabled)
    until(page, lambda: not any(vm.resident_on == HOST for vm in world.vms.values()))
    assert all(host.power for host in world.hosts.values())


def back_again(real: Real, page: Page) -> None:
    """A person ends it, on the host's own page."""
    page.goto(f"{real.at}/hosts/{HOST}")
    page.get_by_role("button", name="Exit maintenance mode").click()
    page.get_by_role("dialog").get_by_role("button", name="Exit maintenance mode").click()
    until(page, lambda: real.wire.world.hosts[HOST].enabled)
    real.until(lambda status: not any(pool["recorded"] for pool in status["pools"]))


def shut_down(real: Real, page: Page) -> None:
    world = real.wire.world
    page.get_by_role("button", name="Shut a pool down").click()
    dialog = page.get_by_role("dialog", name=f"Shut {POOL} down?")
    dialog.get_by_label(f'Type "{POOL}" to go on').fill(POOL)
    dialog.get_by_label("Why?").fill("the cooling has failed")
    dialog.get_by_role("button", name="Shut down").click()
    expect(dialog).to_have_count(0)
    until(page, lambda: not any(host.power for host in world.hosts.values()))
    assert (world.crashed, world.lost) == ([], [])
    page.goto(f"{real.at}/journal?q=the+cooling+has+failed")
    expect(page.locator(".journal-line").first).to_contain_text(f"anna asks: shut down pool {POOL}")
