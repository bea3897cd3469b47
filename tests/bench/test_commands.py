"""Every command of bench/README.md runs, on its smallest size; what it measures is never asserted."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

BENCH = Path(__file__).parents[2] / "bench"
SMALLEST = {
    "agent.py": ["--seconds", "1", "1"],
    "decide.py": ["1"],
    "discover.py": ["3"],
    "idle.py": ["--seconds", "1", "1"],
    "journal.py": ["--times", "3", "1"],
    "reaction.py": ["--times", "1", "0"],
    "placement.py": ["--instances", "2", "--hosts", "4", "--solver-seconds", "1"],
    "read_pool.py": ["1:15"],
    "web.py": ["--seconds", "1", "--viewers", "1", "1:2:1"],
    "snmp.py": ["--pace", "1", "--cycles", "2", "--polls", "200", "4"],
}


def test_the_readme_names_every_command() -> None:
    named = re.findall(r"^python bench/(\w+\.py)", (BENCH / "README.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert set(named) == set(SMALLEST)
    assert all((BENCH / command).exists() for command in named)


@pytest.mark.parametrize("command", SMALLEST)
def test_a_command_runs(command: str, tmp_path: Path) -> None:
    arguments = [sys.executable, str(BENCH / command), *SMALLEST[command], "--charts", str(tmp_path)]
    ran = subprocess.run(arguments, cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False)
    assert ran.returncode == 0, ran.stderr
    charts = re.findall(r"^drawn: (.+)$", ran.stdout, re.MULTILINE)
    assert charts
    for chart in charts:
        assert Path(chart).read_text(encoding="utf-8").startswith("<svg ")
