"""Hearing the journal, queueing, trying again, and telling much at once; the wire is the test's own."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from ridethrough.api.notifications import Notifications
from ridethrough.api.notifications.queue import FILE, MOST
from ridethrough.config import NotifyTarget, Secret
from ridethrough.core import events as e
from ridethrough.core.notice import EventClass, Severity
from ridethrough.ports import Refused, Unreachable
from ridethrough.runtime.journal import DiskJournal

URL = "mailto://anna:very-secret@example.com"


def lost(ups: str, at: float = 1.0) -> e.Event:
    return e.UtilityLost(at, ups, at, at, None, None, None, None, 10.0, "2 polls")


def silent(ups: str, at: float = 1.0) -> e.Event:
    return e.UpsSilent(at, ups, at, on_battery=False)


class Times:
    def wall(self, at: float) -> float:
        return at

    def now(self) -> float:
        return 100.0


class Site:
    """A journal, targets and a wire; `down` is why nothing gets through."""

    def __init__(self, state: Path) -> None:
        self.state, self.down = state, ""
        self.bug: Exception | None = None
        self.sent: list[tuple[str, str, str]] = []  # title, text, severity
        self.targets = {"mail": NotifyTarget("mail", Secret("mail", URL))}
        self.journal = DiskJournal(state)
        self.hangs = asyncio.Event()
        self.hangs.set()
        self.began = asyncio.Event()
        self.service = self.started()

    def started(self) -> Notifications:
        return Notifications(
            self.state, lambda: self.targets, lambda: "Head office", self.send, Times(), "at {:g}".format, shortest=0.0
        )

    async def send(self, url: str, title: str, text: str, severity: str) -> None:
        assert url.startswith(("mailto://", "json://"))
        self.began.set()
        await self.hangs.wait()
        if self.bug:
            raise self.bug
        if self.down:
            raise Unreachable(self.down)
        self.sent.append((title, text, severity))

    async def happens(self, *events: e.Event) -> None:
        await self.journal.append(events)
        await self.looks()

    async def looks(self) -> None:
        await self.service.step()
        await self.service.settled()

    def titles(self) -> list[str]:
        return [title for title, _, _ in self.sent]


@pytest_asyncio.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    site = Site(tmp_path)
    await site.journal.append([silent("old")])
    await site.looks()
    yield site
    await site.journal.close()


async def test_it_begins_with_the_present(site: Site) -> None:
    assert site.sent == []
    await site.happens(lost("ups1"))
    assert site.sent == [
        (
            "Head office: ups1 is on battery (2 polls)",
            "ups1 is on battery (2 polls)\n\nat 1, utility power, warning\n",
            "warning",
        )
    ]


async def test_nobody_to_notify_costs_no_file(tmp_path: Path) -> None:
    site = Site(tmp_path)
    site.targets = {}
    await site.happens(lost("ups1"))
    assert not (tmp_path / FILE).exists()
    await site.journal.close()


async def test_each_target_is_told_what_it_wants(site: Site) -> None:
    site.targets = {
        "all": NotifyTarget("all", Secret("", URL), severity=Severity.INFO),
        "danger": NotifyTarget("danger", Secret("", URL), severity=Severity.DANGER),
        "silence": NotifyTarget("silence", Secret("", URL), frozenset({EventClass.SILENCE}), Severity.INFO),
    }
    await site.looks()
    await site.happens(lost("ups1"), e.LowBattery(2.0, "ups1", "it says so"), e.UpsAnswers(3.0, "ups2"))
    states = {row.target.name: row.state.sent for row in await site.service.states() if row.state}
    assert states == {"all": 3, "danger": 1, "silence": 1}


async def test_nothing_is_told_twice_after_a_restart(site: Site) -> None:
    await site.happens(lost("ups1"))
    site.service = site.started()
    await site.happens(lost("ups2"))
    assert site.titles() == ["Head office: ups1 is on battery (2 polls)", "Head office: ups2 is on battery (2 polls)"]


async def test_what_happens_while_nobody_listens_is_told_later(site: Site) -> None:
    await site.journal.append([lost("ups1")])
    site.service = site.started()
    await site.looks()
    assert len(site.sent) == 1


async def test_what_was_being_sent_when_it_ended_says_so(site: Site) -> None:
    site.hangs.clear()
    await site.journal.append([lost("ups1")])
    await site.service.step()
    running = asyncio.create_task(site.service.run())
    await site.began.wait()
    assert marked(site.state) == 1
    running.cancel()
    await asyncio.wait({running})
    site.hangs.set()
    site.service = site.started()
    await site.looks()
    ((_, text, _),) = site.sent
    assert text.endswith("It may have been sent already.\n")


def marked(state: Path) -> int:
    with sqlite3.connect(state / FILE) as db:
        return int(db.execute("SELECT count(*) FROM waiting WHERE sending").fetchone()[0])


async def test_a_failure_is_tried_again_until_it_gets_through(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    site.down = "no route to host"
    await site.happens(lost("ups1"))
    await site.looks()
    (row,) = await site.service.states()
    assert row.state is not None
    assert (row.failed, row.state.waiting, row.state.last_trouble) == (2, 1, "no route to host")
    site.down = ""
    await site.looks()
    (row,) = await site.service.states()
    assert row.state is not None
    assert (row.failed, row.state.waiting, row.state.sent, row.state.last_trouble) == (0, 0, 1, "")
    assert len(site.sent) == 1
    assert len([r for r in caplog.records if "no route to host" in r.message]) == 1


async def test_a_bug_is_a_failure_like_any_other(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    site.bug = AssertionError(URL)
    await site.happens(lost("ups1"))
    assert (await site.service.test("mail")) == "it failed (AssertionError)"
    (row,) = await site.service.states()
    assert row.state is not None
    assert (row.failed, row.state.last_trouble) == (1, "it failed (AssertionError)")
    assert row.retry_in is not None
    assert [record.getMessage() for record in caplog.records] == [
        "mail could not be notified, and is tried again: it failed (AssertionError)"
    ]
    site.bug = None
    await site.looks()
    assert len(site.sent) == 1


async def test_a_message_that_cannot_be_written_does_not_try_each_second(tmp_path: Path) -> None:
    site = Site(tmp_path)

    def when(at: float) -> str:
        raise OverflowError("no such time")

    site.service = Notifications(tmp_path, lambda: site.targets, lambda: "x", site.send, Times(), when, shortest=50.0)
    await site.looks()
    await site.happens(lost("ups1"))
    (row,) = await site.service.states()
    assert row.failed == 1
    assert row.retry_in == pytest.approx(50.0, abs=5.0)
    await site.journal.close()


async def test_it_goes_on_with_its_queue_after_it_was_begun_again(site: Site) -> None:
    running = asyncio.create_task(site.service.run())
    await asyncio.sleep(0)
    running.cancel()
    await asyncio.wait({running})
    await site.happens(lost("ups1"))
    assert len(site.sent) == 1


async def test_pauses_grow(tmp_path: Path) -> None:
    site = Site(tmp_path)
    site.service = Notifications(tmp_path, lambda: site.targets, lambda: "x", site.send, Times(), str, shortest=50.0)
    await site.looks()
    site.down = "no"
    await site.happens(lost("ups1"))
    (row,) = await site.service.states()
    assert row.retry_in == pytest.approx(50.0, abs=5.0)
    await site.looks()  # not due: nothing is tried
    (row,) = await site.service.states()
    assert row.failed == 1
    await site.journal.close()


async def test_what_waited_is_told_as_one(site: Site) -> None:
    site.down = "no route to host"
    await site.happens(lost("ups1"))
    for number in range(8):
        await site.happens(silent(f"ups{number}", 10.0 + number))
    await site.happens(e.LowBattery(30.0, "ups1", "it says so"))
    site.down = ""
    await site.looks()
    ((title, text, severity),) = site.sent
    assert title == "Head office: 10 messages (1 danger, 9 warning)"
    assert severity == "danger"
    lines = text.splitlines()
    assert lines[0] == "at 1  warning  ups1 is on battery (2 polls)"
    assert lines[-1] == "at 30  danger   ups1 is low (it says so)"
    await site.happens(lost("ups2", 40.0))
    assert len(site.sent) == 2


async def test_the_same_is_told_once(site: Site) -> None:
    for at in (1.0, 2.0, 3.0):
        await site.happens(e.RoundFailed(at, "a bug"))
    assert len(site.sent) == 1
    await site.happens(e.RoundFailed(1000.0, "a bug"))
    assert len(site.sent) == 2


async def test_the_same_that_waits_is_counted(site: Site) -> None:
    site.down = "no"
    for at in (1.0, 2.0, 3.0):
        await site.happens(e.RoundFailed(at, "a bug"))
    site.down = ""
    await site.looks()
    ((_, text, _),) = site.sent
    assert "danger (3 times)" in text


async def test_lost_again_after_it_was_back_is_told_again(site: Site) -> None:
    await site.happens(lost("ups1"), e.UtilityBack(5.0, "ups1", 4.0), lost("ups1", 10.0))
    assert len(site.sent) == 3


async def test_the_queue_is_bounded_and_keeps_the_worst(site: Site) -> None:
    site.targets = {"mail": NotifyTarget("mail", Secret("mail", URL), severity=Severity.INFO)}
    site.down = "no"
    danger = e.LowBattery(0.5, "ups1", "it says so")
    await site.happens(danger, *(e.UpsAnswers(float(n), f"ups{n}") for n in range(MOST + 10)))
    (row,) = await site.service.states()
    assert row.state is not None
    assert (row.state.waiting, row.state.left_out) == (MOST, 11)
    site.down = ""
    await site.looks()
    ((title, text, _),) = site.sent
    assert title == f"Head office: {MOST} messages (1 danger, {MOST - 1} info)"
    assert "ups1 is low" in text
    assert text.endswith("11 older ones found no room while they waited: the journal has them\n")


async def test_a_target_that_is_taken_out_is_forgotten(site: Site) -> None:
    site.down = "no"
    await site.happens(lost("ups1"))
    site.targets = {"chat": NotifyTarget("chat", Secret("", "json://localhost"))}
    site.down = ""
    await site.looks()
    (row,) = await site.service.states()
    assert row.state is not None
    assert (row.target.name, row.state.waiting, site.sent) == ("chat", 0, [])


async def test_a_damaged_file_is_set_aside(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    (site.state / FILE).write_bytes(b"no database at all, but long enough for a header of one..." * 20)
    for end in ("-wal", "-shm"):
        (site.state / (FILE + end)).unlink(missing_ok=True)
    site.service = site.started()
    await site.looks()
    await site.happens(lost("ups1"))
    assert len(site.sent) == 1
    assert (site.state / f"{FILE}.damaged").exists()
    assert "is damaged" in caplog.text


async def test_another_journal_is_heard_from_its_present_on(site: Site) -> None:
    await site.happens(*(silent(f"ups{n}") for n in range(20)))
    await site.journal.close()
    for end in ("", "-wal", "-shm"):
        (site.state / f"journal.db{end}").unlink(missing_ok=True)
    site.journal = DiskJournal(site.state)
    site.sent.clear()
    await site.happens(silent("new"))
    assert site.sent == []  # it was there when the journal was first seen
    await site.happens(lost("ups1"))
    assert len(site.sent) == 1


async def test_a_test_is_sent_at_once_and_tells_what_is_wrong(site: Site) -> None:
    assert await site.service.test("mail") == ""
    assert site.titles() == ["Head office: a test of mail"]
    site.down = "wrong password"
    assert await site.service.test("mail") == "wrong password"
    with pytest.raises(KeyError):
        await site.service.test("nobody")


async def test_a_url_that_is_none_is_told(site: Site) -> None:
    async def refuses(url: str, title: str, text: str, severity: str) -> None:
        raise Refused("URL", "not known")

    site.service = Notifications(site.state, lambda: site.targets, lambda: "x", refuses, Times(), str)
    await site.looks()
    assert await site.service.test("mail") == "URL: not known"
