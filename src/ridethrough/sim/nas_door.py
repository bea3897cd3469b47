"""The NAS and SAN boxes of a World as our drivers would see and tell them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

from ridethrough.core.actions import Action, StopStorage, WakeStorage
from ridethrough.core.model import Seconds, StorageId
from ridethrough.core.observation import Snapshot, StorageSeen
from ridethrough.ports import Clock, NotBegun, Unreachable, is_from_before_a_standstill

from . import nas
from .world import World

PROBE: Seconds = 5.0
PHASE: Seconds = 2.5
HEARS_WITHIN: Seconds = 3.0  # from an order to the moment at which the box has read it


class NasDoor:
    """ports.Observer and ports.Actor for every NAS and SAN of the world."""

    def __init__(self, world: World, clock: Clock) -> None:
        self._world = world
        self._clock = clock
        self._seen: dict[StorageId, StorageSeen] = {id_: StorageSeen(id_) for id_ in sorted(world.nases)}
        self._probing: asyncio.Task[None] | None = None
        self.is_cut = False

    async def start(self, wake: Callable[[], None]) -> None:
        self._probe()
        self._probing = asyncio.create_task(self._probe_on(wake), name="simulated storage")

    async def stop(self) -> None:
        if self._probing:
            self._probing.cancel()
            with suppress(asyncio.CancelledError):
                await self._probing

    def observe(self, urgent: bool) -> Snapshot:
        return Snapshot(storages=dict(self._seen))

    async def perform(self, action: Action) -> None:
        """Returns when the box has heard it; raises Unreachable where it does not. A waking packet has no answer."""
        if not isinstance(action, StopStorage | WakeStorage):
            raise TypeError(f"a NAS does not do {type(action).__name__}")
        begun = self._clock.now()
        await asyncio.sleep(HEARS_WITHIN)
        if self.is_cut:
            raise asyncio.CancelledError
        if is_from_before_a_standstill(self._clock, begun):
            raise NotBegun("decided before a standstill")
        box = self._world.nases[action.storage]
        if isinstance(action, WakeStorage):
            nas.wake(self._world, box)
            return
        if not box.power or box.mute or box.unwired:
            raise Unreachable(f"{action.storage} has not asked since")
        nas.stop(self._world, box)

    async def _probe_on(self, wake: Callable[[], None]) -> None:
        pause = PHASE
        while True:
            await asyncio.sleep(pause)
            if self._probe():
                wake()
            pause = PROBE

    def _probe(self) -> bool:
        """Our own knock at every box; whether any answers otherwise than before."""
        now, news = self._world.now, False
        for id_, box in self._world.nases.items():
            before = self._seen[id_]
            there = box.power and not box.unwired
            serves = there and box.serves and not box.hangs
            since = (before.serves_since if before.serves_since is not None else now) if serves else None
            news = news or (since is None) != (before.serves_since is None)
            self._seen[id_] = replace(
                before,
                serves_at=now if serves else before.serves_at,
                serves_since=since,
                network_at=now if there else before.network_at,
                trouble="" if serves else "it answers and does not serve" if there else "no answer",
            )
        return news
