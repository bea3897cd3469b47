"""Standard output that nobody reads: what is told to it holds nothing up, and what it missed is counted."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import json
import logging
import os
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from ridethrough.cli.lines import Handler, Lines, as_json, as_text
from ridethrough.cli.wire import PROGRAM
from ridethrough.core.events import Ask, Requested
from ridethrough.runtime.journal_file import read_journal
from ridethrough.runtime.lock import is_held
from ridethrough.runtime.mailbox import post
from ridethrough.runtime.status import read_status
from tests.runtime.fakes import until

PIPE = 4096  # bytes, the least that a pipe may hold


@contextlib.contextmanager
def pipe() -> Iterator[tuple[int, int]]:
    reads, writes = os.pipe()
    fcntl.fcntl(writes, fcntl.F_SETPIPE_SZ, PIPE)
    try:
        yield reads, writes
    finally:
        for end in (reads, writes):
            with contextlib.suppress(OSError):
                os.close(end)


def fill(writes: int) -> None:
    """Whoever writes there next waits."""
    os.set_blocking(writes, False)
    with contextlib.suppress(BlockingIOError):
        while True:
            os.write(writes, b"\n")
    os.set_blocking(writes, True)


def read_all(reads: int, until: str) -> list[str]:
    """Every line, up to the one that is waited for."""
    with os.fdopen(os.dup(reads), encoding="utf-8") as stream:
        found = []
        for line in stream:
            if line.strip():
                found.append(line.rstrip("\n"))
            if until in line:
                break
    return found


def test_lines_come_out_in_their_order() -> None:
    with pipe() as (reads, writes):
        lines = Lines(writes)
        for n in range(20):
            lines.put(f"line {n}")
        assert read_all(reads, "line 19") == [f"line {n}" for n in range(20)]
        assert lines.close(5.0)


def test_what_does_not_fit_is_left_out_and_counted() -> None:
    with pipe() as (reads, writes):
        fill(writes)
        lines = Lines(writes, most=10)
        for n in range(25):
            lines.put(f"line {n}")
        assert not lines.close(0.05)  # nobody reads
        found = read_all(reads, "left out")
    assert found[:10] == [f"line {n}" for n in range(10)]
    assert found[10:] == ["15 lines were left out here: they were not read in time"]


def test_it_goes_on_once_somebody_reads_again() -> None:
    with pipe() as (reads, writes):
        fill(writes)
        lines = Lines(writes, as_json, most=2)
        for n in range(4):
            lines.put(json.dumps(n))
        assert json.loads(read_all(reads, "left out")[-1]) == {"message": as_text(2)}
        lines.put('"again"')
        assert read_all(reads, "again") == ['"again"']
        assert lines.close(5.0)


def test_an_output_without_a_reader_or_without_a_file_costs_nothing_but_its_lines() -> None:
    with pipe() as (reads, writes):
        os.close(reads)
        lines = Lines(writes)
        lines.put("nobody is there")
        assert lines.close(5.0)
    nowhere = Lines(None)
    nowhere.put("nor here")
    assert nowhere.close(5.0)


def test_an_output_that_does_not_block_is_waited_for() -> None:
    """Another program that shares the pipe may have set it so."""
    with pipe() as (reads, writes):
        fill(writes)
        os.set_blocking(writes, False)
        lines = Lines(writes)
        lines.put("\ud800" + "x" * 3 * PIPE)
        found = read_all(reads, "x\n")
        assert found == ["\\ud800" + "x" * 3 * PIPE]
        assert lines.close(5.0)


def test_what_is_logged_goes_the_same_way() -> None:
    with pipe() as (reads, writes):
        fill(writes)
        lines = Lines(writes)
        record = logging.LogRecord("a.b", logging.WARNING, "", 1, "no %s", ("disk",), None)
        handler = Handler(lines)
        handler.setFormatter(logging.Formatter("%(levelname)s %(name)s: %(message)s"))
        logged = threading.Thread(target=handler.handle, args=(record,), daemon=True)
        logged.start()
        logged.join(5.0)
        assert not logged.is_alive()
        assert read_all(reads, "disk") == ["WARNING a.b: no disk"]
        assert lines.close(5.0)


@pytest.mark.parametrize("log", ["text", "json", "syslog"])
async def test_the_controller_does_not_wait_for_who_reads_its_output(tmp_path: Path, log: str) -> None:
    """Standard output and standard error are pipes that are full from the beginning, and nobody reads them."""
    site, state = tmp_path / "site.toml", tmp_path / "state"
    site.write_text('[site]\nname = "New site"\n', encoding="utf-8")
    where = ["--site", str(site), "--state", str(state), "--log", log]
    if log == "syslog":
        where += ["--syslog-server", str(tmp_path / "nobody")]
    with pipe() as (out, out_end), pipe() as (_, err_end):
        fill(out_end)
        fill(err_end)
        program = (sys.executable, *PROGRAM, "run", *where)
        running = await asyncio.create_subprocess_exec(
            *program, stdin=asyncio.subprocess.DEVNULL, stdout=out_end, stderr=err_end
        )
        try:
            await until(lambda: is_held(state) and read_status(state) is not None, 20.0)
            for n in range(3):
                assert (await asyncio.to_thread(post, state, Ask.NOTE, f"note {n}", "eva", 20.0)).accepted
            running.terminate()
            assert await asyncio.wait_for(running.wait(), 20.0) == 0
        finally:
            if running.returncode is None:
                running.kill()
                await running.wait()
        os.set_blocking(out, False)
        assert set(os.read(out, 2 * PIPE)) == {ord("\n")}  # what it was full of
    told = [event.subject for _, event in read_journal(state) if isinstance(event, Requested)]
    assert told == ["note 0", "note 1", "note 2"]
