"""Sessions: who is logged in, and until when.

Only the SHA-256 of a cookie's value is kept, and the CSRF token follows from the value: the file holds neither.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, field

from ridethrough.api.access import NotAdmitted, Person, Role

from .database import Database
from .errors import NotDone

LONGEST = 12 * 3600.0  # seconds that a session lasts, however busy it is
LONGEST_WATCH = 30 * 86400.0  # the same of a role that only looks: a screen on the wall
OF_ONE = 50  # sessions of one account
AGENT = 200  # characters kept of a browser's own name
_FIND = "SELECT s.*, a.role FROM sessions s JOIN accounts a ON a.name = s.name"


@dataclass(frozen=True, slots=True)
class Session:
    """Times are seconds since 1970. `id` is for lists only: it lets nobody in."""

    id: str
    name: str
    role: Role
    created_at: float
    seen_at: float
    idle_ends_at: float
    ends_at: float
    address: str
    agent: str


@dataclass(frozen=True, slots=True)
class Opened:
    """A session with the cookie's value, which is told this once."""

    session: Session
    value: str = field(repr=False)

    @property
    def csrf(self) -> str:
        """What each write of the session must show."""
        return csrf_of(self.value)


def csrf_of(value: str) -> str:
    """The CSRF token of the session with this cookie."""
    made = hmac.digest(value.encode("utf-8", "surrogatepass"), b"ridethrough csrf", "sha256")
    return base64.urlsafe_b64encode(made).decode().rstrip("=")


def hashed(value: str) -> bytes:
    """What is kept of a secret that is itself 256 random bits."""
    return hashlib.sha256(value.encode("utf-8", "surrogatepass")).digest()


class Sessions:
    """Opens, admits and ends them."""

    def __init__(self, database: Database, now: Callable[[], float], idle: float, longest: float = LONGEST) -> None:
        """`idle`: seconds without a request after which a session ends."""
        self._database, self._now, self._idle, self._longest = database, now, idle, longest
        self._unwritten: dict[str, float] = {}  # when a session was seen that the disk did not take, by id

    def admit(self, value: str, csrf: str, writes: bool, counts: bool) -> Person:
        """Who has this cookie. Raises NotAdmitted. Who may only look stays for as long as a page stands open."""
        found = self.of(value)
        if found is None:
            raise NotAdmitted(401, "the session is over: log in again")
        if writes and not hmac.compare_digest(csrf.encode("utf-8", "surrogatepass"), csrf_of(value).encode()):
            raise NotAdmitted(403, "a write needs the session's csrf token in the header x-ridethrough-csrf")
        now = self._now()
        watches = found.role is Role.VIEW and now - found.seen_at > self._idle / 4
        if watches or (counts and not 0.0 <= now - found.seen_at < 1.0):
            self._unwritten[found.id] = now
            if self._database.note("UPDATE sessions SET seen = ? WHERE hash = ?", (now, hashed(value))):
                self._unwritten.pop(found.id, None)
        return Person(found.name, found.role)

    def of(self, value: str) -> Session | None:
        """The session with this cookie, unless it is over."""
        if not value:
            return None
        with self._database.reading() as connection:
            row = connection.execute(f"{_FIND} WHERE s.hash = ?", (hashed(value),)).fetchone()
        found = self._session(row) if row else None
        return found if found and not self._is_over(found) else None

    def all(self, name: str | None = None) -> tuple[Session, ...]:
        """Every session, or those of one account; the latest first."""
        with self._database.reading() as connection:
            rows = connection.execute(f"{_FIND} WHERE ? IS NULL OR s.name = ? ORDER BY s.seen DESC", (name, name))
            found = [self._session(row) for row in rows]
        return tuple(session for session in found if not self._is_over(session))

    def open(self, connection: sqlite3.Connection, name: str, address: str, agent: str, replaces: str = "") -> Opened:
        """A new session with a value that was never seen before, in the transaction at hand; `replaces` ends."""
        value, id, now = secrets.token_urlsafe(32), secrets.token_hex(8), self._now()
        connection.execute("DELETE FROM sessions WHERE hash = ?", (hashed(replaces),))
        unwritten = [(seen, one) for one, seen in self._unwritten.items()]
        connection.executemany("UPDATE sessions SET seen = ? WHERE id = ?", unwritten)
        connection.execute(
            "DELETE FROM sessions WHERE seen <= ? OR created <= ?", (now - self._idle, now - LONGEST_WATCH)
        )
        connection.execute(
            "INSERT INTO sessions (hash, id, name, created, seen, address, agent) VALUES (?, ?, ?, ?, ?, ?, ?)",
            (hashed(value), id, name, now, now, address[:100], agent[:AGENT]),
        )
        connection.execute(
            "DELETE FROM sessions WHERE name = ? AND id NOT IN "
            "(SELECT id FROM sessions WHERE name = ? ORDER BY seen DESC, id = ? DESC LIMIT ?)",
            (name, name, id, OF_ONE),
        )
        row = connection.execute(f"{_FIND} WHERE s.id = ?", (id,)).fetchone()
        return Opened(self._session(row), value)

    def end(self, connection: sqlite3.Connection, id: str, owner: str | None = None) -> str:
        """End one, in the transaction at hand; with `owner` only one of theirs. Which it was.

        Raises NotDone when there is none.
        """
        find = "SELECT name, address FROM sessions WHERE id = ? AND (? IS NULL OR name = ?)"
        if (row := connection.execute(find, (id, owner, owner)).fetchone()) is None:
            raise NotDone(404, "there is no such session; it may have ended")
        connection.execute("DELETE FROM sessions WHERE id = ?", (id,))
        return f"session of {row['name']} from {row['address']}"

    def log_out(self, value: str) -> None:
        """End the session with this cookie."""
        with self._database.changing() as connection:
            connection.execute("DELETE FROM sessions WHERE hash = ?", (hashed(value),))

    def _is_over(self, session: Session) -> bool:
        now = self._now()
        return now >= session.idle_ends_at or now >= session.ends_at

    def _session(self, row: sqlite3.Row) -> Session:
        role = Role(row["role"])
        seen = max(row["seen"], self._unwritten.get(row["id"], 0.0))
        ends = row["created"] + (max(self._longest, LONGEST_WATCH) if role is Role.VIEW else self._longest)
        return Session(
            row["id"],
            row["name"],
            role,
            row["created"],
            seen,
            min(seen + self._idle, ends),
            ends,
            row["address"],
            row["agent"],
        )


def end_all(connection: sqlite3.Connection, name: str) -> None:
    """End every session of an account, in the transaction at hand."""
    connection.execute("DELETE FROM sessions WHERE name = ?", (name,))
