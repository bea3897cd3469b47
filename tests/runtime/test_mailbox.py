"""A command's request reaches the controller once, or is told why not."""

from __future__ import annotations

import asyncio
import math
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from ridethrough.core.events import Ask
from ridethrough.ports import JournalFailed
from ridethrough.runtime.inbox import Mailbox, Posted
from ridethrough.runtime.journal import DiskJournal
from ridethrough.runtime.journal_file import FILE
from ridethrough.runtime.mailbox import Answer, NoAnswer, NoController, post

from .fakes import SlowDisk, until


def leave(state_dir: Path, ask: str, subject: str = "") -> None:
    """A request whose command was killed, or is of another version."""
    connection = sqlite3.connect(state_dir / FILE)
    row = "INSERT INTO requests (ask, subject, asked_by, state) VALUES (?, ?, 'eva', 'posted')"
    connection.execute(row, (ask, subject))
    connection.commit()
    connection.close()


@pytest.fixture
async def journal(tmp_path: Path) -> AsyncIterator[DiskJournal]:
    opened = DiskJournal(tmp_path)
    yield opened
    await opened.close()


async def all_taken(journal: DiskJournal) -> list[Posted]:
    mailbox, found = Mailbox(journal), []
    while (posted := await mailbox.take()) is not None:
        found.append(posted)
    return found


def answers(state_dir: Path) -> list[tuple[bool, str]]:
    connection = sqlite3.connect(state_dir / FILE)
    found = connection.execute("SELECT accepted, answer FROM requests ORDER BY id").fetchall()
    connection.close()
    return [(bool(accepted), answer) for accepted, answer in found]


def states(state_dir: Path) -> list[str]:
    connection = sqlite3.connect(state_dir / FILE)
    found = [row[0] for row in connection.execute("SELECT state FROM requests ORDER BY id")]
    connection.close()
    return found


async def test_requests_are_obeyed_in_order_and_answered(journal: DiskJournal, tmp_path: Path) -> None:
    obeyed: list[Posted] = []

    async def obey(posted: Posted) -> Answer:
        obeyed.append(posted)
        return Answer(posted.subject != "h9", f"{posted.ask} {posted.subject}")

    serving = asyncio.create_task(Mailbox(journal).serve(obey, every=0.01))
    assert await asyncio.to_thread(post, tmp_path, Ask.HOLD, "h1", "eva") == Answer(True, "hold h1")
    assert await asyncio.to_thread(post, tmp_path, Ask.RELEASE, "h9", "eva") == Answer(False, "release h9")
    assert [(p.ask, p.subject, p.by) for p in obeyed] == [(Ask.HOLD, "h1", "eva"), (Ask.RELEASE, "h9", "eva")]
    serving.cancel()
    await asyncio.wait({serving})


async def test_a_request_without_an_answer_does_not_keep_the_others_waiting(
    journal: DiskJournal, tmp_path: Path
) -> None:
    async def obey(posted: Posted) -> Answer:
        if posted.subject == "h1":
            await asyncio.Event().wait()
        return Answer(True, "done")

    serving = asyncio.create_task(Mailbox(journal).serve(obey, every=0.01, patience=0.05))
    both = [asyncio.to_thread(post, tmp_path, Ask.HOLD, host, "eva") for host in ("h1", "h2")]
    stuck, done = await asyncio.gather(*both)
    assert not stuck.accepted
    assert "did not get to its end" in stuck.text
    assert done == Answer(True, "done")
    serving.cancel()
    await asyncio.wait({serving})


class RestlessError(Exception):
    """Nobody has thought of it."""


