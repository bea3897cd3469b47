"""Drills as they run, and their end when this process ended in the middle of one."""

from __future__ import annotations

import asyncio
import logging
import math
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ridethrough.api.findings import Findings
from ridethrough.api.foresight import WAITS, NothingSeen, Simulations, Story
from ridethrough.api.jobs import Job, Jobs, NotToBeDone, TooMany
from ridethrough.api.live import Live
from ridethrough.api.threads import Threads
from ridethrough.core.events import Ask
from ridethrough.runtime.mailbox import Answer, NoAnswer, NoController
from ridethrough.runtime.worker import JobFailed, JobRefused, JobTooLong

from . import points
from .record import Drill, Kind, Moved, Point, State, Step, Store

log = logging.getLogger(__name__)

KIND = "drill"
LOOK = 0.25  # seconds between two looks at the host
LEAVES_WITHIN = 300.0  # site seconds that a host gets to be enabled again
PATIENT = 120.0  # in a drill what is known may be as old as this, in site seconds, before it is ended
STAYS = 3.0  # site seconds for which it is seen so
ENDED_WITHIN = 600.0  # seconds for which a start of the manager tries to end a drill that was left open
AGAIN = 5.0
PLAYED = 3600.0  # seconds for which the maintenance mode is played before it is asked for
IN_MAINTENANCE = "maintenance mode"
UNASKED = (NoController, NoAnswer, OSError, sqlite3.Error)  # what keeps a request from the controller
TROUBLES = (NothingSeen, JobRefused, JobTooLong, JobFailed, NotToBeDone, *UNASKED)


class NotNow(Exception):  # noqa: N818 - an answer
    """Why a drill may not begin; `points` tell it one by one."""

    def __init__(self, text: str, found: tuple[Point, ...] = ()) -> None:
        super().__init__(text)
        self.points = found


@dataclass(frozen=True, slots=True)
class Wanted:
    """A drill as it is asked for. `within`: site seconds that the host gets to be emptied."""

    kind: Kind
    by: str
    why: str = ""
    host: str = ""
    confirmed: bool = False
    lose: tuple[str, ...] = ()
    within: float = 1800.0


@dataclass(slots=True)
class Running:
    """A drill that is not over. `why`: by whom it was aborted, and what they said."""

    drill: Drill
    aborted: asyncio.Event = field(default_factory=asyncio.Event)
    why: str = ""


