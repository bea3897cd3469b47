"""What must hold of every page as it is shown."""

from __future__ import annotations

from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, ViewportSize

SERIOUS = ("serious", "critical")
PHONE = ViewportSize(width=390, height=844)


def faults(page: Page) -> list[str]:
    """What axe finds that is serious, in either colour scheme, and whether a phone must scroll sideways."""
    found: list[str] = []
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        found += [f"{scheme}: {fault}" for fault in _axe(page)]
    before = page.viewport_size
    page.set_viewport_size(PHONE)
    wide: int = page.evaluate("document.documentElement.scrollWidth")
    if wide > PHONE["width"]:
        found.append(f"a phone scrolls sideways: {wide} pixels")
    if before is not None:
        page.set_viewport_size(before)
    return found


def _axe(page: Page) -> list[str]:
    response: dict[str, Any] = Axe().run(page).response
    return [
        f"{one['id']}: {one['help']} at {[node['target'] for node in one['nodes']][:3]}"
        for one in response["violations"]
        if one["impact"] in SERIOUS
    ]
