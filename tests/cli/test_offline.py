"""Commands that need no equipment: help, scenarios, and what is said when something is missing."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from ridethrough.cli.stories import scenario_files

from .live import as_json, ridethrough

COMMANDS = [
    (),
    ("run",),
    ("check",),
    ("plan",),
    ("replay",),
    ("why",),
    ("status",),
    ("journal",),
    ("arm",),
    ("disarm",),
    ("hold",),
    ("release",),
    ("skip",),
    ("bring-back",),
    ("maintenance", "enter"),
    ("maintenance", "exit"),
    ("evacuate",),
    ("shutdown-pool",),
    ("ups", "show"),
    ("ups", "discover"),
    ("ups", "watch"),
    ("accounts", "list"),
    ("accounts", "reset"),
    ("accounts", "remove"),
    ("simulate",),
    ("demo",),
    ("sim", "serve"),
]
NEEDS_CONTROLLER = [
    ("arm",),
    ("disarm",),
    ("hold", "xenserver1"),
    ("release", "xenserver1"),
    ("skip", "db1"),
    ("bring-back", "pool1", "--yes", "pool1"),
    ("maintenance", "enter", "xenserver1"),
    ("maintenance", "exit", "xenserver1"),
    ("evacuate", "xenserver1", "--yes", "xenserver1"),
    ("shutdown-pool", "pool1", "--yes", "pool1"),
    ("status",),
    ("journal",),
]
SITE = """
[site]
name = "Head office"

[ups.ups1]
source = "snmp://127.0.0.1:9"
community = "secret:community"

[pool.pool1]
addresses = ["127.0.0.1:9"]
username = "root"
password = "secret:pool1"

[host.h1]
pool = "pool1"
powered_by = ["upps1"]
shutdown = { enabled = true, after = "two minutes" }
"""


# --- help


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
@pytest.mark.parametrize("columns", [80, 120])
def test_help_tells_the_exit_codes_and_fits(command: tuple[str, ...], columns: int) -> None:
    result = ridethrough(*command, "--help", columns=columns)
    assert result.exit_code == 0
    assert "Exit codes: 0 " in result.stdout
    assert max(map(len, result.stdout.splitlines())) <= columns


@pytest.mark.parametrize("group", [(), ("maintenance",), ("sim",)], ids=" ".join)
def test_groups_show_their_commands_whole(group: tuple[str, ...]) -> None:
    result = ridethrough(*group, "--help", columns=80)
    assert "..." not in result.stdout.split("Commands:")[1]


def test_the_command_as_a_process() -> None:
    command = [sys.executable, "-m", "ridethrough.cli", "--help"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 0
    assert "Watches UPSs" in done.stdout


def test_a_command_does_not_wait_for_what_it_does_not_use() -> None:
    """pysnmp and cryptography serve simulated equipment, and set what a person wants set: nothing else imports them."""
    script = """
import sys
class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("pysnmp", "cryptography"):
            raise ModuleNotFoundError(name, name=name)
