"""The weakest points of the site: played when a person wants it, and kept until it is played again."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from functools import partial
from typing import Any

import msgspec

from ridethrough.api.jobs import Job, Jobs, State
from ridethrough.api.live import Live
from ridethrough.runtime.worker import Cancel

from .present import Present
from .worker import WAITS, Imagines, played

KIND = "weak points"
BEYOND = 60.0  # seconds for the case that is played when the time is over
MOST = 100  # rows that are kept


@dataclass(frozen=True, slots=True)
class Swept:
    """The last time that it was played. `at` is seconds since 1970; `report` as `ridethrough plan --sweep --json`."""

    at: float
    by: str
    report: dict[str, Any]


class WeakPoints:
    """Its `run` is one of the application's services: it ends the worker with it."""

    def __init__(self, present: Present, worker: Imagines, live: Live, jobs: Jobs) -> None:
        """`worker`: one of its own, for this takes long."""
        self._present, self._worker, self._live, self._jobs = present, worker, live, jobs
        self.swept: Swept | None = None
        self._running: Job | None = None

    async def run(self) -> None:
        """Wait until cancelled; then the worker is ended."""
        try:
            await asyncio.Event().wait()
        finally:
            await WAITS(self._worker.close)

    @property
    def running(self) -> Job | None:
        """The job that plays now."""
        job = self._running
        return job if job is not None and job.state is State.RUNNING else None

    def begin(self, seconds: float, by: str) -> Job:
        """Play for so many seconds; who comes while that is done gets the same job. Raises TooMany."""
        if job := self.running:
            return job
        self._running = job = self._jobs.begin(KIND, by, lambda job: self._play(job, seconds))
        return job

    async def _play(self, job: Job, seconds: float) -> dict[str, Any]:
        self._jobs.tell(job, seconds=seconds)
        report = await played(partial(self._played, seconds))
        self.swept = Swept(round(self._live.now(), 1), job.by, report)
        return {"of": report["of"], "played": report["played"]}

    def _played(self, seconds: float, cancel: Cancel) -> dict[str, Any]:
        site, seen = self._present.look()
        asked = {"site": site, "seen": seen.snapshot, "learned": seen.learned, "seconds": seconds}
        report: dict[str, Any] = msgspec.json.decode(self._worker.run("sweep", asked, seconds + BEYOND, cancel))
        return report | {"rows": report["rows"][:MOST], "more_rows": max(len(report["rows"]) - MOST, 0)}

    def shown(self) -> dict[str, Any]:
        """What people get."""
        job, swept = self.running, self.swept
        told = {"at": swept.at, "by": swept.by, **swept.report} if swept else None
        return {"swept": told, "running": job.id if job else None}
