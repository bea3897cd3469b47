"""One controller per state directory."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable
from pathlib import Path

FILE = "controller.lock"


class StateDirInUse(Exception):  # noqa: N818 - a state of the world, not a bug
    """Another controller runs on this state directory. The message names it and the remedy."""


class Lock:
    """The state directory's lock, held by this process until `release` or its end, however it ends."""

    def __init__(self, state_dir: Path, pause: Callable[[float], None] = time.sleep) -> None:
        """Raises StateDirInUse. Tries for half a second: a command may be looking whether a controller runs."""
        path = state_dir / FILE
        self._handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        for _ in range(10):
            if _try(self._handle, fcntl.LOCK_EX):
                os.ftruncate(self._handle, 0)
                os.pwrite(self._handle, f"{os.getpid()}\n".encode(), 0)
                return
            pause(0.05)
        other = os.pread(self._handle, 20, 0).decode(errors="replace").strip()
        os.close(self._handle)
        raise StateDirInUse(
            f"{state_dir}: another ridethrough controller runs here (process {other or 'unknown'}). "
            "Stop it first, or give this one a state directory of its own."
        )

    def release(self) -> None:
        """Let another controller in. Safe to call twice."""
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1


def is_held(state_dir: Path) -> bool:
    """Whether a controller runs on this state directory. Raises PermissionError when we may not look."""
    try:
        handle = os.open(state_dir / FILE, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        return not _try(handle, fcntl.LOCK_SH)
    finally:
        os.close(handle)


def _try(handle: int, kind: int) -> bool:
    try:
        fcntl.flock(handle, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
