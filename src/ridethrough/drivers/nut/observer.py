"""All UPSs of a site or island that are behind upsds: the observer that the loop asks."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from ridethrough.core.model import Seconds
from ridethrough.core.observation import Snapshot, UpsReading
from ridethrough.drivers.nut.server import NutConfig, Server, ServerConfig, Silent
from ridethrough.drivers.nut.variables import reading
from ridethrough.ports import Refused, Unreachable
from ridethrough.ups.reader import Reader
from ridethrough.ups.watched import Watched

log = logging.getLogger(__name__)

PACE: Seconds = 5.0
URGENT_PACE: Seconds = 2.0
SHORTEST_PAUSE: Seconds = 0.2


@dataclass(slots=True)
class _Ups:
    config: NutConfig
    reader: Reader = field(default_factory=lambda: Reader(trusts_idle=True))
    state: Watched = field(default_factory=Watched)


@dataclass(slots=True)
class _Watch:
    server: Server
    upses: list[_Ups]
    soon: asyncio.Event = field(default_factory=asyncio.Event)


async def read(server: Server, config: NutConfig, reader: Reader, now: Callable[[], Seconds]) -> UpsReading:
    """One good answer of a UPS. Raises Unreachable when it is silent, or its status says nothing, and Refused."""
    asked_at = now()
    return reading(config, await server.variables(config.name), reader, asked_at)


class Upsds:
    """Polls every UPS at the loop's pace, those of one upsd one after the other. Implements ports.Observer.

    `now` is the site's clock and stamps the readings; the pace is the event loop's.
    """

    def __init__(
        self,
        upses: Sequence[NutConfig],
        now: Callable[[], Seconds],
        *,
        pace: Seconds = PACE,
        urgent_pace: Seconds = URGENT_PACE,
    ) -> None:
        self._now = now
        self._pace, self._urgent_pace = pace, min(urgent_pace, pace)
        self._urgent = False
        self._wake: Callable[[], None] = lambda: None
        self._watches = [_Watch(Server(config), [_Ups(u) for u in found]) for config, found in _by_server(upses)]
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self, wake: Callable[[], None]) -> None:
        """Begin to poll."""
        self._wake = wake
        self._tasks = [
            asyncio.create_task(self._watch(watch), name=f"upsd {watch.server.config.address}")
            for watch in self._watches
        ]

    async def stop(self) -> None:
        """End polling and close every connection. Never raises."""
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        self._tasks.clear()
        for watch in self._watches:
            watch.server.close()

    def observe(self, urgent: bool) -> Snapshot:
        """Every UPS's last two good answers, at once and from memory. Turning urgent polls every UPS at once."""
        if urgent and not self._urgent:
            for watch in self._watches:
                watch.soon.set()
        self._urgent = urgent
        return Snapshot(upses={ups.config.ups: ups.state.seen for watch in self._watches for ups in watch.upses})

    async def _watch(self, watch: _Watch) -> None:
        loop = asyncio.get_running_loop()
        while True:
            began = loop.time()
            watch.soon.clear()
            await self._poll(watch)
            pace = self._urgent_pace if self._urgent else self._pace
            try:
                async with asyncio.timeout(max(pace - (loop.time() - began), SHORTEST_PAUSE)):
                    await watch.soon.wait()
            except TimeoutError:
                continue

    async def _poll(self, watch: _Watch) -> None:
        """Every UPS of one upsd. One that upsd knows nothing of delays no other; a upsd that is silent has none."""
        wake = False
        for number, ups in enumerate(watch.upses):
            try:
                found = await read(watch.server, ups.config, ups.reader, self._now)
            except Silent as silent:
                wake |= ups.state.failed(str(silent))
            except Unreachable as error:
                for other in watch.upses[number:]:
                    wake |= other.state.failed(str(error))
                break
            except Refused as refused:
                wake |= ups.state.failed(f"{ups.config.server.address}: {ups.config.name}: {refused.detail}")
            except Exception as error:
                # A UPS that upsets this driver must look silent, not end its watching for good.
                log.exception("polling %s failed", ups.config.ups)
                wake |= ups.state.failed(f"{ups.config.server.address}: {type(error).__name__}: {error}")
            else:
                wake |= ups.state.answered(found)
        if wake:
            self._wake()


def _by_server(upses: Iterable[NutConfig]) -> list[tuple[ServerConfig, list[NutConfig]]]:
    found: dict[ServerConfig, list[NutConfig]] = {}
    for config in sorted(upses, key=lambda c: c.ups):
        found.setdefault(config.server, []).append(config)
    return list(found.items())
