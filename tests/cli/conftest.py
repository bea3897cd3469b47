"""Simulated sites, each for the tests of one file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from .live import Live


@pytest.fixture(scope="module")
def live(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """Two hosts, each on a UPS of its own; no controller yet."""
    found = Live(tmp_path_factory.mktemp("site"), root / "scenarios" / "sites" / "two_hosts.toml")
    yield found
    found.close()


@pytest.fixture(scope="module")
def protected(live: Live) -> Live:
    """The same site, with a controller that sees everything."""
    live.protect()
    return live


@pytest.fixture(scope="module")
def every_card(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """A UPS of each family of cards, named after it, ten on a feeder; no controller. An outage there lasts minutes."""
    found = Live(tmp_path_factory.mktemp("every"), root / "scenarios" / "sites" / "every_card.toml", speed=1.0)
    yield found
    found.close()
