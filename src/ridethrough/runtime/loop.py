"""Observe, decide, write down, act: one loop per island."""

from __future__ import annotations

import asyncio
import logging
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeAlias

from ridethrough import __version__
from ridethrough.core.decide import Decision, decide
from ridethrough.core.events import (
    ActionFinished,
    ActionStarted,
    ControllerResumed,
    ControllerStarted,
    Event,
    RequestDone,
    Requested,
    RequestRefused,
    RoundFailed,
    TrapHeard,
)
from ridethrough.core.fold import answers, fold
from ridethrough.core.memory import Memory
from ridethrough.core.model import Seconds
from ridethrough.core.narrative import tell
from ridethrough.core.observation import Snapshot
from ridethrough.core.site import Site
from ridethrough.ports import Actor, Clock, Journal, Notifier, Observer, StoodStill

from .executor import Executor
from .mailbox import Answer
from .observers import Observers
from .past import Past
from .telling import tell_all
from .unrest import unrest
from .waiting import news_or

__all__ = ["Answer", "Decide", "Loop", "Status"]

log = logging.getLogger(__name__)

Decide: TypeAlias = Callable[[Seconds, Snapshot, Memory, Site], Decision]

SHORTEST: Seconds = 0.2  # between the beginnings of two rounds, however often it is woken
LONGEST: Seconds = 5.0
LONGEST_URGENT: Seconds = 2.0  # while a UPS is on battery
FAILURES_TOLD = 100  # distinct bugs that are journalled in one run
ANSWER_WITHIN: Seconds = 20.0  # what was not decided by then is refused, and never obeyed later
STOPPED = Answer(False, "the controller stops before it can decide; ask again when it runs")


@dataclass(frozen=True, slots=True)
class Status:
    """The loop after its latest round. `at` is that round's `now`, in site seconds.

    `journal_trouble` says why facts are kept in memory only; empty while the journal's disk answers.
    """

    at: Seconds
    seen: Snapshot
    memory: Memory
    verdict: str
    journal_trouble: str = ""