class Drills:
    """Begins drills and keeps their reports. Its `run` is one of the application's services."""

    def __init__(
        self,
        folder: Path,
        live: Live,
        jobs: Jobs,
        post: Callable[[Ask, str, str, str], Answer],
        findings: Findings,
        simulations: Simulations,
        note: Callable[[str, str, str], None],
        again: float = AGAIN,
        ended_within: float = ENDED_WITHIN,
    ) -> None:
        """`folder` keeps the reports; `note(by, says, why)` has something written into the journal. `again` and
        `ended_within`: seconds until the controller is asked again that did not answer, and for how long it is.
        """
        self._store, self._live, self._jobs, self._post = Store(folder), live, jobs, post
        self._findings, self._simulations, self._note = findings, simulations, note
        self._threads = Threads("drills", 8)
        self._again, self._ended_within = again, ended_within
        self._running: dict[str, Running] = {}
        self._looking = False  # whether a host may be taken into a drill

    async def run(self) -> None:
        """End what an earlier manager left open, then rest.

        A drill is ended, not gone on with: whoever began it may be gone, and a host in maintenance mode that nobody
        waits for takes no VMs when it is needed.
        """
        for drill in await self._threads(self._store.all):
            if drill.state in (State.RUNNING, State.UNFINISHED) and drill.id not in self._running:
                await self._end_open(drill)
        await asyncio.Event().wait()

    def kept(self) -> list[dict[str, Any]]:
        """The last drills, the latest first; one that runs is told as far as it is. Blocks for the disk."""
        running = {id: running.drill for id, running in tuple(self._running.items())}
        return [running.get(drill.id, drill).shown() for drill in self._store.all()]

    def find(self, id: str) -> dict[str, Any] | None:
        """A drill by its id. Blocks for the disk."""
        if (running := self._running.get(id)) is not None:
            return running.drill.shown()
        return next((row for row in self.kept() if row["id"] == id), None)

    async def begin(self, wanted: Wanted) -> Job:
        """Begin a drill; the job's id is the drill's. Raises NotNow and TooMany."""
        if wanted.kind is not Kind.MAINTENANCE:
            return self._begun(wanted, ())
        if self._looking or any(running.drill.kind is Kind.MAINTENANCE for running in self._running.values()):
            raise NotNow("another host is in a drill: wait until that is over, or abort it")
        self._looking = True
        try:
            return self._begun(wanted, await self._may_begin(wanted))
        finally:
            self._looking = False

    def abort(self, id: str, by: str, why: str = "") -> bool:
        """Have a running drill end at once, its host leaving maintenance mode; False when it does not run."""
        if (running := self._running.get(id)) is None:
            return False
        if not running.aborted.is_set():
            running.why = f"aborted by {by}{f': {why}' if why else ''}"
            running.aborted.set()
        return True

    def _begun(self, wanted: Wanted, found: tuple[Point, ...]) -> Job:
        job = self._jobs.begin(KIND, wanted.by, lambda job: self._drill(job, wanted))
        at = round(self._live.now(), 1)
        drill = Drill(job.id, wanted.kind, wanted.by, wanted.why, at, wanted.host, points=list(found))
        self._running[job.id] = Running(drill)
        return job

    async def _may_begin(self, wanted: Wanted) -> tuple[Point, ...]:
        live = self._live
        found = [*points.watched(live), points.armed(live), *points.equipment(live)]
        found += points.host_is_ready(live, wanted.host, wanted.confirmed)
        if not (text := points.bad(found)):
            entering = ({"at": 0, "do": "enter maintenance", "host": wanted.host},)
            story = Story(live=True, timeline=entering, until=PLAYED)
            try:
                found += points.has_places(wanted.host, await WAITS(self._simulations.outcome, story))
            except TROUBLES as error:
                found.append(Point("places", False, str(error), "Try again"))
            text = points.bad(found)
        if text:
            raise NotNow(text, tuple(found))
        return tuple(found)

    async def _drill(self, job: Job, wanted: Wanted) -> dict[str, Any]:
        drill = self._running[job.id].drill
        try:
            await self._keep(drill)
            await self._do(job, drill, wanted)
        except Exception as error:
            if not isinstance(error, TROUBLES):
                log.exception("drill %s", drill.id)
            await self._failed(drill, str(error) or type(error).__name__)
        finally:
            del self._running[job.id]
        told = f": {drill.trouble}" if drill.trouble else ""
        says = f"drill {drill.id} ({drill.kind}{f' of {drill.host}' if drill.host else ''}) {drill.state}{told}"
        await self._tell(drill, says)
        return drill.shown()

    async def _failed(self, drill: Drill, why: str) -> None:
        """The end of a drill that could not go on. Whatever it was, its host is not left in maintenance mode."""
        if drill.entered:
            try:
                await self._asked_out(drill, f"drill {drill.id} is over: {why}")
                drill.entered = False
            except NoAnswer as error:
                why = f"{why}; {error}"
        self._end(drill, State.UNFINISHED if drill.entered else State.FAILED, _trouble(drill, why))

    async def _do(self, job: Job, drill: Drill, wanted: Wanted) -> None:
        match wanted.kind:
            case Kind.PREFLIGHT:
                await self._preflight(job, drill)
            case Kind.OUTAGE:
                await self._outage(job, drill, wanted)
            case Kind.MAINTENANCE:
                await self._maintenance(job, drill, wanted)

    # --- the three kinds

    async def _preflight(self, job: Job, drill: Drill) -> None:
        live = self._live
        drill.points += [*points.watched(live), points.armed(live), *points.equipment(live)]
        self._say(job, drill, "everything is asked")
        asking = self._findings.begin(drill.by)
        await self._wait(drill, asking)
        asked = self._findings.asked
        if asking.trouble or asked is None:
            drill.points.append(Point("findings", False, asking.trouble or "nothing was found out", "Try again"))
        else:
            drill.points.append(points.found(asked.counts))
        self._say(job, drill, "an outage of every UPS is played")
        drill.summary = await self._played(drill, ())
        drill.points += points.planned(drill.summary)
        self._judge(drill)

    async def _outage(self, job: Job, drill: Drill, wanted: Wanted) -> None:
        known = self._live.tables["upses"]
        lost = ", ".join(name if name in known else f"feeder {name}" for name in wanted.lose) or "every UPS"
        self._say(job, drill, f"an outage of {lost} is played on a copy of the site")
        drill.summary = await self._played(drill, wanted.lose)
        drill.points += points.planned(drill.summary)
        self._judge(drill)

    async def _played(self, drill: Drill, lose: tuple[str, ...]) -> dict[str, Any]:
        story = await WAITS(self._simulations.outage, lose, f"Drill {drill.id}")
        playing = self._simulations.begin(story, drill.by)
        await self._wait(drill, playing)
        if playing.trouble or playing.result is None:
            raise NotToBeDone(playing.trouble or "the outage was not played to its end")
        drill.simulation = playing.id
        summary: dict[str, Any] = playing.result["summary"]
        return summary

    async def _maintenance(self, job: Job, drill: Drill, wanted: Wanted) -> None:
        before = self._residents()
        says = f"drill {drill.id}{f': {wanted.why}' if wanted.why else ''}"
        drill.entered = True
        await self._keep(drill)  # first: whatever ends this process now, its next start ends the maintenance mode
        why_not = await self._enter(job, drill, says, wanted.within)
        if not drill.entered:
            self._end(drill, State.FAILED, why_not)
            return
        await self._leave(job, drill, says)
        after = self._residents()
        drill.moved = [
            Moved(name, host, after.get(id, (name, None))[1])
            for id, (name, host) in sorted(before.items(), key=lambda entry: entry[1][0])
            if after.get(id, (name, None))[1] != host
        ]
        drill.differences = [
            f"{moved.vm} runs on {moved.after}, not on {moved.before}" if moved.after else f"{moved.vm} runs no more"
            for moved in drill.moved
        ]
        if why_not or drill.trouble:
            state = State.UNFINISHED if drill.entered else State.FAILED
            self._end(drill, state, "; ".join(part for part in (why_not, drill.trouble) if part))
        else:
            self._end(drill, State.PASSED)

    async def _enter(self, job: Job, drill: Drill, says: str, within: float) -> str:
        """Ask the host into maintenance mode, and wait until it is empty; why that did not happen, or empty.

        `entered` is False where the controller refused: then there is nothing to leave.
        """
        try:
            answer = await self._threads(self._post, Ask.ENTER_MAINTENANCE, drill.host, drill.by, says)
        except UNASKED as error:
            return str(error) or type(error).__name__  # it may have been taken all the same
        if not answer.accepted:
            drill.entered = False
            return answer.text
        self._say(job, drill, f"{drill.host} was asked into maintenance mode")
        if not (why_not := await self._until_empty(drill, within)):
            self._say(job, drill, f"{drill.host} is empty and in maintenance mode")
        return why_not

    async def _until_empty(self, drill: Drill, within: float) -> str:
        """Wait until the host is empty; why that did not happen, or empty."""
        ends = self._live.now() + within
        while True:
            row = self._live.tables["hosts"].get(drill.host, {})
            if row.get("step") == IN_MAINTENANCE and row.get("enabled") is False and not row.get("vms"):
                return ""
            if (running := self._running[drill.id]).aborted.is_set():
                return running.why
            if text := points.failing(self._live) or points.bad(points.watched(self._live, PATIENT)):
                return f"ended early: {text}"
            if self._live.now() > ends:
                left = ", ".join(row.get("vms", [])) or "no VM is left"
                return f"{drill.host} was not in maintenance mode after {within:.0f} s: {left}"
            await asyncio.sleep(LOOK)

    async def _leave(self, job: Job, drill: Drill, says: str) -> None:
        """Ask the host out of maintenance mode, and wait until it takes VMs again. Once asked, `entered` is False."""
        try:
            answer = await self._asked_out(drill, says)
        except NoAnswer as error:
            answer = Answer(False, str(error))
        if not answer.accepted:
            drill.trouble = _trouble(drill, answer.text)
            return
        drill.entered = False
        self._say(job, drill, f"{drill.host} was asked out of maintenance mode")
        ends, shown, since = self._live.now() + LEAVES_WITHIN, self._live.written_at, math.inf
        while self._live.now() < ends:
            row = self._live.tables["hosts"].get(drill.host, {})
            is_back = row.get("enabled") and not row.get("step") and self._live.written_at != shown
            since = min(since, self._live.now()) if is_back else math.inf
            if self._live.now() - since >= STAYS:
                self._say(job, drill, f"{drill.host} is enabled again")
                return
            await asyncio.sleep(LOOK)
        drill.trouble = f"{drill.host} was not enabled within {LEAVES_WITHIN:.0f} s: look at it"

    # --- what an earlier manager left open

    async def _end_open(self, drill: Drill) -> None:
        if not drill.entered:
            self._end(drill, State.INTERRUPTED, "the manager ended meanwhile")
        else:
            await self._asked_out_late(drill)
        log.warning("drill %s: %s", drill.id, drill.trouble)
        await self._tell(drill, f"drill {drill.id} {drill.state}: {drill.trouble}")

    async def _asked_out_late(self, drill: Drill) -> None:
        """A refusal is that the host is not in maintenance mode any more."""
        try:
            await self._asked_out(drill, f"drill {drill.id} is over: the manager ended meanwhile")
        except NoAnswer as error:
            self._end(drill, State.UNFINISHED, _trouble(drill, f"the manager ended meanwhile; {error}"))
            return
        drill.entered = False
        text = f"the manager ended meanwhile; started again, it has asked {drill.host} out of maintenance mode"
        self._end(drill, State.INTERRUPTED, text)

    # --- for all

    async def _asked_out(self, drill: Drill, says: str) -> Answer:
        """Ask the host out of maintenance mode until the controller answers. Raises NoAnswer where it does not."""
        loop, why = asyncio.get_running_loop(), ""
        ends = loop.time() + self._ended_within
        while True:
            try:
                return await self._threads(self._post, Ask.EXIT_MAINTENANCE, drill.host, drill.by, says)
            except UNASKED as error:
                before, why = why, str(error) or type(error).__name__
                if loop.time() >= ends:
                    raise NoAnswer(why) from error
                if why != before:
                    log.warning("drill %s: %s is to leave maintenance mode, asked again: %s", drill.id, drill.host, why)
            await asyncio.sleep(self._again)

    def _residents(self) -> dict[str, tuple[str, str | None]]:
        """Each running VM: its name, and the host on which it runs."""
        return {id: (row["name"], row["host"]) for id, row in self._live.tables["vms"].items() if row.get("host")}

    async def _wait(self, drill: Drill, job: Job) -> None:
        """Wait for a job of ours, or for the abort of the drill."""
        running = self._running[drill.id]
        aborted = asyncio.create_task(running.aborted.wait())
        try:
            await asyncio.wait({aborted, *([job.task] if job.task else [])}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            aborted.cancel()
        if running.aborted.is_set():
            await self._jobs.cancel(job)
            raise NotToBeDone(running.why)

    def _say(self, job: Job, drill: Drill, text: str) -> None:
        drill.steps.append(Step(round(self._live.now(), 1), text))
        self._jobs.tell(job, doing=text, drill=drill.kind, host=drill.host)

    def _judge(self, drill: Drill) -> None:
        good = all(point.good for point in drill.points)
        self._end(drill, State.PASSED if good else State.FAILED, points.bad(drill.points))

    def _end(self, drill: Drill, state: State, trouble: str = "") -> None:
        aborted = drill.id in self._running and self._running[drill.id].aborted.is_set()
        drill.state = State.ABORTED if aborted and state is State.FAILED else state
        drill.trouble, drill.ended_at = trouble, round(self._live.now(), 1)

    async def _tell(self, drill: Drill, says: str) -> None:
        """Keep the report of a drill that is over, and have that written into the journal."""
        try:
            await self._keep(drill)
            await self._threads(self._note, drill.by, says, drill.why)
        except (OSError, sqlite3.Error) as error:
            log.warning("%s; but that cannot be kept: %s", says, error)

    async def _keep(self, drill: Drill) -> None:
        await self._threads(self._store.keep, drill)


def _trouble(drill: Drill, text: str) -> str:
    """Why a drill failed; and what is to be done where its host was not brought back."""
    if not drill.entered:
        return text
    return f"{text}. {drill.host} may still be in maintenance mode: exit maintenance there"


__all__ = ["Drills", "NotNow", "TooMany", "Wanted"]
