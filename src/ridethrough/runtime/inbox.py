"""The controller's side of the mailbox: takes each request in its turn, writes back what became of it."""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol, TypeVar

import sqlalchemy as sa

from ridethrough.core.events import Ask
from ridethrough.ports import JournalFailed

from .mailbox import Answer

log = logging.getLogger(__name__)

T = TypeVar("T")

OBEYED_WITHIN = 25.0  # seconds; below the patience of a command, above that of a loop
_KEPT = 1000  # requests

_tables = sa.MetaData()
_requests = sa.Table(
    "requests",
    _tables,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("ask", sa.Text, nullable=False),
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("asked_by", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),  # posted, taken, answered, withdrawn
    sa.Column("accepted", sa.Boolean),
    sa.Column("answer", sa.Text),
    sa.Column("says", sa.Text),
    sa.Column("seconds", sa.Float),
    sqlite_autoincrement=True,
)


@dataclass(frozen=True, slots=True)
class Posted:
    """A request that a command left in the mailbox."""

    id: int
    ask: Ask
    subject: str
    by: str
    says: str = ""
    seconds: float | None = None


class Writes(Protocol):
    """The journal's file, as far as the mailbox needs it."""

    async def carry_out(self, work: Callable[[sa.Connection], T]) -> T:
        """Run `work` in a transaction of its own. Raises JournalFailed."""


class Mailbox:
    """Where requests are taken, in order."""

    def __init__(self, journal: Writes) -> None:
        self._journal = journal
        self._unanswered: dict[int, Answer] = {}  # decided, and not written back yet

    async def take(self) -> Posted | None:
        """The next request, if any. Answers those of an unknown kind itself. May raise JournalFailed.

        Who waits behind it may still withdraw.
        """
        return await self._journal.carry_out(_take)

    async def serve(
        self, obey: Callable[[Posted], Awaitable[Answer]], every: float = 0.5, patience: float = OBEYED_WITHIN
    ) -> None:
        """Look every `every` seconds, have each request obeyed in turn, answer it; until cancelled.

        `obey` may take `patience` seconds, and is cancelled then: one request that finds no answer must not keep the
        others waiting, and whatever it raises is the answer to that one only.
        """
        failing = False
        while True:
            try:
                await self._write_back()
                while (posted := await self.take()) is not None:
                    self._unanswered[posted.id] = await _obeyed(obey, posted, patience)
                    await self._write_back()
                failing = False
            except JournalFailed as error:
                if not failing:
                    log.warning("no requests can be taken: %s", error)
                failing = True
            await asyncio.sleep(every)

    async def _write_back(self) -> None:
        """Answer what was decided. What cannot be written now is written before anything else is taken."""
        if not self._unanswered:
            return
        given = dict(self._unanswered)

        def write(connection: sa.Connection) -> None:
            for id, answer in given.items():
                _answer(connection, id, answer)

        await self._journal.carry_out(write)
        self._unanswered = {}


async def _obeyed(obey: Callable[[Posted], Awaitable[Answer]], posted: Posted, patience: float) -> Answer:
    try:
        return await asyncio.wait_for(obey(posted), patience)
    except TimeoutError:
        why = f"the controller has taken it, and did not get to its end in {patience:g} s"
        return Answer(False, f"{why}. Look at the journal, and ask again if need be")
    except JournalFailed as error:
        return Answer(False, f"it cannot be written down, so it is not obeyed: {error}")
    except Exception as error:  # a bug in one request is the answer to that one
        log.exception("the request %s %s failed", posted.ask, posted.subject)
        return Answer(False, f"the controller failed over it ({type(error).__name__}: {error}). Look at its log")


def prepare(connection: sa.Connection) -> None:
    """Create the table, or what an earlier version's has not; answer what an earlier controller left open."""
    _tables.create_all(connection)
    there = [row[1] for row in connection.exec_driver_sql("PRAGMA table_info(requests)")]
    for column, kind in (("says", "TEXT"), ("seconds", "FLOAT")):
        if column not in there:
            connection.exec_driver_sql(f"ALTER TABLE requests ADD COLUMN {column} {kind}")
    # Obeying them now would surprise: "shut down pool" may be a day old.
    text = "the controller was restarted before it answered; look at the journal, and ask again if need be"
    open_ones = _requests.c.state.in_(["posted", "taken"])
    connection.execute(sa.update(_requests).where(open_ones).values(state="answered", accepted=False, answer=text))
    newest = connection.scalar(sa.select(sa.func.max(_requests.c.id))) or 0
    connection.execute(sa.delete(_requests).where(_requests.c.id <= newest - _KEPT))


def text_of(value: object) -> str:
    """What another program wrote there: SQLite keeps bytes in a column of text, if they are given to it."""
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _take(connection: sa.Connection) -> Posted | None:
    waiting = sa.select(_requests).where(_requests.c.state == "posted").order_by(_requests.c.id).limit(1)
    while (row := connection.execute(waiting).first()) is not None:
        if row.ask in list(Ask):
            connection.execute(sa.update(_requests).where(_requests.c.id == row.id).values(state="taken"))
            words = (text_of(row.subject), text_of(row.asked_by), text_of(row.says or ""))
            return Posted(row.id, Ask(row.ask), *words, _seconds(row.seconds))
        known = ", ".join(Ask)
        _answer(connection, row.id, Answer(False, f'this controller does not know "{row.ask}"; it knows {known}'))
    return None


def _seconds(value: object) -> float | None:
    """What is there and no number is no time: it is refused, and never a hold without an end."""
    return value if isinstance(value, float | None) else math.nan


def _answer(connection: sa.Connection, id: int, answer: Answer) -> None:
    values = {"state": "answered", "accepted": answer.accepted, "answer": answer.text}
    connection.execute(sa.update(_requests).where(_requests.c.id == id).values(values))
