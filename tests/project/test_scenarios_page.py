"""docs/scenarios.md tells every story, every happening and every key.

`--bless` writes its list of stories anew.
"""

from __future__ import annotations

import ast
import dataclasses
import re
import tomllib
from pathlib import Path

import pytest

from ridethrough.cli.simulate import first_sentence
from ridethrough.sim import scenario, site_file
from ridethrough.sim.crash_exception import ASPECTS, CrashException
from ridethrough.sim.timeline import (
    ASKS,
    BREAK_JOURNAL,
    CRASH,
    FORGE_TRAP,
    FREEZE,
    MEND_JOURNAL,
    SET_AHEAD,
    SET_BACK,
    SWITCH_ON,
    TO_THE_WORLD,
)

MARK = "<!-- stories: pytest tests/project/test_scenarios_page.py --bless -->\n"


@pytest.fixture
def page(root: Path) -> str:
    return (root / "docs" / "scenarios.md").read_text(encoding="utf-8")


def stories(root: Path) -> str:
    """The list as the page must have it."""
    rows = []
    for path in sorted((root / "scenarios").glob("*.toml")):
        story = tomllib.loads(path.read_text(encoding="utf-8"))["story"]
        rows.append(f"| [{path.stem}](../scenarios/{path.name}) | {first_sentence(story)} |\n")
    return "\n| story | begins |\n|---|---|\n" + "".join(rows)


def test_every_story_is_listed(root: Path, page: str, bless: bool) -> None:
    before, mark, listed = page.partition(MARK)
    assert mark
    if bless:
        (root / "docs" / "scenarios.md").write_text(before + mark + stories(root), encoding="utf-8")
    else:
        assert listed == stories(root), f"run {MARK[14:-5]}"


def test_every_happening_is_told_with_its_key(page: str) -> None:
    told = dict(re.findall(r"^\| `([^`]+)` \| (?:`(\w+)`)? ?\| ", page.partition("### The timeline")[2], re.MULTILINE))
    wanted = {word: kind.subject for word, kind in TO_THE_WORLD.items()}
    wanted |= {word: subject for word, (_, subject) in ASKS.items()}
    wanted |= dict.fromkeys((CRASH, FREEZE, SET_AHEAD, SET_BACK, BREAK_JOURNAL, MEND_JOURNAL, SWITCH_ON), "")
    wanted[FORGE_TRAP] = "ups"
    assert told == wanted


@pytest.mark.parametrize("module", [scenario, site_file], ids=lambda module: module.__name__)
def test_every_key_is_told(page: str, module: object) -> None:
    """Keys are what the readers take out of their tables."""
    source = Path(str(getattr(module, "__file__", ""))).read_text(encoding="utf-8")
    keys = {
        str(node.args[0].value)
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
        if node.func.attr in ("take", "time", "names", "table", "list_of_tables")
        and node.args
        and isinstance(node.args[0], ast.Constant)
    }
    assert len(keys) > 8
    assert not [key for key in sorted(keys) if f"`{key}`" not in page]


def test_the_pages_example_is_a_scenario(root: Path, page: str, tmp_path: Path) -> None:
    example = "\n".join(re.findall(r"```toml\n(.*?)```", page, re.DOTALL))
    (tmp_path / "sites").symlink_to(root / "scenarios" / "sites")
    (tmp_path / "example.toml").write_text(example)
    story = scenario.load(tmp_path / "example.toml")
    assert scenario.play(story).failures == ()
    assert len(story.crash_exceptions) == 1


def test_whatever_a_death_may_change_is_told(page: str) -> None:
    told = page.partition("### `[[crash_exception]]`")[2].partition("### The timeline")[0]
    keys = [field.name for field in dataclasses.fields(CrashException)]
    assert not [name for name in (*keys, *ASPECTS) if f"`{name}`" not in told]
