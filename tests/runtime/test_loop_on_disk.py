"""The loop over the real journal and the machine's own time: one hang of the disk, and one restart."""

from __future__ import annotations

import asyncio
from pathlib import Path

from ridethrough.core import events as e
from ridethrough.core.fold import fold_all
from ridethrough.core.memory import Memory
from ridethrough.runtime.clock import SiteClock
from ridethrough.runtime.journal import DiskJournal
from ridethrough.runtime.journal_file import latest_time, read_journal
from ridethrough.runtime.loop import Loop

from .fakes import SITE, FakeActor, FakeObserver, SlowDisk, until
from .test_loop import HOSTS, toy


async def live(state_dir: Path, disk: SlowDisk, actor: FakeActor, hang: bool) -> None:
    """One life of the controller on this state directory, until every host is done."""
    journal = DiskJournal(state_dir, patience=0.3, engine=disk.engine)
    clock = SiteClock(state_dir, latest_time(state_dir))
    loop = Loop(
        site=SITE,
        observers=[FakeObserver()],
        actors={"main": actor},
        journal=journal,
        clock=clock,
        decide=toy,
    )
    running = asyncio.create_task(loop.run())
    await until(lambda: loop.status is not None)
    if hang:
        disk.hang()
        loop.wake()
        await until(lambda: bool(loop.status and loop.status.journal_trouble))
    await until(lambda: loop.status is not None and loop.status.verdict == "waiting" and len(actor.ended) >= len(HOSTS))
    disk.answer()
    await until(lambda: loop.status is not None and not loop.status.journal_trouble)
    await loop.stop()
    await running
    await journal.close()


async def test_a_disk_that_hangs_loses_nothing_and_nothing_is_written_twice(tmp_path: Path) -> None:
    disk, actor = SlowDisk(), FakeActor()
    await live(tmp_path, disk, actor, hang=True)
    rows = read_journal(tmp_path)
    kinds = [type(event).__name__ for _, event in rows]
    assert kinds.count("ActionStarted") == kinds.count("ActionFinished") == len(HOSTS)
    assert kinds.count("Alerted") == kinds.count("AlertCleared") == 1
    written = dict(rows)
    for event in written.values():
        if isinstance(event, e.ActionFinished):
            begun = written[event.started]
            assert isinstance(begun, e.ActionStarted)
            assert begun.action == event.action

    await live(tmp_path, disk, actor, hang=False)
    again = read_journal(tmp_path)
    assert again[: len(rows)] == rows
    assert [type(event) for _, event in again[len(rows) :]] == [e.ControllerStarted]
    times = [event.at for _, event in again]
    assert times == sorted(times)
    assert fold_all(Memory(), again).alerts == {}
