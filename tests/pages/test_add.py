"""Adding a pool and UPSs in a browser (manual 2.2.1 and "Search Device" of 2.2.3)."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, expect

from ridethrough.api import Context
from tests.api.equipment import OTHER, PIN, Equipment
from tests.api.fakes import OpenGate, Role

from .looks import faults
from .site import site

Serve = Callable[[Context], str]
NEW = '[site]\nname = "Head office"\n'
NOTHING: dict[str, Any] = {"upses": [], "pools": [], "hosts": [], "vms": [], "storage": []}


def new_site(folder: Path, equipment: Equipment) -> Context:
    """A site that holds nothing yet."""
    return site(folder, doors=equipment.doors(), text=NEW, status=NOTHING)


def in_file(context: Context) -> dict[str, Any]:
    return tomllib.loads(context.site_file.read_text())


def test_a_pool_is_added_once_its_certificates_are_accepted(page: Page, serve: Serve, tmp_path: Path) -> None:
    equipment = Equipment()
    context = new_site(tmp_path, equipment)
    page.goto(f"{serve(context)}/add")
    expect(page.get_by_label("Product")).to_have_value("pool")
    expect(page.get_by_label("Product").locator("option").first).to_have_text(
        "Citrix XenCenter (XenServer / XCP-ng pool)"
    )
    page.get_by_label("Address", exact=True).fill("127.0.0.9")
    page.get_by_label("Password", exact=True).fill("open-sesame")
    page.get_by_role("button", name="Look").click()
    expect(page.get_by_role("heading", name="Are these your hosts?")).to_be_visible()
    expect(page.locator(".fingerprint")).to_have_text(":".join(["AA"] * 32))
    assert equipment.logins == []
    page.get_by_text("How do I compare them?").click()
    expect(page.get_by_text("openssl x509 -in /etc/xensource/xapi-ssl.pem")).to_be_visible()
    assert faults(page) == []
    page.get_by_role("checkbox", name="127.0.0.9").check()
    page.get_by_role("button", name="Accept and log in").click()
    expect(page.get_by_role("button", name="Add this pool…")).to_have_attribute("aria-disabled", "true")
    page.get_by_role("checkbox", name="127.0.0.10").check()
    page.get_by_role("button", name="Accept and log in").click()
    found = page.get_by_role("region", name="The pool", exact=True)
    expect(found).to_contain_text("Found: pool1 with 2 hosts and 5 running VMs")
    expect(found.get_by_role("row", name="h1")).to_contain_text("Coordinator (XenCenter)")
    expect(found.get_by_role("row", name="h2")).to_contain_text("XCP-ng 8.3.0")
    expect(found).to_contain_text("High availability (HA) is on")
    expect(found).to_contain_text("Not shared by the hosts: Local storage.")
    assert faults(page) == []
    page.get_by_role("button", name="Add this pool…").click()
    expect(page.get_by_role("dialog").locator(".diff")).to_contain_text("[pool.pool1]")
    page.get_by_role("dialog").get_by_role("button", name="Add").click()
    expect(page.get_by_text("pool1 is added with 2 hosts.")).to_be_visible()
    written = in_file(context)
    assert written["host"] == {"h1": {"pool": "pool1", "powered_by": []}, "h2": {"pool": "pool1", "powered_by": []}}
    pool = written["pool"]["pool1"]
    assert (pool["addresses"], pool["username"]) == (["127.0.0.9", "127.0.0.10"], "root")
    assert pool["fingerprints"] == [PIN, OTHER]
    name = pool["password"].removeprefix("secret:")
    assert (tmp_path / "secrets" / name).read_text() == "open-sesame"
    assert "open-sesame" not in page.content()
    expect(page.get_by_role("link", name="Who feeds whom").last).to_have_attribute("href", "/hosts")


def test_upses_are_searched_in_a_range_and_added_under_names(page: Page, serve: Serve, tmp_path: Path) -> None:
    context = new_site(tmp_path, Equipment())
    page.goto(f"{serve(context)}/add#ups")
    page.get_by_label("Start address").fill("127.0.0.1")
    page.get_by_label("End address").fill("127.0.0.3")
    page.get_by_label("Community", exact=True).first.fill("hush-1")
    page.get_by_role("tabpanel", name="Search device").get_by_role("button", name="Search").click()
    row = page.locator(".found li")
    expect(row).to_contain_text("127.0.0.2")
    expect(row).to_contain_text("Phoenixtec Pro 1500")
    expect(row).to_contain_text("On utility power")
    name = page.get_by_label("Name of 127.0.0.2:161")
    expect(name).to_have_value("ups1")
    assert faults(page) == []
    name.fill("rack-a")
    page.get_by_label("Feeder of 127.0.0.2:161").fill("Cellar 2")
    page.get_by_role("button", name="Add 1 UPS…").click()
    expect(page.get_by_role("dialog")).to_contain_text("rack-a (127.0.0.2:161, on feeder Cellar 2)")
    page.get_by_role("dialog").get_by_role("button", name="Add").click()
    expect(page.get_by_text("rack-a: added.")).to_be_visible()
    expect(row).to_contain_text("Known as rack-a")
    expect(page.get_by_role("link", name="Who feeds whom").last).to_have_attribute("href", "/hosts")
    ups = in_file(context)["ups"]["rack-a"]
    assert (ups["source"], ups["feeder"]) == ("snmp://127.0.0.2", "Cellar 2")
    assert (tmp_path / "secrets" / ups["community"].removeprefix("secret:")).read_text() == "hush-1"


def test_a_search_is_watched_and_cancelled_and_keeps_what_it_found(page: Page, serve: Serve, tmp_path: Path) -> None:
    page.goto(f"{serve(new_site(tmp_path, Equipment(hangs=True)))}/add#ups")
    page.get_by_label("Start address").fill("127.0.0.0/28")
    page.get_by_role("tabpanel", name="Search device").get_by_role("button", name="Search").click()
    expect(page.get_by_role("progressbar")).to_have_attribute("aria-valuemax", "14")
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_text("the search was ended early: 2 of 14 addresses were asked")).to_be_visible()
    expect(page.locator(".found li")).to_contain_text("127.0.0.2")


def test_one_ups_is_added_by_its_address(page: Page, serve: Serve, tmp_path: Path) -> None:
    context = new_site(tmp_path, Equipment())
    page.goto(f"{serve(context)}/add#ups")
    page.get_by_role("tab", name="One by one").click()
    panel = page.get_by_role("tabpanel", name="One by one")
    panel.get_by_label("Address of the card").fill("127.0.0.9")
    panel.get_by_role("button", name="Look").click()
    expect(panel.get_by_text("Nothing answered.")).to_be_visible()
    panel.get_by_label("Address of the card").fill("127.0.0.2")
    panel.get_by_role("button", name="Look").click()
    panel.get_by_role("button", name="Add 1 UPS…").click()
    page.get_by_role("dialog").get_by_role("button", name="Add").click()
    expect(page.get_by_text("ups1: added.")).to_be_visible()
    assert in_file(context)["ups"] == {"ups1": {"source": "snmp://127.0.0.2"}}


def test_a_nut_server_that_does_not_answer_is_told(page: Page, serve: Serve, tmp_path: Path) -> None:
    page.goto(f"{serve(new_site(tmp_path, Equipment()))}/add#ups")
    page.get_by_role("tab", name="NUT server").click()
    panel = page.get_by_role("tabpanel", name="NUT server")
    panel.get_by_label("Address of the NUT server").fill("127.0.0.7")
    panel.get_by_role("button", name="Look").click()
    expect(panel.get_by_text("127.0.0.7:3493 does not answer")).to_be_visible()
    panel.get_by_label("Address of the NUT server").fill("upsd.example.com")
    panel.get_by_role("button", name="Look").click()
    expect(panel.get_by_role("alert").filter(has_text="A name is not accepted")).to_be_visible()
    assert faults(page) == []


def test_who_does_not_administer_adds_nothing(page: Page, serve: Serve, tmp_path: Path) -> None:
    gate = OpenGate()
    gate.become(Role.OPERATE)
    page.goto(f"{serve(site(tmp_path, gate=gate))}/add")
    expect(page.get_by_text('Adding needs the role "administer"; you have "operate".')).to_be_visible()
