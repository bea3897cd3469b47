"""The Simulator in a browser: the manual's cases, a story of one's own, and two sets of options side by side."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from ridethrough.api import Context
from ridethrough.runtime.seen_file import FILE
from tests.api.fakes import OpenGate, Role, write_status
from tests.api.imagined import Endless, InProcess, planning, site_of

from .looks import PHONE, faults

Serve = Callable[[Context], str]
LONG = 60_000  # ms; a busy machine needs them


@pytest.fixture
def gate() -> OpenGate:
    return OpenGate()


@pytest.fixture
def ready(tmp_path: Path, root: Path, gate: OpenGate) -> Context:
    found = planning(tmp_path, site_of(root), InProcess(), gate)
    write_status(found.state_dir, written_at=found.clock.now())
    return found


@pytest.fixture
def simulator(page: Page, serve: Serve, ready: Context) -> Page:
    """The page, on a copy of the site of two hosts."""
    expect.set_options(timeout=LONG)
    page.set_default_timeout(LONG)
    page.goto(f"{serve(ready)}/simulator")
    return page


def node(page: Page, id: str) -> Locator:
    """A UPS ("ups:ups1") or a host in the picture."""
    return page.locator(f"[data-node='{id}']")


def go_to(page: Page, seconds: int) -> None:
    page.get_by_label("Moment").fill(str(seconds))


def fails(page: Page, ups: str) -> None:
    node(page, f"ups:{ups}").click()
    page.get_by_role("menuitem", name="Utility power fails").click()


def run(page: Page) -> None:
    page.get_by_role("button", name="Run", exact=True).click()
    expect(page.get_by_role("heading", name="Outcome")).to_be_visible()
    page.get_by_role("button", name="Pause").click()


@pytest.mark.parametrize(
    ("case", "end", "moved", "off"),
    [
        ("Case one", "11:00", 3, {"xenserver1": r"Up\s*off 2:\d\d to 7:\d\d", "xenserver2": "Up\\s*never off"}),
        ("Case two", "4:00", 3, {"xenserver1": r"Up\s*never off", "xenserver2": r"Up\s*never off"}),
        (
            "Case three",
            "11:00",
            5,
            {
                "xenserver1": r"Up\s*never off",
                "xenserver2": r"Up\s*off \d:\d\d to 7:\d\d",
                "xenserver3": r"Up\s*off \d:\d\d to 7:\d\d",
            },
        ),
    ],
)
def test_a_case_is_one_click_and_is_played_to_its_end(
    simulator: Page, case: str, end: str, moved: int, off: dict[str, str]
) -> None:
    simulator.get_by_label("Speed").select_option("300")
    simulator.get_by_role("button", name=case).click()
    expect(simulator.locator(".scrub-clock")).to_have_text(f"{end} / {end}")
    outcome = simulator.locator("#outcome")
    expect(outcome).to_contain_text("No host and no VM crashed.")
    expect(outcome.locator(".figure").filter(has_text="VMs moved")).to_contain_text(str(moved))
    for host, words in off.items():
        expect(outcome.locator(".sim-ends li").filter(has_text=host)).to_have_text(re.compile(host + r"\s*" + words))
        expect(node(simulator, f"host:{host}")).to_contain_text("Up")
    expect(simulator.locator(".sim-lines [data-ahead]")).to_have_count(0)


def test_picture_and_narrative_follow_the_slider(simulator: Page) -> None:
    simulator.get_by_role("button", name="Case one").click()
    simulator.get_by_role("button", name="Pause").click()
    go_to(simulator, 75)
    expect(node(simulator, "host:xenserver1")).to_contain_text("Being emptied")
    expect(node(simulator, "ups:ups1")).to_contain_text("On battery")
    go_to(simulator, 310)
    expect(node(simulator, "host:xenserver1")).to_contain_text("Down")
    expect(node(simulator, "ups:ups1")).to_contain_text("Off")
    expect(simulator.locator(".sim-lines [aria-current]")).to_contain_text("has passed")
    simulator.get_by_role("button", name=re.compile("web1 has moved")).click()
    expect(node(simulator, "ups:ups1")).to_contain_text("On battery")
    expect(simulator.locator(".sim-lines [aria-current]")).to_contain_text("web1")
    assert faults(simulator) == []


def test_a_story_of_ones_own(simulator: Page, tmp_path: Path) -> None:
    fails(simulator, "ups1")
    go_to(simulator, 100)
    node(simulator, "ups:ups1").click()
    simulator.get_by_role("menuitem", name="Its card goes silent").click()
    simulator.get_by_role("button", name="Controller").click()
    simulator.get_by_role("menuitem", name="Kill the controller").click()
    simulator.get_by_label("For how long").fill("20")
    simulator.get_by_role("dialog").get_by_role("button", name="Add").click()
    lines = simulator.get_by_role("list", name="Timeline").get_by_role("listitem")
    expect(lines).to_contain_text(["Utility power fails for feeder a (ups1)", "The card of ups1 goes silent", "killed"])
    # A time is typed over, and a line is taken away by the keyboard.
    when = simulator.get_by_label("When: The controller is killed")
    when.fill("never")
    when.press("Tab")
    expect(when).to_have_attribute("aria-invalid", "true")
    when.fill("1:10")
    when.press("Tab")
    expect(lines.nth(1)).to_contain_text("killed, and is back after 20 s")
    simulator.get_by_role("button", name="Take away: The card of ups1 goes silent").press("Enter")
    expect(lines).to_have_count(2)
    run(simulator)
    expect(simulator.locator("#outcome")).to_contain_text("No host and no VM crashed.")
    expect(simulator.locator(".sim-lines")).to_contain_text("utility power fails on feeder a")
    with simulator.expect_download() as saved:
        simulator.get_by_role("link", name="Save as a scenario file").click()
    content = tomllib.loads(saved.value.path().read_text(encoding="utf-8"))
    assert [(line["at"], line["do"]) for line in content["timeline"]] == [(0, "fail"), (70, "crash controller")]
    expect(simulator.get_by_text("Changed: run it again")).to_be_hidden()
    simulator.get_by_role("button", name="Take away: The controller").click()
    expect(simulator.get_by_text("Changed: run it again")).to_be_visible()


def test_a_story_that_is_played_can_be_cancelled(page: Page, serve: Serve, tmp_path: Path, root: Path) -> None:
    expect.set_options(timeout=LONG)
    page.set_default_timeout(LONG)
    worker = Endless()
    ready = planning(tmp_path, site_of(root), worker)
    write_status(ready.state_dir, written_at=ready.clock.now())
    page.goto(f"{serve(ready)}/simulator")
    cancel, run = (page.get_by_role("button", name=name, exact=True) for name in ("Cancel", "Run"))
    fails(page, "ups1")
    expect(cancel).to_be_hidden()
    with page.expect_request("**/simulations?wait=10"):
        run.click()
    expect(cancel).to_be_visible()
    cancel.click()
    expect(cancel).to_be_hidden()
    expect(run).not_to_have_attribute("aria-busy", "true")
    assert worker.cancelled.wait(LONG / 1000)
    assert page.request.get(f"{page.url.removesuffix('/simulator')}/api/v1/simulations").json() == []
    assert faults(page) == []


def test_a_ups_is_reached_and_told_to_fail_by_the_keyboard(simulator: Page) -> None:
    ups = node(simulator, "ups:ups1")
    ups.focus()
    simulator.keyboard.press("Enter")
    expect(simulator.get_by_role("menuitem", name="Utility power fails")).to_be_focused()
    simulator.keyboard.press("ArrowDown")
    simulator.keyboard.press("ArrowUp")
    simulator.keyboard.press("Enter")
    expect(simulator.get_by_role("list", name="Timeline")).to_contain_text("Utility power fails for feeder a (ups1)")
    ups.focus()
    simulator.keyboard.press("Enter")
    simulator.keyboard.press("Escape")
    expect(simulator.get_by_role("menu")).to_have_count(0)
    expect(ups).to_be_focused()


def test_two_sets_of_options_are_compared(simulator: Page) -> None:
    fails(simulator, "ups1")
    simulator.get_by_label("Compare with a second set of options").check()
    simulator.get_by_role("region", name="Options B").get_by_role("button", name="Change…").click()
    simulator.get_by_label("Host", exact=True).select_option("xenserver1")
    for option in ("maintenance", "shutdown"):
        simulator.get_by_label(f"Enable remote {option}", exact=True).uncheck()
    simulator.get_by_role("dialog").get_by_role("button", name="Change").click()
    run(simulator)
    differs = simulator.get_by_role("region", name="What differs")
    expect(differs.locator("li").filter(has_text="xenserver1")).to_contain_text("crashes at 5:00")
    expect(differs.get_by_role("row", name="VMs crashed")).to_have_text(re.compile(r"VMs crashed\s*0\s*3"))
    go_to(simulator, 310)
    expect(node(simulator, "host:xenserver1").nth(0)).to_contain_text("Down")
    expect(node(simulator, "host:xenserver1").nth(1)).to_contain_text("Crashed")
    first, second = (node(simulator, "host:xenserver1").nth(n).bounding_box() for n in (0, 1))
    assert first is not None
    assert second is not None
    assert first["y"] == second["y"]  # side by side at 1280 pixels
    assert first["x"] + first["width"] < second["x"]
    simulator.get_by_text("Played before").click()
    expect(simulator.locator(".sim-kept li")).to_contain_text(["options B", "options A"])
    simulator.get_by_role("radio", name="B", exact=True).check()
    expect(simulator.locator(".sim-lines")).to_contain_text("xenserver1 loses power while it runs: crash")
    assert faults(simulator) == []


def test_what_was_played_can_be_opened_again_by_who_may_only_look(simulator: Page, gate: OpenGate) -> None:
    simulator.get_by_role("button", name="Case two").click()
    expect(simulator.get_by_role("heading", name="Outcome")).to_be_visible()
    gate.become(Role.VIEW)
    simulator.reload()
    expect(simulator.get_by_role("button", name="Case one")).to_have_attribute("aria-disabled", "true")
    simulator.get_by_role("button", name="Case two").nth(1).click()
    expect(simulator.locator("#outcome")).to_contain_text("No host and no VM crashed.")
    expect(simulator.get_by_role("button", name="Run", exact=True)).to_be_hidden()


def test_a_site_that_nobody_has_seen_is_told_and_the_cases_are_played_all_the_same(
    simulator: Page, ready: Context
) -> None:
    expect(node(simulator, "ups:ups1")).to_be_visible()
    (ready.state_dir / FILE).unlink()
    simulator.reload()
    expect(simulator.locator(".sim-story [role=alert]")).to_contain_text("The controller has seen nothing yet")
    expect(simulator.get_by_role("button", name="Run", exact=True)).to_have_attribute("aria-disabled", "true")
    simulator.get_by_role("button", name="Case two").click()
    expect(simulator.locator("#outcome")).to_contain_text("No host and no VM crashed.")
    expect(simulator.get_by_role("button", name="Run", exact=True)).not_to_have_attribute("aria-disabled", "true")


@pytest.mark.parametrize(
    ("scenario", "id", "off_at", "states"),
    [
        ("c18_switch_ends_first", "switch:sw1", 600, ("Has power", "No power")),
        ("own_machine_ends_first", "machine:", 600, ("Has power", "Down")),
        ("nas_alone_loses_power", "nas:nas1", 1150, ("Serves", "Down")),
    ],
)
def test_what_is_no_host_is_in_the_picture_too(
    simulator: Page, scenario: str, id: str, off_at: int, states: tuple[str, str]
) -> None:
    simulator.get_by_label("Played on").select_option(f"scenario:{scenario}")
    box = node(simulator, id)
    expect(box).to_contain_text(states[0])
    run(simulator)
    until = int(simulator.get_by_label("Moment").get_attribute("max") or 0)
    for at, state in ((0, "On battery"), (off_at, states[1]), (until, states[0])):
        go_to(simulator, at)
        expect(box).to_contain_text(state)
    assert faults(simulator) == []


def test_on_a_phone_the_picture_and_the_story_have_the_whole_width(simulator: Page) -> None:
    simulator.set_viewport_size(PHONE)
    expect(node(simulator, "ups:ups1")).to_be_visible()
    for part in (".sim-main", ".sim-aside"):
        box = simulator.locator(part).bounding_box()
        assert box is not None
        assert box["width"] > 0.9 * PHONE["width"]


def test_what_was_chosen_last_is_shown_whichever_answer_comes_first(page: Page, serve: Serve, ready: Context) -> None:
    held: list[Route] = []

    def answer(route: Route) -> None:
        if (route.request.post_data_json or {}).get("source") == "live":
            held.append(route)
        else:
            route.continue_()

    page.route("**/api/v1/simulations/things", answer)
    page.goto(f"{serve(ready)}/simulator")
    page.get_by_label("Played on").select_option("scenario:c18_switch_ends_first")
    expect(page.get_by_role("heading", name="C18 switch ends first")).to_be_visible()
    with page.expect_response("**/api/v1/simulations/things"):
        held[0].continue_()
    page.wait_for_timeout(300)
    expect(page.get_by_role("heading", name="C18 switch ends first")).to_be_visible()
    expect(node(page, "switch:sw1")).to_be_visible()
