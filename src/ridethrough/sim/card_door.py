"""The cards of a World as the SNMP driver would see them: polled, good answers kept, silence a value."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

from ridethrough.core.model import Seconds, UpsId
from ridethrough.core.observation import Snapshot, Source, UpsReading, UpsSeen
from ridethrough.runtime.waiting import news_or

from .world import World

POLL: Seconds = 5.0
URGENT_POLL: Seconds = 2.0
PHASE: Seconds = 1.5  # from the first poll to the second: off the beat of whole seconds, on which things happen


class CardsDoor:
    """ports.Observer for every card of the world."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._seen: dict[UpsId, UpsSeen] = {ups: UpsSeen() for ups in sorted(world.upses)}
        self._urgent = False
        self._hurry = asyncio.Event()
        self._polling: asyncio.Task[None] | None = None

    async def start(self, wake: Callable[[], None]) -> None:
        self._poll()
        self._polling = asyncio.create_task(self._poll_on(wake), name="simulated cards")

    async def stop(self) -> None:
        if self._polling:
            self._polling.cancel()
            with suppress(asyncio.CancelledError):
                await self._polling

    def observe(self, urgent: bool) -> Snapshot:
        if urgent and not self._urgent:
            self._hurry.set()
        self._urgent = urgent
        return Snapshot(upses=dict(self._seen))

    def poll_soon(self) -> None:
        """Poll at once: a trap came."""
        self._hurry.set()

    async def _poll_on(self, wake: Callable[[], None]) -> None:
        pause = PHASE
        while True:
            await news_or(self._hurry, pause)
            self._hurry.clear()
            if self._poll():
                wake()
            pause = URGENT_POLL if self._urgent else POLL

    def _poll(self) -> bool:
        """Ask every card; whether something was heard that a decision may depend on."""
        news = False
        for ups in sorted(self._seen):
            before = self._seen[ups]
            now = self._seen[ups] = _heard(before, self._world.upses[ups].reading(self._world.now))
            news = news or now.trouble != before.trouble or not _is_calm(now.reading)
        return news


def _heard(seen: UpsSeen, reading: UpsReading | None) -> UpsSeen:
    if reading is None:
        return replace(seen, trouble="no answer")
    if reading.link_lost:
        return replace(seen, trouble="the card has lost its UPS")
    return UpsSeen(reading, seen.reading)


def _is_calm(reading: UpsReading | None) -> bool:
    if reading is None:
        return True
    return reading.source is Source.UTILITY and reading.countdown is None and not reading.testing
