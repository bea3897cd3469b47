"""Whether each BMC says that its host is off, asked again and again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace

from ridethrough.core.model import HostId, Seconds
from ridethrough.core.observation import BmcSeen, Snapshot
from ridethrough.ports import Refused, Unreachable

from .bmc import Bmc

CALM: Seconds = 60.0
URGENT: Seconds = 5.0  # while a UPS of the island is on battery
WITHIN: Seconds = 10.0


class Bmcs:
    """ports.Observer for the BMCs of an island."""

    def __init__(self, bmcs: Mapping[HostId, Bmc], now: Callable[[], Seconds]) -> None:
        self._bmcs, self._now = bmcs, now
        self._seen: dict[HostId, BmcSeen] = {host: BmcSeen(host) for host in bmcs}
        self._tasks: list[asyncio.Task[None]] = []
        self._hurry = asyncio.Event()

    async def start(self, wake: Callable[[], None]) -> None:
        self._tasks = [
            asyncio.create_task(self._ask_on(host, bmc, wake), name=f"BMC of {host}")
            for host, bmc in self._bmcs.items()
        ]

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def observe(self, urgent: bool) -> Snapshot:
        if urgent:
            self._hurry.set()
        else:
            self._hurry.clear()
        return Snapshot(bmcs=dict(self._seen))

    async def _ask_on(self, host: HostId, bmc: Bmc, wake: Callable[[], None]) -> None:
        while True:
            before = self._seen[host]
            asked_at = self._now()
            try:
                on = await bmc.is_on(WITHIN)
            except (Refused, Unreachable) as error:
                self._seen[host] = replace(before, trouble=str(error))
            else:
                off_at = before.off_at if on else asked_at
                self._seen[host] = BmcSeen(host, off_at, asked_at)
                if not on:
                    wake()
            await self._pause()

    async def _pause(self) -> None:
        """The calm pace, cut short when an outage begins; then the fast one."""
        if self._hurry.is_set():
            await asyncio.sleep(URGENT)
            return
        with suppress(TimeoutError):
            await asyncio.wait_for(self._hurry.wait(), CALM)
