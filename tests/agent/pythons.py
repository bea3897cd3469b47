"""The interpreters that the agent is tried with: this one, and a real Python 3.6 where there is one."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

VARIABLE = "RIDETHROUGH_PYTHON36"
NONE = f"no Python 3.6 is here: put python3.6 on PATH, or name it in {VARIABLE}"


def oldest() -> str | None:
    """A Python 3.6, on PATH or among those that pyenv keeps; None: there is none."""
    folders = os.environ.get("PATH", "").split(os.pathsep)
    kept = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"
    folders += [str(found / "bin") for found in sorted(kept.glob("3.6*"))]
    for name in (os.environ.get(VARIABLE, ""), *(os.path.join(folder, "python3.6") for folder in folders)):
        found = shutil.which(name) if name else None
        if found and _version(found) == "3.6":
            return found
    return None


def _version(program: str) -> str:
    command = [program, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False).stdout.strip()


OLDEST = oldest()


async def with_each(folder: Path, story: Callable[[Path, str], Awaitable[None]]) -> None:
    """Play a story of the agent with every Python that is here, at the same time, each in a folder of its own."""
    pythons = {"this": sys.executable, **({"3.6": OLDEST} if OLDEST is not None else {})}
    for name in pythons:
        (folder / name).mkdir()
    stories = (story(folder / name, python) for name, python in pythons.items())
    for ended in await asyncio.gather(*stories, return_exceptions=True):
        if ended is not None:
            raise ended


PYTHONS = [
    pytest.param(sys.executable, id="this Python"),
    pytest.param(OLDEST or "", id="Python 3.6", marks=pytest.mark.skipif(OLDEST is None, reason=NONE)),
]
