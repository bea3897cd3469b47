"""The weakest points in a browser, on the page of findings; and why a host is as it is, on its own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from ridethrough.api import Context
from tests.api.fakes import OpenGate, Role, write_status
from tests.api.imagined import InProcess, planning, site_of
from tests.api.test_drills import status

from .looks import faults

Serve = Callable[[Context], str]


@pytest.fixture
def gate() -> OpenGate:
    return OpenGate()


@pytest.fixture
def ready(tmp_path: Path, root: Path, gate: OpenGate) -> Context:
    found = planning(tmp_path, site_of(root), InProcess(), gate)
    write_status(found.state_dir, **status(), written_at=found.clock.now())
    return found


def test_the_weakest_points_are_played_and_told(page: Page, serve: Serve, ready: Context) -> None:
    page.goto(f"{serve(ready)}/findings")
    panel = page.get_by_role("region", name="Weakest points")
    expect(panel).to_contain_text("Nobody has played this yet")
    panel.get_by_role("button", name="Play every pair").click()
    lines = panel.get_by_role("listitem")
    expect(lines.first).to_contain_text("If ups1 and ups2 fail, 6 VMs are stopped, 2 hosts shut down", timeout=30_000)
    expect(panel).to_contain_text("All 5 cases were played.")
    assert faults(page) == []


def test_who_may_only_look_is_told_why(page: Page, serve: Serve, ready: Context, gate: OpenGate) -> None:
    gate.become(Role.VIEW)
    page.goto(f"{serve(ready)}/findings")
    expect(page.get_by_role("button", name="Play every pair")).to_have_attribute("aria-disabled", "true")


def test_a_host_says_why_it_is_as_it_is(page: Page, serve: Serve, ready: Context) -> None:
    page.goto(f"{serve(ready)}/hosts/xenserver1")
    expect(page.locator("#host-why")).to_contain_text("what ups1 gives")
