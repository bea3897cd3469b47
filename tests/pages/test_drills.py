"""Drills in a browser: the pre-flight, a simulated outage, and maintenance mode of a real host under guard."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from ridethrough.api import Context
from ridethrough.core.events import Ask
from ridethrough.runtime import lock
from tests.api.fakes import Mailbox, OpenGate, Role, write_status
from tests.api.imagined import InProcess, planning, site_of
from tests.api.test_drills import host, status

from .looks import faults

Serve = Callable[[Context], str]
LONG = 60_000  # ms; a busy machine needs them


@pytest.fixture
def gate() -> OpenGate:
    return OpenGate()


@pytest.fixture
def mailbox() -> Mailbox:
    return Mailbox()


@pytest.fixture
def ready(tmp_path: Path, root: Path, gate: OpenGate, mailbox: Mailbox) -> Iterator[Context]:
    """The site of two hosts in good order, whose controller runs."""
    found = planning(tmp_path, site_of(root), InProcess(), gate, mailbox)
    held = lock.Lock(found.state_dir)
    show(found)
    yield found
    held.release()


@pytest.fixture
def drills(page: Page, serve: Serve, ready: Context) -> Page:
    expect.set_options(timeout=LONG)
    page.set_default_timeout(LONG)
    page.goto(f"{serve(ready)}/drills")
    return page


def show(context: Context, **changes: Any) -> None:
    write_status(context.state_dir, **status(**changes), written_at=context.clock.now())


def begin_maintenance(page: Page, name: str = "xenserver1") -> None:
    page.get_by_role("button", name="Begin…").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("button", name="Begin")).to_have_attribute("aria-disabled", "true")
    dialog.get_by_label("Why?").fill("new disk")
    dialog.get_by_label("Type").fill(name)
    dialog.get_by_role("button", name="Begin").click()


def test_the_preflight_tells_each_point(drills: Page) -> None:
    drills.get_by_role("button", name="Run the pre-flight").click()
    report = drills.locator(".drill-report")
    expect(report).to_contain_text("Passed")
    expect(report).to_contain_text("All 9 points are good")
    expect(report.locator(".drill-points")).to_contain_text("the site is armed")
    assert faults(drills) == []


def test_what_is_not_good_stands_first_with_its_remedy(drills: Page, ready: Context) -> None:
    show(ready, armed=False)
    expect(drills.locator("#top-state")).to_contain_text("Dry run")
    drills.get_by_role("button", name="Run the pre-flight").click()
    report = drills.locator(".drill-report")
    expect(report).to_contain_text("Failed")
    expect(report.locator(".drill-points li").first).to_contain_text("the site is in dry run: nothing would be done")
    expect(report.locator(".drill-remedy")).to_contain_text(["Arm it"])


def test_a_simulated_outage_can_be_opened_in_the_simulator(drills: Page, mailbox: Mailbox) -> None:
    drills.get_by_label("Every UPS loses utility power").uncheck()
    drills.get_by_role("button", name="Play the outage").click()
    expect(drills.get_by_text("Choose at least one UPS or feeder.")).to_be_visible()
    drills.get_by_label("ups1").check()
    drills.get_by_role("button", name="Play the outage").click()
    report = drills.locator(".drill-report")
    expect(report).to_contain_text("Passed")
    expect(report).to_contain_text("3 VMs move")
    assert {ask for ask, *_ in mailbox.posted} <= {Ask.NOTE}
    drills.get_by_role("link", name="Open it in the Simulator").click()
    expect(drills.locator("#outcome")).to_contain_text("No host and no VM crashed.")
    expect(drills.get_by_role("list", name="Timeline")).to_contain_text("Utility power fails for feeder a (ups1)")


def test_a_real_host_is_taken_and_the_drill_is_aborted(drills: Page, mailbox: Mailbox) -> None:
    begin_maintenance(drills)
    report = drills.locator(".drill-report")
    expect(report).to_contain_text("Maintenance mode of xenserver1")
    expect(report).to_contain_text("xenserver1 was asked into maintenance mode")
    assert mailbox.posted[0][:3] == (Ask.ENTER_MAINTENANCE, "xenserver1", "anna")
    expect(drills.get_by_role("button", name="Run the pre-flight")).to_have_attribute("aria-disabled", "true")
    assert faults(drills) == []
    drills.get_by_role("button", name="Abort").click()
    expect(report).to_contain_text("xenserver1 was asked out of maintenance mode")
    # The note of who aborted it may come first.
    assert (Ask.EXIT_MAINTENANCE, "xenserver1") in [asked[:2] for asked in mailbox.posted[1:]]


def test_the_dialog_tells_why_a_host_cannot_be_taken(drills: Page, ready: Context, mailbox: Mailbox) -> None:
    show(ready, hosts=[host("xenserver1", held=True, vms=["web1"]), host("xenserver2", coordinator=True)])
    expect(drills.get_by_role("combobox", name="Host")).to_contain_text("xenserver2, Coordinator (XenCenter)")
    while not ready.live.tables["hosts"]["xenserver1"]["held"]:
        drills.evaluate("0")
    begin_maintenance(drills)
    expect(drills.get_by_role("dialog").get_by_role("alert")).to_contain_text("xenserver1: is held")
    assert mailbox.posted == []


def test_who_may_only_look_reads_the_reports(drills: Page, gate: OpenGate) -> None:
    drills.get_by_role("button", name="Run the pre-flight").click()
    expect(drills.locator(".drill-report")).to_contain_text("Passed")
    gate.become(Role.VIEW)
    drills.reload()
    expect(drills.locator(".drill-report")).to_contain_text("All 9 points are good")
    expect(drills.get_by_role("button", name="Begin…")).to_have_attribute("aria-disabled", "true")
