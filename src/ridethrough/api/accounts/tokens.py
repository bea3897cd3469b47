"""API tokens: how a script shows who sent it. Only their SHA-256 is kept."""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, field

from ridethrough.api.access import NotAdmitted, Person, Role

from .audit import Audit
from .database import Database
from .errors import NotDone
from .sessions import hashed

PREFIX = "ridethrough_"  # so that a token that lies about is known for what it is
OF_ONE = 50  # tokens of one account that may be used
KEPT = 30 * 86400.0  # seconds that one stays in the list after its end
USED_EVERY = 60.0  # seconds between two notes of its use


@dataclass(frozen=True, slots=True)
class Token:
    """`role` is the most that it may do; never more than its owner may. Times are seconds since 1970."""

    id: str
    name: str
    owner: str
    role: Role
    created_at: float
    expires_at: float
    used_at: float | None
    revoked_at: float | None


@dataclass(frozen=True, slots=True)
class Made:
    """A token with its value, which is told this once."""

    token: Token
    value: str = field(repr=False)


class Tokens:
    """Makes, admits and revokes them."""

    def __init__(self, database: Database, now: Callable[[], float], audit: Audit) -> None:
        self._database, self._now, self._audit = database, now, audit

    def admit(self, value: str) -> Person:
        """Whose token this is. Raises NotAdmitted."""
        now = self._now()
        with self._database.reading() as connection:
            find = "SELECT t.*, a.role AS owners FROM tokens t JOIN accounts a ON a.name = t.owner WHERE t.hash = ?"
            row = connection.execute(find, (hashed(value),)).fetchone()
        if row is None or row["revoked"] is not None or now >= row["expires"]:
            raise NotAdmitted(401, "this token is unknown, has expired or was revoked: make a new one")
        if row["used"] is None or not 0.0 <= now - row["used"] < USED_EVERY:
            self._database.note("UPDATE tokens SET used = ? WHERE hash = ?", (now, hashed(value)))
        owners, own = Role(row["owners"]), Role(row["role"])
        return Person(row["owner"], own if owners.covers(own) else owners, row["name"], row["id"])

    def make(self, person: Person, name: str, role: Role, lasts: float, why: str = "") -> Made:
        """A new token of this person. Raises NotDone."""
        if not person.role.covers(role):
            raise NotDone(409, f"a token cannot do more than its owner: {person.name} has the role {person.role}")
        value, id, now = PREFIX + secrets.token_urlsafe(32), secrets.token_hex(8), self._now()
        with self._database.changing() as connection:
            if not connection.execute("SELECT 1 FROM accounts WHERE name = ?", (person.name,)).fetchone():
                raise NotDone(409, f"there is no account {person.name} any more")
            connection.execute("DELETE FROM tokens WHERE min(expires, coalesce(revoked, expires)) < ?", (now - KEPT,))
            usable = "FROM tokens WHERE owner = ? AND revoked IS NULL AND expires > ?"
            names = [row[0] for row in connection.execute(f"SELECT name {usable}", (person.name, now))]
            if name in names:
                raise NotDone(409, f'{person.name} has a token named "{name}": revoke it first, or take another name')
            if len(names) >= OF_ONE:
                raise NotDone(409, f"{person.name} has {OF_ONE} tokens: revoke one first")
            connection.execute(
                "INSERT INTO tokens (hash, id, name, owner, role, created, expires) VALUES (?, ?, ?, ?, ?, ?, ?)",
                (hashed(value), id, name, person.name, role, now, now + lasts),
            )
            self._audit.write(connection, person.signed, f"token {name} made with role {role}", why)
        return Made(Token(id, name, person.name, role, now, now + lasts, None, None), value)

    def all(self, owner: str | None = None) -> tuple[Token, ...]:
        """Every token, or those of one account; the newest first."""
        with self._database.reading() as connection:
            rows = connection.execute(
                "SELECT * FROM tokens WHERE ? IS NULL OR owner = ? ORDER BY created DESC, id", (owner, owner)
            )
            return tuple(_token(row) for row in rows)

    def usable(self) -> tuple[Token, ...]:
        """Those that let somebody in now."""
        return tuple(one for one in self.all() if one.revoked_at is None and one.expires_at > self._now())

    def revoke(self, id: str, by: str, owner: str | None = None, why: str = "") -> None:
        """Let it in no more; with `owner` only one of theirs. Raises NotDone when there is none."""
        with self._database.changing() as connection:
            find = "SELECT * FROM tokens WHERE id = ? AND (? IS NULL OR owner = ?)"
            row = connection.execute(find, (id, owner, owner)).fetchone()
            if row is None:
                raise NotDone(404, "there is no such token")
            if row["revoked"] is None:
                connection.execute("UPDATE tokens SET revoked = ? WHERE id = ?", (self._now(), id))
                self._audit.write(connection, by, f"token {row['name']} of {row['owner']} revoked", why)


def revoke_all(connection: sqlite3.Connection, owner: str, now: float) -> None:
    """Revoke every token of an account, in the transaction at hand."""
    connection.execute("UPDATE tokens SET revoked = ? WHERE owner = ? AND revoked IS NULL", (now, owner))


def _token(row: sqlite3.Row) -> Token:
    return Token(
        row["id"],
        row["name"],
        row["owner"],
        Role(row["role"]),
        row["created"],
        row["expires"],
        row["used"],
        row["revoked"],
    )
