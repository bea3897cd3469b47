"""What the journal has acknowledged stays, whatever the disk, the process or the neighbours do."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sqlite3
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ridethrough.core.events import Armed, Event
from ridethrough.ports import JournalFailed
from ridethrough.runtime.codec import UnreadableEvent
from ridethrough.runtime.journal import DiskJournal
from ridethrough.runtime.journal_file import FILE, JournalRefused, latest_time, read_journal
from ridethrough.runtime.lock import StateDirInUse

from .fakes import SlowDisk, armed, until


async def test_events_come_back_in_order_after_a_restart(tmp_path: Path) -> None:
    journal = DiskJournal(tmp_path / "state")
    assert await journal.append([armed(1), armed(2)]) == [1, 2]
    assert await journal.append([]) == []
    assert await journal.append([armed(3)]) == [3]
    assert await journal.read(after=2) == [(3, armed(3))]
    await journal.close()

    again = DiskJournal(tmp_path / "state")
    assert await again.append([armed(4)]) == [4]
    assert await again.read() == [(n, armed(n)) for n in (1, 2, 3, 4)]
    await again.close()
    assert read_journal(tmp_path / "state", last=2) == [(3, armed(3)), (4, armed(4))]
    assert latest_time(tmp_path / "state") == 4.0


async def test_appends_that_wait_together_share_a_commit(tmp_path: Path) -> None:
    disk = SlowDisk()
    journal = DiskJournal(tmp_path, engine=disk.engine)
    disk.hang()
    first = asyncio.create_task(journal.append([armed(0)]))
    await until(lambda: disk.waiting == 1)
    others = [asyncio.create_task(journal.append([armed(n)])) for n in range(1, 101)]
    await asyncio.sleep(0)
    before = journal.commits
    disk.answer()
    positions = [(await task)[0] for task in [first, *others]]
    assert positions == list(range(1, 102))
    assert journal.commits - before == 2
    await journal.close()


async def test_a_hanging_disk_fails_the_append_and_the_late_commit_is_not_repeated(tmp_path: Path) -> None:
    disk = SlowDisk()
    journal = DiskJournal(tmp_path, patience=0.05, engine=disk.engine)
    events = [armed(1), armed(2)]
    disk.hang()
    with pytest.raises(JournalFailed, match=r"did not answer within 0\.05 s"):
        await journal.append(events)
    with pytest.raises(JournalFailed):  # asked again while the first commit still hangs
        await journal.append([*events, armed(3)])
    disk.answer()
    third = armed(3)
    assert await retried(journal, [*events, third]) == [1, 2, 3]
    assert await journal.append([armed(4)]) == [4]
    assert [event for _, event in await journal.read()] == [armed(n) for n in (1, 2, 3, 4)]
    await journal.close()


async def test_a_failing_disk_fails_the_append_and_recovers(tmp_path: Path) -> None:
    disk = SlowDisk()
    journal = DiskJournal(tmp_path, engine=disk.engine)
    await journal.append([armed(1)])
    event = armed(2)
    disk.broken = True
    for _ in range(3):
        with pytest.raises(JournalFailed, match="Input/output error"):
            await journal.append([event])
    disk.broken = False
    assert await journal.append([event]) == [2]
    assert await journal.read() == [(1, armed(1)), (2, event)]
    await journal.close()


async def test_a_commit_that_failed_but_was_written_is_not_repeated(tmp_path: Path) -> None:
    disk = SlowDisk()
    journal = DiskJournal(tmp_path, engine=disk.engine)
    await journal.append([armed(1)])
    event = armed(2)
    disk.lying = True
    with pytest.raises(JournalFailed):
        await journal.append([event])
    disk.lying, disk.broken = False, True
    with pytest.raises(JournalFailed):  # what is on the disk cannot be found out yet
        await journal.append([event])
    disk.broken = False
    assert await journal.append([armed(3), event]) == [3, 2]
    assert await journal.read() == [(1, armed(1)), (2, armed(2)), (3, armed(3))]
    await journal.close()


async def test_another_process_that_holds_the_write_lock_delays_but_loses_nothing(tmp_path: Path) -> None:
    journal = DiskJournal(tmp_path, patience=0.1)
    await journal.append([armed(1)])
    other = sqlite3.connect(tmp_path / FILE, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    event = armed(2)
    with pytest.raises(JournalFailed):
        await journal.append([event])
    other.execute("ROLLBACK")
    other.close()
    assert await retried(journal, [event]) == [2]
    assert await journal.read() == [(1, armed(1)), (2, armed(2))]
    await journal.close()


async def test_closing_does_not_wait_for_a_hanging_disk_and_keeps_the_lock(tmp_path: Path) -> None:
    disk = SlowDisk()
    journal = DiskJournal(tmp_path, patience=0.05, engine=disk.engine)
    disk.hang()
    with pytest.raises(JournalFailed):
        await journal.append([armed(1)])
    await journal.close()
    with pytest.raises(StateDirInUse):
        DiskJournal(tmp_path)
    disk.answer()
    await journal.close()
    with pytest.raises(JournalFailed, match="closed"):
        await journal.append([armed(2)])


async def test_a_second_controller_is_refused(tmp_path: Path) -> None:
    journal = DiskJournal(tmp_path)
    with pytest.raises(StateDirInUse, match=rf"process {os.getpid()}\)\. Stop it first"):
        DiskJournal(tmp_path)
    await journal.close()
    await DiskJournal(tmp_path).close()


def test_a_file_from_a_newer_version_is_refused_and_left_alone(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / FILE) as connection:
        connection.execute("PRAGMA user_version=2")
    connection.close()
    before = (tmp_path / FILE).read_bytes()
    with pytest.raises(JournalRefused, match="newer Ridethrough"):
        DiskJournal(tmp_path)
    with pytest.raises(JournalRefused, match="newer Ridethrough"):
        read_journal(tmp_path)
    assert read_version(tmp_path) == 2
    assert b"events" not in before + (tmp_path / FILE).read_bytes()


def read_version(state_dir: Path) -> int:
    connection = sqlite3.connect(state_dir / FILE)
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    connection.close()
    return version


def test_a_file_that_is_no_journal_is_refused_with_a_remedy(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text("notes of the last outage " * 400)
    with pytest.raises(JournalRefused, match=r"not a database.*move it aside"):
        DiskJournal(tmp_path)
    with pytest.raises(JournalRefused, match="not a database"):
        read_journal(tmp_path)


async def test_a_damaged_row_is_named(tmp_path: Path) -> None:
    journal = DiskJournal(tmp_path)
    await journal.append([armed(1), armed(2)])
    await journal.close()
    with sqlite3.connect(tmp_path / FILE) as connection:
        connection.execute("UPDATE events SET event = '{' WHERE position = 2")
    connection.close()
    with pytest.raises(UnreadableEvent, match="position 2"):
        read_journal(tmp_path)


async def test_a_reader_without_write_access_reads_beside_the_controller_and_without_it(tmp_path: Path) -> None:
    assert read_journal(tmp_path) == []
    assert latest_time(tmp_path) is None
    journal = DiskJournal(tmp_path)
    await journal.append([armed(1)])
    assert read_journal(tmp_path) == [(1, armed(1))]
    await journal.close()
    with read_only(tmp_path):
        assert read_journal(tmp_path) == [(1, armed(1))]


@contextlib.contextmanager
def read_only(directory: Path) -> Iterator[None]:
    directory.chmod(stat.S_IRUSR | stat.S_IXUSR)
    try:
        yield
    finally:
        directory.chmod(stat.S_IRWXU)


async def retried(journal: DiskJournal, events: list[Event]) -> list[int]:
    """Append as the loop does: the same event objects, until the disk takes them."""
    async with asyncio.timeout(5):
        while True:
            try:
                return list(await journal.append(events))
            except JournalFailed:
                await asyncio.sleep(0.01)


WRITER = """
import asyncio, sys
from pathlib import Path
from ridethrough.core.events import Armed
from ridethrough.runtime.journal import DiskJournal

async def appender(journal, name):
    number = 0
    while True:
        number += 1
        [position] = await journal.append([Armed(float(number), name)])
        sys.stdout.write(f"{position} {name} {number}\\n")
        sys.stdout.flush()

async def main():
    journal = DiskJournal(Path(sys.argv[1]))
    await asyncio.gather(*(appender(journal, f"w{n}") for n in range(8)))

asyncio.run(main())
"""


@pytest.mark.parametrize("lines", [1, 150, 400])
async def test_everything_acknowledged_survives_a_killed_writer(tmp_path: Path, lines: int) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", WRITER, str(tmp_path), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout
    told: list[str] = [(await process.stdout.readline()).decode() for _ in range(lines)]
    process.send_signal(signal.SIGKILL)
    told += [line for line in (await process.stdout.read()).decode().splitlines(keepends=True) if line.endswith("\n")]
    await process.wait()

    journal = DiskJournal(tmp_path)  # the lock died with its holder
    kept = dict(await journal.read())
    for line in told:
        position, name, number = line.split()
        assert kept[int(position)] == Armed(float(number), name)
    assert sorted(kept) == list(range(1, len(kept) + 1))
    assert len(set(kept.values())) == len(kept)
    await journal.close()
