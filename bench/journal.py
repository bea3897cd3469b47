"""What it costs to have an event on the disk: alone, and in group commits, beside two peers on the same disk.

    python bench/journal.py [--times N] [--charts FOLDER] [TOGETHER ...]

The peers write the same bytes: `write` and `fsync` on a plain file, and SQLite's WAL with full sync from a plain loop.
TOGETHER: how many append at once. The journal is that of the controller, its thread and its mailbox included.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sqlite3
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from chart import save
from percentile import percentile

from ridethrough.core.events import UtilityDoubted
from ridethrough.runtime.codec import encode
from ridethrough.runtime.journal import DiskJournal

EVENT = UtilityDoubted(1234.5, "ups1", 1234.0, 1229.0)
TOGETHER = (1, 10, 100)


def plain_file(folder: Path, times: int) -> list[float]:
    """Seconds of each write and fsync."""
    row = encode(EVENT) + b"\n"
    with (folder / "plain").open("ab", buffering=0) as file:

        def append() -> None:
            file.write(row)
            os.fsync(file.fileno())

        return timed(append, times)


def plain_sqlite(folder: Path, times: int) -> list[float]:
    """Seconds of each committed row, by the standard library's sqlite3."""
    connection = sqlite3.connect(folder / "plain.db", isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("CREATE TABLE events (position INTEGER PRIMARY KEY, event TEXT NOT NULL)")
    row = encode(EVENT).decode()
    try:
        return timed(lambda: connection.execute("INSERT INTO events (event) VALUES (?)", (row,)), times)
    finally:
        connection.close()


async def ours(folder: Path, times: int, together: int) -> tuple[list[float], int]:
    """Seconds of each append, `together` of them at once, and how many commits that took."""
    journal = DiskJournal(folder / f"together{together}")

    async def append() -> float:
        began = time.perf_counter()
        await journal.append([EVENT])
        return time.perf_counter() - began

    took: list[float] = []
    before = journal.commits
    for _ in range(max(times // together, 3)):
        took += await asyncio.gather(*(append() for _ in range(together)))
    commits = journal.commits - before
    await journal.close()
    return took, commits


def timed(part: Callable[[], object], times: int) -> list[float]:
    """Seconds of each run."""
    took: list[float] = []
    for _ in range(times):
        began = time.perf_counter()
        part()
        took.append(time.perf_counter() - began)
    return took


def show(what: str, took: list[float], commits: int) -> None:
    p50, p99 = 1000 * percentile(took, 50), 1000 * percentile(took, 99)
    each = 1000 * sum(took) / len(took)
    print(f"{what:<34} {len(took):>8} {commits:>8} {p50:>9.2f} {p99:>9.2f} {each:>9.2f}")


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("together", type=int, nargs="*", default=TOGETHER)
    options.add_argument("--times", type=int, default=500)
    options.add_argument("--charts", type=Path)
    given = options.parse_args()
    print(f"{'':<34} {'appends':>8} {'commits':>8} {'p50 ms':>9} {'p99 ms':>9} {'mean ms':>9}")
    p50s, p99s = [], []
    with tempfile.TemporaryDirectory(dir=Path.cwd(), prefix=".bench-journal-") as name:
        folder = Path(name)
        show("a plain file, write and fsync", plain_file(folder, given.times), given.times)
        show("sqlite3, WAL, full sync", plain_sqlite(folder, given.times), given.times)
        for together in given.together:
            took, commits = asyncio.run(ours(folder, given.times, together))
            show(f"the journal, {together} at once", took, commits)
            p50s.append((together, 1000 * percentile(took, 50)))
            p99s.append((together, 1000 * percentile(took, 99)))
    save(
        given.charts,
        "journal",
        "Journal: one durable append",
        "appends at once",
        "milliseconds",
        {"p99": p99s, "p50": p50s},
    )


if __name__ == "__main__":
    main()
