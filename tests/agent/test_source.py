"""The agent's source: Python 3.6 and its standard library only, apart from the controller; one file, the same bytes."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

import ridethrough
import ridethrough_agent

from .pythons import PYTHONS

PACKAGE = Path(ridethrough_agent.__file__).parent
VERMIN = Path(sys.executable).with_name("vermin")


def imported(path: Path) -> Iterator[str]:
    """The first name of everything that a file imports; "" for what is beside it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (name.name.partition(".")[0] for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield "" if node.level else (node.module or "").partition(".")[0]


def test_it_imports_the_standard_library_and_itself_only() -> None:
    names = {name for path in [*PACKAGE.glob("*.py"), PACKAGE.parent / "build"] for name in imported(path)}
    assert len(names) > 10
    assert names - sys.stdlib_module_names == {"", "ridethrough_agent"}


def test_the_controller_does_not_import_it(root: Path) -> None:
    """Nor does an install of the controller bring it along: pyproject.toml packs src/ alone."""
    found = [path for path in (root / "src").rglob("*.py") if "ridethrough_agent" in imported(path)]
    assert found == []


def test_it_needs_no_more_than_3_6(root: Path) -> None:
    """vermin knows which release of Python brought each word of syntax and each function."""
    files = [str(PACKAGE), str(PACKAGE.parent / "build"), str(root / "tests/agent/stories.py")]
    command: list[str | Path] = [VERMIN, "-t=3.6-", "--no-tips", "--eval-annotations", "--violations", *files]
    told = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert told.returncode == 0, told.stdout + told.stderr


@pytest.mark.parametrize("line", ["import asyncio; asyncio.run(x)", "x = {1: (y := 2)}", "import dataclasses"])
def test_what_3_6_lacks_is_found(tmp_path: Path, line: str) -> None:
    file = tmp_path / "newer.py"
    file.write_text(line + "\n", encoding="utf-8")
    command: list[str | Path] = [VERMIN, "-t=3.6-", "--no-tips", "--violations", str(file)]
    told = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert (told.returncode, "Target versions not met" in told.stdout) == (1, True), told.stdout + told.stderr


def test_it_has_the_controllers_version() -> None:
    assert ridethrough_agent.__version__ == ridethrough.__version__


def test_the_same_source_gives_the_same_bytes(root: Path, tmp_path: Path) -> None:
    first, second = tmp_path / "one", tmp_path / "two"
    subprocess.run([root / "agent/build", first], check=True, capture_output=True, timeout=60)
    elsewhere = tmp_path / "checkout"
    subprocess.run(["cp", "-r", root / "agent", elsewhere], check=True, timeout=60)
    for path in elsewhere.rglob("*.py"):
        os.utime(path, (1e9, 1e9))
    subprocess.run([elsewhere / "build", second], check=True, capture_output=True, timeout=60)
    assert first.read_bytes() == second.read_bytes()
    names = set(zipfile.ZipFile(first).namelist())
    assert {f"ridethrough_agent/{p.name}" for p in PACKAGE.iterdir() if p.suffix in (".py", ".ini")} < names


@pytest.mark.parametrize("python", PYTHONS)
def test_one_file_runs(root: Path, tmp_path: Path, python: str) -> None:
    built = tmp_path / "ridethrough-agent"
    subprocess.run([root / "agent/build", built], check=True, capture_output=True, timeout=60)
    told = subprocess.run([python, built, "--version"], capture_output=True, text=True, timeout=60, check=True)
    assert told.stdout == f"ridethrough-agent {ridethrough.__version__}\n"
