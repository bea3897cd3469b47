"""The queue's file: how far each target has heard the journal, what waits for it, and how the last one ended.

Every call blocks for the disk, and may raise sqlite3.Error.
"""

from __future__ import annotations

import contextlib
import logging
import sqlite3
import threading
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ridethrough.core.notice import Severity

from .message import Message

log = logging.getLogger(__name__)

FILE = "notifications.db"
SCHEMA = 1
MOST = 1000  # messages that wait for one target
SAME = 300.0  # seconds within which the very same about the same subject is told once

TABLES = f"""
CREATE TABLE targets (
    name TEXT PRIMARY KEY, position INTEGER NOT NULL, left_out INTEGER NOT NULL DEFAULT 0,
    sent INTEGER NOT NULL DEFAULT 0, last_at REAL, last_trouble TEXT
);
CREATE TABLE waiting (
    id INTEGER PRIMARY KEY AUTOINCREMENT, target TEXT NOT NULL, at REAL NOT NULL, about TEXT NOT NULL,
    severity TEXT NOT NULL, subject TEXT NOT NULL, text TEXT NOT NULL, times INTEGER NOT NULL DEFAULT 1,
    sending INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX by_target ON waiting (target, id);
CREATE TABLE told (target TEXT, subject TEXT, text TEXT NOT NULL, at REAL NOT NULL, PRIMARY KEY (target, subject));
PRAGMA user_version = {SCHEMA};
"""


@dataclass(frozen=True, slots=True)
class State:
    """How it stands with a target. `last_trouble` is empty when the last message got through; None: none was sent."""

    waiting: int
    left_out: int
    sent: int
    last_at: float | None
    last_trouble: str | None


