"""The survival benchmark runs, twice with the same figures, and no policy does better than its bound."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from bench.survival.policies import POLICIES

TOP = Path(__file__).parents[2]


def test_the_benchmark_is_the_same_each_time_and_its_bound_holds(tmp_path: Path) -> None:
    found = []
    for name in ("once", "again"):
        asked = ["--outages", "12", "--seed", "12", "--workers", "1", "--json", str(tmp_path / name)]
        command = [sys.executable, "-m", "bench.survival", *asked]
        ran = subprocess.run(command, cwd=TOP, capture_output=True, text=True, timeout=600, check=False)
        assert ran.returncode == 0, ran.stderr
        assert all(f"\n{policy} " in ran.stdout for policy in POLICIES)
        found.append((tmp_path / name).read_text(encoding="utf-8"))
    assert found[0] == found[1]
    for outage in json.loads(found[0])["outages"]:
        assert all(outage[policy]["total"] >= outage["bound"] for policy in POLICIES), outage


def test_the_readme_tells_its_command() -> None:
    readme = (TOP / "bench" / "README.md").read_text(encoding="utf-8")
    assert "\npython -m bench.survival --outages 2000 --seed 320000\n" in readme
