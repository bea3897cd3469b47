"""The program that shuts the controller's machine down, as a real process."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from ridethrough.drivers.own_machine import power_off


async def test_it_gets_its_arguments_as_they_are_and_no_shell(tmp_path: Path) -> None:
    out = tmp_path / "out"
    script = "import sys; open(sys.argv[1], 'w').write(repr(sys.argv[2:]))"
    assert await power_off([sys.executable, "-c", script, str(out), "$(id)", "a b; c"]) == ""
    assert out.read_text() == "['$(id)', 'a b; c']"


@pytest.mark.parametrize(
    ("command", "why"),
    [
        (["/nowhere/poweroff"], "/nowhere/poweroff cannot be run: No such file or directory"),
        (["false"], "false ended with 1"),
        (
            [sys.executable, "-c", "import sys; sys.exit('Access denied')"],
            f"{sys.executable} ended with 1: Access denied",
        ),
    ],
)
async def test_why_it_does_not_go_down(command: list[str], why: str) -> None:
    assert await power_off(command) == why


async def test_a_program_that_hangs_is_not_waited_for() -> None:
    assert await power_off(["sleep", "60"], patience=0.2) == "sleep has not ended within 0.2 s"
