"""The forms for storage, switches, the controller's machine, how hosts are switched on and outputs are cut."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from .looks import faults
from .real import Real, ask, log_in


@pytest.fixture(scope="module")
def real(root: Path, tmp_path_factory: pytest.TempPathFactory, chromium: Browser) -> Iterator[Real]:
    found = Real(tmp_path_factory.mktemp("equipment"), root / "scenarios" / "sites" / "two_hosts_and_a_nas.toml")
    yield found
    found.close()


def opened(page: Page, real: Real) -> Locator:
    page.goto(f"{real.at}/settings#equipment")
    panel = page.get_by_role("tabpanel", name="Equipment")
    expect(panel.get_by_role("heading", name="Making room")).to_be_visible()
    return panel


def form(page: Page, panel: Locator, press: str, name: str) -> Locator:
    panel.get_by_role("button", name=press, exact=True).click()
    return page.get_by_role("dialog", name=name)


def save(page: Page, dialog: Locator, shown: str) -> None:
    """The change is shown, and is made; both dialogs end."""
    dialog.get_by_role("button", name="Next").click()
    change = page.get_by_role("dialog").filter(has=page.get_by_label("Why?"))
    expect(change).to_contain_text(shown)
    change.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("dialog")).to_have_count(0)


def written(real: Real) -> dict[str, Any]:
    return tomllib.loads(real.site_file.read_text())


def test_a_switch_is_added_changed_and_removed(real: Real, tab: Page) -> None:
    panel = opened(tab, real)
    dialog = form(tab, panel, "Add a switch", "New switch")
    dialog.get_by_label("Name", exact=True).fill("core")
    dialog.get_by_role("button", name="Next").click()
    expect(dialog.get_by_text("switch.core.connects is missing: write connects =")).to_be_visible()
    assert faults(tab) == []
    dialog.get_by_role("group", name="Powered by").get_by_label("ups3").check()
    dialog.get_by_label("xenserver1 (host)").check()
    dialog.get_by_label("nas1 (storage)").check()
    save(tab, dialog, "[switch.core]")
    row = panel.get_by_role("row", name="core")
    expect(row).to_contain_text("xenserver1 and nas1")
    assert written(real)["switch"]["core"] == {"powered_by": ["ups3"], "connects": ["xenserver1", "nas1"]}
    real.until(lambda status: [one["id"] for one in status["switches"]] == ["core"])
    dialog = form(tab, panel, "Change core", "core: switch")
    dialog.get_by_label("xenserver1 (host)").uncheck()
    save(tab, dialog, "connects")
    expect(row).not_to_contain_text("xenserver1")
    row.get_by_role("button", name="Remove core").click()
    tab.get_by_role("dialog", name="Remove core").get_by_role("button", name="Save", exact=True).click()
    expect(panel.get_by_text("site.toml names no switch")).to_be_visible()
    assert "switch" not in written(real)


def test_a_nas_that_would_be_wrong_is_told_at_its_keys_and_changes_nothing(real: Real, tab: Page) -> None:
    panel = opened(tab, real)
    before = real.site_file.read_bytes()
    dialog = form(tab, panel, "Add a NAS or SAN", "New NAS or SAN")
    dialog.get_by_label("Name", exact=True).fill("nas1")
    dialog.get_by_role("button", name="Next").click()
    expect(dialog.get_by_text("This name is taken.")).to_be_visible()
    dialog.get_by_label("Name", exact=True).fill("nas2")
    dialog.get_by_label("IP address").fill("not an address")
    dialog.get_by_label("MAC address").fill("52:54")
    dialog.get_by_role("button", name="Next").click()
    for key in ("serves", "powered_by", "way"):
        expect(dialog.get_by_text(f"storage.nas2.{key} is missing: write {key} =")).to_be_visible()
    for label in ("IP address", "MAC address"):
        expect(dialog.get_by_label(label)).to_have_attribute("aria-invalid", "true")
    expect(dialog.get_by_label("IP address")).to_be_focused()
    assert faults(tab) == []
    dialog.get_by_role("button", name="Cancel").click()
    assert real.site_file.read_bytes() == before


def test_a_nas_is_added_with_a_password_that_nobody_is_shown(real: Real, tab: Page) -> None:
    panel = opened(tab, real)
    dialog = form(tab, panel, "Add a NAS or SAN", "New NAS or SAN")
    expect(dialog.get_by_label("Command that stops it")).to_be_hidden()
    for label, text in {
        "Name": "nas2",
        "IP address": "127.0.20.219",
        "MAC address": "52:54:00:12:34:56",
    }.items():
        dialog.get_by_label(label, exact=True).fill(text)
    dialog.get_by_label("Services, one on each line").fill("tcp://127.0.20.219:3260")
    dialog.get_by_role("group", name="Powered by").get_by_label("ups3").check()
    dialog.get_by_label("Way").select_option("ssh")
    dialog.get_by_label("User").fill("admin")
    dialog.get_by_label("Password").fill("hidden-word")
    dialog.get_by_label("Command that stops it").fill("sudo -n /sbin/poweroff")
    save(tab, dialog, 'password = "secret:storage-nas2"')
    expect(panel.get_by_role("row", name="nas2")).to_contain_text("SSH")
    assert written(real)["storage"]["nas2"] == {
        "powered_by": ["ups3"],
        "address": "127.0.20.219",
        "serves": ["tcp://127.0.20.219:3260"],
        "way": "ssh",
        "username": "admin",
        "command": "sudo -n /sbin/poweroff",
        "password": "secret:storage-nas2",
        "wake_on_lan": {"mac": "52:54:00:12:34:56"},
    }
    assert (real.folder / "secrets" / "storage-nas2").read_text().strip() == "hidden-word"
    dialog = form(tab, panel, "Change nas2", "nas2: NAS or SAN")
    expect(dialog.get_by_text("Kept as secret:storage-nas2.")).to_be_visible()
    expect(dialog.get_by_label("Password")).to_have_value("")
    told = ask(
        tab, "POST", "/settings/preview", {"operations": [{"op": "remove", "path": ["storage", "nas2", "after"]}]}
    )
    assert "hidden-word" not in told["text"] + tab.content()
    dialog.get_by_role("button", name="Cancel").click()
    tab.goto(f"{real.at}/storage/nas2")
    tab.get_by_role("button", name="Change…").click()
    dialog = tab.get_by_role("dialog", name="nas2: NAS or SAN")
    dialog.get_by_label("Way").select_option("agent")
    dialog.get_by_label("MAC address").fill("")
    save(tab, dialog, 'way = "agent"')
    assert written(real)["storage"]["nas2"].keys() == {"powered_by", "address", "serves", "way"}
    opened(tab, real).get_by_role("button", name="Remove nas2").click()
    tab.get_by_role("dialog", name="Remove nas2").get_by_role("button", name="Save", exact=True).click()
    expect(panel.get_by_role("row", name="nas2")).to_have_count(0)


def test_a_host_gets_ways_to_be_switched_on_in_their_order(real: Real, tab: Page) -> None:
    panel = opened(tab, real)
    dialog = form(tab, panel, "Change how xenserver1 is switched on", "xenserver1: how it is switched on")
    dialog.get_by_label("First").select_option("wake-on-lan")
    dialog.get_by_label("Then").first.select_option("redfish")
    expect(dialog.get_by_role("group", name="Its BMC")).to_be_visible()
    dialog.get_by_label("MAC address").fill("52:54:00:12:34:56")
    dialog.get_by_role("button", name="Next").click()
    expect(dialog.get_by_text('has power_on = "redfish" and no bmc')).to_be_visible()
    bmc = dialog.get_by_role("group", name="Its BMC")
    bmc.get_by_label("Address").fill("127.0.20.221")
    bmc.get_by_label("User").fill("ridethrough")
    bmc.get_by_label("Password").fill("hidden-word")
    assert faults(tab) == []
    save(tab, dialog, 'power_on = ["wake-on-lan", "redfish"]')
    row = panel.get_by_role("row", name=re.compile("^xenserver1"))
    expect(row).to_contain_text("Wake-on-LAN, then Redfish")
    expect(row).to_contain_text("password kept as secret:host-xenserver1-bmc")
    host = written(real)["host"]["xenserver1"]
    assert host["bmc"] == {
        "address": "127.0.20.221",
        "username": "ridethrough",
        "password": "secret:host-xenserver1-bmc",
    }
    assert "hidden-word" not in real.site_file.read_text() + tab.content()
    tab.goto(f"{real.at}/hosts/xenserver1")
    tab.get_by_role("button", name="Switching on…").click()
    dialog = tab.get_by_role("dialog", name="xenserver1: how it is switched on")
    expect(dialog.get_by_label("First")).to_have_value("wake-on-lan")
    dialog.get_by_label("First").select_option("xapi")
    dialog.get_by_label("Then").first.select_option("")
    save(tab, dialog, 'power_on = ["xapi"]')
    host = written(real)["host"]["xenserver1"]
    assert not {"bmc", "wake_on_lan"} & host.keys()


def test_an_output_is_cut_only_by_who_may_set_it(real: Real, tab: Page) -> None:
    panel = opened(tab, real)
    dialog = form(tab, panel, "Change the output of ups1", "ups1: its output")
    dialog.get_by_label("Cut its output").check()
    dialog.get_by_role("button", name="Next").click()
    expect(dialog.get_by_role("alert")).to_contain_text("ups.ups1 has cut_output, and no write_community")
    dialog.get_by_label("Community for setting").fill("hidden-word")
    save(tab, dialog, "cut_output = true")
    row = panel.get_by_role("row", name=re.compile("^ups1"))
    expect(row).to_contain_text("Is cut once everything on it is down")
    expect(row).to_contain_text("the community kept as secret:ups-ups1-write_community")
    assert "hidden-word" not in real.site_file.read_text() + tab.content()


def test_the_controllers_machine_and_making_room_are_changed(real: Real, tab: Page) -> None:
    panel = opened(tab, real)
    dialog = form(tab, panel, "Change the controller's own machine", "The controller's own machine")
    dialog.get_by_label("Shut it down").check()
    dialog.get_by_role("button", name="Next").click()
    expect(dialog.get_by_role("alert")).to_contain_text("has shutdown = true and no powered_by")
    dialog.get_by_role("group", name="Powered by").get_by_label("ups2").check()
    save(tab, dialog, "shutdown = true")
    expect(panel.get_by_text("Last of all; it takes 1 min: systemctl poweroff")).to_be_visible()
    assert written(real)["controller"] == {"name": "controller", "powered_by": ["ups2"], "shutdown": True}
    dialog = form(tab, panel, "Change what is done to make room", "Making room")
    dialog.get_by_label("What may be done").select_option("move")
    save(tab, dialog, 'make_room = "move"')
    expect(panel.get_by_text("Less important VMs move to other hosts")).to_be_visible()
    real.until(lambda status: (status["own_machine"] or {}).get("powered_by") == ["ups2"])


def test_who_may_not_change_it_sees_it_and_why(real: Real, tab: Page, chromium: Browser) -> None:
    account = {"name": "bert", "role": "view", "password": "a long password"}
    tab.goto(f"{real.at}/settings")
    assert ask(tab, "POST", "/accounts", account)["status"] == 201
    context = chromium.new_context()
    page = context.new_page()
    log_in(page, real, "bert", "a long password")
    page.locator("#top-user button").wait_for()
    panel = opened(page, real)
    press = panel.get_by_role("button", name="Change nas1")
    expect(press).to_have_attribute("aria-disabled", "true")
    expect(press).to_have_attribute("title", re.compile('needs the role "administer"'))
    context.close()
