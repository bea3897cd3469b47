"""Runs actions with their deadline, and reports how each ended."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Mapping

from ridethrough.core.actions import Action, door, target
from ridethrough.core.events import ActionFinished
from ridethrough.core.memory import DEADLINE, STOOD_STILL
from ridethrough.core.model import Seconds
from ridethrough.ports import Actor, Clock, NotBegun, Refused, Unreachable, is_from_before_a_standstill

log = logging.getLogger(__name__)

CLEAN_UP: Seconds = 5.0  # time that a cancelled action has to end what it began, before its target is free again


class Executor:
    """Carries out actions side by side; two on one target never overlap, and none delays another target."""

    def __init__(self, actors: Mapping[str, Actor], clock: Clock, report: Callable[[ActionFinished], None]) -> None:
        """`actors` by what `core.actions.door` says of an action. `report` is called once for each action, when it
        ended or its deadline passed. It must not block.
        """
        self._actors = actors
        self._clock = clock
        self._report = report
        self._waiting: dict[str, deque[tuple[int, Action, Seconds]]] = {}
        self._lanes: set[asyncio.Task[None]] = set()
        self._ignoring: set[asyncio.Task[None]] = set()  # cancelled, and not ended yet

    def start(self, started: int, action: Action, decided_at: Seconds | None = None) -> None:
        """Carry out an action as soon as its target is free. `started` is the position of its ActionStarted.

        Unless this process has stood still since `decided_at` (now, unless told): then it is reported as STOOD_STILL.
        """
        decided_at = self._clock.now() if decided_at is None else decided_at
        key = target(action)
        if key in self._waiting:
            self._waiting[key].append((started, action, decided_at))
            return
        self._waiting[key] = deque([(started, action, decided_at)])
        lane = asyncio.create_task(self._lane(key), name=f"actions on {key}")
        self._lanes.add(lane)
        lane.add_done_callback(self._lanes.discard)

    async def stop(self) -> None:
        """Cancel everything; nothing is reported any more. Waits for clean-up at most CLEAN_UP seconds."""
        self._report = _nobody
        lanes = set(self._lanes)
        for lane in lanes:
            lane.cancel()
        if lanes:
            await asyncio.wait(lanes)
        if self._ignoring:
            await self._within(CLEAN_UP, set(self._ignoring))
        await asyncio.sleep(0)  # the alarms just cancelled end in the next turn
        for task in self._ignoring:
            log.error("%s does not end although it was cancelled", task.get_name())

    async def _lane(self, key: str) -> None:
        """The actions on one target, one after the other."""
        queue = self._waiting[key]
        while queue:
            await self._one(*queue[0])
            queue.popleft()
        del self._waiting[key]

    async def _one(self, started: int, action: Action, decided_at: Seconds) -> None:
        if is_from_before_a_standstill(self._clock, decided_at):
            self._finish(started, action, STOOD_STILL)
            return
        actor = self._actors.get(door(action))
        if actor is None:
            self._finish(started, action, "NO_ACTOR", f"nothing is connected to {door(action)}")
            return
        name = f"action {started}: {type(action).__name__} on {target(action)}"
        performing = asyncio.create_task(_perform(actor, action), name=name)
        try:
            await self._within(action.deadline, {performing})
        except asyncio.CancelledError:
            self._abandon(performing)
            raise
        if performing.done():
            self._ended(started, action, performing)
            return
        self._abandon(performing)
        self._finish(started, action, DEADLINE, f"not finished within {action.deadline:.0f} s")
        await self._within(CLEAN_UP, {performing})

    def _ended(self, started: int, action: Action, performing: asyncio.Task[None]) -> None:
        """Report a `perform` that came back by itself."""
        if performing.cancelled():
            self._bug(started, action, asyncio.CancelledError("cancelled from inside"))
            return
        match performing.exception():
            case None:
                self._finish(started, action, None)
            case Refused() as no:
                self._finish(started, action, no.code, no.detail, refused=True)
            case NotBegun():
                self._finish(started, action, STOOD_STILL)
            case Unreachable() as silence:
                self._finish(started, action, "UNREACHABLE", str(silence))
            case bug:
                self._bug(started, action, bug)

    def _bug(self, started: int, action: Action, bug: BaseException) -> None:
        log.error("%s failed in a way that it should not", action, exc_info=bug)
        self._finish(started, action, "BUG", f"{type(bug).__name__}: {bug}")

    def _finish(self, started: int, action: Action, error: str | None, detail: str = "", refused: bool = False) -> None:
        self._report(ActionFinished(self._clock.now(), started, action, error, detail, refused))

    def _abandon(self, performing: asyncio.Task[None]) -> None:
        """Cancel, and never wait: what ignores its cancellation must not block anything."""
        performing.cancel()
        self._ignoring.add(performing)
        performing.add_done_callback(self._let_go)

    def _let_go(self, performing: asyncio.Task[None]) -> None:
        self._ignoring.discard(performing)
        if not performing.cancelled() and (late := performing.exception()):
            log.info("%s ended after its deadline: %s", performing.get_name(), late)

    async def _within(self, seconds: Seconds, tasks: set[asyncio.Task[None]]) -> None:
        """Wait until all `tasks` are done or `seconds` have passed on the site's clock."""
        alarm = asyncio.create_task(_sleep(self._clock, seconds))
        try:
            waiting = set(tasks)
            while waiting and not alarm.done():
                done, _ = await asyncio.wait({alarm, *waiting}, return_when=asyncio.FIRST_COMPLETED)
                waiting -= done
        finally:
            alarm.cancel()


async def _perform(actor: Actor, action: Action) -> None:
    await actor.perform(action)


async def _sleep(clock: Clock, seconds: Seconds) -> None:
    await clock.sleep(max(0.0, seconds))


def _nobody(_: ActionFinished) -> None:
    pass
