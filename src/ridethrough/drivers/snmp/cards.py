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
from ridethrough.drivers.snmp.turns import SPREAD as SPREAD
from ridethrough.drivers.snmp.turns import Turn, Turns
from ridethrough.drivers.snmp.wire import Deadlines
from ridethrough.ports import Refused, Unreachable
from ridethrough.ups.watched import Watched

log = logging.getLogger(__name__)

PACE: Seconds = 5.0
URGENT_PACE: Seconds = 2.0
DISTURBED_PACE: Seconds = 1.0  # the input's disturbance counter moved: a dip shorter than the pace
SHORTEST_PAUSE: Seconds = 0.2
HURRY: Seconds = 1.0  # when the pace turns urgent, the last of very many cards is polled after so long at most
SPARE_DESCRIPTORS = 256
SIGNED_SOCKETS = 3  # of a card whose answers must be signed (signed.py)


@dataclass(slots=True)
class _Watched:
    card: Card
    turn: Turn
    state: Watched = field(default_factory=Watched)


class Cards:
    """Polls every card at its own beat and keeps its last two good answers. Implements ports.Observer.

    `now` is the site's clock and stamps the readings; the pace is the event loop's. `turns` are those of all cards of
    this process, for an observer that does not watch alone. One socket a card, three where its answers are signed: the
    daemon's limit of open files must lie above that (LimitNOFILE= in its unit).
    """

    def __init__(
        self,
        cards: Sequence[CardConfig],
        now: Callable[[], Seconds],
        *,
        pace: Seconds = PACE,
        urgent_pace: Seconds = URGENT_PACE,
        turns: Turns | None = None,
    ) -> None:
        self._turns = turns if turns is not None else Turns()
        self._deadlines = Deadlines()
        self._watched = {config.ups: self._watched_by(config, now) for config in sorted(cards, key=lambda c: c.ups)}
        self._pace, self._urgent_pace = pace, min(urgent_pace, pace)
        self._urgent = False
        self._wake: Callable[[], None] = lambda: None
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self, wake: Callable[[], None]) -> None:
        """Begin to poll; the first polls begin `SPREAD` seconds apart, or later where this process is busy."""
        self._wake = wake
        _warn_of_few_descriptors([watched.card.config for watched in self._watched.values()])
        for ups, watched in self._watched.items():
            self._tasks.append(asyncio.create_task(self._watch(watched), name=f"card {ups}"))

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
        """Every card's last two good answers, at once and from memory. Turning urgent polls every card at once, or
        within `HURRY` where there are many.
        """
        if urgent and not self._urgent and self._tasks:
            began, within = asyncio.get_running_loop().time(), min(HURRY, len(self._watched) * SPREAD)
            for watched in self._watched.values():
                self._turns.hurry(watched.turn, began + watched.turn.share * within)
        self._urgent = urgent
        return Snapshot(upses={ups: watched.state.seen for ups, watched in self._watched.items()})

    def poll_soon(self, ups: UpsId) -> None:
        """Poll this card as soon as a poll that runs has ended: a trap came, or a person asks. Unknown ids are none."""
        if ups in self._watched:
            self._turns.hurry(self._watched[ups].turn)

    def _watched_by(self, config: CardConfig, now: Callable[[], Seconds]) -> _Watched:
        turn = self._turns.join()
        return _Watched(Card(config, now, self._deadlines, self._turns.learning, turn.share), turn)

    async def _watch(self, watched: _Watched) -> None:
        loop, turn = asyncio.get_running_loop(), watched.turn
        due = self._turns.first()
        while True:
            await self._turns.wait(turn, due)
            began = loop.time()
            await self._poll(watched)
            pace = self._urgent_pace if self._urgent else self._pace
            pace = min(pace, DISTURBED_PACE) if watched.card.disturbed else pace
            due = max(turn.next(began, pace), loop.time() + SHORTEST_PAUSE)

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


def _warn_of_few_descriptors(cards: Sequence[CardConfig]) -> None:
    limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = sum(SIGNED_SOCKETS if card.user is not None and card.user.auth else 1 for card in cards)
    if limit != resource.RLIM_INFINITY and limit < needed + SPARE_DESCRIPTORS:
        log.warning(
            "%d cards need %d sockets, and this process may open %d files: set LimitNOFILE=%d in its unit",
            len(cards),
            needed,
            limit,
            2 * (needed + SPARE_DESCRIPTORS),
        )
