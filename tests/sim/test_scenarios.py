"""Every scenario, run by the real loop on virtual time, against its golden log.

`pytest tests/sim/test_scenarios.py --bless` rewrites the logs; their diff is the change of behaviour, in English.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from ridethrough.sim.scenario import load, play
from tests.views.told import makes_sense, told

SCENARIOS = sorted((Path(__file__).resolve().parents[2] / "scenarios").glob("*.toml"))


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
def test_scenario(path: Path, bless: bool) -> None:
    run = play(load(path))
    log = path.with_suffix(".log")
    if bless:
        log.write_text(run.narrative, encoding="utf-8")
    assert run.failures == ()
    assert log.exists(), f"{log.name} is missing: read what --bless writes before you commit it"
    makes_sense(told(run.journal.entries))
    assert run.narrative.splitlines() == log.read_text(encoding="utf-8").splitlines()


def test_every_log_has_its_scenario() -> None:
    logs = {path.stem for path in (Path(__file__).resolve().parents[2] / "scenarios").glob("*.log")}
    assert logs <= {path.stem for path in SCENARIOS}
