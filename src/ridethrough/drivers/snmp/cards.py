"""All cards of a site or island, watched: the observer that the loop asks."""

from __future__ import annotations

import asyncio
import logging
import resource
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from ridethrough.core.model import Seconds, UpsId
from ridethrough.core.observation import Snapshot
from ridethrough.drivers.snmp.card import Card
from ridethrough.drivers.snmp.session import CardConfig
from ridethrough.ports import Refused, Unreachable
from ridethrough.ups.watched import Watched

log = logging.getLogger(__name__)

PACE: Seconds = 5.0
URGENT_PACE: Seconds = 2.0
DISTURBED_PACE: Seconds = 1.0  # the input's disturbance counter moved: a dip shorter than the pace
SHORTEST_PAUSE: Seconds = 0.2
SPREAD: Seconds = 0.01  # between the polls of two cards, so that many do not burst
SPARE_DESCRIPTORS = 256


@dataclass(slots=True)
class _Watched:
    card: Card
    state: Watched = field(default_factory=Watched)
    soon: asyncio.Event = field(default_factory=asyncio.Event)


class Cards:
    """Polls every card at its own pace and keeps its last two good answers. Implements ports.Observer.

    `now` is the site's clock and stamps the readings; the pace is the event loop's. One socket a card: the daemon's
    limit of open files must lie above the number of cards (LimitNOFILE= in its unit).
    """

    def __init__(
        self,
        cards: Sequence[CardConfig],
        now: Callable[[], Seconds],
        *,
        pace: Seconds = PACE,
        urgent_pace: Seconds = URGENT_PACE,
    ) -> None:
        self._watched = {config.ups: _Watched(Card(config, now)) for config in sorted(cards, key=lambda c: c.ups)}
        self._pace, self._urgent_pace = pace, urgent_pace
        self._urgent = False
        self._wake: Callable[[], None] = lambda: None
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self, wake: Callable[[], None]) -> None:
        """Begin to poll; the first polls begin `SPREAD` seconds apart, or later where this process is busy."""
        self._wake = wake
        _warn_of_few_descriptors(len(self._watched))
        self._tasks.append(asyncio.create_task(self._begin(), name="cards begin"))

    async def stop(self) -> None:
        """End polling and close every socket. Never raises."""
        pending = set(self._tasks)
        while pending:
            for task in pending:
                task.cancel()
            _, pending = await asyncio.wait(pending, timeout=1.0)
        self._tasks.clear()
        for watched in self._watched.values():
            watched.card.close()

    def observe(self, urgent: bool) -> Snapshot:
        """Every card's last two good answers, at once and from memory. Turning urgent polls every card at once."""
        if urgent and not self._urgent:
            for ups in self._watched:
                self.poll_soon(ups)
        self._urgent = urgent
        return Snapshot(upses={ups: watched.state.seen for ups, watched in self._watched.items()})

    def poll_soon(self, ups: UpsId) -> None:
        """Poll this card as soon as a poll that runs has ended: a trap came, or a person asks. Unknown ids are none."""
        if ups in self._watched:
            self._watched[ups].soon.set()

    async def _begin(self) -> None:
        """One card after the other: learning thousands at once would make each answer too late for its deadline."""
        for ups, watched in self._watched.items():
            self._tasks.append(asyncio.create_task(self._watch(watched), name=f"card {ups}"))
            await asyncio.sleep(SPREAD)

    async def _watch(self, watched: _Watched) -> None:
        loop = asyncio.get_running_loop()
        while True:
            began = loop.time()
            watched.soon.clear()
            await self._poll(watched)
            pace = self._urgent_pace if self._urgent else self._pace
            pace = min(pace, DISTURBED_PACE) if watched.card.disturbed else pace
            await _any_of(watched.soon, max(pace - (loop.time() - began), SHORTEST_PAUSE))

    async def _poll(self, watched: _Watched) -> None:
        try:
            reading = await watched.card.poll()
        except Unreachable as error:
            wake = watched.state.failed(str(error))
        except Refused as refused:
            wake = watched.state.failed(f"{watched.card.config.address}: {refused.detail}")
        except Exception as error:
            # A card that upsets this driver must look silent, not end its watching for good.
            log.exception("polling %s failed", watched.card.config.ups)
            wake = watched.state.failed(f"{watched.card.config.address}: {type(error).__name__}: {error}")
        else:
            if reading.link_lost:
                wake = watched.state.failed(f"{watched.card.config.address}: the card answers, but has lost its UPS")
            else:
                wake = watched.state.answered(reading)
        if wake:
            self._wake()


async def _any_of(soon: asyncio.Event, pause: Seconds) -> None:
    try:
        async with asyncio.timeout(pause):
            await soon.wait()
    except TimeoutError:
        return


def _warn_of_few_descriptors(cards: int) -> None:
    limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if limit != resource.RLIM_INFINITY and limit < cards + SPARE_DESCRIPTORS:
        log.warning(
            "%d cards need as many sockets, and this process may open %d files: set LimitNOFILE=%d in its unit",
            cards,
            limit,
            2 * (cards + SPARE_DESCRIPTORS),
        )
