"""A simulated UPS on a pseudo-terminal: a program that opens it finds what it would find on a serial port."""

from __future__ import annotations

import asyncio
import os
import tty
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

END = b"\r"
LONGEST = 64  # bytes of a command; what is longer is noise


class SerialPort:
    """`answer` gets each command and returns what is sent back, both without the CR; None: nothing.

    `link`, where it is given, leads to the terminal while it is open: a name that people can foresee.
    """

    def __init__(self, answer: Callable[[str], str | None], link: Path | None = None) -> None:
        self._answer, self._link = answer, link
        self._ours = self._theirs = -1
        self._heard = b""
        self.path = Path()

    def start(self) -> None:
        """Open the terminal. Raises OSError."""
        self._ours, self._theirs = os.openpty()  # theirs stays open: else a client that leaves would end it
        tty.setraw(self._theirs)
        os.set_blocking(self._ours, False)
        self.path = Path(os.ttyname(self._theirs))
        if self._link is not None:
            self._link.unlink(missing_ok=True)
            self._link.symlink_to(self.path)
        asyncio.get_running_loop().add_reader(self._ours, self._read)

    def stop(self) -> None:
        """Close it. A client that still has it open finds its line dead."""
        if self._ours < 0:
            return
        asyncio.get_running_loop().remove_reader(self._ours)
        if self._link is not None:
            self._link.unlink(missing_ok=True)
        os.close(self._theirs)
        os.close(self._ours)
        self._ours = self._theirs = -1

    def _read(self) -> None:
        with suppress(BlockingIOError):
            self._heard += os.read(self._ours, 4096)
        *commands, rest = self._heard.split(END)
        self._heard = rest if len(rest) <= LONGEST else b""
        for command in commands:
            said = self._answer(command.decode("ascii", "replace")) if len(command) <= LONGEST else None
            if said is not None:
                with suppress(BlockingIOError):  # nobody reads: a serial line forgets, too
                    os.write(self._ours, said.encode("ascii", "replace") + END)
