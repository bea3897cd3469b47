"""The durable past: append-only, on the disk before anyone acts.

One thread owns the only writing connection. Whatever waits when it comes round goes into one transaction (group
commit), so a hundred appends cost one sync of the disk.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any, TypeAlias, TypeVar

import sqlalchemy as sa

from ridethrough.core.events import Event, JournalCutBack
from ridethrough.ports import JournalFailed

from . import inbox
from .codec import decode, encode
from .journal_file import FILE, SCHEMA, check_schema, read_journal, unusable
from .lock import Lock
from .salvage import CutBack, cut_back, replace_with

log = logging.getLogger(__name__)

T = TypeVar("T")
Work: TypeAlias = Callable[[sa.Connection], T]

PATIENCE = 2.0  # seconds that an append waits for the disk
_LOCK_WAIT = 1.5  # seconds that SQLite waits for another process's write lock; below PATIENCE, to tell the reason
_BATCH = 1000  # appends in one transaction at most

_tables = sa.MetaData()
_events = sa.Table(
    "events",
    _tables,
    sa.Column("position", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("event", sa.Text, nullable=False),
)


def engine_for(path: Path) -> sa.Engine:
    """The engine for a journal file: WAL, full sync, transactions that take the write lock at once."""
    engine = sa.create_engine(f"sqlite+pysqlite:///{path}", connect_args={"timeout": _LOCK_WAIT})
    sa.event.listen(engine, "connect", _connected)
    sa.event.listen(engine, "begin", _begun)
    return engine


class DiskJournal:
    """The journal in a state directory; implements ports.Journal. One process may hold it at a time.

    An event object whose append failed may be appended again, alone or among others: should the first commit turn
    out to have reached the disk after all, the event is not written a second time and keeps its first position.
    """

    def __init__(
        self, state_dir: Path, *, patience: float = PATIENCE, engine: Callable[[Path], sa.Engine] = engine_for
    ) -> None:
        """Open or create it; blocks. A damaged end is cut back, and the first event tells so.

        Raises StateDirInUse, or JournalRefused or UnreadableEvent with a remedy.
        """
        self.state_dir = state_dir
        self._patience = patience
        state_dir.mkdir(mode=0o755, parents=True, exist_ok=True)
        self._lock = Lock(state_dir)
        try:
            path = state_dir / FILE
            found = cut_back(path)
            if found is not None and found.rewrite:
                replace_with(path, lambda fresh: _fill(fresh, found.rows))
            opened = engine(path)
            _prepare(path, opened, found)
        except BaseException:
            self._lock.release()
            raise
        self._writer = _Writer(opened)

    @property
    def commits(self) -> int:
        """Transactions written so far."""
        return self._writer.commits

    async def append(self, events: Sequence[Event]) -> Sequence[int]:
        """Write all events in one transaction, wait for the disk, and return their positions."""
        if not events:
            return []
        positions: list[int] = await self._done(_Append(tuple(events), [encode(event).decode() for event in events]))
        return positions

    async def read(self, after: int = 0) -> Sequence[tuple[int, Event]]:
        """Every event with a position above `after`, in order. Reads beside the writer, never in its way."""
        return await asyncio.to_thread(read_journal, self.state_dir, after)

    async def carry_out(self, work: Work[T]) -> T:
        """Run `work` on the writing connection, in a transaction of its own. Raises JournalFailed as `append` does."""
        result: T = await self._done(_Call(work))
        return result

    async def close(self) -> None:
        """Flush, close and let another controller in. Waits for a hanging disk ten seconds at most."""
        if await self._writer.close(5 * self._patience):
            self._lock.release()
        else:  # a late commit may still come: the lock stays until this process ends
            log.error("%s: the disk does not answer; closed without it", FILE)

    async def _done(self, job: _Append | _Call) -> Any:
        self._writer.put(job)
        waiting = asyncio.wrap_future(job.done)
        try:
            done, _ = await asyncio.wait({waiting}, timeout=self._patience)
        except asyncio.CancelledError:
            waiting.cancel()
            raise
        # A job that cannot be cancelled any more has been written: its answer is only on the way to this thread.
        if not done and job.done.cancel():
            raise JournalFailed(f"{FILE}: the disk did not answer within {self._patience:g} s")
        return await waiting


@dataclass(eq=False, slots=True)
class _Append:
    events: tuple[Event, ...]
    rows: list[str]
    done: Future[Any] = field(default_factory=Future)


@dataclass(eq=False, slots=True)
class _Call:
    work: Work[Any]
    done: Future[Any] = field(default_factory=Future)


class _Writer:
    """The thread that writes. It outlives a failing disk: each batch tries again on a fresh connection."""

    def __init__(self, engine: sa.Engine) -> None:
        self.commits = 0
        self._engine = engine
        self._inbox: SimpleQueue[_Append | _Call | None] = SimpleQueue()
        self._closed: Future[None] = Future()
        self._closing = False
        self._connection: sa.Connection | None = None
        self._last = 0  # the highest position on the disk
        # By identity: events that reached the disk after their appender had given up, with their positions.
        self._late: dict[int, tuple[Event, int]] = {}
        # The batch whose commit failed: SQLite may have written it all the same. Settled on the next connection.
        self._doubtful: dict[int, tuple[Event, int]] = {}
        Thread(target=self._run, name="journal", daemon=True).start()

    def put(self, job: _Append | _Call) -> None:
        if self._closing:
            raise JournalFailed(f"{FILE}: the journal is closed")
        self._inbox.put(job)

    async def close(self, patience: float) -> bool:
        """Whether everything was flushed in time."""
        if not self._closing:
            self._closing = True
            self._inbox.put(None)
        done, _ = await asyncio.wait({asyncio.wrap_future(self._closed)}, timeout=patience)
        return bool(done)

    def _run(self) -> None:
        while True:
            jobs = self._gather()
            if appends := [job for job in jobs if isinstance(job, _Append)]:
                self._append(appends)
            for job in jobs:
                if isinstance(job, _Call):
                    self._call(job)
            if None in jobs:
                break
        self._disconnect()
        self._engine.dispose()
        self._closed.set_running_or_notify_cancel()
        self._closed.set_result(None)

    def _gather(self) -> list[_Append | _Call | None]:
        jobs = [self._inbox.get()]
        while len(jobs) < _BATCH and jobs[-1] is not None:
            try:
                jobs.append(self._inbox.get_nowait())
            except Empty:
                break
        return jobs

    def _append(self, jobs: Sequence[_Append]) -> None:
        # An appender that gave up before we began keeps its events and comes again.
        jobs = [job for job in jobs if not job.done.cancelled()]
        placed: list[list[int]] = []
        try:
            connection = self._connected()
            placed, rows = self._place(jobs)
            self._write(connection, rows)
        except Exception as error:
            self._failed(jobs, placed, error)
            return
        for job, positions in zip(jobs, placed, strict=True):
            for event in job.events:
                self._late.pop(id(event), None)
            if job.done.set_running_or_notify_cancel():
                job.done.set_result(positions)
            else:
                self._late.update(_by_identity(job, positions))

    def _place(self, jobs: Sequence[_Append]) -> tuple[list[list[int]], list[dict[str, Any]]]:
        """The position of each event of each job, and the rows that are not on the disk yet."""
        free = itertools.count(self._last + 1)
        placed: list[list[int]] = []
        rows: list[dict[str, Any]] = []
        for job in jobs:
            positions = []
            for event, row in zip(job.events, job.rows, strict=True):
                known = self._late.get(id(event))
                position = known[1] if known else next(free)
                positions.append(position)
                if not known:
                    rows.append({"position": position, "event": row})
            placed.append(positions)
        return placed, rows

    def _write(self, connection: sa.Connection, rows: Sequence[dict[str, Any]]) -> None:
        if not rows:
            return
        with connection.begin():
            connection.execute(sa.insert(_events), rows)
        self.commits += 1
        self._last = rows[-1]["position"]

    def _failed(self, jobs: Sequence[_Append], placed: Sequence[list[int]], error: Exception) -> None:
        for job, positions in zip(jobs, placed, strict=False):
            fresh = {key: found for key, found in _by_identity(job, positions).items() if key not in self._late}
            self._doubtful.update(fresh)
        self._disconnect()
        for job in jobs:
            _fail(job.done, error)

    def _call(self, job: _Call) -> None:
        if not job.done.set_running_or_notify_cancel():
            return
        try:
            connection = self._connected()
            with connection.begin():
                result = job.work(connection)
        except Exception as error:
            self._disconnect()
            job.done.set_exception(_journal_failed(error))
        else:
            job.done.set_result(result)

    def _connected(self) -> sa.Connection:
        if self._connection is None:
            self._connection = self._engine.connect()
            try:
                self._settle(self._connection)
            except BaseException:
                self._disconnect()  # or it would keep the write lock
                raise
        return self._connection

    def _settle(self, connection: sa.Connection) -> None:
        """Find out what is on the disk, and with it whether the doubtful batch is."""
        with connection.begin():
            self._last = connection.scalar(sa.select(sa.func.max(_events.c.position))) or 0
        self._late.update({key: found for key, found in self._doubtful.items() if found[1] <= self._last})
        self._doubtful = {}

    def _disconnect(self) -> None:
        if self._connection is None:
            return
        connection, self._connection = self._connection, None
        try:
            connection.invalidate()  # not back into the pool: its state is unknown
            connection.close()
        except sa.exc.SQLAlchemyError as error:
            log.warning("%s: closing the connection failed: %s", FILE, error)


def _by_identity(job: _Append, positions: Sequence[int]) -> dict[int, tuple[Event, int]]:
    return {id(event): (event, position) for event, position in zip(job.events, positions, strict=True)}


def _fail(done: Future[Any], error: Exception) -> None:
    if done.set_running_or_notify_cancel():
        done.set_exception(_journal_failed(error))


def _journal_failed(error: Exception) -> JournalFailed:
    reason = error.orig if isinstance(error, sa.exc.DBAPIError) else error
    failed = JournalFailed(f"{FILE}: {reason}")
    failed.__cause__ = error
    return failed


def _connected(connection: Any, _record: Any) -> None:
    connection.text_factory = inbox.text_of  # broken letters in one request must not hide the others
    connection.isolation_level = None  # we say BEGIN ourselves: sqlite3's own choice comes too late
    for pragma in ("journal_mode=WAL", "synchronous=FULL", f"busy_timeout={int(_LOCK_WAIT * 1000)}"):
        connection.execute(f"PRAGMA {pragma}")


def _begun(connection: sa.Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _fill(path: Path, rows: Sequence[tuple[int, str]]) -> None:
    """A fresh file with these rows."""
    engine = engine_for(path)
    with engine.connect() as connection, connection.begin():
        _tables.create_all(connection)
        inbox.prepare(connection)
        connection.exec_driver_sql(f"PRAGMA user_version={SCHEMA}")
        if rows:
            connection.execute(sa.insert(_events), [{"position": n, "event": event} for n, event in rows])
    engine.dispose()


def _tell(connection: sa.Connection, found: CutBack) -> None:
    """Write down that the end was cut."""
    last = connection.scalar(sa.select(sa.func.max(_events.c.position))) or 0
    row = connection.scalar(sa.select(_events.c.event).where(_events.c.position == last))
    at = decode(row.encode(), last).at if row else 0.0
    event = JournalCutBack(at, last, found.kept)
    connection.execute(sa.insert(_events), [{"position": last + 1, "event": encode(event).decode()}])


def _prepare(path: Path, engine: sa.Engine, found: CutBack | None) -> None:
    """Create the tables, refuse a newer file, and answer the requests that an earlier controller left open."""
    try:
        with engine.connect() as connection, connection.begin():
            check_schema(path, connection.exec_driver_sql("PRAGMA user_version").scalar_one())
            _tables.create_all(connection)
            inbox.prepare(connection)
            connection.exec_driver_sql(f"PRAGMA user_version={SCHEMA}")
            if found is not None:
                _tell(connection, found)
    except sa.exc.DBAPIError as error:
        raise unusable(path, error.orig if isinstance(error.orig, Exception) else error) from error
