"""The hashed requirements hold what pyproject.toml asks for, and name no package index."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

PIN = re.compile(r"^([A-Za-z0-9._-]+)==(\S+)", re.MULTILINE)


def pins(path: Path) -> dict[str, str]:
    return {canonicalize_name(name): version for name, version in PIN.findall(path.read_text(encoding="utf-8"))}


@pytest.mark.parametrize("name", ["demo", "test", "fuzz"])
def test_pins_satisfy_pyproject(root: Path, name: str) -> None:
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = [Requirement(line) for line in project["dependencies"]]
    have = pins(root / f"requirements/{name}.txt")
    unmet = [str(r) for r in wanted if not r.specifier.contains(have.get(canonicalize_name(r.name), "0"))]
    assert not unmet, "make the requirements anew as requirements/test.in says"


def test_tests_run_with_the_versions_of_the_demo(root: Path) -> None:
    demo, test = pins(root / "requirements/demo.txt"), pins(root / "requirements/test.txt")
    assert demo == {name: version for name, version in test.items() if name in demo}
    asked = [line.strip() for line in (root / "requirements/test.in").read_text(encoding="utf-8").splitlines()]
    named = [canonicalize_name(Requirement(line).name) for line in asked if line and not line.startswith("#")]
    assert set(named) <= set(test)


@pytest.mark.parametrize("name", ["demo", "test", "fuzz"])
def test_no_index_and_every_pin_hashed(root: Path, name: str) -> None:
    text = (root / f"requirements/{name}.txt").read_text(encoding="utf-8")
    assert "://" not in text
    assert not re.search(r"^\s*(-i|-f|--index-url|--extra-index-url|--find-links|--trusted-host)\b", text, re.MULTILINE)
    assert all("--hash=sha256:" in pin for pin in re.split(r"^(?=[A-Za-z0-9])", text, flags=re.MULTILINE)[1:])


def test_the_lock_of_strangers_names_no_address_and_hashes_everything(root: Path) -> None:
    text = (root / "tests/strangers/package-lock.json").read_text(encoding="utf-8")
    assert "://" not in text
    assert "resolved" not in text
    packages = json.loads(text)["packages"]
    assert [name for name, it in packages.items() if name and "integrity" not in it] == []
    wanted = json.loads((root / "tests/strangers/package.json").read_text(encoding="utf-8"))["dependencies"]
    assert packages[""]["dependencies"] == wanted
