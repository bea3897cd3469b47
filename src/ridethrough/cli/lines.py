"""Lines to standard output and standard error: told at once, written when somebody reads them."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import select
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator
from typing import TextIO

MOST = 10_000  # lines that wait
END_WITHIN = 1.0  # seconds that the end of the program waits for a reader


def as_text(left_out: int) -> str:
    """What stands in place of lines that nobody read in time."""
    what = "1 line was left out here: it was" if left_out == 1 else f"{left_out} lines were left out here: they were"
    return f"{what} not read in time"


def as_json(left_out: int) -> str:
    """The same where each line is a JSON document."""
    return json.dumps({"message": as_text(left_out)})


class Lines:
    """A thread of its own writes them, so a reader that stops holds up that thread and nothing else.

    What does not fit any more is left out; a line tells how many. Where nobody reads at all, lines are lost.
    """

    def __init__(self, file: int | None, left_out: Callable[[int], str] = as_text, most: int = MOST) -> None:
        """`file`: a file descriptor; None: there is none, and nothing is written."""
        self._file, self._tells_left_out, self._most = file, left_out, most
        self._waiting: deque[str] = deque()
        self._left_out = 0
        self._closing = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="lines", daemon=True)
        if file is not None:
            self._thread.start()

    def put(self, line: str) -> None:
        """Take a line to be written. Returns at once and never raises; from any thread."""
        if self._file is None or self._closing:
            return
        with self._changed:
            if len(self._waiting) >= self._most:
                self._left_out += 1
                return
            self._count()
            self._waiting.append(line)
            self._changed.notify()

    def close(self, within: float = END_WITHIN) -> bool:
        """Let what waits be written, for `within` seconds at most; whether it was. Nothing is taken afterwards."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        if self._file is not None:
            self._thread.join(within)
        return not self._thread.is_alive()

    def _count(self) -> None:
        if self._left_out:
            self._waiting.append(self._tells_left_out(self._left_out))
            self._left_out = 0

    def _run(self) -> None:
        while True:
            with self._changed:
                while not self._waiting and not self._closing:
                    self._changed.wait()
                if not self._waiting:
                    return
                line = self._waiting[0]  # it waits until it is written
            with contextlib.suppress(OSError):  # nobody is there who could read it
                self._write(f"{line}\n".encode("utf-8", "backslashreplace"))
            with self._changed:
                self._waiting.popleft()
                if not self._waiting:
                    self._count()

    def _write(self, rest: bytes) -> None:
        assert self._file is not None
        # Not by way of sys.stdout: its lock, held by this thread, would be waited for at the end of the program.
        while rest:
            try:
                rest = rest[os.write(self._file, rest) :]
            except BlockingIOError:
                select.select([], [self._file], [])


class Handler(logging.Handler):
    """Logs by way of lines."""

    def __init__(self, lines: Lines) -> None:
        super().__init__()
        self._lines = lines

    def emit(self, record: logging.LogRecord) -> None:
        try:
            self._lines.put(self.format(record))
        except Exception:
            self.handleError(record)


@contextlib.contextmanager
def telling(left_out: Callable[[int], str] = as_text) -> Iterator[Lines]:
    """Standard output for a program that must not wait for its reader; what it logs goes to standard error likewise."""
    out, err = Lines(_file(sys.stdout), left_out), Lines(_file(sys.stderr))
    handler = Handler(err)
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s", handlers=[handler])
    logging.captureWarnings(True)
    try:
        yield out
    finally:
        logging.captureWarnings(False)
        out.close()
        err.close()


def _file(stream: TextIO | None) -> int | None:
    try:
        return stream.fileno() if stream is not None else None
    except (OSError, ValueError):  # in a test's hands it is no file
        return None
