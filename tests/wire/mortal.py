"""The controller as a process that dies by itself: `mortal.py SENTENCE run --site ...` is `ridethrough run --site ...`.

The program is the real one; only its standard output is deadly. A fact's sentence is printed once it is on the disk
and before anything acts on it, so a sentence that begins with "-> " is the moment between commit and call.
"""

from __future__ import annotations

import io
import os
import signal
import sys


class DeadlyOutput(io.TextIOWrapper):
    """Ends the process with SIGKILL when the sentence is about to be printed."""

    def __init__(self, output: io.TextIOWrapper, sentence: str) -> None:
        super().__init__(output.buffer, encoding="utf-8", write_through=True)
        self._sentence = sentence

    def write(self, text: str, /) -> int:
        if self._sentence in text:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().write(text)


def main() -> None:
    sentence = sys.argv.pop(1)
    assert isinstance(sys.stdout, io.TextIOWrapper)
    sys.stdout = DeadlyOutput(sys.stdout, sentence)
    from ridethrough.cli import main as ridethrough

    ridethrough()


if __name__ == "__main__":
    main()
