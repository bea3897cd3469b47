"""Before the journal is opened for writing: a damaged end is cut back to the last good entry, and kept aside.

Anything else that is wrong with the file refuses the start: what is missing in the middle cannot be told from what
never was. The file is only read until the damage is known and its copies lie beside it.
"""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
import sqlite3
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias
from urllib.parse import quote

from .codec import VERSION, UnreadableEvent, decode
from .journal_file import JournalRefused, check_schema, unusable

log = logging.getLogger(__name__)

Row: TypeAlias = tuple[int, str]

SMALLEST = 512  # bytes: SQLite takes a smaller file for an empty one
LOCKED = 1.5  # seconds that another process may hold the file
KEPT = "damaged"  # journal.db.damaged-1, journal.db-wal.damaged-1


@dataclass(frozen=True, slots=True)
class CutBack:
    """A damaged end: what of the journal is good, and where the damaged files are kept."""

    rows: tuple[Row, ...]
    kept: str  # file names
    rewrite: bool  # the file itself is damaged, not only its log


@dataclass(frozen=True, slots=True)
class _Read:
    rows: tuple[tuple[int, bytes], ...]
    is_whole: bool  # the whole file is sound
    follows: bool  # rows can be read behind the first that cannot


def cut_back(path: Path) -> CutBack | None:
    """What to cut; None when the journal is sound or does not exist. Blocks. Raises JournalRefused."""
    wal = path.with_name(f"{path.name}-wal")
    if not path.exists() or path.stat().st_size < SMALLEST:
        if wal.exists() and wal.stat().st_size > 0:
            raise JournalRefused(
                f"{path}: is missing or empty, but its log {wal.name} is there. Restore both from a backup, or move "
                "the log aside to start with an empty journal in dry run."
            )
        return CutBack((), _keep_aside([path]), True) if path.exists() else None
    torn = _is_torn(wal)
    read = _read(path)
    good = _good(path, read)
    is_cut = len(good) < len(read.rows) or not read.is_whole
    if not is_cut and not torn:
        return None
    kept = _keep_aside([file for file in (path, wal) if file.exists() and file.stat().st_size > 0])
    log.error("%s: damaged behind entry %d; kept in %s", path, good[-1][0] if good else 0, kept)
    return CutBack(good, kept, is_cut)


def replace_with(path: Path, write: Callable[[Path], None]) -> None:
    """Put a fresh file, filled by `write`, in the place of a damaged one."""
    fresh = path.with_name(f"{path.name}.new")
    for old in (fresh, *(path.with_name(f"{path.name}.new{end}") for end in ("-wal", "-shm"))):
        old.unlink(missing_ok=True)
    write(fresh)
    # The old log goes first: applied to the new file it would destroy it.
    for end in ("-wal", "-shm"):
        path.with_name(f"{path.name}{end}").unlink(missing_ok=True)
    fresh.replace(path)
    _sync(path.parent)


def _read(path: Path) -> _Read:
    """Everything that can be read, from the beginning to the first damage."""
    try:
        with contextlib.closing(_connect(path)) as connection:
            check_schema(path, connection.execute("PRAGMA user_version").fetchone()[0])
            tables = connection.execute("SELECT name FROM sqlite_master").fetchall()
            if not tables and _is_sound(connection):
                return _Read((), True, False)  # its controller died while it made the file
            rows, ends = _rows(connection, "ASC")
            is_sound = ends and _is_sound(connection)
            last = None if ends else next(iter(_rows(connection, "DESC")[0]), None)
    except sqlite3.Error as error:
        raise unusable(path, error) from error
    return _Read(rows, is_sound, last is not None and last[0] > (rows[-1][0] if rows else 0))


def _rows(connection: sqlite3.Connection, order: str) -> tuple[tuple[tuple[int, bytes], ...], bool]:
    """The rows up to the first that the file cannot give; whether that was the end."""
    found: list[tuple[int, bytes]] = []
    try:
        wanted = f"SELECT position, CAST(event AS BLOB) FROM events ORDER BY position {order}"
        for position, event in connection.execute(wanted):
            found.append((position, bytes(event or b"")))
            if order == "DESC":
                break
    except sqlite3.OperationalError:
        raise
    except sqlite3.DatabaseError:
        return tuple(found), False
    return tuple(found), True


