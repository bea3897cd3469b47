"""A damaged end of the journal is cut back, told and kept; whatever else is wrong with it refuses the start."""

from __future__ import annotations

import asyncio
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ridethrough.core.events import Armed, Event, JournalCutBack
from ridethrough.core.narrative import tell
from ridethrough.runtime.codec import UnreadableEvent
from ridethrough.runtime.journal import DiskJournal
from ridethrough.runtime.journal_file import FILE, JournalRefused, read_journal

from .fakes import armed

WAL = f"{FILE}-wal"
MANY = 200
OPTIONS = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


@pytest.fixture(scope="module")
def closed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A journal of `MANY` entries after its controller ended in order: one file."""
    folder = tmp_path_factory.mktemp("closed")
    asyncio.run(fill(folder))
    assert not (folder / WAL).exists()
    return folder


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same after its controller was killed: the entries are in the write-ahead log."""
    live, folder = tmp_path_factory.mktemp("live"), tmp_path_factory.mktemp("killed")
    asyncio.run(fill(live, folder))
    assert (folder / WAL).stat().st_size > 100_000
    return folder


async def fill(folder: Path, copy_to: Path | None = None) -> None:
    journal = DiskJournal(folder)
    for n in range(1, MANY + 1):
        await journal.append([armed(n)])
    if copy_to is not None:
        for name in (FILE, WAL):
            shutil.copy(folder / name, copy_to / name)
    await journal.close()


