"""How long who failed to log in must wait before the next try.

Two counts: of an address, over all names; and of a name, over all addresses. The wait of a name is short, and does not
hold where the account has been logged in to from the same address before: so nobody can lock its owner out from
elsewhere. What is refused meanwhile counts for nothing and prolongs nothing.
"""

from __future__ import annotations

import hashlib
import ipaddress
import math
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass

from ridethrough.api.access import NotAdmitted

from .database import Database

Clock = Callable[[], float]

ROWS = 10_000  # counts kept of each kind
PLACES = 20  # addresses remembered of an account


@dataclass(frozen=True, slots=True)
class Rule:
    """After `free` failures the wait is a second, and twice as long with each more, up to `longest` seconds."""

    free: int
    longest: float
    forgotten: float = 3600.0  # seconds after the last failure


@dataclass(frozen=True, slots=True)
class Tries:
    """Failures so far, and when the last one was."""

    failures: int = 0
    last: float = 0.0


@dataclass(frozen=True, slots=True)
class Begun:
    """A try: when it was made, and when the one before it failed at the same address."""

    at: float
    before: float


ADDRESS = Rule(free=5, longest=300.0)
NAME = Rule(free=10, longest=30.0)


def wait(rule: Rule, tries: Tries, now: float) -> float:
    """Seconds until the next try may be made; 0.0 when it may be made now. Never above `rule.longest`."""
    if tries.failures < rule.free or now - tries.last >= rule.forgotten:
        return 0.0
    pause = min(2.0 ** min(tries.failures - rule.free, 30), rule.longest)
    return min(max(tries.last + pause - now, 0.0), pause)  # not longer, should the clock have been set back


def one_more(rule: Rule, tries: Tries, now: float) -> Tries:
    """With a further failure."""
    return Tries(1 if now - tries.last >= rule.forgotten else tries.failures + 1, now)


def network(address: str) -> str:
    """Whose address it is: an IPv6 address stands for its /64, of which one machine has all."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address[:100]
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is not None:
            return str(found.ipv4_mapped)
        return str(ipaddress.ip_network((found, 64), strict=False))
    return str(found)


class Throttle:
    """The counts, kept in the accounts' file: a restart forgets none of them."""

    def __init__(self, database: Database, now: Clock, rows: int = ROWS) -> None:
        """At most `rows` counts of each kind are kept."""
        self._database, self._now, self._rows = database, now, rows

    def begin(self, name: str, address: str) -> Begun:
        """Count a try; it counts as a failure until `succeeded`, so that many at once are of no use.

        Raises NotAdmitted (429) when it must not be made yet.
        """
        now, where, who = self._now(), network(address), _key(name)
        with self._database.changing(durable=False) as connection:
            known = "SELECT 1 FROM places WHERE name = ? AND address = ?"
            at_home = connection.execute(known, (name, where)).fetchone() is not None
            of_address, of_name = _tries(connection, "address", where), _tries(connection, "name", who)
            pause = max(wait(ADDRESS, of_address, now), 0.0 if at_home else wait(NAME, of_name, now))
            if pause > 0.0:
                seconds = math.ceil(pause)
                raise NotAdmitted(429, f"too many wrong logins; try again in {seconds} s", seconds)
            self._keep(connection, "address", where, one_more(ADDRESS, of_address, now))
            self._keep(connection, "name", who, one_more(NAME, of_name, now))
        return Begun(now, of_address.last)

    def succeeded(self, connection: sqlite3.Connection, name: str, address: str, begun: Begun) -> None:
        """The try was none that failed. The address keeps its other failures: they were of other tries."""
        where = network(address)
        connection.execute("DELETE FROM tries WHERE kind = 'name' AND key = ?", (_key(name),))
        connection.execute(
            "UPDATE tries SET failures = failures - 1, last = CASE WHEN last = ? THEN ? ELSE last END "
            "WHERE kind = 'address' AND key = ? AND failures > 0",
            (begun.at, begun.before, where),
        )
        self.place(connection, name, address)

    def place(self, connection: sqlite3.Connection, name: str, address: str) -> None:
        """Remember from where this account was logged in to, in the transaction at hand."""
        row = (name, network(address), self._now())
        connection.execute("INSERT OR REPLACE INTO places (name, address, last) VALUES (?, ?, ?)", row)
        connection.execute(
            "DELETE FROM places WHERE name = ? AND address NOT IN "
            "(SELECT address FROM places WHERE name = ? ORDER BY last DESC LIMIT ?)",
            (name, name, PLACES),
        )

    def _keep(self, connection: sqlite3.Connection, kind: str, key: str, tries: Tries) -> None:
        new = "INSERT OR REPLACE INTO tries (kind, key, failures, last) VALUES (?, ?, ?, ?)"
        connection.execute(new, (kind, key, tries.failures, tries.last))
        (rows,) = connection.execute("SELECT count(*) FROM tries WHERE kind = ?", (kind,)).fetchone()
        if rows > self._rows:  # the fewest failures go first: who floods it cannot wash his own away
            least = "SELECT key FROM tries WHERE kind = ? AND key != ? ORDER BY failures, last LIMIT ?"
            gone = [row[0] for row in connection.execute(least, (kind, key, self._rows // 10))]
            connection.executemany("DELETE FROM tries WHERE kind = ? AND key = ?", [(kind, one) for one in gone])


def _key(name: str) -> str:
    # Hashed: people type passwords into the wrong field.
    return hashlib.sha256(name.lower().encode("utf-8", "surrogatepass")).hexdigest()


def _tries(connection: sqlite3.Connection, kind: str, key: str) -> Tries:
    row = connection.execute("SELECT failures, last FROM tries WHERE kind = ? AND key = ?", (kind, key)).fetchone()
    return Tries(*row) if row else Tries()
