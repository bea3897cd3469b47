"""The history's file: SQLite, its own, and worth nothing against the journal. Every call blocks for the disk."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import quote

from .spans import COARSE, CONDITIONS, HOLDS, SERIES, Point, Range, Reading, points, severity

FILE = "history.db"
SCHEMA = 1  # PRAGMA user_version
FINE_KEPT = 25 * 3600.0  # seconds
COARSE_KEPT = 91 * 86400.0
MOST_FINE = 20_000  # rows of one UPS: a day of polls every five seconds, and an hour of an outage's every two
LARGEST = 512 * 1024 * 1024  # bytes of the whole file
SCALE = (10.0, 10.0, 1.0, 10.0)  # of SERIES: tenths are whole numbers in the file, which take a byte or two each
LATE = 120.0  # seconds after its end at which a coarse row is made: every reading in it has been written by then
AHEAD = 3600.0  # what lies so far in the future was written under a wrong clock

_NAMES = ", ".join(SERIES)
_RANGES = ", ".join(f"{name}_{kind}" for name in SERIES for kind in ("min", "mean", "max"))
TABLES = f"""
CREATE TABLE upses (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE fine (ups INTEGER, at INTEGER, condition INTEGER, {_NAMES}, PRIMARY KEY (ups, at)) WITHOUT ROWID;
CREATE TABLE coarse (ups INTEGER, at INTEGER, seconds INTEGER, condition INTEGER, {_RANGES}, PRIMARY KEY (ups, at))
    WITHOUT ROWID;
CREATE TABLE made (until INTEGER NOT NULL);
PRAGMA user_version = {SCHEMA};
"""


class Store:
    """Writes the file; used by one thread at a time. Every method may raise sqlite3.Error."""

    def __init__(self, state_dir: Path) -> None:
        """Opens the file, or makes it. Raises sqlite3.Error; DatabaseError itself: the file is damaged, or not ours."""
        self._db = sqlite3.connect(state_dir / FILE, timeout=5.0, isolation_level=None, check_same_thread=False)
        try:
            self._prepare()
        except BaseException:
            self._db.close()
            raise
        self._ids = {str(name): int(id) for id, name in self._db.execute("SELECT id, name FROM upses")}

    def _prepare(self) -> None:
        version = int(self._db.execute("PRAGMA user_version").fetchone()[0])
        if version > SCHEMA:
            raise sqlite3.DatabaseError(f"it was written by a newer Ridethrough (tables of version {version})")
        if version == 0:
            self._db.execute("PRAGMA auto_vacuum = INCREMENTAL")
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = NORMAL")
        if version == 0:
            self._db.executescript(f"BEGIN IMMEDIATE; {TABLES} COMMIT;")

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def add(self, readings: Sequence[tuple[str, Reading]]) -> None:
        """Write these readings, each with its UPS's name, in one transaction."""
        with self._transaction():
            rows = [(self._id(name), *_row(reading)) for name, reading in readings]
            self._db.executemany("INSERT OR REPLACE INTO fine VALUES (?, ?, ?, ?, ?, ?, ?)", rows)

    def sum_up(self, now: float) -> None:
        """Make the coarse rows of every ten minutes that are over."""
        last = int((now - LATE) // COARSE)
        found = self._db.execute("SELECT until FROM made").fetchone()
        if found is None:
            oldest = self._db.execute("SELECT min(at) FROM fine").fetchone()[0]
            first = int(oldest / 10 // COARSE) if oldest is not None else last
        else:
            first = int(found[0])
        if found is not None and first == last:
            return
        with self._transaction():
            for ups in self._ids.values():
                begin, end = first * COARSE, last * COARSE
                made = points(fine(self._db, ups, begin, end), begin, end, COARSE) if first < last else []
                marks = ", ".join("?" * (4 + 3 * len(SERIES)))
                self._db.executemany(f"INSERT OR REPLACE INTO coarse VALUES ({marks})", [(ups, *_sum(p)) for p in made])
            self._db.execute("DELETE FROM made")
            self._db.execute("INSERT INTO made VALUES (?)", (last,))

    def prune(self, now: float, largest: int = LARGEST) -> None:
        """Delete what is too old, too much, or from a clock that was wrong."""
        with self._transaction():
            self._delete_older(now, FINE_KEPT, COARSE_KEPT)
            for ups in self._ids.values():
                excess = self._db.execute(
                    "SELECT at FROM fine WHERE ups = ? ORDER BY at DESC LIMIT 1 OFFSET ?", (ups, MOST_FINE)
                ).fetchone()
                if excess is not None:
                    self._db.execute("DELETE FROM fine WHERE ups = ? AND at <= ?", (ups, excess[0]))
            self._db.execute(
                "DELETE FROM upses WHERE NOT EXISTS (SELECT 1 FROM fine WHERE ups = id) "
                "AND NOT EXISTS (SELECT 1 FROM coarse WHERE ups = id)"
            )
            part = 1.0
            while self.size() > largest and part > 1e-3:
                part /= 2
                self._delete_older(now, FINE_KEPT * part, COARSE_KEPT * part)
        self._ids = {str(name): int(id) for id, name in self._db.execute("SELECT id, name FROM upses")}
        self._db.execute("PRAGMA incremental_vacuum").fetchall()

    def size(self) -> int:
        """Bytes of the file that hold something."""
        pages, free, page = (
            int(self._db.execute(f"PRAGMA {what}").fetchone()[0])
            for what in ("page_count", "freelist_count", "page_size")
        )
        return (pages - free) * page

    def _delete_older(self, now: float, fine_kept: float, coarse_kept: float) -> None:
        for ups in self._ids.values():
            for table, kept, unit in (("fine", fine_kept, 10), ("coarse", coarse_kept, 1)):
                self._db.execute(
                    f"DELETE FROM {table} WHERE ups = ? AND (at < ? OR at > ?)",
                    (ups, int((now - kept) * unit), int((now + AHEAD) * unit)),
                )

    def _id(self, name: str) -> int:
        if name not in self._ids:
            self._ids[name] = int(self._db.execute("INSERT INTO upses (name) VALUES (?)", (name,)).lastrowid or 0)
        return self._ids[name]

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            with contextlib.suppress(sqlite3.Error):  # a full disk has rolled it back already
                self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")


@contextlib.contextmanager
def reading(state_dir: Path) -> Iterator[sqlite3.Connection | None]:
    """A connection that only reads; None where nothing is kept yet. Raises sqlite3.Error."""
    path = state_dir / FILE
    if not path.exists():
        yield None
        return
    with contextlib.closing(sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True, timeout=5.0)) as db:
        yield db if db.execute("PRAGMA user_version").fetchone()[0] == SCHEMA else None


def number_of(db: sqlite3.Connection, name: str) -> int | None:
    """The UPS's number in the file; None where nothing of it is kept."""
    row = db.execute("SELECT id FROM upses WHERE name = ?", (name,)).fetchone()
    return int(row[0]) if row is not None else None


def fine(db: sqlite3.Connection, ups: int, start: float, end: float) -> list[Reading]:
    """The readings that count between these moments, in order."""
    rows = db.execute(
        f"SELECT at, condition, {_NAMES} FROM fine WHERE ups = ? AND at >= ? AND at < ? ORDER BY at",
        (ups, int((start - HOLDS) * 10), int(end * 10)),
    )
    return [Reading(at / 10, CONDITIONS[condition], _values(values)) for at, condition, *values in rows]


def coarse(db: sqlite3.Connection, ups: int, start: float, end: float) -> list[Point]:
    """The ten-minute points that begin between these moments, in order."""
    rows = db.execute(
        f"SELECT at, seconds, condition, {_RANGES} FROM coarse WHERE ups = ? AND at >= ? AND at < ? ORDER BY at",
        (ups, int(start), int(end)),
    )
    return [
        Point(at, seconds, CONDITIONS[condition], tuple(_range(n, values) for n in range(len(SERIES))))
        for at, seconds, condition, *values in rows
    ]


def _row(reading: Reading) -> tuple[int | None, ...]:
    scaled = (None if v is None else round(v * k) for v, k in zip(reading.values, SCALE, strict=True))
    return round(reading.at * 10), severity(reading.condition), *scaled


def _values(row: Sequence[int | None]) -> tuple[float | None, ...]:
    return tuple(None if v is None else v / k for v, k in zip(row, SCALE, strict=True))


def _sum(point: Point) -> tuple[int | None, ...]:
    row: list[int | None] = [int(point.at), max(round(point.seconds), 1), severity(point.condition)]
    for found, scale in zip(point.ranges, SCALE, strict=True):
        values = (None, None, None) if found is None else (found.min, found.mean, found.max)
        row += [None if v is None else round(v * scale) for v in values]
    return tuple(row)


def _range(number: int, values: Sequence[int | None]) -> Range | None:
    least, mean, most = values[3 * number : 3 * number + 3]
    if least is None or mean is None or most is None:
        return None
    scale = SCALE[number]
    return Range(least / scale, mean / scale, most / scale)
