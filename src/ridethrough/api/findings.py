"""What is wrong with the site: by what the controller sees, or by asking everything when a person wants it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from ridethrough.config import Configuration
from ridethrough.core.observation import Snapshot
from ridethrough.runtime.seen_file import Seen
from ridethrough.views.findings import advised, counts, findings

from .foresight import NothingSeen, Present
from .jobs import Job, Jobs, NotToBeDone, State
from .live import Live

KIND = "findings"


class Asks(Protocol):
    """Asks all equipment and acts on nothing: `views.findings.report` with doors to real equipment."""

    def __call__(self, found: Configuration, told: Callable[[str], None]) -> Awaitable[Mapping[str, Any]]:
        """What `ridethrough check --json` prints; `told` hears how far it is."""


@dataclass(frozen=True, slots=True)
class Asked:
    """The last time that everything was asked. `at` is seconds since 1970."""

    at: float
    by: str
    report: Mapping[str, Any]
    counts: Mapping[str, int]


class Findings:
    """The last findings of either kind."""

    def __init__(self, present: Present, asks: Asks, live: Live, jobs: Jobs) -> None:
        self._present, self._asks, self._live, self._jobs = present, asks, live, jobs
        self.asked: Asked | None = None
        self._running: Job | None = None

    @property
    def running(self) -> Job | None:
        """The job that asks now."""
        job = self._running
        return job if job is not None and job.state is State.RUNNING else None

    def begin(self, by: str) -> Job:
        """Ask everything; who comes while that is done gets the same job. Raises TooMany."""
        if job := self.running:
            return job
        self._running = job = self._jobs.begin(KIND, by, self.ask)
        return job

    async def ask(self, job: Job) -> dict[str, Any]:
        """Ask everything now. Raises NotToBeDone where site.toml cannot be read."""
        try:
            found = await asyncio.to_thread(self._present.configuration)
        except NothingSeen as error:
            raise NotToBeDone(str(error)) from error
        report = await self._asks(found, lambda what: self._jobs.tell(job, doing=what))
        counted = counts(found.site, findings(report))
        self.asked = Asked(round(self._live.now(), 1), job.by, report, counted)
        return dict(counted)

    def shown(self) -> dict[str, Any]:
        """What people get. Blocks for the disk."""
        return {"live": self._seen(), "asked": self._told(), "running": job.id if (job := self.running) else None}

    def _seen(self) -> dict[str, Any]:
        try:
            site = self._present.site()
        except NothingSeen as error:
            return {"at": None, "trouble": str(error), "counts": None, "findings": []}
        try:
            seen = self._present.seen()
            at, trouble = self._live.wall(seen.at), ""
        except NothingSeen as error:
            at, trouble, seen = None, str(error), Seen(0.0, Snapshot())
        found = advised(site, seen.snapshot, self._live.rest.get("armed"), learned=seen.learned)
        return {"at": at, "trouble": trouble, "counts": counts(site, found), "findings": found}

    def _told(self) -> dict[str, Any] | None:
        asked = self.asked
        if asked is None:
            return None
        told = {key: asked.report[key] for key in ("upses", "pools", "hosts")}
        found = findings(asked.report)
        return {"at": asked.at, "by": asked.by, "counts": asked.counts, "findings": found, **told}
