"""Who imagines: a process of its own, handed in by whoever composes the manager."""

from __future__ import annotations

from typing import Protocol

from ridethrough.api.threads import Threads
from ridethrough.runtime.worker import Cancel

WAITS = Threads("worker", 24)  # for all who wait for a worker: two take eight jobs each, and refuse more


class Imagines(Protocol):
    """`runtime.worker.Worker`, on whose other side `sim.imagine` works."""

    def run(self, name: str, arguments: object, seconds: float, cancel: Cancel | None = None) -> bytes:
        """Have a job done; its result as JSON. Blocks. Raises JobRefused, JobTooLong, JobFailed, JobCancelled."""

    def close(self) -> None:
        """End what it does, and take no more."""
