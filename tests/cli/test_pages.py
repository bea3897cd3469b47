"""What the pages say about commands, keys, exit codes and messages is so."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
import typer.main

from ridethrough.cli.app import app
from ridethrough.config import Secrets, parse

from .live import Live, as_json, ridethrough

PAGES = ("README.md", "docs/manager.md", "docs/running.md", "docs/scenarios.md", "docs/site.toml.md")
GROUPS = ("maintenance", "sim")


def read(root: Path, page: str) -> str:
    return (root / page).read_text(encoding="utf-8")


def command_lines(root: Path) -> Iterator[tuple[str, list[str]]]:
    """Every line of a code block, and every `ridethrough ...` in the text."""
    for page in PAGES:
        text = read(root, page)
        fenced = re.findall(r"^```(\w*)\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
        lines = [line for language, block in fenced if not language for line in block.splitlines()]
        lines += re.findall(r"`(ridethrough [^`]+)`", text) + re.findall(r"^    (ridethrough .*)$", text, re.MULTILINE)
        for line in lines:
            if line.startswith("ridethrough "):
                yield page, line.partition("#")[0].split()[1:]


def test_commands_of_the_pages_exist_with_their_options(root: Path) -> None:
    lines = list(command_lines(root))
    assert len(lines) > 20
    top = typer.main.get_command(app)
    assert isinstance(top, click.Group) or hasattr(top, "commands")
    for page, words in lines:
        command: Any = top
        while words and hasattr(command, "commands") and not words[0].startswith("-"):
            assert words[0] in command.commands, f"{page}: ridethrough {' '.join(words)}"
            command, words = command.commands[words[0]], words[1:]
        known = {option for parameter in command.params for option in parameter.opts} | {"--help"}
        used = {word for word in words if word.startswith("-")}
        assert used <= known, f"{page}: {command.name} {' '.join(words)}"


@pytest.mark.parametrize("page", ["README.md", "docs/site.toml.md"])
def test_the_sites_of_the_pages_are_good(root: Path, page: str) -> None:
    (site, *_) = re.findall(r"^```toml\n(.*?)^```", read(root, page), re.DOTALL | re.MULTILINE)
    secrets = Secrets(environment={"RIDETHROUGH_SECRET_POOL1": "x", "RIDETHROUGH_SECRET_UPS_COMMUNITY": "x"})
    assert parse(site, secrets).site.name == "Head office"


def test_messages_of_the_page_are_ours(root: Path) -> None:
    table = read(root, "docs/running.md").partition("## Troubleshooting")[2]
    messages = re.findall(r"^\| `([^`]+)` \|", table, re.MULTILINE)
    assert len(messages) > 20
    source = "\n".join(texts(root))
    assert not [message for message in messages if message not in source]


def texts(root: Path) -> Iterator[str]:
    """Every sentence of the program, with what is filled in left out and adjoining parts joined."""
    for path in sorted((root / "src" / "ridethrough").rglob("*.py")):
        if "sim" in path.parts:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.JoinedStr):
                yield "".join(str(part.value) if isinstance(part, ast.Constant) else "..." for part in node.values)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value


def test_exit_codes_are_told(root: Path) -> None:
    table = read(root, "docs/running.md").partition("## Exit codes")[2].partition("##")[0]
    assert re.findall(r"^\| (\d) \|", table, re.MULTILINE) == ["0", "1", "2", "3", "4"]


# --- JSON


def documented(root: Path, command: str) -> dict[str, set[str]]:
    """Key of a document -> the keys of its rows, as the page tells them; empty for a plain value."""
    table = read(root, "docs/running.md").partition("## JSON")[2].partition("\n## ")[0]
    found: dict[str, set[str]] = {}
    for row in re.findall(rf"^\| `{command}`[^|]*\| (.*) \|$", table, re.MULTILINE):
        names, _, holds = row.partition(" | ")
        for name in re.findall(r"`(\w+)`", names):
            found[name] = set(re.findall(r"`(\w+)`(?! and `at`)", re.sub(r"\([^)]*\)", "", holds)))
    return found


def shape(document: dict[str, Any]) -> dict[str, set[str]]:
    """The same of a real document."""
    rows = {key: value[0] if isinstance(value, list) and value else None for key, value in document.items()}
    return {key: set(row) if isinstance(row, dict) else set() for key, row in rows.items()}


@pytest.mark.parametrize(
    "arguments",
    [("check",), ("plan", "--lose", "ups1"), ("simulate", "short_dip"), ("arm",), ("ups show", "ups1")],
    ids=" ".join,
)
def test_json_keys_of_commands(root: Path, protected: Live, arguments: tuple[str, ...]) -> None:
    match arguments[0]:
        case "check" | "plan":
            document = as_json(protected.look(*arguments, "--json"))
        case "ups show":
            document = as_json(protected.look(*arguments[0].split(), *arguments[1:], "--json"))
        case "arm":
            document = as_json(protected.ask(*arguments, "--json"))
        case _:
            document = as_json(ridethrough(*arguments, "--json"))
    assert shape(document) == of_a_small_site(documented(root, arguments[0]))


def of_a_small_site(keys: dict[str, set[str]]) -> dict[str, set[str]]:
    """As the page tells it, of a site without storage, switches and a machine of the controller."""
    return {key: set() if key in ("nas", "switches", "own_machine") else row for key, row in keys.items()}


def test_json_keys_of_the_status(root: Path, protected: Live) -> None:
    protected.wire.world.upses["ups2"].card.silent = True
    protected.until(lambda status: bool(status["alerts"]))
    document = as_json(protected.ask("status", "--json"))
    assert shape(document) == of_a_small_site(documented(root, "status"))


def test_json_keys_of_the_journal(root: Path, protected: Live) -> None:
    first, *_ = protected.ask("journal", "--json").stdout.splitlines()
    keys = re.findall(r"^\| `journal` \| (.*?) \| ", read(root, "docs/running.md"), re.MULTILINE)
    assert [f'"{name}"' in first for name in re.findall(r"`(\w+)`", keys[0])] == [True] * 4
