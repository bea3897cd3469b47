"""Who imagines: a process of its own, handed in by whoever composes the manager."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol, TypeVar

from ridethrough.api.jobs import NotToBeDone
from ridethrough.api.threads import Threads
from ridethrough.runtime.worker import Cancel, JobCancelled, JobFailed, JobRefused, JobTooLong

from .present import NothingSeen

T = TypeVar("T")

WAITS = Threads("worker", 24)  # for all who wait for a worker: two take eight jobs each, and refuse more


class Imagines(Protocol):
    """`runtime.worker.Worker`, on whose other side `sim.imagine` works."""

    def run(self, name: str, arguments: object, seconds: float, cancel: Cancel | None = None) -> bytes:
        """Have a job done; its result as JSON. Blocks. Raises JobRefused, JobTooLong, JobFailed, JobCancelled."""

    def close(self) -> None:
        """End what it does, and take no more."""


async def played(play: Callable[[Cancel], T]) -> T:
    """What a job makes of the worker's answer; cancelled, it ends the worker's work too. Raises NotToBeDone."""
    cancel = Cancel()
    playing = asyncio.ensure_future(WAITS(play, cancel))
    try:
        return await asyncio.shield(playing)
    except asyncio.CancelledError:
        cancel()
        await asyncio.gather(playing, return_exceptions=True)
        raise
    except (NothingSeen, JobRefused, JobTooLong, JobFailed, JobCancelled) as error:
        raise NotToBeDone(str(error)) from error
