"""What Ridethrough has no means to do, it will never do: no action and no driver names it (Never 9)."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import get_args

import pytest

from ridethrough.core.actions import Action

# VM.power_state_reset is what `xe vm-reset-powerstate` calls; the others as XenAPI names them.
FORBIDDEN = re.compile(
    r"power_?state_?reset|reset[-_]powerstate|declare_dead|emergency_transition|emergency_reset", re.I
)
ACTING = ("core", "runtime", "drivers", "assemble.py", "controller.py", "cli/run.py")


def python_files(root: Path) -> Iterator[Path]:
    for name in ACTING:
        path = root / "src" / "ridethrough" / name
        yield from sorted(path.rglob("*.py")) if path.is_dir() else [path]


def words(path: Path) -> Iterator[tuple[int, str]]:
    """Every name and every text of a module but its docstrings, which may say what is not done."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    prose = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        if node.body and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        match node:
            case ast.Constant(value=str(text)) if id(node) not in prose:
                yield node.lineno, text
            case ast.Attribute(attr=name) | ast.Name(id=name):
                yield node.lineno, name
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield node.lineno, name


def test_nobody_resets_a_power_state_declares_a_host_dead_or_forces_a_coordinator(root: Path) -> None:
    found = [
        f"{path.relative_to(root)}:{line}: {text}"
        for path in python_files(root)
        for line, text in words(path)
        if FORBIDDEN.search(text)
    ]
    assert not found, "\n".join(found)


def test_no_action_is_about_such_a_thing() -> None:
    kinds = get_args(Action)
    assert len(kinds) > 10
    names = {kind.__name__ for kind in kinds} | {field.name for kind in kinds for field in fields(kind)}
    assert not [name for name in names if FORBIDDEN.search(name)]


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ('"""Never calls host.declare_dead."""\ncall("host.disable")', False),
        ('call("host.declare_dead")', True),
        ('call("VM.power_state_reset")', True),
        ("pool.emergency_transition_to_master()", True),
        ("def f():\n    x = 1\n    'vm-reset-powerstate'", True),
    ],
)
def test_a_forbidden_call_is_found(tmp_path: Path, source: str, found: bool) -> None:
    module = tmp_path / "module.py"
    module.write_text(source)
    assert any(FORBIDDEN.search(text) for _, text in words(module)) == found