sys.meta_path.insert(0, Missing())
from ridethrough.cli import main
main()
"""
    done = subprocess.run(
        [sys.executable, "-c", script, "status", "--state", "/nonexistent"],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert (done.returncode, "Traceback" in done.stderr) == (3, False), done.stderr


WRONG = [
    ("fly",),
    ("status", "--fast"),
    ("hold",),
    ("hold", "xenserver1", "--all"),
    ("hold", "xenserver1", "--for", "soon"),
    ("hold", "xenserver1", "--for", "0"),
    ("release",),
    ("skip",),
    ("plan",),
    ("demo", "--speed", "99"),
]


@pytest.mark.parametrize("wrong", WRONG, ids=" ".join)
def test_wrong_usage(wrong: tuple[str, ...]) -> None:
    assert ridethrough(*wrong).exit_code == 2


# --- without a controller


@pytest.mark.parametrize("command", NEEDS_CONTROLLER, ids=" ".join)
def test_without_a_controller(command: tuple[str, ...], tmp_path: Path) -> None:
    result = ridethrough(*command, "--state", str(tmp_path))
    assert result.exit_code == 3
    assert str(tmp_path) in result.stderr
    assert "ridethrough run" in result.stderr
    assert result.stdout == ""


# --- site.toml


@pytest.mark.parametrize("command", [("check",), ("run",), ("plan", "--lose", "ups1")], ids=" ".join)
def test_errors_of_the_file_name_file_key_and_remedy(command: tuple[str, ...], tmp_path: Path) -> None:
    file = tmp_path / "site.toml"
    file.write_text(SITE)
    result = ridethrough(*command, "--site", str(file), RIDETHROUGH_SECRET_POOL1="hush")
    assert result.exit_code == 2
    lines = result.stderr.splitlines()
    assert all(line.startswith(f"{file}: ") for line in lines)
    told = "\n".join(lines)
    assert "ups.ups1.community secret:community was not found" in told
    assert "RIDETHROUGH_SECRET_COMMUNITY" in told
    assert 'host.h1.powered_by names "upps1"; known UPSs are "ups1"' in told
    assert "host.h1.shutdown.after" in told
    assert "hush" not in told
    assert "Traceback" not in told


def test_no_file(tmp_path: Path) -> None:
    result = ridethrough("check", "--site", str(tmp_path / "none.toml"))
    assert result.exit_code == 2
    assert result.stderr.startswith(f"{tmp_path}/none.toml: cannot be read")


# --- scenarios


def test_simulate_tells_the_story_and_the_narrative() -> None:
    result = ridethrough("simulate", "short_dip")
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert lines[0].startswith("Utility power fails for forty seconds")
    assert "  0:00  site         utility power fails on feeder a" in lines


def test_simulate_wraps_to_the_terminal() -> None:
    lines = ridethrough("simulate", "short_dip", columns=80).stdout.splitlines()
    assert max(map(len, lines)) <= 80
    assert any(line.startswith(" " * 21) and line.strip() for line in lines)


def test_simulate_as_json() -> None:
    found = as_json(ridethrough("simulate", "short_dip", "--json"))
    assert set(found) == {"scenario", "narrative", "failures"}
    assert found["scenario"] == "short_dip"
    assert found["failures"] == []


def test_simulate_a_file_that_ends_otherwise(tmp_path: Path, root: Path) -> None:
    (tmp_path / "sites").symlink_to(root / "scenarios" / "sites")
    text = (root / "scenarios" / "short_dip.toml").read_text(encoding="utf-8")
    story = tmp_path / "dip.toml"
    story.write_text(
        text.replace("[expect]", '[expect]\ndown = ["xenserver1"]').replace('up = ["xenserver1", ', "up = [")
    )
    result = ridethrough("simulate", str(story))
    assert result.exit_code == 1
    assert "NOT AS IT MUST BE: xenserver1 is on" in result.stdout
    assert as_json(ridethrough("simulate", str(story), "--json"))["failures"] == ["xenserver1 is on"]


@pytest.mark.parametrize(
    ("command", "known"),
    [
        (("simulate", "nothing_of_the_kind"), "case_one"),
        (("demo", "--scenario", "nothing_of_the_kind"), "case_one"),
        (("demo", "--site", "nothing_of_the_kind"), "two_hosts"),
        (("sim", "serve", "nothing_of_the_kind"), "two_hosts"),
    ],
    ids=" ".join,
)
def test_an_unknown_name_tells_the_known_ones(command: tuple[str, ...], known: str) -> None:
    result = ridethrough(*command)
    assert result.exit_code == 2
    assert '"nothing_of_the_kind"; known are ' in result.stderr
    assert known in result.stderr


def test_simulate_lists_the_stories() -> None:
    shown = ridethrough("simulate").stdout
    listed = as_json(ridethrough("simulate", "--json"))["scenarios"]
    assert list(listed) == [path.stem for path in scenario_files()]
    assert all(f"{name}  " in shown and sentence in shown for name, sentence in listed.items())
    assert max(map(len, ridethrough("simulate", columns=80).stdout.splitlines())) <= 80


def test_a_story_that_cannot_be_read(tmp_path: Path) -> None:
    story = tmp_path / "bad.toml"
    story.write_text("story = 1\n")
    result = ridethrough("simulate", str(story))
    assert result.exit_code == 2
    assert result.stderr.startswith("bad.toml: story")
    assert json.dumps("Traceback") not in result.stderr
