"""The accounts' file: its tables, its mode, and the transactions on it."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

from .errors import AccountsRefused

FILE = "accounts.db"
SCHEMA = 1  # PRAGMA user_version
_PATIENCE = 5.0  # seconds that a change waits for another process's change

_TABLES = """
CREATE TABLE accounts (
    name TEXT PRIMARY KEY COLLATE NOCASE, role TEXT NOT NULL, hash TEXT NOT NULL, created REAL NOT NULL, login REAL
) WITHOUT ROWID;
CREATE TABLE sessions (
    hash BLOB PRIMARY KEY, id TEXT NOT NULL UNIQUE, created REAL NOT NULL, seen REAL NOT NULL, address TEXT NOT NULL,
    agent TEXT NOT NULL, name TEXT NOT NULL COLLATE NOCASE REFERENCES accounts ON DELETE CASCADE
) WITHOUT ROWID;
CREATE TABLE tokens (
    hash BLOB PRIMARY KEY, id TEXT NOT NULL UNIQUE, name TEXT NOT NULL, role TEXT NOT NULL, created REAL NOT NULL,
    expires REAL NOT NULL, used REAL, revoked REAL,
    owner TEXT NOT NULL COLLATE NOCASE REFERENCES accounts ON DELETE CASCADE
) WITHOUT ROWID;
CREATE TABLE places (  -- from where an account has been logged in to
    name TEXT NOT NULL COLLATE NOCASE REFERENCES accounts ON DELETE CASCADE, address TEXT NOT NULL, last REAL NOT NULL,
    PRIMARY KEY (name, address)
) WITHOUT ROWID;
CREATE TABLE links (hash BLOB PRIMARY KEY, name TEXT NOT NULL COLLATE NOCASE, expires REAL) WITHOUT ROWID;
CREATE TABLE tries (
    kind TEXT NOT NULL, key TEXT NOT NULL, failures INTEGER NOT NULL, last REAL NOT NULL, PRIMARY KEY (kind, key)
) WITHOUT ROWID;
CREATE TABLE audit (
    id INTEGER PRIMARY KEY AUTOINCREMENT, at REAL NOT NULL, by TEXT NOT NULL, says TEXT NOT NULL,
    told INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE served (at TEXT NOT NULL);
"""


class Database:
    """One connection for all threads of this process; other processes may have the file open, too."""

    def __init__(self, state_dir: Path) -> None:
        """Open or create it; blocks. Raises AccountsRefused, or OSError when it may not be opened."""
        self.path = state_dir / FILE
        state_dir.mkdir(mode=0o755, parents=True, exist_ok=True)
        os.close(os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        if self.path.stat().st_mode & 0o077:
            self.path.chmod(0o600)
        self._lock = threading.RLock()
        self._connection = sqlite3.connect(
            self.path, timeout=_PATIENCE, isolation_level=None, check_same_thread=False, cached_statements=64
        )
        try:
            self._prepare()
        except sqlite3.Error as error:
            self._connection.close()
            raise AccountsRefused(
                f"{self.path}: {error}. Check the disk, its free space and who may write there; if the file itself is "
                "damaged, restore it from a backup, or move it aside and make the accounts anew."
            ) from error
        except AccountsRefused:
            self._connection.close()
            raise

    def _prepare(self) -> None:
        self._connection.row_factory = sqlite3.Row
        for pragma in ("journal_mode=WAL", "foreign_keys=ON", "secure_delete=ON"):
            self._connection.execute(f"PRAGMA {pragma}").fetchall()
        with self.changing() as connection:
            version = connection.execute("PRAGMA user_version").fetchone()[0]
            if version > SCHEMA:
                raise AccountsRefused(
                    f"{self.path}: written by a newer Ridethrough (tables of version {version}, this one knows "
                    f"{SCHEMA}). Install that version again, or restore the accounts.db from before the upgrade."
                )
            if version == 0:
                for statement in _TABLES.split(";\n"):
                    connection.execute(statement)
                connection.execute(f"PRAGMA user_version={SCHEMA}")

    @contextlib.contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """The connection, for this thread alone."""
        with self._lock:
            yield self._connection

    @contextlib.contextmanager
    def changing(self, durable: bool = True) -> Iterator[sqlite3.Connection]:
        """A transaction: all of it or nothing. On the disk when it ends, unless it need not be `durable`."""
        with self._lock:
            self._connection.execute(f"PRAGMA synchronous={'FULL' if durable else 'NORMAL'}")
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                with contextlib.suppress(sqlite3.Error):  # a full disk has rolled it back already
                    self._connection.execute("ROLLBACK")
                raise

    def note(self, statement: str, values: tuple[object, ...]) -> bool:
        """Write what nobody waits for, and what may be lost. Whether it was written; it waits for no other process."""
        with self._lock:
            try:
                self._connection.execute("PRAGMA busy_timeout=0")
                with self.changing(durable=False) as connection:
                    connection.execute(statement, values)
            except sqlite3.Error:
                return False
            finally:
                self._connection.execute(f"PRAGMA busy_timeout={_PATIENCE * 1000:.0f}")
            return True

    def close(self) -> None:
        """Close it. Safe to call twice."""
        with self._lock:
            self._connection.close()
