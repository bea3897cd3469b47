"""Who changed which account, and why: kept here, and handed on to the controller's journal when one runs."""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass

from fastapi.concurrency import run_in_threadpool

from ridethrough.api.why import one_line
from ridethrough.core.events import Ask
from ridethrough.runtime.mailbox import Answer, NoAnswer, NoController

from .database import Database

log = logging.getLogger(__name__)

SUBJECT = "accounts"
KEPT = 10_000  # rows
LATE = 60.0  # seconds after which the sentence tells when it was
EVERY = 1.0  # seconds between two looks for what is to be handed on


@dataclass(frozen=True, slots=True)
class Written:
    """A change. `told`: the journal has it, too."""

    id: int
    at: float
    by: str
    says: str
    told: bool


class Audit:
    """The changes of accounts and tokens, in their order."""

    def __init__(self, database: Database, now: Callable[[], float]) -> None:
        self._database, self._now = database, now

    def write(self, connection: sqlite3.Connection, by: str, says: str, why: str = "") -> None:
        """Write a change down in the transaction that makes it."""
        text = f"{says} ({one_line(why)})" if why else says
        connection.execute("INSERT INTO audit (at, by, says) VALUES (?, ?, ?)", (self._now(), by, text))
        connection.execute("DELETE FROM audit WHERE told AND id <= (SELECT max(id) FROM audit) - ?", (KEPT,))

    def note(self, by: str, says: str, why: str = "") -> None:
        """Write something down that is on the disk already, in a transaction of its own."""
        with self._database.changing() as connection:
            self.write(connection, by, says, why)

    def untold(self) -> tuple[Written, ...]:
        """What the journal does not have yet, in order."""
        return self._rows("WHERE NOT told")

    def all(self) -> tuple[Written, ...]:
        """Everything that is kept, in order."""
        return self._rows("")

    def hand_on(self, post: Callable[[Ask, str, str, str], Answer]) -> bool:
        """Hand the controller what it does not have yet; blocks. False when it could not take all of it now."""
        for row in self.untold():
            late = self._now() - row.at > LATE
            at = dt.datetime.fromtimestamp(row.at, dt.UTC).astimezone().strftime("%Y-%m-%d %H:%M:%S")
            try:
                answer = post(Ask.NOTE, SUBJECT, row.by, f"{row.says}, at {at}" if late else row.says)
            except (NoController, NoAnswer, OSError):
                return False
            if not answer.accepted:
                log.warning("the controller does not write down that %s: %s", row.says, answer.text)
            with self._database.changing() as connection:
                connection.execute("UPDATE audit SET told = 1 WHERE id = ?", (row.id,))
        return True

    def _rows(self, where: str) -> tuple[Written, ...]:
        with self._database.reading() as connection:
            rows = connection.execute(f"SELECT id, at, by, says, told FROM audit {where} ORDER BY id").fetchall()
        return tuple(Written(row["id"], row["at"], row["by"], row["says"], bool(row["told"])) for row in rows)


@dataclass(frozen=True, slots=True)
class HandingOn:
    """Hands on what comes, by itself. Other processes may write, too."""

    audit: Audit
    post: Callable[[Ask, str, str, str], Answer]
    every: float = EVERY

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            try:
                await run_in_threadpool(self.audit.hand_on, self.post)
            except sqlite3.Error as error:
                log.warning("what was changed about accounts cannot be handed on now: %s", error)
            await asyncio.sleep(self.every)
