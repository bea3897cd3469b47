"""`ridethrough demo` with its pages, ended as a service manager ends things."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

PATIENCE = 120.0


def test_ended_by_a_signal_it_leaves_neither_process_nor_file(tmp_path: Path) -> None:
    demo = subprocess.Popen(
        (sys.executable, "-m", "ridethrough.cli", "demo"),
        env={**os.environ, "TMPDIR": str(tmp_path)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert demo.stdout is not None
    with demo:
        try:
            while not (line := demo.stdout.readline()).startswith("Feeders:"):
                assert line, "it ended by itself"
            (folder,) = tmp_path.iterdir()
            assert named(folder)  # the controller and its pages
            demo.send_signal(signal.SIGTERM)
            rest = demo.stdout.read()
            assert demo.wait(PATIENCE) == 0, rest
        finally:
            demo.kill()
    assert "Traceback" not in rest
    assert list(tmp_path.iterdir()) == []
    assert named(folder) == []


def named(folder: Path) -> list[str]:
    """The command lines of processes that name this folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = process.read_bytes()
        except OSError:
            continue  # it has ended meanwhile
        if str(folder).encode() in words:
            found.append(words.decode(errors="replace"))
    return found