def _is_sound(connection: sqlite3.Connection) -> bool:
    try:
        return connection.execute("PRAGMA quick_check(1)").fetchall() == [("ok",)]
    except sqlite3.OperationalError:
        raise
    except sqlite3.DatabaseError:
        return False


def _good(path: Path, read: _Read) -> tuple[Row, ...]:
    """The rows before the damage. Raises JournalRefused when good ones follow it, or a newer version wrote one."""
    bad: UnreadableEvent | None = None
    good: list[Row] = []
    for expected, (position, event) in enumerate(read.rows, 1):
        if position != expected:
            raise _missing(path, expected)
        trouble = _trouble(position, event)
        if trouble is None and bad is not None:
            raise bad
        if trouble is None:
            good.append((position, event.decode()))
        elif trouble.is_newer:
            raise trouble
        bad = bad or trouble
    if read.follows:
        raise _missing(path, len(read.rows) + 1)
    return tuple(good)


def _trouble(position: int, event: bytes) -> UnreadableEvent | None:
    try:
        decode(event, position, version=VERSION)
    except UnreadableEvent as error:
        return error
    return None


def _missing(path: Path, position: int) -> UnreadableEvent:
    return UnreadableEvent(
        f"{path}: the event at position {position} is missing, and there are others behind it. "
        "Restore journal.db from a backup, or move it aside to start with an empty journal in dry run."
    )


def _connect(path: Path) -> sqlite3.Connection:
    """For reading: closing it must not fold the log into the file."""
    return sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True, timeout=LOCKED)


# --- the log (sqlite.org/fileformat2.html, "The Write-Ahead Log") ------------------------------------------------

_HEADER, _FRAME = 32, 24
MOST_ROUNDS = 1_000_000


def _is_torn(wal: Path) -> bool:
    """Whether the log holds frames of its present round that SQLite will drop: torn by a power cut, or damaged.

    Frames of an earlier round, behind the present ones, have other salts and count for nothing.
    """
    if not wal.exists() or wal.stat().st_size == 0:
        return False
    log_ = wal.read_bytes()
    if len(log_) < _HEADER:
        return True
    magic, size, salts = _fields(log_)
    order = "<" if magic == 0x377F0682 else ">"
    sums = _sums(order, log_[:24], (0, 0))
    if magic not in (0x377F0682, 0x377F0683) or log_[24:_HEADER] != struct.pack(">II", *sums):
        return True
    is_good = True
    for at in range(_HEADER, len(log_), _FRAME + size):
        frame = log_[at : at + _FRAME + size]
        if frame[8:16] != salts:
            if not _is_earlier(frame[8:16], salts):
                return True
            is_good = False
            continue
        if not is_good or len(frame) < _FRAME + size:
            return True
        sums = _sums(order, frame[:8] + frame[_FRAME:], sums)
        if frame[16:_FRAME] != struct.pack(">II", *sums):
            return True
    return False


def _is_earlier(salts: bytes, now: bytes) -> bool:
    """The first salt grows by one with each round."""
    if len(salts) < 8:
        return False
    return 0 < (int.from_bytes(now[:4]) - int.from_bytes(salts[:4])) % 2**32 <= MOST_ROUNDS


def _fields(log_: bytes) -> tuple[int, int, bytes]:
    magic, _, size = struct.unpack(">III", log_[:12])
    return magic, size, log_[16:24]


def _sums(order: str, data: bytes, before: tuple[int, int]) -> tuple[int, int]:
    first, second = before
    for a, b in struct.iter_unpack(f"{order}II", data):
        first = (first + a + second) & 0xFFFFFFFF
        second = (second + b + first) & 0xFFFFFFFF
    return first, second


# --- keeping -----------------------------------------------------------------------------------------------------


def _keep_aside(files: list[Path]) -> str:
    """Copies beside the files, under the first number that is free."""
    number = next(n for n in _numbers() if not any(_aside(file, n).exists() for file in files))
    for file in files:
        shutil.copy2(file, _aside(file, number))
        with _aside(file, number).open("rb") as copy:
            os.fsync(copy.fileno())
    _sync(files[0].parent)
    return " and ".join(_aside(file, number).name for file in files)


def _aside(file: Path, number: int) -> Path:
    return file.with_name(f"{file.name}.{KEPT}-{number}")


def _numbers() -> Iterator[int]:
    number = 0
    while True:
        number += 1
        yield number


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
