"""The controller as a process that dies by itself: `mortal.py SENTENCE run --site ...` is `ridethrough run --site ...`.

The program is the real one; only where it prints is deadly. A fact's sentence is printed once it is on the disk and
before anything acts on it, so a sentence that begins with "-> " is the moment between commit and call.
"""

from __future__ import annotations

import argparse
import os
import signal
from collections.abc import Callable
from pathlib import Path

from ridethrough.cli.event_log import Log
from ridethrough.cli.lines import telling
from ridethrough.cli.run import protect


def deadly(sentence: str, out: Callable[[str], None]) -> Callable[[str], None]:
    """Ends the process with SIGKILL when the sentence is about to be printed."""

    def put(line: str) -> None:
        if sentence in line:
            os.kill(os.getpid(), signal.SIGKILL)
        out(line)

    return put


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("sentence")
    parser.add_argument("run", choices=["run"])
    for option in ("--site", "--state", "--secrets"):
        parser.add_argument(option, type=Path, required=True)
    asked = parser.parse_args()
    with telling() as lines:
        protect(asked.site, asked.state, asked.secrets, Log.TEXT, "", deadly(asked.sentence, lines.put))


if __name__ == "__main__":
    main()
