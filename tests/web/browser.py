"""Debian's Chromium on an application over a state directory that the test writes."""

from __future__ import annotations

import asyncio
import contextlib
import json
import shutil
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from ridethrough.api import Context, create_app
from ridethrough.runtime.lock import Lock
from ridethrough.runtime.status import FILE
from ridethrough.web import pages

CHROMIUM = shutil.which("chromium")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
FLAGS += ["--disable-component-update", "--disable-sync"]


@dataclass
class Served:
    """An application that listens; `held` keeps a controller's lock on the state directory, as a running one does."""

    context: Context
    url: str = ""
    held: Lock | None = None
    _server: uvicorn.Server | None = field(default=None, repr=False)
    _thread: threading.Thread | None = field(default=None, repr=False)

    def start(self) -> None:
        """Listen on a free port of loopback."""
        app = create_app(self.context, pages())
        config = uvicorn.Config(app, host="127.0.0.1", port=0, log_config=None, timeout_graceful_shutdown=1)
        self._server = uvicorn.Server(config)
        sockets = [config.bind_socket()]
        self.url = f"http://127.0.0.1:{sockets[0].getsockname()[1]}"
        self._thread = threading.Thread(target=asyncio.run, args=(self._server.serve(sockets),), daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End it, open event streams too."""
        if self._server is not None and self._thread is not None:
            self._server.should_exit = True
            self._thread.join(timeout=20)

    def tell(self, **changes: Any) -> None:
        """The controller's next status, with these changes."""
        path = self.context.state_dir / FILE
        fresh = path.with_suffix(".test")
        fresh.write_text(json.dumps(SITE | changes | {"written_at": self.context.clock.now()}), encoding="utf-8")
        fresh.replace(path)


@contextlib.contextmanager
def served(context: Context) -> Iterator[Served]:
    """The application, with a site of two UPSs and two hosts and a controller that seems to run."""
    found = Served(context, held=Lock(context.state_dir))
    found.tell()
    found.start()
    try:
        yield found
    finally:
        found.stop()
        if found.held is not None:
            found.held.release()


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    """One browser."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        try:
            yield browser
        finally:
            browser.close()


def opened(window: BrowserContext, url: str) -> tuple[Page, list[str]]:
    """A page that is open at `url`, and what its scripts complain of (a list that grows)."""
    page = window.new_page()
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda said: wrong.append(said.text) if "Content Security Policy" in said.text else None)
    page.goto(url)
    return page, wrong


def ups(id: str, **changes: Any) -> dict[str, Any]:
    row: dict[str, Any] = {"id": id, "model": "", "condition": "good", "silent": False, "source": "utility"}
    row |= {"charge": 100.0, "runtime": 1500.0, "trusted_runtime": 1200.0, "load": 30.0, "low": False, "testing": False}
    row |= {"on_battery_since": None, "off_at": None, "cut_at": None, "answered_at": 0.0, "warning_period": 180.0}
    return row | {"shutdown_delay": 120.0, "action": "client and ups", "trouble": ""} | changes


def host(id: str, fed: str, **changes: Any) -> dict[str, Any]:
    row: dict[str, Any] = {"id": id, "pool": "pool1", "address": f"192.0.2.{id[-1]}", "coordinator": False}
    row |= {"connected": True, "enabled": True, "supply": "full", "on_battery_since": None, "powered_by": [fed]}
    timer = {"enabled": True, "after": 60.0}
    row |= {"needs": 1, "options": {"maintenance": timer, "shutdown": timer}, "vms": ["web1"], "power_until": None}
    row |= {"row": {"vms": "migrate", "host": "shut down", "crash": False}, "seconds_needed": 90.0, "step": ""}
    return row | {"held": False} | changes


def nas(id: str, fed: str, **changes: Any) -> dict[str, Any]:
    row: dict[str, Any] = {"id": id, "address": "192.0.2.20", "powered_by": [fed], "needs": 1, "supply": "full"}
    row |= {"on_battery_since": None, "way": "network ups", "after": 300.0, "stop_time": 120.0, "serves": True}
    row |= {
        "serves_at": 0.0,
        "logged_in": True,
        "trouble": "",
        "repositories": ["nas"],
        "hosts": ["h1", "h2"],
        "vms": 2,
    }
    return row | {"counts_until": None, "told": "online", "why": "", "step": ""} | changes


def switch(id: str, *fed: str, **changes: Any) -> dict[str, Any]:
    row: dict[str, Any] = {"id": id, "powered_by": list(fed), "needs": 1, "supply": "full", "on_battery_since": None}
    row |= {"power_until": None, "hosts": ["h1", "h2"], "nas": [], "cards": ["ups1"]}
    return row | changes


def own_machine(*fed: str, **changes: Any) -> dict[str, Any]:
    row: dict[str, Any] = {"powered_by": list(fed), "needs": 1, "supply": "full", "on_battery_since": None}
    row |= {"power_until": None, "switch": "", "shutdown": True, "shuts_down_at": None, "vm": "", "host": ""}
    return row | changes


SITE: dict[str, Any] = {
    "site": "Head office",
    "controller": "c1",
    "armed": False,
    "verdict": "nothing to do",
    "journal_trouble": "",
    "traps_listen": None,
    "traps_trouble": "",
    "upses": [ups("ups1"), ups("ups2")],
    "pools": [
        {"id": "pool1", "coordinator": "h1", "connected": True, "claim": "", "trouble": "", "recorded": False},
    ],
    "hosts": [host("h1", "ups1", coordinator=True), host("h2", "ups2")],
    "vms": [],
    "storage": [{"id": "nas", "hosts": ["h1", "h2"], "vms": 2}],
    "nas": [],
    "switches": [],
    "own_machine": None,
    "alerts": [],
    "under_way": [],
}
