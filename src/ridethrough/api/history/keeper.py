"""Keeps the history in step with what the cards tell, off the event loop and in nobody's way."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sqlite3
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from . import store
from .spans import COARSE, SERIES, Point, Reading, Span, coarser, points

log = logging.getLogger(__name__)

LOOK_EVERY = 1.0  # seconds between two looks at the rows
WRITE_EVERY = 5  # looks between two writes
PRUNE_EVERY = 600.0  # seconds
UNCHANGED = 25.0  # seconds after which a reading is kept although nothing in it has changed
MOST_WAITING = 50_000  # readings that wait for a disk

Rows = Callable[[], Mapping[str, Mapping[str, Any]]]


class History:
    """The history of the UPSs' readings in `state_dir`. `rows` gives each UPS's row by its name, as Live has it."""

    def __init__(self, state_dir: Path, rows: Rows, now: Callable[[], float]) -> None:
        self._state_dir, self._rows, self._now = state_dir, rows, now
        self._last: dict[str, Reading] = {}  # the last that was kept
        self._waiting: list[tuple[str, Reading]] = []
        self._store: store.Store | None = None
        self._pruned_at = float("-inf")
        self._trouble = ""
        self._lock = threading.Lock()
        self._found_by_reader: sqlite3.Error | None = None

    async def run(self) -> None:
        """Keep it until cancelled. A disk that fails is logged once, and costs nothing but history."""
        try:
            while True:
                for _ in range(WRITE_EVERY):
                    self.take()
                    await asyncio.sleep(LOOK_EVERY)
                await asyncio.to_thread(self.write)
        finally:
            self.close()

    def take(self) -> None:
        """Note each reading that is new, and tells something new or is the first for half a minute."""
        for name, row in self._rows().items():
            at = row.get("answered_at")
            if at is None:
                continue
            found = Reading(at, str(row.get("condition", "")), tuple(row.get(key) for key in SERIES))
            last = self._last.get(name)
            if last is None or _is_new(last, found):
                self._last[name] = found
                self._waiting.append((name, found))
        del self._waiting[:-MOST_WAITING]

    def write(self) -> None:
        """Write what waits; sum up and prune what is due. Blocks for the disk; never raises for its file."""
        with self._lock:
            self._write()

    def _write(self) -> None:
        now, waiting = self._now(), list(self._waiting)
        try:
            found, self._found_by_reader = self._found_by_reader, None
            if found is not None:
                raise found
            if self._store is None:
                self._store = self._opened()
            if waiting:
                self._store.add(waiting)
            del self._waiting[: len(waiting)]
            self._store.sum_up(now)
            if not 0 <= now - self._pruned_at < PRUNE_EVERY:
                self._store.prune(now)
                self._pruned_at = now
            self._trouble = ""
        except (sqlite3.Error, OSError) as error:
            self._say(error)

    def close(self) -> None:
        """Close the file, once what is being written is written."""
        with self._lock:
            self._close()

    def _close(self) -> None:
        if self._store is not None:
            self._store.close()
            self._store = None

    def chart(self, ups: str, span: Span) -> tuple[float, float, list[Point]]:
        """From when to when, and the points between; none where nothing is kept. Blocks for the disk."""
        end = (self._now() // span.step + 1) * span.step
        start = end - span.seconds
        try:
            with store.reading(self._state_dir) as db:
                number = store.number_of(db, ups) if db is not None else None
                if db is None or number is None:
                    return start, end, []
                if span.is_fine:
                    return start, end, points(store.fine(db, number, start, end), start, end, span.step)
                summed = store.coarse(db, number, start, end)
                # What is not summed up yet is told by its readings.
                rest = max(summed[-1].at + COARSE if summed else start, end - store.FINE_KEPT)
                fresh = points(store.fine(db, number, rest, end), rest, end, COARSE)
                return start, end, coarser([*summed, *fresh], start, span.step)
        except sqlite3.Error as error:
            self._found_by_reader = error  # whoever writes looks after the file
            return start, end, []

    def _opened(self) -> store.Store:
        try:
            return store.Store(self._state_dir)
        except sqlite3.DatabaseError as error:
            if not _is_damage(error):
                raise
            self._put_aside(error)
            return store.Store(self._state_dir)

    def _say(self, error: Exception) -> None:
        if _is_damage(error):
            self._close()
            self._put_aside(error)
            return
        if str(error) != self._trouble:
            log.warning("%s cannot be kept, and charts get gaps: %s", self._state_dir / store.FILE, error)
        self._trouble = str(error)

    def _put_aside(self, error: Exception) -> None:
        path = self._state_dir / store.FILE
        log.warning("%s is damaged (%s): it is kept as %s.damaged, and begun anew", path, error, path.name)
        with contextlib.suppress(FileNotFoundError):
            path.replace(path.with_name(f"{path.name}.damaged"))
        for end in ("-wal", "-shm"):
            path.with_name(path.name + end).unlink(missing_ok=True)


def _is_damage(error: Exception) -> bool:
    """Whether SQLite says that the file is no database, or a broken one: of all its errors this alone has no class."""
    return type(error) is sqlite3.DatabaseError


def _is_new(last: Reading, found: Reading) -> bool:
    passed = found.at - last.at
    if abs(passed) < 0.5:  # the same reading: its moment is reckoned anew from the wall clock each time
        return False
    changed = (found.condition, found.values) != (last.condition, last.values)
    return changed or not 0 <= passed < UNCHANGED
