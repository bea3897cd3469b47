"""The journal's file, as any process may read it. Needs the standard library's sqlite3 only."""

from __future__ import annotations

import contextlib
import sqlite3
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import quote

from ridethrough.core.events import Event
from ridethrough.core.model import Seconds

from .codec import decode

FILE = "journal.db"
SCHEMA = 1  # PRAGMA user_version: the tables; each row's own version is the codec's


class JournalRefused(Exception):  # noqa: N818 - a state of the file, not a bug
    """The journal's file cannot be used. The message names the file, the reason and the remedy."""


def read_journal(
    state_dir: Path, after: int = 0, last: int | None = None, *, before: int | None = None, first: int | None = None
) -> Sequence[tuple[int, Event]]:
    """Every event with a position above `after` and below `before`, in order.

    With `last`, only that many from the end; with `first`, only that many from the beginning; not both.

    Reads beside a running controller, and without one. Empty when there is no journal yet. Raises JournalRefused
    when the file cannot be read, UnreadableEvent when one row cannot.
    """
    order = "ASC" if last is None else "DESC"
    span_of = "position > ? AND position < ?"
    wanted = f"SELECT position, CAST(event AS BLOB) FROM events WHERE {span_of} ORDER BY position {order} LIMIT ?"
    limit = next((number for number in (first, last) if number is not None), -1)
    span = (after, before if before is not None else sys.maxsize, limit)
    with reading(state_dir) as connection:
        rows = connection.execute(wanted, span).fetchall() if connection else []
    if last is not None:
        rows.reverse()
    return [(position, decode(event, position)) for position, event in rows]


def latest_time(state_dir: Path) -> Seconds | None:
    """The `at` of the last journalled event, in site seconds; None for an empty journal. Raises as `read_journal`."""
    events = read_journal(state_dir, last=1)
    return events[0][1].at if events else None


@contextlib.contextmanager
def reading(state_dir: Path) -> Iterator[sqlite3.Connection | None]:
    """A read-only connection to the journal; None when there is no journal yet."""
    path = state_dir / FILE
    if not path.exists():
        yield None
        return
    try:
        with contextlib.closing(_open(path)) as connection:
            version = connection.execute("PRAGMA user_version").fetchone()[0]
            check_schema(path, version)
            yield connection if version else None
    except sqlite3.Error as error:
        raise unusable(path, error) from error


def check_schema(path: Path, version: int) -> None:
    """Raises JournalRefused when the file has tables that this version does not know."""
    if version > SCHEMA:
        raise JournalRefused(
            f"{path}: written by a newer Ridethrough (tables of version {version}, this one knows {SCHEMA}). "
            "Install that version again, or restore the journal.db from before the upgrade."
        )


def unusable(path: Path, error: Exception) -> JournalRefused:
    """The error for a file that SQLite cannot use."""
    return JournalRefused(
        f"{path}: {error}. Check the disk, its free space and who may write there; if the file itself is damaged, "
        "restore it from a backup, or move it aside to start with an empty journal in dry run."
    )


def _open(path: Path) -> sqlite3.Connection:
    uri = f"file:{quote(str(path))}?mode=ro"
    connection = sqlite3.connect(uri, uri=True, timeout=5.0)
    try:
        connection.execute("SELECT 1 FROM sqlite_master").fetchall()
    except sqlite3.OperationalError:
        connection.close()
        # A reader without write access to the directory cannot make the WAL's index. Without a WAL nobody writes,
        # and the file may be read as it is (sqlite.org/wal.html, "Read-Only Databases").
        if path.with_name(f"{FILE}-wal").exists():
            raise
        connection = sqlite3.connect(f"{uri}&immutable=1", uri=True)
    return connection
