"""Options and fixtures of the whole suite."""

from __future__ import annotations

import gc
import os
from pathlib import Path

import pytest
from hypothesis import settings

ROOT = Path(__file__).resolve().parent.parent

# How long one example takes depends on who else uses the machine; CI tries the same examples for everyone.
settings.register_profile("here", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "here")


def pytest_collection_finish() -> None:
    """What was imported and collected stays to the end: the collector of cycles need not look at it again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--bless", action="store_true", help="rewrite the golden logs; read their diff before you commit it"
    )
    parser.addoption("--thorough", action="store_true", help="the long sweeps in full: hours instead of minutes")


@pytest.fixture(scope="session")
def root() -> Path:
    """The repository's root."""
    return ROOT


@pytest.fixture(scope="session")
def bless(request: pytest.FixtureRequest) -> bool:
    """Whether golden logs are to be rewritten instead of compared."""
    return bool(request.config.getoption("--bless"))


@pytest.fixture(scope="session")
def thorough(request: pytest.FixtureRequest) -> bool:
    """Whether the long sweeps are wanted in full."""
    return bool(request.config.getoption("--thorough"))


@pytest.fixture(scope="session")
def recordings() -> Path:
    """Recordings of real cards and pools, kept beside the repository; the test is skipped where they are not."""
    found = ROOT.parent / "shared" / "recordings"
    if not found.is_dir():
        pytest.skip("the recordings of real devices are not beside this repository (../shared/recordings)")
    return found
