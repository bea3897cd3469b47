"""One simulated site for the tests of a file."""

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
