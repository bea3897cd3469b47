"""docs/upses.md is what the tables of the families say."""

from __future__ import annotations

from pathlib import Path

from ridethrough.drivers.snmp.mibs.page import page


def test_the_page_of_upses_follows_the_tables(root: Path) -> None:
    written = (root / "docs" / "upses.md").read_text(encoding="utf-8")
    assert written == page(), "run: python -m ridethrough.drivers.snmp.mibs > docs/upses.md"
