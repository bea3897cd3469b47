"""What people ask of a whole controller, with its journal on the disk and two islands that nobody answers for."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from ridethrough.cli.wire import PROGRAM, Daemon
from ridethrough.config import Configuration, Secrets, parse
from ridethrough.controller import Controller
from ridethrough.core import events as e
from ridethrough.core.events import Ask
from ridethrough.runtime.journal import DiskJournal
from ridethrough.runtime.journal_file import read_journal
from ridethrough.runtime.mailbox import Answer, NoController, post
from tests.runtime.fakes import until

MORTAL = Path(__file__).with_name("mortal.py")
SITE = """
[site]
name = "two islands"
[ups.ups1]
source = "snmp://127.0.0.1:9"
[ups.ups2]
source = "snmp://127.0.0.2:9"
"""


def configured(text: str) -> Configuration:
    return parse(text, Secrets(environment={}))


class FailingPrinter:
    """A log that takes nothing."""

    def tell(self, position: int, event: e.Event, sentence: str) -> None:
        raise OSError(5, "Input/output error")


@dataclass
class Bench:
    state: Path
    reloads: list[Exception | Configuration] = field(default_factory=list)

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        controller = Controller(configured(SITE), self.state, [FailingPrinter()], reload=self.reload)
        running = asyncio.create_task(controller.run())
        try:
            # new settings are refused before it has looked at every island
            await until(lambda: all(island.loop.status is not None for island in controller.islands), 40.0)
            yield
        finally:
            running.cancel()
            await asyncio.wait({running})

    def reload(self) -> Configuration:
        found = self.reloads.pop(0)
        if isinstance(found, Exception):
            raise found
        return found

    async def ask(self, ask: Ask, subject: str = "", says: str = "", by: str = "eva") -> Answer:
        return await asyncio.to_thread(post, self.state, ask, subject, by, 20.0, says=says)

    async def left_by_an_earlier_one(self, *events: e.Event) -> None:
        journal = DiskJournal(self.state)
        await journal.append(events)
        await journal.close()

    def written(self, *kinds: type[e.Event]) -> list[e.Event]:
        return [event for _, event in read_journal(self.state) if isinstance(event, kinds)]


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path / "state")


async def test_what_an_earlier_controller_did_not_obey_is_refused_and_asked_again_it_is_obeyed(bench: Bench) -> None:
    asked = [e.Requested(10.0, Ask.DISARM, "", "eva"), e.Requested(11.0, Ask.SWITCH_OFF_UPS, "ups1", "eva")]
    await bench.left_by_an_earlier_one(e.Armed(1.0, "eva"), e.ControllerStarted(2.0, "0.1.0"), *asked)
    async with bench.running():
        answer = await bench.ask(Ask.CANCEL_UPS_OFF, "ups2")
        assert answer.accepted, answer.text
        refused = [event for event in bench.written(e.RequestRefused) if isinstance(event, e.RequestRefused)]
        assert {(event.ask, event.subject) for event in refused} == {(r.ask, r.subject) for r in asked}
        assert {event.why for event in refused} == {"the controller was restarted before it obeyed; ask again"}
        assert bench.written(e.Disarmed) == []
        assert (await bench.ask(Ask.DISARM)).accepted
        assert len(bench.written(e.Disarmed)) >= 1


async def test_a_request_whose_settings_cannot_be_read_costs_no_other_request(bench: Bench) -> None:
    bench.reloads += [OSError(5, "Input/output error"), ZeroDivisionError("a bug"), configured(SITE)]
    async with bench.running():
        assert "Input/output error" in (await bench.ask(Ask.TAKE_SETTINGS)).text
        assert "ZeroDivisionError" in (await bench.ask(Ask.TAKE_SETTINGS)).text
        assert (await bench.ask(Ask.TAKE_SETTINGS)) == Answer(True, "nothing has changed")
        assert (await bench.ask(Ask.ARM)).accepted


async def test_new_settings_hold_although_no_log_takes_them(bench: Bench) -> None:
    bench.reloads.append(configured(SITE.replace("ups2", "ups3")))
    async with bench.running():
        assert (await bench.ask(Ask.TAKE_SETTINGS)).accepted
        assert (await bench.ask(Ask.CANCEL_UPS_OFF, "ups3")).accepted


async def test_who_and_why_are_written_down_as_one_line(bench: Bench) -> None:
    async with bench.running():
        for ask, subject in ((Ask.NOTE, "accounts"), (Ask.ARM, "")):
            assert (await bench.ask(ask, subject, "new\n12:00:00  ups1 is on battery\x1b[2K", "eva\r\x9b")).accepted
    requested = [event for event in bench.written(e.Requested) if isinstance(event, e.Requested)]
    assert {event.says for event in requested} == {"new 12:00:00  ups1 is on battery [2K"}
    assert {event.by for event in requested} == {"eva"}


async def test_a_controller_that_is_killed_between_a_request_and_its_answer_leaves_nothing_to_obey(
    tmp_path: Path,
) -> None:
    (tmp_path / "site.toml").write_text(SITE, encoding="utf-8")
    (tmp_path / "secrets").mkdir()
    daemon, bench = Daemon(tmp_path, speed=1.0), Bench(tmp_path / "state")
    daemon.program = (str(MORTAL), "asks: arm")  # dies when that is on the disk, and not decided yet
    await daemon.start()
    try:
        await daemon.until(lambda status: bool(status["upses"]), 40.0)
        with pytest.raises(NoController, match="Start it and ask again"):
            await bench.ask(Ask.ARM)
        assert await daemon.ended() == -signal.SIGKILL
        assert bench.written(e.RequestDone, e.RequestRefused) == []
        daemon.program = PROGRAM
        await daemon.start()
        await until(lambda: bench.written(e.RequestRefused) != [], 40.0)
        assert bench.written(e.Armed) == []
        assert (await bench.ask(Ask.ARM)).accepted
        assert len(bench.written(e.Armed)) >= 1
    finally:
        await daemon.stop()
