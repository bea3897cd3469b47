"""Requests from other processes: how a command hands one to the running controller."""

from __future__ import annotations

import contextlib
import math
import sqlite3
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ridethrough.core.events import Ask

from . import lock
from .journal_file import FILE

_LOOK_EVERY = 0.1


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a person's request: obeyed from the next round on, or why not."""

    accepted: bool
    text: str


class NoController(Exception):  # noqa: N818 - a state of the world, not a bug
    """No controller runs on this state directory, so nobody would take the request."""


class NoAnswer(Exception):  # noqa: N818
    """The controller did not answer in time. The message says whether it may still obey."""


def post(
    state_dir: Path,
    ask: Ask,
    subject: str,
    by: str,
    timeout: float = 30.0,
    pause: Callable[[float], None] = time.sleep,
    says: str = "",
    seconds: float | None = None,
) -> Answer:
    """Hand a request to the controller and wait up to `timeout` seconds for its answer. Blocks.

    `says` is written down with it; `seconds`: for how long. Raises NoController, NoAnswer, and PermissionError when
    this user may not write to the state directory. A request that was not taken in time, or whose command was
    interrupted, is withdrawn: it never fires later.
    """
    if seconds is not None and not math.isfinite(seconds):
        raise ValueError(f"{seconds} is no time")  # SQLite would keep none at all
    with _mailbox(state_dir) as connection:
        row: dict[str, object] = {"ask": str(ask), "subject": subject, "asked_by": by, "state": "posted"}
        if says:  # a controller of an earlier version has no place for it, and takes all else
            row["says"] = says
        if seconds is not None:
            row["seconds"] = seconds
        places = ", ".join("?" * len(row))
        post_row = f"INSERT INTO requests ({', '.join(row)}) VALUES ({places})"
        number = connection.execute(post_row, tuple(row.values())).lastrowid
        try:
            for _ in range(max(1, round(timeout / _LOOK_EVERY))):
                if answer := _answer(connection, number):
                    return answer
                if not lock.is_held(state_dir):
                    raise NoController(
                        f"{state_dir}: the controller stopped before it answered. Start it and ask again."
                    )
                pause(_LOOK_EVERY)
        finally:
            withdraw = "UPDATE requests SET state = 'withdrawn' WHERE id = ? AND state = 'posted'"
            withdrawn = connection.execute(withdraw, (number,)).rowcount
        if withdrawn:
            raise NoAnswer(
                f"the controller did not take the request within {timeout:.0f} s; it is withdrawn. Ask again."
            )
        if answer := _answer(connection, number):
            return answer
        raise NoAnswer(
            f"the controller took the request but did not answer within {timeout:.0f} s. Look at its journal."
        )


def _answer(connection: sqlite3.Connection, number: int | None) -> Answer | None:
    find = "SELECT accepted, answer FROM requests WHERE id = ? AND state = 'answered'"
    row = connection.execute(find, (number,)).fetchone()
    return Answer(bool(row[0]), row[1]) if row else None


@contextlib.contextmanager
def _mailbox(state_dir: Path) -> Iterator[sqlite3.Connection]:
    if not lock.is_held(state_dir):
        raise NoController(f"{state_dir}: no controller runs here. Start it with `ridethrough run` and ask again.")
    try:
        with contextlib.closing(_connect(state_dir)) as connection:
            yield connection
    except sqlite3.OperationalError as error:
        if "readonly" in str(error) or "unable to open" in str(error):
            raise PermissionError(f"{state_dir}: {error}. Ask as the user that the controller runs as.") from error
        raise NoAnswer(f"{state_dir}: {error}. The controller's disk does not answer; try again.") from error


def _connect(state_dir: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(state_dir / FILE, timeout=5.0, isolation_level=None)
    # A request need not survive a power cut: the controller journals it before it obeys. So this process does not
    # wait for the disk while it holds the write lock, which is the journal's too. Not OFF: that would risk the file
    # when the WAL starts over.
    connection.execute("PRAGMA synchronous=NORMAL")
    connection.execute("PRAGMA wal_autocheckpoint=0")
    return connection
