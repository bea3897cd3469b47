"""The Outage page as it stands on a wall, before somebody who may only look, on a large site, and on paper."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from ridethrough.api import Context, Role
from ridethrough.core.actions import MoveVm
from ridethrough.core.events import ActionStarted, EvacuationBegun, Event, UtilityLost
from ridethrough.runtime.journal import DiskJournal
from ridethrough.sim.scenario import load
from tests.api.fakes import Mailbox, OpenGate, context, write_status

from .looks import faults
from .played import goes_on, played
from .site import host, ups

Serve = Callable[[Context], str]
FREE = ("Past outages", "Show", "Ask something for", "Armed")  # buttons that change nothing by themselves

NAME = "(el) => el.getAttribute('aria-label') ?? el.querySelector('span:not([hidden])')?.textContent ?? ''"


@pytest.fixture
def viewer() -> OpenGate:
    gate = OpenGate()
    gate.become(Role.VIEW)
    return gate


@pytest.mark.parametrize("touched", [False, True])
def test_a_screen_on_the_wall_comes_back_to_the_site_by_itself(
    root: Path, tmp_path: Path, serve: Serve, page: Page, viewer: OpenGate, touched: bool
) -> None:
    story = load(root / "scenarios" / "case_one.toml")
    made = played(story, 30, tmp_path, viewer)
    url = serve(made)
    page.clock.install()
    page.goto(url)
    page.wait_for_url("**/outage")
    expect(page.locator("#lead")).to_contain_text("ups1 has been on battery")
    goes_on(made, story, 900)
    end = page.locator(".note[data-tone=good]").first
    expect(end).to_contain_text("it goes back to Site in 5 minutes")
    if touched:
        page.keyboard.press("Shift")
        expect(end).to_have_text("The outage is over.")
        page.clock.fast_forward("10:00")
        expect(page.get_by_role("heading", name="Hosts")).to_be_visible()
        assert page.url.endswith("/outage")
    else:
        page.clock.fast_forward("05:01")
        page.wait_for_url(f"{url}/")


def test_who_may_only_look_sees_everything_and_can_ask_for_nothing(
    root: Path, tmp_path: Path, serve: Serve, page: Page, viewer: OpenGate
) -> None:
    mailbox = Mailbox()
    page.goto(f"{serve(played(load(root / 'scenarios' / 'case_one.toml'), 85, tmp_path, viewer, mailbox))}/outage")
    expect(page.locator("#lead")).to_contain_text("ups1 has been on battery")
    expect(page.locator(".figure").first).to_contain_text("1:")
    expect(page.locator(".outage-hosts")).to_contain_text("Its VMs are being moved")
    expect(page.locator(".outage-vms > li")).to_have_count(3)
    expect(page.locator(".coming")).to_contain_text("shuts down")
    acting = [one for one in page.locator("main button").all() if one.is_visible()]
    names = [str(one.evaluate(NAME)).strip() for one in acting]
    acting = [one for one, name in zip(acting, names, strict=True) if not name.startswith(FREE)]
    assert {"Hold 5 minutes", "Bring back now", "Evacuate a host", "Shut a pool down", "Skip web1"} <= set(names)
    for one in acting:
        expect(one).to_have_attribute("aria-disabled", "true")
        expect(one).to_have_attribute("title", 'This needs the role "operate"; you have "view".')
        one.focus()
        page.keyboard.press("Enter")
    page.get_by_role("button", name="Ask something for xenserver1").click()
    entry = page.get_by_role("menuitem", name="Hold 5 minutes")
    expect(entry).to_have_attribute("aria-disabled", "true")
    expect(page.locator("dialog[open]")).to_have_count(0)
    assert mailbox.posted == []


HOSTS, VMS = 64, 500


def large(folder: Path) -> Context:
    """64 hosts, each on a UPS of its own, all on battery and being emptied; 500 VMs on the way."""
    made = context(folder)
    since = made.clock.now()
    upses = [
        ups(f"ups{n:02}")
        | {"condition": "on battery", "source": "battery", "on_battery_since": since, "off_at": since + 600}
        for n in range(HOSTS)
    ]
    hosts = [
        host(f"host{n:02}", f"ups{n:02}", n == 0, 60.0, 120.0)
        | {"supply": "on battery", "on_battery_since": since, "power_until": since + 600, "seconds_needed": 200.0}
        | {"step": "being emptied", "vms": [f"vm{v:03}" for v in range(n, VMS, HOSTS)]}
        for n in range(HOSTS)
    ]
    vms: list[dict[str, Any]] = [
        {"id": f"vm{v:03}", "name": f"application-server-{v:03}", "pool": "pool1", "host": f"host{v % HOSTS:02}"}
        | {
            "power": "running",
            "moving_to": None,
            "wish": "migrate",
            "skipped": False,
            "immovable": "",
            "move_takes": 30.0,
        }
        for v in range(VMS)
    ]
    write_status(made.state_dir, upses=upses, hosts=hosts, vms=vms, written_at=since)
    events: list[Event] = [
        UtilityLost(since, f"ups{n:02}", since, since, since + 480, since + 600, 900.0, 90.0, 10.0, "the input is dead")
        for n in range(HOSTS)
    ]
    events += [EvacuationBegun(since + 1, f"host{n:02}", f"ups{n:02} on battery for 60 s") for n in range(HOSTS)]
    for v in range(VMS):
        name, source, to = f"application-server-{v:03}", f"host{v % HOSTS:02}", f"host{(v + 1) % HOSTS:02}"
        move = MoveVm(f"vm{v:03}", name, "pool1", source, to, "it has room", 90.0)
        events.append(ActionStarted(since + 2, move))
    with ThreadPoolExecutor(1) as threads:
        threads.submit(asyncio.run, _written(made.state_dir, events)).result()
    return made


async def _written(state: Path, events: list[Event]) -> None:
    journal = DiskJournal(state)
    await journal.append(events)
    await journal.close()


def test_an_outage_of_64_hosts_stays_within_the_page(tmp_path: Path, serve: Serve, page: Page) -> None:
    page.goto(f"{serve(large(tmp_path))}/outage")
    expect(page.locator(".outage-hosts > li")).to_have_count(HOSTS)
    expect(page.locator(".outage-figures")).to_contain_text("500")
    expect(page.locator(".outage-vms > li")).to_have_count(40)
    page.get_by_role("button", name="Show all 500 VMs").click()
    expect(page.locator(".outage-vms > li")).to_have_count(VMS)
    page.get_by_role("button", name="Show fewer").click()
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 900})
        expect(page.locator(".timeline svg").first).to_be_visible()
        wide = page.evaluate(
            """() => [document.documentElement, ...document.querySelectorAll("main .panel")]
                .filter((el) => el.scrollWidth > el.clientWidth + 1).map((el) => el.className || el.tagName)"""
        )
        assert (width, wide) == (width, [])
    page.set_viewport_size({"width": 1280, "height": 900})
    assert faults(page) == []
    page.get_by_role("button", name="Hold 5 minutes").click()
    expect(page.get_by_role("dialog", name="Hold for 5 minutes?")).to_be_visible()


COLOURS = """(name) => {
    const found = getComputedStyle(document.querySelector(name)).color.match(/[\\d.]+/g).map(Number);
    return Math.max(...found.slice(0, 3));
}"""


def test_a_report_is_printed_dark_on_white_whatever_the_theme(
    root: Path, tmp_path: Path, serve: Serve, page: Page
) -> None:
    page.add_init_script("localStorage.setItem('ridethrough.theme', 'dark')")
    url = serve(played(load(root / "scenarios" / "dry_run.toml"), 700, tmp_path))
    page.goto(f"{url}/outages")
    page.locator("tbody a").first.click()
    expect(page.locator("#lead")).not_to_be_empty()
    assert page.evaluate(COLOURS, "h1") > 200  # light on dark, on the screen
    page.emulate_media(media="print")
    for name in ("h1", "#lead", ".told-hosts h3", ".told-steps li span", "td.lead", ".timeline svg text"):
        assert page.evaluate(COLOURS, name) < 128, name
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    expect(page.get_by_role("button", name="Print report")).to_be_hidden()
