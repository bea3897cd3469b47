"""Telling a NAS or SAN to go down, each by its own way."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from ridethrough.core.actions import Action
from ridethrough.core.model import Seconds, StorageId
from ridethrough.ports import Clock, NotBegun, Unreachable, is_from_before_a_standstill

from .ssh import SshStop

LOOKED: Seconds = 0.5  # between two looks at whether it has read it


class ByNetworkUps:
    """ports.Actor: it reads the state of its UPS from us, and what that says follows from the controller's memory."""

    def __init__(self, storage: StorageId, told_at: Callable[[], Seconds | None], clock: Clock) -> None:
        """`told_at`: when it last read that it is to shut down; None: not yet."""
        self._storage, self._told_at, self._clock = storage, told_at, clock

    async def perform(self, action: Action) -> None:
        """Return when it has read it. Raises Unreachable where it does not ask before the deadline."""
        begun = self._clock.now()
        while self._clock.now() - begun < action.deadline - 2 * LOOKED:
            told = self._told_at()
            if told is not None and told >= begun:
                return
            await asyncio.sleep(LOOKED)
        raise Unreachable(f"{self._storage} has not asked for the state of its UPS since")


class ByAgent:
    """ports.Actor: ridethrough-agent on it reads from the manager what follows from the controller's memory."""

    async def perform(self, action: Action) -> None:
        """Nothing is left to do: whether it goes down is seen by whether it serves."""


class BySsh:
    """ports.Actor: a command over SSH."""

    def __init__(self, stop: SshStop, clock: Clock) -> None:
        self._stop, self._clock = stop, clock

    async def perform(self, action: Action) -> None:
        """Raises as SshStop.stop, and NotBegun."""
        begun = self._clock.now()
        if is_from_before_a_standstill(self._clock, begun):
            raise NotBegun("decided before a standstill")
        await self._stop.stop(action.deadline)
