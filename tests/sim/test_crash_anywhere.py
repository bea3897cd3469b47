"""The controller dies anywhere and is started again: every run must end in the same world.

Here a few places of each scenario, spread over all of it; `./test --crash-anywhere` dies at every one. What may end
otherwise stands in the scenario, with its reason.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest

from ridethrough.sim.scenario import load

from .deaths import AWAY, FEW, Sweep, judge, sample
from .forked import sweep

SCENARIOS = sorted((Path(__file__).resolve().parents[2] / "scenarios").glob("*.toml"))


@pytest.fixture(scope="module")
def forker() -> Iterator[Executor]:
    """A process without threads, which may be forked."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        yield pool


def sampled(path: Path) -> Sweep:
    return sweep(path, sample(path))


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
def test_killed_here_and_there(forker: Executor, path: Path) -> None:
    found = forker.submit(sampled, path).result()
    assert judge(load(path).crash_exceptions, found.deaths).wrong == ()
    of_entries = [death.away for death in found.deaths if death.place.entry]
    at_ticks = [death.away for death in found.deaths if not death.place.entry]
    assert sorted(at_ticks) == sorted(AWAY)
    assert len(of_entries) in (FEW - 1, FEW)
