"""Each tab of Settings, with the dialogs that it opens, and a notification that really arrives."""

from __future__ import annotations

import json
import re
import threading
import tomllib
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from .looks import faults
from .real import Real


@pytest.fixture(scope="module")
def real(root: Path, tmp_path_factory: pytest.TempPathFactory, chromium: Browser) -> Iterator[Real]:
    found = Real(tmp_path_factory.mktemp("settings"), root / "scenarios" / "sites" / "two_hosts.toml")
    yield found
    found.close()


@pytest.fixture
def receiver() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """A web server on loopback: where it is, and what it was sent."""
    heard: list[dict[str, Any]] = []

    class Hook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            heard.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Nothing: a test's output is for its own faults."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Hook)
    thread = threading.Thread(target=server.serve_forever, name="receiver", daemon=True)
    thread.start()
    yield f"127.0.0.1:{server.server_port}", heard
    server.shutdown()
    server.server_close()
    thread.join()


def opened(page: Page, real: Real, name: str) -> Locator:
    """This tab of Settings, filled."""
    page.goto(f"{real.at}/settings")
    page.get_by_role("tab", name=name).click()
    panel = page.get_by_role("tabpanel", name=name)
    expect(panel.locator("h2").first).to_be_visible()
    return panel


def save(page: Page) -> None:
    """The change is shown, and is made."""
    dialog = page.get_by_role("dialog")
    expect(dialog.locator("ins").first).to_be_visible()
    dialog.get_by_role("button", name="Save", exact=True).click()
    expect(dialog).to_have_count(0)


def test_a_target_is_added_and_told(real: Real, tab: Page, receiver: tuple[str, list[dict[str, Any]]]) -> None:
    where, heard = receiver
    panel = opened(tab, real, "Notifications")
    panel.get_by_role("button", name="New target").click()
    dialog = tab.get_by_role("dialog", name="New target")
    dialog.get_by_label("Name").fill("not a name")
    dialog.get_by_role("button", name="Go on").click()
    expect(dialog.get_by_label("Name")).to_have_attribute("aria-invalid", "true")
    dialog.get_by_label("Name").fill("ops-1")
    dialog.get_by_label("Where to").fill(f"json://anna:hidden-word@{where}/hook")
    dialog.get_by_label("From").select_option("info")
    dialog.get_by_role("checkbox", name=re.compile("^Alerts")).check()
    dialog.get_by_role("checkbox", name=re.compile("^Outage")).check()
    assert faults(tab) == []
    dialog.get_by_role("button", name="Go on").click()
    expect(tab.get_by_role("dialog", name="Notify ops-1")).not_to_contain_text("hidden-word")
    save(tab)
    row = panel.get_by_role("row", name="ops-1")
    expect(row).to_contain_text("alerts, outage")
    written = real.site_file.read_text()
    assert "hidden-word" not in written
    assert tomllib.loads(written)["notify"]["ops-1"] == {
        "url": "secret:notify-ops-1-url",
        "severity": "info",
        "classes": ["outage", "alerts"],
    }
    row.get_by_role("button", name="Send a test to ops-1").click()
    expect(tab.get_by_text("ops-1 took the test.").first).to_be_visible()
    assert [one["title"] for one in heard] == ["two hosts: a test of ops-1"]


def test_a_target_is_changed_and_removed(real: Real, tab: Page) -> None:
    """After the test above, whose target it is."""
    panel = opened(tab, real, "Notifications")
    panel.get_by_role("button", name="Change ops-1").click()
    dialog = tab.get_by_role("dialog", name="Target ops-1")
    for name in ("Alerts", "Outage"):
        dialog.get_by_role("checkbox", name=re.compile(f"^{name}")).uncheck()
    dialog.get_by_label("From").select_option("danger")
    dialog.get_by_role("button", name="Go on").click()
    save(tab)
    expect(panel.get_by_role("row", name="ops-1")).to_contain_text("everything")
    assert tomllib.loads(real.site_file.read_text())["notify"]["ops-1"]["severity"] == "danger"
    panel.get_by_role("button", name="Remove ops-1").click()
    dialog = tab.get_by_role("dialog", name="Remove ops-1")
    expect(dialog.locator("del").first).to_be_visible()
    dialog.get_by_role("button", name="Save", exact=True).click()
    expect(panel.get_by_role("row", name="ops-1")).to_have_count(0)
    assert "notify" not in tomllib.loads(real.site_file.read_text())


# Of each tab: the buttons that open a dialog, which is left with Escape. The tests above have replaced a site.toml.
DIALOGS = {
    "My account": (),
    "Accounts": ("New account", "Change anna"),
    "API tokens": ("New token",),
    "Equipment": ("Add a NAS or SAN", "Change how xenserver1 is switched on", "Change the output of ups1"),
    "Notifications": ("New target",),
    "Certificate": (),
    "site.toml": ("Show the version of",),
}


@pytest.mark.parametrize("name", DIALOGS)
def test_a_tab_and_its_dialogs_have_no_serious_fault(real: Real, tab: Page, name: str) -> None:
    panel = opened(tab, real, name) if name != "Certificate" else _without_certificate(tab, real)
    assert faults(tab) == []
    for word in DIALOGS[name]:
        panel.get_by_role("button", name=word).first.click()
        dialog = tab.get_by_role("dialog")
        expect(dialog).to_be_visible()
        assert faults(tab) == []
        tab.keyboard.press("Escape")
        expect(dialog).to_have_count(0)


def _without_certificate(page: Page, real: Real) -> Locator:
    """These pages come without TLS, and the tab says so."""
    page.goto(f"{real.at}/settings")
    page.get_by_role("tab", name="Certificate").click()
    panel = page.get_by_role("tabpanel", name="Certificate")
    expect(panel.locator(".note")).to_be_visible()
    return panel
