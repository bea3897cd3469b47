"""Whose turn it is to be polled: every card keeps its own beat, so that thousands are spread evenly and stay so."""

from __future__ import annotations

import asyncio
import itertools
import math
from collections import deque
from heapq import heappop, heappush

from ridethrough.core.model import Seconds

GOLDEN = (math.sqrt(5) - 1) / 2  # its multiples, without their whole part, lie evenly however many there are
SPREAD: Seconds = 0.001  # between the first polls of two cards
AT_ONCE = 50  # turns that begin together; what else is due, after this process stood still, follows
APART: Seconds = 0.005  # between two such
GRAIN: Seconds = 0.01  # turns begin at whole multiples: those that come together cost less than one by one
LATE = 0.02  # of a pace: a turn that begins so much early or late is still on its beat
LEARNERS = 40  # cards that are learned at once: that is some dozens of requests each


class Turn:
    """The turns of one card. `share`: where in every period its beat lies, 0 to 1."""

    __slots__ = ("due", "future", "share", "soon", "tick")

    def __init__(self, share: float) -> None:
        self.share = share
        self.due: Seconds = math.inf
        self.tick = 0  # when `due` is, in `GRAIN`
        self.future: asyncio.Future[None] | None = None
        self.soon = False  # asked for while no turn was waited for

    def next(self, began: Seconds, pace: Seconds) -> Seconds:
        """The last beat within one pace after `began`, by the event loop's time."""
        if pace <= 0:
            return began
        beats = math.floor((began + pace) / pace - self.share + LATE)
        return (beats + self.share) * pace


class Turns:
    """The turns of many cards, and who of them may be learned now. One for a process."""

    def __init__(self) -> None:
        self.learning = asyncio.Semaphore(LEARNERS)
        self._joined = itertools.count()
        self._last_first: Seconds = -math.inf
        self._waiting: dict[int, deque[Turn]] = {}  # by tick
        self._ticks: list[int] = []  # of `_waiting`, a heap
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at: Seconds = math.inf

    def join(self) -> Turn:
        """Turns for one more card."""
        return Turn(next(self._joined) * GOLDEN % 1.0)

    def first(self) -> Seconds:
        """When a card that has just joined is to be polled first: one after the other."""
        self._last_first = max(asyncio.get_running_loop().time(), self._last_first + SPREAD)
        return self._last_first

    async def wait(self, turn: Turn, due: Seconds) -> None:
        """Until `due`, or at once when the turn has been hurried since it was waited for last."""
        loop = asyncio.get_running_loop()
        future = turn.future = loop.create_future()
        self._enter(turn, min(due, loop.time()) if turn.soon else due)
        try:
            await future
        finally:
            turn.future, turn.soon, turn.due = None, False, math.inf

    def hurry(self, turn: Turn, due: Seconds = -math.inf) -> None:
        """Let it be its turn at `due`, or now, unless it is earlier anyway."""
        if turn.future is None:
            turn.soon = True
        elif due < turn.due:
            self._enter(turn, due)

    def _enter(self, turn: Turn, due: Seconds) -> None:
        turn.due, turn.tick = due, math.ceil(due / GRAIN) if due > 0 else 0
        if turn.tick in self._waiting:
            self._waiting[turn.tick].append(turn)
            return
        self._waiting[turn.tick] = deque((turn,))
        heappush(self._ticks, turn.tick)
        self._set_timer(turn.tick * GRAIN)

    def _set_timer(self, due: Seconds) -> None:
        if due >= self._timer_at:
            return
        if self._timer is not None:
            self._timer.cancel()
        self._timer_at = due
        self._timer = asyncio.get_running_loop().call_at(due, self._begin)

    def _begin(self) -> None:
        """Begin what is due, a few at once."""
        self._timer, self._timer_at = None, math.inf
        now = asyncio.get_running_loop().time()
        room = AT_ONCE
        while self._ticks and (tick := self._ticks[0]) * GRAIN <= now + GRAIN / 2:
            waiting = self._waiting[tick]
            while waiting and room:
                turn = waiting.popleft()
                if turn.future is not None and turn.tick == tick and not turn.future.done():
                    turn.future.set_result(None)
                    room -= 1
            if waiting:
                break
            del self._waiting[heappop(self._ticks)]
        if self._ticks:
            self._set_timer(self._ticks[0] * GRAIN if room else now + APART)
