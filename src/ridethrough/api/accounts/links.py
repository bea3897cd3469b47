"""One-time links: who has one makes the first administrator, or gives an account a new password."""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Callable

from ridethrough.api.access import NotAdmitted

from .database import Database
from .sessions import hashed

FIRST = ""  # the link for the first administrator is of no account
RESET_LASTS = 86400.0  # seconds


class Links:
    """Only the SHA-256 of a link's token is kept."""

    def __init__(self, database: Database, now: Callable[[], float]) -> None:
        self._database, self._now = database, now

    def make(self, connection: sqlite3.Connection, name: str = FIRST) -> str:
        """A new token in place of the one before, in the transaction at hand."""
        token = secrets.token_urlsafe(32)
        self.drop(connection, name)
        expires = None if name == FIRST else self._now() + RESET_LASTS
        connection.execute("INSERT INTO links (hash, name, expires) VALUES (?, ?, ?)", (hashed(token), name, expires))
        return token

    def account(self, token: str) -> str:
        """For which account a link is; `FIRST` for the first administrator. Raises NotAdmitted."""
        with self._database.reading() as connection:
            row = connection.execute("SELECT name, expires FROM links WHERE hash = ?", (hashed(token),)).fetchone()
        if row is None or (row["expires"] is not None and self._now() >= row["expires"]):
            raise NotAdmitted(403, "this link was used, replaced or is over: take the newest one that was printed")
        return str(row["name"])

    def use(self, connection: sqlite3.Connection, token: str) -> None:
        """Use it up, in the transaction at hand. Raises NotAdmitted when somebody was faster."""
        if not connection.execute("DELETE FROM links WHERE hash = ?", (hashed(token),)).rowcount:
            raise NotAdmitted(403, "this link was just used")

    def drop(self, connection: sqlite3.Connection, name: str) -> None:
        """The link of this account leads nowhere any more."""
        connection.execute("DELETE FROM links WHERE name = ?", (name,))

    def served_at(self, url: str) -> None:
        """Note where the pages stand, so that a command can print whole links."""
        with self._database.changing() as connection:
            connection.execute("DELETE FROM served")
            connection.execute("INSERT INTO served (at) VALUES (?)", (url.rstrip("/"),))

    def link(self, token: str) -> str:
        """The whole link. The token stands behind the #, which no browser sends: so it is in no server's log."""
        with self._database.reading() as connection:
            row = connection.execute("SELECT at FROM served").fetchone()
        return f"{row['at'] if row else ''}/setup#{token}"
