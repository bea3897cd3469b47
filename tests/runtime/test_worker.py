"""A process that computes: its answers, its end, and what becomes of who waits."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from ridethrough.runtime.worker import Cancel, JobCancelled, JobFailed, JobRefused, JobTooLong, Worker

PROGRAM = """
import os, json
from ridethrough.runtime.worker import serve

def never(raw):
    if begun := json.loads(raw):
        open(begun, "w").close()
    while True:
        pass

def refuse(raw):
    raise LookupError("there is no such thing")

serve(
    {
        "double": lambda raw: 2 * json.loads(raw),
        "pid": lambda raw: os.getpid(),
        "nice": lambda raw: os.nice(0),
        "never": never,
        "refuse": refuse,
        "bug": lambda raw: 1 // 0,
        "die": lambda raw: os._exit(3),
    },
    (LookupError,),
)
"""


@pytest.fixture
def make() -> Iterator[Callable[..., Worker]]:
    made: list[Worker] = []

    def new(**options: float) -> Worker:
        made.append(Worker([sys.executable, "-c", PROGRAM], **options))
        return made[-1]

    yield new
    for worker in made:
        worker.close()


def is_there(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_jobs_are_done_by_one_process_of_lower_priority(make: Callable[..., Worker]) -> None:
    worker = make()
    assert worker.run("double", 21, 20.0) == b"42"
    assert worker.run("pid", None, 20.0) == worker.run("pid", None, 20.0)
    assert msgspec.json.decode(worker.run("nice", None, 20.0)) >= 10


def test_a_refusal_is_an_answer(make: Callable[..., Worker]) -> None:
    worker = make()
    before = worker.run("pid", None, 20.0)
    with pytest.raises(JobRefused, match="there is no such thing"):
        worker.run("refuse", None, 20.0)
    with pytest.raises(JobFailed, match="ZeroDivisionError"):
        worker.run("bug", None, 20.0)
    assert worker.run("pid", None, 20.0) == before


def test_what_takes_too_long_is_ended_and_the_next_job_is_done(make: Callable[..., Worker]) -> None:
    worker = make()
    before = worker.run("pid", None, 20.0)
    with pytest.raises(JobTooLong):
        worker.run("never", None, 0.2)
    assert worker.run("pid", None, 20.0) != before


def test_a_process_that_dies_is_replaced(make: Callable[..., Worker]) -> None:
    worker = make()
    with pytest.raises(JobFailed, match="ask again"):
        worker.run("die", None, 20.0)
    assert worker.run("double", 1, 20.0) == b"2"


def test_an_idle_process_is_ended_and_another_one_started(make: Callable[..., Worker]) -> None:
    worker = make(idle=0.0)
    first = int(worker.run("pid", None, 20.0))
    while is_there(first):
        pass
    assert int(worker.run("pid", None, 20.0)) != first


def test_closing_ends_what_is_being_done(make: Callable[..., Worker]) -> None:
    worker, ended = make(), []
    worker.run("pid", None, 20.0)

    def wait() -> None:
        with pytest.raises(JobFailed):
            worker.run("never", None, 60.0)
        ended.append(True)

    waiting = threading.Thread(target=wait)
    waiting.start()
    worker.close()
    waiting.join(20.0)
    assert ended
    with pytest.raises(JobFailed):
        worker.run("double", 1, 20.0)


def later(work: Callable[[], object]) -> tuple[threading.Thread, list[object]]:
    """Something done in a thread of its own, and what came of it."""
    found: list[object] = []

    def do() -> None:
        try:
            found.append(work())
        except Exception as error:
            found.append(error)

    thread = threading.Thread(target=do)
    thread.start()
    return thread, found


def test_who_cancels_ends_the_process_and_those_in_line_are_served(make: Callable[..., Worker], tmp_path: Path) -> None:
    worker, cancel, begun = make(), Cancel(), tmp_path / "begun"
    before = int(worker.run("pid", None, 20.0))
    doing, done = later(lambda: worker.run("never", str(begun), 60.0, cancel))
    while not begun.exists():
        pass
    waiting, served = later(lambda: worker.run("double", 21, 20.0))
    while worker.jobs < 2:
        pass
    cancel()
    doing.join(20.0)
    waiting.join(20.0)
    assert (type(done[0]), served) == (JobCancelled, [b"42"])
    assert not is_there(before)


def test_who_cancels_in_line_leaves_it_at_once_and_the_job_before_goes_on(
    make: Callable[..., Worker], tmp_path: Path
) -> None:
    worker, first, second, begun = make(), Cancel(), Cancel(), tmp_path / "begun"
    before = int(worker.run("pid", None, 20.0))
    doing, _ = later(lambda: worker.run("never", str(begun), 60.0, first))
    while not begun.exists():
        pass
    waiting, left = later(lambda: worker.run("double", 21, 20.0, second))
    while worker.jobs < 2:
        pass
    second()
    waiting.join(20.0)
    assert (type(left[0]), worker.jobs, is_there(before)) == (JobCancelled, 1, True)
    first()
    doing.join(20.0)


def test_what_is_cancelled_before_it_begins_never_does_and_after_its_end_harms_nobody(
    make: Callable[..., Worker],
) -> None:
    worker, early, late = make(), Cancel(), Cancel()
    early()
    with pytest.raises(JobCancelled):
        worker.run("never", None, 60.0, early)
    before = worker.run("pid", None, 20.0, late)
    late()
    assert worker.run("pid", None, 20.0) == before
