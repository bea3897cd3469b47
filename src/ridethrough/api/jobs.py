"""Work that takes longer than a request: begun, followed over the event stream, cancelled."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

log = logging.getLogger(__name__)

KEPT = 50
AT_ONCE = 4
TOLD_EVERY = 0.25  # seconds between two tellings of one job's progress

Publish = Callable[[str, Mapping[str, Any]], None]


class State(StrEnum):
    """Where a job is."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class TooMany(Exception):  # noqa: N818 - an answer, not a bug
    """Too many jobs run already. The message tells the remedy."""


class NotToBeDone(Exception):  # noqa: N818 - an answer, not a bug
    """Why a job could not be done, in words for people."""


@dataclass(eq=False, slots=True)
class Job:
    """One piece of work. `progress` and `result` are plain values; `trouble` says why it failed."""

    id: str
    kind: str
    by: str
    state: State = State.RUNNING
    progress: dict[str, Any] = field(default_factory=dict)
    result: Any = None
    trouble: str = ""
    kept: Any = None  # what later requests need of it and nobody is shown
    task: asyncio.Task[None] | None = None
    told: float = 0.0

    def shown(self) -> dict[str, Any]:
        """What people see of it."""
        return {
            "id": self.id,
            "kind": self.kind,
            "by": self.by,
            "state": self.state,
            "progress": self.progress,
            "result": self.result,
            "trouble": self.trouble,
        }


Work = Callable[[Job], Awaitable[Any]]


class Jobs:
    """The last jobs, running and ended."""

    def __init__(self, publish: Publish) -> None:
        self._publish = publish
        self._jobs: dict[str, Job] = {}

    def begin(self, kind: str, by: str, work: Work) -> Job:
        """Begin a job; `work` gets it, and its result is what it returns. Raises TooMany."""
        if sum(1 for job in self._jobs.values() if job.state is State.RUNNING) >= AT_ONCE:
            raise TooMany(f"{AT_ONCE} searches and drills run already: wait for one, or cancel it")
        job = Job(secrets.token_hex(8), kind, by)
        self._jobs[job.id] = job
        for old in [id for id, other in self._jobs.items() if other.state is not State.RUNNING][:-KEPT]:
            del self._jobs[old]
        job.task = asyncio.get_running_loop().create_task(self._do(job, work), name=f"{kind} {job.id}")
        return job

    def find(self, id: str) -> Job | None:
        """A job by its id."""
        return self._jobs.get(id)

    def tell(self, job: Job, **progress: Any) -> None:
        """New progress; told to listeners a few times a second at most."""
        job.progress = {**job.progress, **progress}
        now = asyncio.get_running_loop().time()
        if now - job.told >= TOLD_EVERY:
            job.told = now
            self._publish("job", job.shown())

    async def cancel(self, job: Job) -> State:
        """End it early and wait until it has cleaned up: where it is then. It may still have a result."""
        if job.task is not None and not job.task.done():
            job.task.cancel()
            await asyncio.wait({job.task})
        return job.state

    async def stop(self) -> None:
        """Cancel every job."""
        await asyncio.gather(*(self.cancel(job) for job in self._jobs.values()))

    async def _do(self, job: Job, work: Work) -> None:
        try:
            job.result = await work(job)
            job.state = State.DONE
        except asyncio.CancelledError:
            job.state = State.CANCELLED
        except NotToBeDone as error:
            job.state, job.trouble = State.FAILED, str(error)
        except Exception as error:
            log.exception("%s failed", job.kind)
            job.state, job.trouble = State.FAILED, f"{type(error).__name__}: {error}"
        self._publish("job", job.shown())