class Queue:
    """Used by several threads, one at a time."""

    def __init__(self, state_dir: Path) -> None:
        """Opens the file. One that is damaged is set aside, and a new one begun."""
        self._lock = threading.Lock()
        path = state_dir / FILE
        try:
            self._db = _opened(path)
        except sqlite3.DatabaseError as error:
            if type(error) is not sqlite3.DatabaseError:  # of all its errors, damage alone has no class of its own
                raise
            log.warning(
                "%s is damaged (%s): it is kept as %s.damaged. What waited in it is lost; notifications begin with the "
                "present.",
                *(path, error, path.name),
            )
            path.replace(path.with_name(f"{path.name}.damaged"))
            for end in ("-wal", "-shm"):
                path.with_name(path.name + end).unlink(missing_ok=True)
            self._db = _opened(path)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()

    def keep_only(self, names: Collection[str], present: int) -> None:
        """Forget every target but these. One that is new begins at the journal's position `present`.

        So does one that is beyond it: the journal is another than the one that it heard.
        """
        with self._transaction() as db:
            for (name,) in db.execute("SELECT name FROM targets").fetchall():
                if name not in names:
                    for table, column in (("targets", "name"), ("waiting", "target"), ("told", "target")):
                        db.execute(f"DELETE FROM {table} WHERE {column} = ?", (name,))
            for name in names:
                db.execute("INSERT OR IGNORE INTO targets (name, position) VALUES (?, ?)", (name, present))
            db.execute("UPDATE targets SET position = ? WHERE position > ?", (present, present))

    def positions(self) -> dict[str, int]:
        """How far each target has heard the journal."""
        with self._lock:
            return dict(self._db.execute("SELECT name, position FROM targets").fetchall())

    def put(self, target: str, position: int, messages: Sequence[Message]) -> None:
        """Let these messages wait, with the journal heard up to `position`: both or neither."""
        with self._transaction() as db:
            for message in messages:
                self._put(db, target, message)
            excess = db.execute("SELECT count(*) FROM waiting WHERE target = ?", (target,)).fetchone()[0] - MOST
            if excess > 0:
                # The oldest of what is least bad go first; what is being sent is not touched.
                db.execute(
                    "DELETE FROM waiting WHERE id IN (SELECT id FROM waiting WHERE target = ? AND NOT sending ORDER BY "
                    "CASE severity WHEN 'info' THEN 0 WHEN 'warning' THEN 1 ELSE 2 END, id LIMIT ?)",
                    (target, excess),
                )
                db.execute("UPDATE targets SET left_out = left_out + ? WHERE name = ?", (excess, target))
            db.execute("UPDATE targets SET position = ? WHERE name = ?", (position, target))

    def waiting(self, target: str) -> list[Message]:
        """What waits for this target, in order."""
        with self._lock:
            rows = self._db.execute(
                "SELECT id, at, about, severity, subject, text, times, sending FROM waiting "
                "WHERE target = ? ORDER BY id",
                (target,),
            ).fetchall()
        return [
            Message(id, at, about, Severity(severity), subject, text, times, bool(sending))
            for id, at, about, severity, subject, text, times, sending in rows
        ]

    def sending(self, messages: Sequence[Message]) -> None:
        """These are being sent from now on: should nobody tell how it ended, they may have been."""
        with self._transaction() as db:
            db.executemany("UPDATE waiting SET sending = 1 WHERE id = ?", [(message.id,) for message in messages])

    def ended(self, target: str, messages: Sequence[Message], at: float, trouble: str) -> None:
        """How it ended: without trouble they are told, otherwise they wait on."""
        ids = [(message.id,) for message in messages]
        with self._transaction() as db:
            db.execute("UPDATE targets SET last_at = ?, last_trouble = ? WHERE name = ?", (at, trouble, target))
            if trouble:
                db.executemany("UPDATE waiting SET sending = 0 WHERE id = ?", ids)
                return
            db.executemany("DELETE FROM waiting WHERE id = ?", ids)
            db.execute("UPDATE targets SET sent = sent + ?, left_out = 0 WHERE name = ?", (len(messages), target))

    def states(self) -> dict[str, State]:
        """How it stands with each target."""
        with self._lock:
            return {
                name: State(*rest)
                for name, *rest in self._db.execute(
                    "SELECT name, (SELECT count(*) FROM waiting WHERE target = name), left_out, sent, last_at, "
                    "last_trouble FROM targets"
                )
            }

    def _put(self, db: sqlite3.Connection, target: str, message: Message) -> None:
        row = db.execute(
            "SELECT text, at FROM told WHERE target = ? AND subject = ?", (target, message.subject)
        ).fetchone()
        same = row is not None and row[0] == message.text and 0 <= message.at - row[1] < SAME
        db.execute(
            "INSERT OR REPLACE INTO told VALUES (?, ?, ?, ?)", (target, message.subject, message.text, message.at)
        )
        if same:
            # It waits once, however often it comes; one that was sent just now is not sent again.
            db.execute(
                "UPDATE waiting SET times = times + 1 WHERE id = (SELECT max(id) FROM waiting WHERE target = ? "
                "AND subject = ? AND text = ?)",
                (target, message.subject, message.text),
            )
            return
        db.execute("DELETE FROM told WHERE at < ? OR at > ?", (message.at - 86400.0, message.at + 86400.0))
        db.execute(
            "INSERT INTO waiting (target, at, about, severity, subject, text) VALUES (?, ?, ?, ?, ?, ?)",
            (target, message.at, message.about, str(message.severity), message.subject, message.text),
        )

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
            except BaseException:
                with contextlib.suppress(sqlite3.Error):
                    self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")


def _opened(path: Path) -> sqlite3.Connection:
    db = sqlite3.connect(path, timeout=5.0, isolation_level=None, check_same_thread=False)
    try:
        version = int(db.execute("PRAGMA user_version").fetchone()[0])
        if version > SCHEMA:
            raise sqlite3.DatabaseError(f"it was written by a newer Ridethrough (tables of version {version})")
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = FULL")
        if version == 0:
            db.executescript(f"BEGIN IMMEDIATE; {TABLES} COMMIT;")
        db.execute("SELECT count(*) FROM waiting").fetchone()
    except BaseException:
        db.close()
        raise
    return db
