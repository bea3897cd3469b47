"""Every promise leads to a scenario or a test that exists, and no promise is missing.

docs/behaviour-table.md has a row for each promise. What shows it stands in backticks in that row: a scenario's file
(`scenarios/feed_a_lost.toml`), a test (`tests/core/test_power.py::test_settles`) or a whole test file.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

IN_BACKTICKS = re.compile(r"`((?:scenarios|tests)/[^`]+)`")
NEVER = re.compile(r"\bNever (\d+)\b")


@pytest.fixture(scope="module")
def rows(root: Path) -> list[str]:
    """The table's rows, without its heads."""
    table = root / "docs/behaviour-table.md"
    if not table.exists():
        pytest.skip("docs/behaviour-table.md does not exist yet")
    lines = [line for line in table.read_text(encoding="utf-8").splitlines() if line.startswith("|")]
    dashes = {number for number, line in enumerate(lines) if re.fullmatch(r"[|:\- ]+", line)}
    return [line for number, line in enumerate(lines) if number not in dashes and number + 1 not in dashes]


def missing(root: Path, name: str) -> str:
    """Why `name` leads nowhere; empty when it leads to a scenario or a test."""
    place, _, test = name.partition("::")
    path = root / place
    if not path.is_file():
        return f"`{name}`: there is no file {place}"
    if not test:
        return ""
    *classes, function = re.sub(r"\[.*\]$", "", test).split("::")
    body: list[ast.stmt] = ast.parse(path.read_text(encoding="utf-8")).body
    for outer in classes:
        body = [s for c in body if isinstance(c, ast.ClassDef) and c.name == outer for s in c.body]
    functions = {s.name for s in body if isinstance(s, ast.FunctionDef | ast.AsyncFunctionDef)}
    return "" if function in functions else f"`{name}`: {place} has no test {test}"


def test_every_name_leads_to_a_scenario_or_a_test(root: Path, rows: list[str]) -> None:
    broken = [why for row in rows for name in IN_BACKTICKS.findall(row) if (why := missing(root, name))]
    assert not broken, "\n".join(broken)


def test_every_row_is_shown_by_something(rows: list[str]) -> None:
    assert rows, "docs/behaviour-table.md has no rows"
    bare = [row for row in rows if not IN_BACKTICKS.search(row)]
    assert not bare, "rows without a scenario or a test:\n" + "\n".join(bare)


def test_every_never_is_there(rows: list[str]) -> None:
    told = {int(number) for row in rows for number in NEVER.findall(row)}
    assert told >= set(range(1, 15)), f"missing: {sorted(set(range(1, 15)) - told)}"


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("tests/project/test_behaviour_table.py", ""),
        ("tests/project/test_behaviour_table.py::test_every_never_is_there", ""),
        ("tests/project/test_behaviour_table.py::test_missing_is_told[a::b]", ""),
        ("tests/project/test_behaviour_table.py::test_of_dreams", "has no test test_of_dreams"),
        ("scenarios/of_dreams.toml", "there is no file scenarios/of_dreams.toml"),
    ],
)
def test_missing_is_told(root: Path, name: str, why: str) -> None:
    told = missing(root, name)
    assert why in told
    assert bool(why) == bool(told)
