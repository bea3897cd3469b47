"""A process of its own that computes, so that nothing here waits for the processor."""

from __future__ import annotations

import contextlib
import logging
import math
import os
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, BinaryIO

import msgspec

log = logging.getLogger(__name__)

IDLE = 300.0  # seconds without a job after which the process is ended; the next job starts another
GRACE = 5.0  # seconds beyond its time that a job may run whose asker is gone
NICENESS = 10
WAITING = 8  # jobs at most, with those that wait for their turn


class JobRefused(Exception):  # noqa: N818 - an answer
    """The job cannot be done as it was asked for; the message tells why, for people."""


class JobTooLong(Exception):  # noqa: N818
    """The job was not done in its time, and is ended."""


class JobFailed(Exception):  # noqa: N818
    """The process died over the job, or a bug ended it."""


class JobCancelled(Exception):  # noqa: N818
    """Whoever asked for the job has given it up."""


class Cancel:
    """Gives a job up that was asked for with it: from any thread, before it begins or while it is done."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._end: Callable[[], None] | None = None
        self.given_up = False

    def __call__(self) -> None:
        """Give it up. One that is over already is not touched."""
        with self._lock:
            self.given_up = True
            if self._end is not None:
                self._end()

    @contextlib.contextmanager
    def ends(self, end: Callable[[], None]) -> Iterator[None]:
        """Within the context `end` is called as soon as the job is given up."""
        with self._lock:
            self._end = end
            if self.given_up:
                end()
        try:
            yield
        finally:
            with self._lock:
                self._end = None


class Job(msgspec.Struct, frozen=True):
    """A line to the worker. `seconds`: how long it may take."""

    name: str
    arguments: msgspec.Raw
    seconds: float


class Done(msgspec.Struct, frozen=True, omit_defaults=True):
    """A line from the worker."""

    result: msgspec.Raw = msgspec.Raw(b"null")
    refused: str = ""
    failed: str = ""


class Worker:
    """One process, started by the first job and again when it ends; one job at a time. Used from any thread."""

    def __init__(self, command: Sequence[str], idle: float = IDLE) -> None:
        """`command` runs `serve`."""
        self._command, self._idle = list(command), idle
        self._line: deque[object] = deque()  # whose turn it is stands first
        self._moved = threading.Condition()
        self._turn = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._ends: threading.Timer | None = None
        self._closed = False

    @property
    def jobs(self) -> int:
        """How many there are: the one that is done, and those that wait for their turn."""
        return len(self._line)

    def run(self, name: str, arguments: object, seconds: float, cancel: Cancel | None = None) -> bytes:
        """Have a job done within `seconds`, counted from when it begins; its result as JSON. Blocks.

        With `cancel` it can be given up, in line or while it is done: then the process is ended. Raises JobRefused,
        JobTooLong, JobFailed and JobCancelled.
        """
        line = msgspec.json.encode(Job(name, msgspec.Raw(msgspec.json.encode(arguments)), seconds)) + b"\n"
        cancel = cancel or Cancel()
        with self._in_line(cancel):
            answer = self._in_turn(line, seconds, cancel)
        done = msgspec.json.decode(answer, type=Done)
        if done.refused:
            raise JobRefused(done.refused)
        if done.failed:
            raise JobFailed(done.failed)
        return bytes(done.result)

    @contextlib.contextmanager
    def _in_line(self, cancel: Cancel) -> Iterator[None]:
        """Wait until it is this one's turn, which lasts as long as the context."""
        ticket = object()
        with self._moved:
            if self.jobs >= WAITING:
                raise JobFailed("too much is being worked out at once; ask again later")
            self._line.append(ticket)
        try:
            with cancel.ends(self._move), self._moved:
                self._moved.wait_for(lambda: cancel.given_up or self._line[0] is ticket)
            if cancel.given_up:
                raise JobCancelled("it was cancelled")
            yield
        finally:
            with self._moved:
                self._line.remove(ticket)
                self._moved.notify_all()

    def _move(self) -> None:
        with self._moved:
            self._moved.notify_all()

    def _in_turn(self, line: bytes, seconds: float, cancel: Cancel) -> bytes:
        with self._turn:
            if self._ends:
                self._ends.cancel()
            if self._closed:
                raise JobFailed("this program ends")
            try:
                return self._ask(line, seconds, cancel)
            finally:
                self._ends = self._idle_end()

    def close(self) -> None:
        """End the process, and the job that it does; no job is taken any more. Blocks for a moment."""
        self._closed = True
        if (process := self._process) is not None:
            process.kill()
        with self._turn:
            if self._ends:
                self._ends.cancel()
            self._end()

    def _ask(self, line: bytes, seconds: float, cancel: Cancel) -> bytes:
        process = self._process
        if process is None or process.poll() is not None:
            self._end()
            process = self._process = subprocess.Popen(self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        if self._closed:  # meanwhile
            process.kill()
        assert process.stdin is not None
        assert process.stdout is not None
        over = threading.Event()

        def too_long() -> None:
            over.set()
            process.kill()

        watch = threading.Timer(seconds, too_long)
        watch.daemon = True
        watch.start()
        try:
            with cancel.ends(process.kill):
                process.stdin.write(line)
                process.stdin.flush()
                answer = process.stdout.readline()
        except OSError:
            answer = b""
        finally:
            watch.cancel()
        if answer.endswith(b"\n"):
            return answer
        self._end()
        if cancel.given_up:
            raise JobCancelled("it was cancelled")
        if over.is_set():
            raise JobTooLong(f"it was not done in {seconds:.0f} s and was ended")
        raise JobFailed("the process that computed it ended; ask again")

    def _idle_end(self) -> threading.Timer:
        """Ends the process when no job has come by then."""

        def end() -> None:
            with self._turn:
                if self._ends is timer:
                    self._end()

        timer = threading.Timer(self._idle, end)
        timer.daemon = True
        timer.start()
        return timer

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                try:
                    pipe.close()
                except OSError:  # what it never read is lost with it
                    log.debug("a job was not read")


def serve(
    work: Mapping[str, Callable[[bytes], Any]],
    refusals: tuple[type[Exception], ...],
    jobs: BinaryIO = sys.stdin.buffer,
    answers: BinaryIO = sys.stdout.buffer,
) -> None:
    """The worker's side: do the jobs that come, until nobody sends any more.

    `work` takes a job's arguments as JSON and gives its result; an exception among `refusals` is an answer in words.
    """
    if hasattr(os, "nice"):
        os.nice(NICENESS)
    for line in jobs:
        answers.write(_one(work, refusals, msgspec.json.decode(line, type=Job)) + b"\n")
        answers.flush()


def _one(work: Mapping[str, Callable[[bytes], Any]], refusals: tuple[type[Exception], ...], job: Job) -> bytes:
    _limit(job.seconds + GRACE)
    try:
        result = msgspec.Raw(msgspec.json.encode(work[job.name](bytes(job.arguments))))
        return msgspec.json.encode(Done(result))
    except refusals as error:
        return msgspec.json.encode(Done(refused=str(error)))
    except Exception as error:  # told to who asked; the worker is there for the next
        log.exception("the job %s failed", job.name)
        return msgspec.json.encode(Done(failed=f"{type(error).__name__}: {error}"))
    finally:
        _limit(0)


def _limit(seconds: float) -> None:
    """Let the system end this process when whoever would do it is gone."""
    if hasattr(signal, "alarm"):
        signal.alarm(math.ceil(seconds))