def copied(source: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "state"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(source, folder)
    return folder


def opened(folder: Path) -> list[Event]:
    """Every entry, after a controller has opened the journal and closed it. Raises what a start would."""

    async def both() -> Sequence[tuple[int, Event]]:
        journal = DiskJournal(folder)
        try:
            await journal.append([Armed(0.0, "the next")])
            return await journal.read()
        finally:
            await journal.close()

    *entries, last = asyncio.run(both())
    assert last[1] == Armed(0.0, "the next")
    assert [position for position, _ in entries] == list(range(1, len(entries) + 1))
    return [event for _, event in entries]


def survived(folder: Path) -> tuple[int, JournalCutBack | None]:
    """How many entries were kept, in order from the first, and what was told of the rest."""
    entries = opened(folder)
    told = entries.pop() if entries and isinstance(entries[-1], JournalCutBack) else None
    assert entries == [armed(n) for n in range(1, len(entries) + 1)]
    if told is None:
        return len(entries), None
    assert isinstance(told, JournalCutBack)
    assert told.after == len(entries)
    assert all((folder / name).stat().st_size >= 0 for name in told.kept.split(" and "))
    return len(entries), told


@pytest.mark.parametrize("how", ["closed", "killed"])
def test_a_sound_journal_is_left_as_it_is(how: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    folder = copied(request.getfixturevalue(how), tmp_path)
    assert survived(folder) == (MANY, None)
    assert not list(folder.glob("*damaged*"))


def frames(folder: Path) -> set[int]:
    """The lengths of the log that end with a whole frame: a cut there leaves no trace."""
    size = (folder / WAL).stat().st_size
    return {0, *range(32, size + 1, 24 + 4096)}


@OPTIONS
@given(data=st.data())
def test_a_log_that_is_cut_anywhere(killed: Path, tmp_path: Path, data: st.DataObject) -> None:
    folder = copied(killed, tmp_path)
    traceless = frames(folder)
    length = data.draw(st.integers(0, (folder / WAL).stat().st_size) | st.sampled_from(sorted(traceless)))
    os.truncate(folder / WAL, length)
    kept, told = survived(folder)
    assert (told is None) == (length in traceless)
    if told is not None:
        assert (folder / f"{WAL}.damaged-1").stat().st_size == length
        assert f"cut off, kept in {told.kept}" in tell(told)
    assert kept < MANY or length == (killed / WAL).stat().st_size


@OPTIONS
@given(data=st.data())
def test_a_log_with_a_wrong_byte_anywhere(killed: Path, tmp_path: Path, data: st.DataObject) -> None:
    folder = copied(killed, tmp_path)
    flip(folder / WAL, data)
    kept, told = survived(folder)
    assert told is not None or kept == MANY


@OPTIONS
@given(data=st.data())
def test_a_file_that_is_cut_anywhere(closed: Path, tmp_path: Path, data: st.DataObject) -> None:
    folder = copied(closed, tmp_path)
    os.truncate(folder / FILE, data.draw(st.integers(0, (folder / FILE).stat().st_size - 1)))
    refused_or_survived(folder)


@OPTIONS
@given(data=st.data())
def test_a_file_with_a_wrong_byte_anywhere(closed: Path, tmp_path: Path, data: st.DataObject) -> None:
    """A byte within an entry's text may give another entry that can be read: SQLite keeps no sums of its own."""
    folder = copied(closed, tmp_path)
    flip(folder / FILE, data)
    refused_or_survived(folder, same=False)


def flip(path: Path, data: st.DataObject) -> None:
    content = bytearray(path.read_bytes())
    content[data.draw(st.integers(0, len(content) - 1))] ^= data.draw(st.integers(1, 255))
    path.write_bytes(content)


def refused_or_survived(folder: Path, same: bool = True) -> None:
    before = (folder / FILE).read_bytes()
    refusal = ""
    try:
        entries = opened(folder)
    except (JournalRefused, UnreadableEvent) as error:
        refusal = str(error)
    if refusal:
        assert FILE in refusal
        assert any(remedy in refusal for remedy in ("backup", "that version again"))
        assert (folder / FILE).read_bytes() == before
        return
    told = entries.pop() if entries and isinstance(entries[-1], JournalCutBack) else None
    if same:
        assert entries == [armed(n) for n in range(1, len(entries) + 1)]
    if told is None:
        assert len(entries) == MANY
    else:
        assert (folder / f"{FILE}.damaged-1").read_bytes() == before


def changed(folder: Path, statement: str) -> Path:
    connection = sqlite3.connect(folder / FILE)
    with connection:
        connection.execute(statement)
    connection.close()
    return folder


def test_a_last_entry_that_cannot_be_read_is_cut_and_kept(closed: Path, tmp_path: Path) -> None:
    folder = changed(copied(closed, tmp_path), f"UPDATE events SET event = '{{' WHERE position > {MANY - 3}")
    assert survived(folder) == (MANY - 3, JournalCutBack(armed(MANY - 3).at, MANY - 3, f"{FILE}.damaged-1"))
    assert opened(folder)[MANY - 3] == JournalCutBack(armed(MANY - 3).at, MANY - 3, f"{FILE}.damaged-1")  # once


@pytest.mark.parametrize(
    ("statement", "says"),
    [
        ("UPDATE events SET event = '{' WHERE position = 50", "position 50 cannot be read.*backup"),
        ("UPDATE events SET event = x'ff00' WHERE position = 1", "position 1 cannot be read.*backup"),
        ("UPDATE events SET event = replace(event, 'person', CAST(x'e0' AS TEXT)) WHERE position = 50", "is not JSON"),
        ("DELETE FROM events WHERE position = 50", "position 50 is missing.*backup"),
        (f"""UPDATE events SET event = '{{"v":1,"type":"Dreamt"}}' WHERE position = {MANY}""", "newer Ridethrough"),
        (f"""UPDATE events SET event = '{{"v":9,"type":"Armed"}}' WHERE position = {MANY}""", "newer Ridethrough"),
        ("PRAGMA user_version=7", "newer Ridethrough"),
        ("ALTER TABLE events RENAME COLUMN event TO fact", "no such column.*backup"),
    ],
)
def test_anything_else_refuses_the_start(closed: Path, tmp_path: Path, statement: str, says: str) -> None:
    folder = changed(copied(closed, tmp_path), statement)
    before = (folder / FILE).read_bytes()
    with pytest.raises((JournalRefused, UnreadableEvent), match=says):
        opened(folder)
    assert (folder / FILE).read_bytes() == before
    assert not list(folder.glob("*damaged*"))


def test_a_log_without_its_file_refuses_the_start(killed: Path, tmp_path: Path) -> None:
    folder = copied(killed, tmp_path)
    (folder / FILE).unlink()
    with pytest.raises(JournalRefused, match=r"missing or empty.*backup"):
        opened(folder)
    assert (folder / WAL).exists()


def test_a_folder_in_its_place_refuses_the_start(tmp_path: Path) -> None:
    (tmp_path / FILE).mkdir()
    with pytest.raises(JournalRefused, match=r"Check the disk"):
        opened(tmp_path)


def test_a_file_that_another_process_holds_refuses_the_start(closed: Path, tmp_path: Path) -> None:
    folder = copied(closed, tmp_path)
    other = sqlite3.connect(folder / FILE, isolation_level=None)
    other.execute("PRAGMA locking_mode=EXCLUSIVE")
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(JournalRefused, match=r"locked.*Check the disk"):
        opened(folder)
    other.close()
    assert survived(folder) == (MANY, None)


FULL = """
import resource, signal, sys
from pathlib import Path
from ridethrough.runtime.journal import DiskJournal
from ridethrough.runtime.journal_file import JournalRefused
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (5000, 5000))
try:
    DiskJournal(Path(sys.argv[1]))
except JournalRefused as refusal:
    print(refusal)
"""


def test_a_full_disk_refuses_the_start(tmp_path: Path) -> None:
    said = subprocess.run([sys.executable, "-c", FULL, str(tmp_path)], capture_output=True, text=True, timeout=60)
    assert "Check the disk, its free space" in said.stdout, said.stderr


SITE = """
[site]
name = "test"
[pool.pool1]
addresses = ["127.0.0.1:1"]
username = "root"
password = "secret:pool1"
fingerprints = []
"""


def test_the_command_says_so_and_ends_with_1(closed: Path, tmp_path: Path) -> None:
    folder = changed(copied(closed, tmp_path), "DELETE FROM events WHERE position = 50")
    (tmp_path / "site.toml").write_text(SITE)
    command = [sys.executable, "-m", "ridethrough.cli", "run", "--site", str(tmp_path / "site.toml")]
    ended = subprocess.run(
        [*command, "--state", str(folder)],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "RIDETHROUGH_SECRET_POOL1": "x"},
    )
    assert ended.returncode == 1, ended.stderr
    assert "position 50 is missing" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_reading_beside_damage_never_writes(closed: Path, tmp_path: Path) -> None:
    folder = changed(copied(closed, tmp_path), f"UPDATE events SET event = '{{' WHERE position = {MANY}")
    before = (folder / FILE).read_bytes()
    with pytest.raises(UnreadableEvent):
        read_journal(folder)
    assert (folder / FILE).read_bytes() == before