async def test_what_one_request_raises_is_the_answer_to_that_one_only(
    journal: DiskJournal, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def obey(posted: Posted) -> Answer:
        match posted.subject:
            case "h1":
                raise RestlessError("no such thing")
            case "h2":
                raise JournalFailed("the disk is full")
        return Answer(True, "done")

    serving = asyncio.create_task(Mailbox(journal).serve(obey, every=0.01))
    asked = [asyncio.to_thread(post, tmp_path, Ask.HOLD, host, "eva", 5.0) for host in ("h1", "h2", "h3")]
    bug, disk, done = await asyncio.gather(*asked)
    assert bug == Answer(False, "the controller failed over it (RestlessError: no such thing). Look at its log")
    assert disk == Answer(False, "it cannot be written down, so it is not obeyed: the disk is full")
    assert done == Answer(True, "done")
    assert not serving.done()
    assert [record.exc_info is not None for record in caplog.records] == [True]
    serving.cancel()
    await asyncio.wait({serving})


async def test_who_waits_behind_another_may_still_withdraw(journal: DiskJournal, tmp_path: Path) -> None:
    obeyed: list[str] = []
    gone = asyncio.Event()

    async def obey(posted: Posted) -> Answer:
        if posted.subject == "h1":
            await gone.wait()
        obeyed.append(posted.subject)
        return Answer(True, "done")

    leave(tmp_path, "hold", "h1")
    serving = asyncio.create_task(Mailbox(journal).serve(obey, every=0.01))
    await until(lambda: states(tmp_path) == ["taken"])
    with pytest.raises(NoAnswer, match="withdrawn"):
        await asyncio.to_thread(post, tmp_path, Ask.HOLD, "h2", "eva", 0.1)
    gone.set()
    await asyncio.to_thread(post, tmp_path, Ask.HOLD, "h3", "eva", 5.0)
    assert obeyed == ["h1", "h3"]
    serving.cancel()
    await asyncio.wait({serving})


async def test_an_answer_that_the_disk_does_not_take_is_written_before_more_is_taken(tmp_path: Path) -> None:
    disk = SlowDisk()
    journal = DiskJournal(tmp_path, engine=disk.engine)

    async def obey(posted: Posted) -> Answer:
        disk.broken = posted.subject == "h1"
        return Answer(True, f"{posted.subject} is held")

    leave(tmp_path, "hold", "h1")
    leave(tmp_path, "hold", "h2")
    serving = asyncio.create_task(Mailbox(journal).serve(obey, every=0.01))
    await until(lambda: disk.broken)
    assert states(tmp_path) == ["taken", "posted"]
    disk.broken = False
    await until(lambda: states(tmp_path) == ["answered", "answered"])
    assert answers(tmp_path) == [(True, "h1 is held"), (True, "h2 is held")]
    serving.cancel()
    await asyncio.wait({serving})
    await journal.close()


async def test_a_request_that_nobody_takes_is_withdrawn(journal: DiskJournal, tmp_path: Path) -> None:
    with pytest.raises(NoAnswer, match="withdrawn"):
        await asyncio.to_thread(post, tmp_path, Ask.SHUT_DOWN_POOL, "main", "eva", 0.1)
    assert await Mailbox(journal).take() is None


async def test_an_interrupted_command_takes_its_request_with_it(journal: DiskJournal, tmp_path: Path) -> None:
    def interrupted(_: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        post(tmp_path, Ask.ARM, "", "eva", pause=interrupted)
    assert await Mailbox(journal).take() is None


async def test_a_request_that_was_taken_but_not_answered_says_so(journal: DiskJournal, tmp_path: Path) -> None:
    asking = asyncio.create_task(asyncio.to_thread(post, tmp_path, Ask.ARM, "", "eva", 0.3))
    await until(lambda: states(tmp_path) == ["posted"])
    assert [p.ask for p in await all_taken(journal)] == [Ask.ARM]
    with pytest.raises(NoAnswer, match="took the request"):
        await asking


async def test_without_a_controller_nothing_is_posted(tmp_path: Path) -> None:
    with pytest.raises(NoController, match="no controller runs here"):
        post(tmp_path, Ask.ARM, "", "eva")
    await DiskJournal(tmp_path).close()
    with pytest.raises(NoController):
        post(tmp_path, Ask.ARM, "", "eva")


async def test_a_restarted_controller_does_not_obey_what_is_left_over(tmp_path: Path) -> None:
    await DiskJournal(tmp_path).close()
    leave(tmp_path, "shut down pool")
    again = DiskJournal(tmp_path)
    assert await Mailbox(again).take() is None
    assert states(tmp_path) == ["answered"]
    await again.close()


async def test_an_unknown_request_is_answered_with_what_is_known(journal: DiskJournal, tmp_path: Path) -> None:
    leave(tmp_path, "dance")
    assert await Mailbox(journal).take() is None
    connection = sqlite3.connect(tmp_path / FILE)
    accepted, answer = connection.execute("SELECT accepted, answer FROM requests").fetchone()
    connection.close()
    assert not accepted
    assert 'does not know "dance"; it knows arm, disarm, hold' in answer


def test_a_command_needs_no_sqlalchemy() -> None:
    asks = "import sys, ridethrough.runtime.mailbox, ridethrough.runtime.journal_file, ridethrough.runtime.clock"
    shows = "print(sorted({'sqlalchemy', 'aiohttp', 'pydantic'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", f"{asks}; {shows}"], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


async def test_a_request_that_another_program_wrote_in_its_own_way_hides_no_other(tmp_path: Path) -> None:
    journal = DiskJournal(tmp_path)
    other = sqlite3.connect(tmp_path / FILE, isolation_level=None)
    post_row = "INSERT INTO requests (ask, subject, asked_by, state) VALUES ({}, 'posted')"
    for values in ("'hold', CAST(x'68ff' AS TEXT), x'ff'", "x'00', '', ''", "'dance', 7, 1.5", "'hold', 'h2', 'eva'"):
        other.execute(post_row.format(values))
    other.close()
    taken = [(posted.ask, posted.subject, posted.by) for posted in await all_taken(journal)]
    assert taken == [(Ask.HOLD, "h\ufffd", "\ufffd"), (Ask.HOLD, "h2", "eva")]
    await journal.close()


async def test_for_how_long_comes_along_in_a_file_of_an_earlier_version_too(tmp_path: Path) -> None:
    await DiskJournal(tmp_path).close()
    earlier = sqlite3.connect(tmp_path / FILE)
    earlier.execute("ALTER TABLE requests DROP COLUMN seconds")
    earlier.close()
    journal = DiskJournal(tmp_path)
    lasts: list[float | None] = []

    async def obey(posted: Posted) -> Answer:
        lasts.append(posted.seconds)
        return Answer(True, "yes")

    serving = asyncio.create_task(Mailbox(journal).serve(obey, every=0.01))
    await asyncio.to_thread(post, tmp_path, Ask.HOLD, "h1", "eva", seconds=300.0)
    await asyncio.to_thread(post, tmp_path, Ask.HOLD, "h1", "eva")
    serving.cancel()
    await asyncio.wait({serving})
    await journal.close()
    assert lasts == [300.0, None]


async def test_a_time_that_is_none_is_never_taken_for_no_end(journal: DiskJournal, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no time"):
        post(tmp_path, Ask.HOLD, "h1", "eva", seconds=math.nan)
    other = sqlite3.connect(tmp_path / FILE, isolation_level=None)
    post_row = (
        "INSERT INTO requests (ask, subject, asked_by, state, seconds) VALUES ('hold', 'h1', 'eva', 'posted', {})"
    )
    for value in ("'soon'", "x'00'", "7"):
        other.execute(post_row.format(value))
    other.close()
    assert [str(posted.seconds) for posted in await all_taken(journal)] == ["nan", "nan", "7.0"]


async def test_what_a_person_says_with_it_comes_along_in_a_file_of_an_earlier_version_too(tmp_path: Path) -> None:
    await DiskJournal(tmp_path).close()
    earlier = sqlite3.connect(tmp_path / FILE)
    earlier.execute("ALTER TABLE requests DROP COLUMN says")
    earlier.close()
    journal = DiskJournal(tmp_path)
    said: list[str] = []

    async def obey(posted: Posted) -> Answer:
        said.append(posted.says)
        return Answer(True, "yes")

    serving = asyncio.create_task(Mailbox(journal).serve(obey, every=0.01))
    await asyncio.to_thread(post, tmp_path, Ask.SWITCH_OFF_UPS, "ups1", "eva", says="in 120 s")
    await asyncio.to_thread(post, tmp_path, Ask.HOLD, "h1", "eva")
    serving.cancel()
    await asyncio.wait({serving})
    await journal.close()
    assert said == ["in 120 s", ""]
