"""The accounts of one state directory: who they are, and how they get in."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from argon2 import PasswordHasher

from ridethrough.api.access import NotAdmitted, Person, Role
from ridethrough.runtime.clock import SYSTEM

from .audit import Audit
from .database import Database
from .errors import NotDone
from .links import FIRST, Links
from .passwords import Passwords, Turns, check
from .sessions import LONGEST, Opened, Sessions, end_all
from .throttle import Begun, Throttle
from .tokens import Tokens, revoke_all

IDLE = 1800.0  # seconds
MOST = 1000  # accounts
NAME = r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}"
WRONG = "wrong name or password"


@dataclass(frozen=True, slots=True)
class Account:
    """Times are seconds since 1970; `login_at` is None before the first login. Names differ by more than case."""

    name: str
    role: Role
    created_at: float
    login_at: float | None


class Accounts:
    """Implements access.Gate. What needs a password takes some 50 ms and blocks: run it by way of `turns`."""

    def __init__(
        self,
        state_dir: Path,
        *,
        now: Callable[[], float] = SYSTEM.wall,
        idle: float = IDLE,
        longest: float = LONGEST,
        hasher: PasswordHasher | None = None,
    ) -> None:
        """`now`: seconds since 1970. A session ends after `idle` seconds without a request, and after `longest`.

        Raises AccountsRefused or OSError, each with a remedy.
        """
        self._database, self._now = Database(state_dir), now
        self._passwords = Passwords(hasher or PasswordHasher())
        self._throttle = Throttle(self._database, now)
        self.turns = Turns()
        self.audit = Audit(self._database, now)
        self.links = Links(self._database, now)
        self.sessions = Sessions(self._database, now, idle, longest)
        self.tokens = Tokens(self._database, now, self.audit)

    def close(self) -> None:
        """Close the file. Safe to call twice."""
        self._database.close()

    # --- getting in

    def admit(self, session: str, csrf: str, bearer: str, address: str, writes: bool, counts: bool = True) -> Person:
        """See access.Gate."""
        try:
            if bearer:
                return self.tokens.admit(bearer)
            if not session:
                raise NotAdmitted(401, "log in first")
            return self.sessions.admit(session, csrf, writes, counts)
        except sqlite3.Error as error:
            raise NotAdmitted(503, f"{self._database.path.name}: {error}. Check the disk.") from error

    def login(self, name: str, password: str, address: str, agent: str, replaces: str = "") -> Opened:
        """A new session. Raises NotAdmitted: 401 wrong, 429 too many tries."""
        kept, begun = self._proved(name, password, address)
        fresh = self._passwords.hash(password) if self._passwords.is_outdated(kept) else kept
        with self._database.changing() as connection:
            account = _row(connection, name)
            if account is None or account["hash"] != kept:
                raise NotAdmitted(401, WRONG)  # changed while the old one was compared
            self._throttle.succeeded(connection, account["name"], address, begun)
            connection.execute("UPDATE accounts SET login = ? WHERE name = ?", (self._now(), name))
            self._keep(connection, name, fresh)
            return self.sessions.open(connection, account["name"], address, agent, replaces)

    def _proved(self, name: str, password: str, address: str) -> tuple[str, Begun]:
        """The kept hash that this password has, and the try. Raises NotAdmitted."""
        begun = self._throttle.begin(name, address)
        with self._database.reading() as connection:
            account = _row(connection, name)
        kept: str | None = account["hash"] if account else None
        if not self._passwords.is_right(kept, password) or kept is None:
            raise NotAdmitted(401, WRONG)
        return kept, begun

    # --- the first administrator, and new passwords by a link

    def is_set_up(self) -> bool:
        """Whether there is an account."""
        with self._database.reading() as connection:
            return connection.execute("SELECT 1 FROM accounts").fetchone() is not None

    def setup_token(self) -> str | None:
        """The token for the first administrator, in place of the one before; None when there is an account."""
        with self._database.changing() as connection:
            if connection.execute("SELECT 1 FROM accounts").fetchone() is not None:
                return None
            return self.links.make(connection)

    def reset_token(self, name: str, by: str) -> str:
        """A token that lets its holder give this account a new password. Raises NotDone."""
        with self._database.changing() as connection:
            found = _known(connection, name)
            self.audit.write(connection, by, f"link for a new password of {found} made")
            return self.links.make(connection, found)

    def set_up(self, token: str, name: str, password: str, address: str, agent: str) -> Opened:
        """Make the first administrator, or set the password that the link is for; and log in.

        `name` may be empty for a new password. Raises NotAdmitted or NotDone.
        """
        account = self.links.account(token)
        if account != FIRST and name and name.lower() != account.lower():
            raise NotDone(409, f"this link is for the account {account}")
        name = account or name
        _check_name(name)
        check(password, name)
        made = self._passwords.hash(password)
        with self._database.changing() as connection:
            self.links.use(connection, token)
            if account == FIRST:
                if connection.execute("SELECT 1 FROM accounts").fetchone() is not None:
                    raise NotDone(409, "there is an administrator already: log in")
                self._insert(connection, name, Role.ADMINISTER, made)
                self.audit.write(
                    connection, name, f"account {name} made with role {Role.ADMINISTER}, by the first link"
                )
            else:
                self._change_password(connection, name, made)
                self.audit.write(connection, name, f"password of {name} changed by a link")
            self._throttle.place(connection, name, address)
            return self.sessions.open(connection, name, address, agent)

    # --- what people do with accounts

    def all(self) -> tuple[Account, ...]:
        """Every account, by name."""
        with self._database.reading() as connection:
            return tuple(_account(row) for row in connection.execute("SELECT * FROM accounts ORDER BY name"))

    def get(self, name: str) -> Account:
        """One account. Raises NotDone when there is none."""
        with self._database.reading() as connection:
            row = _row(connection, name)
        if row is None:
            raise NotDone(404, f'no account is named "{name}"')
        return _account(row)

    def add(self, name: str, role: Role, password: str, by: str, why: str = "") -> Account:
        """A new account. Raises NotDone."""
        _check_name(name)
        check(password, name)
        made = self._passwords.hash(password)
        with self._database.changing() as connection:
            if (row := _row(connection, name)) is not None:
                raise NotDone(409, f"there is an account {row['name']} already")
            if connection.execute("SELECT count(*) FROM accounts").fetchone()[0] >= MOST:
                raise NotDone(409, f"there are {MOST} accounts: remove one first")
            self._insert(connection, name, role, made)
            self.audit.write(connection, by, f"account {name} made with role {role}", why)
        return self.get(name)

    def set_role(self, name: str, role: Role, by: str, why: str = "") -> Account:
        """Give an account another role. Raises NotDone."""
        with self._database.changing() as connection:
            name = _known(connection, name)
            if role is not Role.ADMINISTER:
                _spare_the_last(connection, name)
            change = "UPDATE accounts SET role = ? WHERE name = ? AND role != ?"
            if connection.execute(change, (role, name, role)).rowcount:
                self.audit.write(connection, by, f"account {name} has role {role} now", why)
        return self.get(name)

    def remove(self, name: str, by: str, why: str = "") -> None:
        """Remove an account with its sessions and tokens. Raises NotDone."""
        with self._database.changing() as connection:
            name = _known(connection, name)
            _spare_the_last(connection, name)
            self.links.drop(connection, name)
            connection.execute("DELETE FROM accounts WHERE name = ?", (name,))
            self.audit.write(connection, by, f"account {name} removed", why)

    def set_password(self, name: str, password: str, by: str, why: str = "") -> None:
        """Give an account a new password; its sessions and tokens end. Raises NotDone."""
        check(password, name)
        made = self._passwords.hash(password)
        with self._database.changing() as connection:
            name = _known(connection, name)
            self._change_password(connection, name, made)
            self.audit.write(connection, by, f"password of {name} changed", why)

    def end_session(self, id: str, by: str, owner: str | None = None, why: str = "") -> None:
        """End a session; with `owner` only one of theirs. Raises NotDone when there is none."""
        with self._database.changing() as connection:
            ended = self.sessions.end(connection, id, owner)
            self.audit.write(connection, by, f"{ended} ended", why)

    def change_own_password(self, name: str, old: str, new: str, address: str, agent: str, why: str = "") -> Opened:
        """A new password for who knows the old one. Every session and token ends; a new session begins.

        Raises NotAdmitted (403 wrong, 429 too many tries) or NotDone.
        """
        check(new, name)
        try:
            kept, begun = self._proved(name, old, address)
        except NotAdmitted as error:
            if error.status == 401:  # who asks is logged in
                raise NotAdmitted(403, "the old password is wrong") from error
            raise
        made = self._passwords.hash(new)
        with self._database.changing() as connection:
            if (row := _row(connection, name)) is None or row["hash"] != kept:
                raise NotDone(409, "the password was just changed by somebody else")
            self._change_password(connection, name, made)
            self._throttle.succeeded(connection, name, address, begun)
            self.audit.write(connection, name, f"password of {name} changed", why)
            return self.sessions.open(connection, name, address, agent)

    def _insert(self, connection: sqlite3.Connection, name: str, role: Role, made: str) -> None:
        new = "INSERT INTO accounts (name, role, hash, created) VALUES (?, ?, ?, ?)"
        connection.execute(new, (name, role, made, self._now()))

    def _change_password(self, connection: sqlite3.Connection, name: str, made: str) -> None:
        self._keep(connection, name, made)
        end_all(connection, name)
        revoke_all(connection, name, self._now())
        self.links.drop(connection, name)

    def _keep(self, connection: sqlite3.Connection, name: str, made: str) -> None:
        connection.execute("UPDATE accounts SET hash = ? WHERE name = ?", (made, name))


def _check_name(name: str) -> None:
    if not re.fullmatch(NAME, name):
        raise NotDone(
            422, "a name begins with a letter or digit; then letters, digits and . _ @ - may follow, 64 in all"
        )


def _row(connection: sqlite3.Connection, name: str) -> sqlite3.Row | None:
    row: sqlite3.Row | None = connection.execute("SELECT * FROM accounts WHERE name = ?", (name,)).fetchone()
    return row


def _known(connection: sqlite3.Connection, name: str) -> str:
    """The account's name as it was made. Raises NotDone when there is none."""
    row = _row(connection, name)
    if row is None:
        raise NotDone(404, f'no account is named "{name}"')
    return str(row["name"])


def _spare_the_last(connection: sqlite3.Connection, name: str) -> None:
    others = "SELECT 1 FROM accounts WHERE role = ? AND name != ?"
    is_one = _row(connection, name)
    if is_one is None or is_one["role"] != Role.ADMINISTER:
        return
    if connection.execute(others, (Role.ADMINISTER, name)).fetchone() is None:
        raise NotDone(409, f"{name} is the last administrator: make another one first")


def _account(row: sqlite3.Row) -> Account:
    return Account(row["name"], Role(row["role"]), row["created"], row["login"])
