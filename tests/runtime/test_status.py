"""The status file is whole, fresh, and in nobody's way."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from ridethrough.runtime.status import FILE, StatusFile, read_status

from .fakes import HandClock, until


async def test_it_is_written_when_something_changed_and_every_ten_seconds(tmp_path: Path) -> None:
    clock, view = HandClock(), {"verdict": "all is well"}
    status = StatusFile(tmp_path, clock, lambda: dict(view))
    assert read_status(tmp_path) is None
    assert await status.keep()
    assert read_status(tmp_path) == {"verdict": "all is well", "written_at": 0.0}
    clock.time = 9.0
    assert not await status.keep()
    clock.time = 10.0
    assert await status.keep()
    view["verdict"] = "ups1 on battery"
    assert await status.keep()
    assert read_status(tmp_path) == {"verdict": "ups1 on battery", "written_at": 10.0}


async def test_a_disk_that_refuses_is_tried_again(tmp_path: Path) -> None:
    status = StatusFile(tmp_path / "missing", HandClock(), lambda: {"n": 1})
    assert not await status.keep()
    (tmp_path / "missing").mkdir()
    assert await status.keep()
    assert read_status(tmp_path / "missing") == {"n": 1, "written_at": 0.0}


async def test_a_view_that_fails_is_looked_at_again(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    views: list[dict[str, Any]] = [{"n": 1}, {"n": object()}, {"n": object()}, {"n": 2}]
    clock = HandClock()

    def view() -> dict[str, Any]:
        return views.pop(0)

    status = StatusFile(tmp_path, clock, view)
    assert [await status.keep() for _ in range(5)] == [True, False, False, True, False]  # the last has no view at all
    assert read_status(tmp_path) == {"n": 2, "written_at": 0.0}
    assert ["TypeError" in caplog.text, "IndexError" in caplog.text] == [True, True]
    assert len(caplog.records) == 2


async def test_it_runs_until_cancelled(tmp_path: Path) -> None:
    count = 0

    def view() -> dict[str, Any]:
        nonlocal count
        count += 1
        return {"n": count}

    running = asyncio.create_task(StatusFile(tmp_path, HandClock(), view).run(every=0.001))
    await until(lambda: (read_status(tmp_path) or {"n": 0})["n"] >= 3)
    running.cancel()
    await asyncio.wait({running})
    assert running.cancelled()


def test_a_damaged_file_is_no_status(tmp_path: Path) -> None:
    for text in ("", "{", json.dumps([1])):
        (tmp_path / FILE).write_text(text)
        assert read_status(tmp_path) is None
