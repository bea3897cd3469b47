"""Observe, decide, write down, act: one loop per island."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from ridethrough.core.events import Requested
from ridethrough.core.model import PoolId, Seconds
from ridethrough.core.observation import Snapshot
from ridethrough.core.site import Site
from ridethrough.ports import Actor, Clock, Journal, Notifier, Observer

Decide: TypeAlias = Callable[[Seconds, Snapshot, Any, Site], Any]


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a person's request: obeyed from the next round on, or why not."""

    accepted: bool
    text: str


@dataclass(frozen=True, slots=True)
class Status:
    """The loop after its latest round. `at` is that round's `now`, in site seconds."""

    at: Seconds
    seen: Snapshot
    memory: Any
    verdict: str


class Loop:
    """Watches and protects one island until `run` is cancelled or `stop` is called."""

    def __init__(
        self,
        *,
        site: Site,
        observers: Sequence[Observer],
        actors: Mapping[PoolId, Actor],
        journal: Journal,
        clock: Clock,
        notifiers: Sequence[Notifier] = (),
        decide: Decide | None = None,
        name: str = "",
        after_round: Callable[[Status], None] | None = None,
    ) -> None:
        """`after_round` is called with the new status at the end of each round; it must not block."""
        raise NotImplementedError  # signatures first: filled in within the hour

    async def run(self) -> None:
        """Read the journal, start the observers, go round until cancelled or stopped. Cleans up on every way out.

        Raises what reading the journal raises at the start. A BaseException out of any port (a simulated kill) ends
        the loop at once and is passed on. Observers are started and stopped here; journal and notifiers stay open.
        """

    async def stop(self) -> None:
        """End `run` after the round at hand and wait until it has cleaned up. Safe to call twice."""

    def request(self, requested: Requested) -> asyncio.Future[Answer]:
        """Take a person's request into the next round. The future may be ignored."""
        raise NotImplementedError

    def wake(self) -> None:
        """Go round as soon as the pace allows (0.2 s after the last round began)."""

    @property
    def status(self) -> Status | None:
        """The latest round; None before the first."""
        return None
