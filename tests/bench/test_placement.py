"""The planner against the exact solver, on a small fixed sample: no limit is broken, hardly anything is given away."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

BENCH = Path(__file__).parents[2] / "bench" / "placement.py"
SAMPLE = ["--instances", "25", "--seed", "900001", "--hosts", "8", "--solver-seconds", "3"]


def test_a_small_sample_is_planned_as_well_as_the_exact_solver_does(tmp_path: Path) -> None:
    results = tmp_path / "results.jsonl"
    arguments = [sys.executable, str(BENCH), *SAMPLE, "--results", str(results)]
    ran = subprocess.run(arguments, cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr  # no plan is against memory, reach or time
    found = [json.loads(line) for line in results.read_text(encoding="utf-8").splitlines()]
    assert len(found) == 25
    assert any(one["best"] for one in found)
    assert all(one["saved"] >= 0.99 * one["best"] for one in found), ran.stdout
    assert sum(one["saved"] == one["best"] for one in found) >= 20, ran.stdout