class Loop:
    """Watches and protects one island until `run` is cancelled or `stop` is called."""

    def __init__(
        self,
        *,
        site: Site,
        observers: Sequence[Observer],
        actors: Mapping[str, Actor],
        journal: Journal,
        clock: Clock,
        notifiers: Sequence[Notifier] = (),
        decide: Decide = decide,
        name: str = "",
        alive_until: Seconds | None = None,
        part: str = "",
        after_round: Callable[[Status], None] | None = None,
        answer_within: Seconds = ANSWER_WITHIN,
    ) -> None:
        """`alive_until`: when the controller before this one is known to have lived last. `part`: what the loop
        watches, where it begins while the controller runs. `after_round` is called with the new status at the end of
        each round; it must not block. `answer_within`: seconds of the event loop.
        """
        self.name = name
        self.opened = asyncio.Event()  # what is asked from now on is no leftover of an earlier controller
        self._alive_until = alive_until
        self._part = part
        self._site = site
        self._clock = clock
        self._answer_within = answer_within
        self._decide = decide
        self._notifiers = tuple(notifiers)
        self._after_round = after_round
        self._observers = Observers(observers, clock)
        self._executor = Executor(actors, clock, self._take_fact)
        self._past = Past(journal, clock, partial(tell_all, self._notifiers), recovered=self.wake)
        self._facts: list[Event] = []  # asked and finished since the last round
        self._asked: dict[int, tuple[Requested, asyncio.Future[Answer]]] = {}  # by identity; not decided yet
        self._failures_told: set[str] = set()
        self._woken = asyncio.Event()
        self._stopping = False
        self._running: asyncio.Event | None = None  # set when `run` has ended
        self._status: Status | None = None
        self._resumed: StoodStill | None = None
        self._retiring: asyncio.Future[str] | None = None

    async def run(self) -> None:
        """Read the journal, start the observers, go round until cancelled or stopped. Cleans up on every way out.

        Raises what reading the journal raises at the start. A BaseException out of journal, `observe` or `decide` (a
        simulated kill) ends the loop at once, writes nothing more and is passed on. Observers are started and
        stopped here; journal and notifiers stay open.
        """
        self._running = asyncio.Event()
        end_orderly = False
        try:
            started = ControllerStarted(self._clock.now(), __version__, self._alive_until, self._part)
            await self._past.open(self._site, started)
            self.opened.set()
            await self._observers.start(self.wake)
            while not self._stopping:
                began = self._clock.now()
                wake_at = await self._round_or_failure()
                if self._may_retire():
                    break
                await self._pause(began, wake_at)
            end_orderly = True
        except asyncio.CancelledError:
            end_orderly = True
            raise
        finally:
            await self._clean_up(end_orderly)
            self._running.set()

    async def stop(self) -> None:
        """End `run` after the round at hand and wait until it has cleaned up. Safe to call twice."""
        self._stopping = True
        self.wake()
        if self._running is not None:
            await self._running.wait()

    async def retire(self) -> str:
        """End `run` behind the next round, unless something is under way then: what that is. Empty: it ends."""
        if self._running is None or self._running.is_set():
            return "" if self._running is not None else "it has not begun yet"
        self._retiring = asyncio.get_running_loop().create_future()
        self.wake()
        return await self._retiring

    def take(self, site: Site) -> None:
        """Decide by this site from the next round on. Its observers and actors must fit it as they are."""
        self._site = site
        self.wake()

    def request(self, requested: Requested) -> asyncio.Future[Answer]:
        """Take a person's request into the next round. The future may be ignored; it never raises.

        While rounds fail it is answered after `answer_within` seconds, with a no that holds.
        """
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Answer] = loop.create_future()
        if self._running is not None and self._running.is_set():
            answer.set_result(STOPPED)
        else:
            self._asked[id(requested)] = (requested, answer)
            self._take_fact(requested)
            late = loop.call_later(self._answer_within, self._refuse, id(requested))

            def end(answer: asyncio.Future[Answer]) -> None:
                late.cancel()
                if answer.cancelled():  # nobody waits for it any more
                    self._refuse(id(requested))

            answer.add_done_callback(end)
        return answer

    def note(self, heard: TrapHeard) -> None:
        """Take something that was heard into the journal, with the next round."""
        self._take_fact(heard)

    def wake(self) -> None:
        """Go round as soon as the pace allows (0.2 s after the last round began)."""
        self._woken.set()

    @property
    def status(self) -> Status | None:
        """The latest round; None before the first."""
        return self._status

    async def _round_or_failure(self) -> Seconds | None:
        try:
            return await self._round()
        except Exception as error:
            await self._round_failed(error)
            return None

    def _may_retire(self) -> bool:
        """Whether this was the last round, asked by `retire`; nothing may be left to do."""
        if self._retiring is None:
            return False
        why = unrest(self._past.memory) or ("a request waits: ask again" if self._facts else "")
        self._retiring.set_result(why)
        self._retiring = None
        return not why

    async def _round(self) -> Seconds | None:
        """One round; returns the moment at which `decide` wants to look again."""
        self._woken.clear()
        now, seen = await self._look()
        decision = self._decide(now, seen, self._past.memory, self._site)
        answered = self._answered(decision.events)
        if decision.events:
            for position, event in await self._past.write(decision.events):
                if isinstance(event, ActionStarted):
                    self._executor.start(position, event.action, now)
        for asker, answer in answered:
            if not asker.done():
                asker.set_result(answer)
        self._publish(Status(now, seen, self._past.memory, decision.verdict, self._past.trouble))
        return decision.wake_at

    async def _look(self) -> tuple[Seconds, Snapshot]:
        """The time, and what is seen, with every fact written down.

        Facts first, then the snapshot: what a finished action did must not be missing from what is seen. Nor may a
        request be decided that was refused while the disk was waited for.
        """
        while True:
            while self._facts:
                facts, self._facts = self._facts, []
                await self._past.write(facts)
            seen = self._observers.look(self._past.memory.urgent)
            now = self._clock.now()
            seen = await self._afresh(seen)
            if not self._facts:
                return now, seen

    async def _afresh(self, seen: Snapshot) -> Snapshot:
        """What was seen since this process last stood still: to a decision, resuming is a start like any other."""
        still = self._clock.stood_still
        if still is not None and still != self._resumed:
            self._resumed = still
            await self._past.write([ControllerResumed(still.at, still.seconds, still.by_wall)])
        return seen if self._resumed is None else seen.heard_since(self._resumed.at)

    async def _round_failed(self, error: Exception) -> None:
        """Journal a bug once, and say it in the status; the next round looks again."""
        text = f"{type(error).__name__}: {error}{_place(error)}"
        if text not in self._failures_told and len(self._failures_told) < FAILURES_TOLD:
            self._failures_told.add(text)
            log.error("a round failed", exc_info=error)
            try:
                await self._past.write([RoundFailed(self._clock.now(), text)])
            except Exception:
                log.exception("the failed round could not be remembered")
        before = self._status or Status(self._clock.now(), Snapshot(), self._past.memory, "")
        self._publish(replace(before, verdict=f"the last round failed: {text}", journal_trouble=self._past.trouble))

    async def _pause(self, began: Seconds, wake_at: Seconds | None) -> None:
        """Until woken, until time alone could change the answer, or for the longest pause; never below the shortest."""
        until = began + (LONGEST_URGENT if self._past.memory.urgent else LONGEST)
        until = until if wake_at is None else min(until, wake_at)
        rest = until - self._clock.now()
        if rest > 0:
            await news_or(self._woken, rest)
        early = began + SHORTEST - self._clock.now()
        if early > 0:
            await self._clock.sleep(early)

    async def _clean_up(self, orderly: bool) -> None:
        await self._executor.stop()
        await self._observers.stop()
        if orderly:
            await self._past.close()
        else:
            await self._past.abandon()
        for _, asker in self._asked.values():
            if not asker.done():
                asker.set_result(STOPPED)
        if self._retiring is not None and not self._retiring.done():
            self._retiring.set_result("")

    def _take_fact(self, fact: ActionFinished | Requested | RequestRefused | TrapHeard) -> None:
        self._facts.append(fact)
        self.wake()

    def _answered(self, events: Sequence[Event]) -> list[tuple[asyncio.Future[Answer], Answer]]:
        """Whom a decision answers, and how; from now on it is too late for a refusal."""
        memory, found = self._past.memory, []
        for event in events:
            if isinstance(event, RequestDone | RequestRefused):
                asked = answers(memory, event)
                memory = fold(memory, memory.position, event)  # who asked the same again gets an answer of their own
                if id(asked) in self._asked:
                    _, asker = self._asked.pop(id(asked))
                    found.append((asker, Answer(isinstance(event, RequestDone), tell(event))))
        return found

    def _refuse(self, key: int) -> None:
        """No round has decided it in time: what its person is told then must hold."""
        if key in self._asked:
            requested, asker = self._asked.pop(key)
            why = "no round of the controller could decide it in time; look at the journal, and ask again"
            refused = RequestRefused(self._clock.now(), requested.ask, requested.subject, why)
            self._take_fact(refused)
            if not asker.done():
                asker.set_result(Answer(False, tell(refused)))

    def _publish(self, status: Status) -> None:
        self._status = status
        if self._after_round is not None:
            try:
                self._after_round(status)
            except Exception:
                log.exception("the status could not be shown")


def _place(error: Exception) -> str:
    """The innermost line of ours or others that raised; " (in place:123)"."""
    frames = traceback.extract_tb(error.__traceback__)
    return f" ({frames[-1].name}, line {frames[-1].lineno})" if frames else ""
