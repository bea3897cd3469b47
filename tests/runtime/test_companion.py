"""A process beside the controller: it may end as it likes, and ends with the controller."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest

from ridethrough.runtime.companion import Companion
from ridethrough.runtime.pace import FastEventLoop

from .fakes import until

WAITS = "import sys; open(sys.argv[1], 'a').write('begun '); sys.stdin.read()"
DEAF = "import signal, sys; signal.signal(15, signal.SIG_IGN); open(sys.argv[1], 'a').write('begun '); signal.pause()"
WRONG = "import sys; open(sys.argv[1], 'a').write('begun '); sys.exit(2)"


def program(text: str, told: Path) -> list[str]:
    return [sys.executable, "-c", text, str(told)]


def begun(told: Path) -> int:
    return told.read_text().count("begun") if told.exists() else 0


async def _is_started_again(told: Path) -> None:
    companion = Companion("the pages", program(WAITS, told))
    running = asyncio.create_task(companion.run())
    for times in (1, 2):
        await until(lambda times=times: begun(told) == times, 200.0)  # type: ignore[misc]
        assert companion.pid is not None
        if times == 1:
            os.kill(companion.pid, signal.SIGKILL)
    last = companion.pid
    running.cancel()
    await asyncio.wait({running})
    assert companion.pid is None
    assert last is not None
    with pytest.raises(ProcessLookupError):
        os.kill(last, 0)


def test_one_that_is_killed_is_started_again_and_ends_with_us(tmp_path: Path) -> None:
    with asyncio.Runner(loop_factory=lambda: FastEventLoop(20.0)) as runner:
        runner.run(_is_started_again(tmp_path / "told"))


async def _does_not_heed(told: Path) -> None:
    companion = Companion("the pages", program(DEAF, told))
    running = asyncio.create_task(companion.run())
    await until(lambda: begun(told) == 1, 200.0)
    running.cancel()
    await asyncio.wait({running})
    assert companion.pid is None


def test_one_that_does_not_heed_is_killed(tmp_path: Path) -> None:
    with asyncio.Runner(loop_factory=lambda: FastEventLoop(20.0)) as runner:
        runner.run(_does_not_heed(tmp_path / "told"))


async def _is_renewed(wrong: Path, good: Path, caplog: pytest.LogCaptureFixture) -> None:
    companion = Companion("the pages", program(WRONG, wrong))
    running = asyncio.create_task(companion.run())
    await until(lambda: "cannot run with these settings" in caplog.text, 400.0)
    await asyncio.sleep(30.0)
    assert begun(wrong) == 1  # not tried again
    companion.renew(program(WAITS, good))
    await until(lambda: begun(good) == 1, 400.0)
    first = companion.pid
    companion.renew(program(WAITS, good))
    await until(lambda: begun(good) == 2, 400.0)
    assert companion.pid != first
    companion.renew(())
    await until(lambda: companion.pid is None, 400.0)
    running.cancel()
    await asyncio.wait({running})
    assert begun(wrong) == 1


def test_wrong_settings_are_not_tried_again_but_new_ones_are(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with asyncio.Runner(loop_factory=lambda: FastEventLoop(20.0)) as runner:
        runner.run(_is_renewed(tmp_path / "wrong", tmp_path / "good", caplog))


async def test_a_program_that_is_missing_is_tried_again(tmp_path: Path) -> None:
    running = asyncio.create_task(Companion("the pages", [str(tmp_path / "missing")]).run())
    done, _ = await asyncio.wait({running}, timeout=0.2)
    assert not done
    running.cancel()
    await asyncio.wait({running})
    assert running.cancelled()
