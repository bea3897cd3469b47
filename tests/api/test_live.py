"""What is followed goes on, whatever is found in the controller's files."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from ridethrough.api import Live
from ridethrough.core.events import Armed, Disarmed, Event
from ridethrough.runtime.clock import SiteClock, Sources
from ridethrough.runtime.journal import DiskJournal
from ridethrough.runtime.status import FILE
from tests.runtime.fakes import until


def sources(ticks: list[float]) -> Sources:
    return Sources(lambda: "this boot", lambda: ticks[0], lambda: 1e9 + ticks[0])


@pytest.fixture
async def journal(tmp_path: Path) -> AsyncIterator[DiskJournal]:
    opened = DiskJournal(tmp_path)
    yield opened
    await opened.close()


async def test_an_event_or_a_status_that_nobody_expected_costs_itself_only(
    journal: DiskJournal, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    live = Live(tmp_path, SiteClock(tmp_path))

    def cannot_disarm(position: int, event: Event) -> None:
        if isinstance(event, Disarmed):
            raise AssertionError("a bug in what follows")

    live.followers.append(cannot_disarm)
    following = asyncio.create_task(live.run())
    await journal.append([Armed(0.0, "eva"), Disarmed(1.0, "eva"), Armed(2.0, "eva")])
    await until(lambda: live.position == 3)
    (tmp_path / FILE).write_text(json.dumps({"written_at": 3.0, "upses": [{"no": "id"}]}))
    await until(lambda: "KeyError" in live.beat()["trouble"])
    (tmp_path / FILE).write_text(json.dumps({"written_at": 4.0, "upses": [{"id": "ups1"}]}))
    await until(lambda: list(live.tables["upses"]) == ["ups1"])
    await until(lambda: live.beat()["trouble"] == "")
    assert [line["position"] for line in live.lines] == [1, 3]
    assert len([record for record in caplog.records if record.exc_info]) == 2
    following.cancel()
    await asyncio.wait({following})


async def test_who_was_there_before_the_controller_takes_up_its_time(tmp_path: Path) -> None:
    """The site's seconds begin with the first start of a controller."""
    ticks = [1000.0]
    reader = SiteClock(tmp_path, keep=False, sources=sources(ticks))
    live = Live(tmp_path, reader)
    ticks[0] += 3600.0
    following = asyncio.create_task(live.run())
    controller = SiteClock(tmp_path, sources=sources(ticks))
    ticks[0] += 5.0
    (tmp_path / FILE).write_text(json.dumps({"written_at": controller.now()}))
    await until(lambda: live.written_at is not None)
    assert live.age() == pytest.approx(0.0, abs=0.001)
    following.cancel()
    await asyncio.wait({following})
