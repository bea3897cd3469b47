"""A controller that stood still (frozen, suspended, paused) looks afresh: it carries out nothing decided before."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest

from ridethrough.core import events as e
from ridethrough.core.decide import Decision
from ridethrough.core.memory import STOOD_STILL, Memory
from ridethrough.core.observation import HostSeen, PoolSeen, Snapshot, Source, UpsReading, UpsSeen
from ridethrough.core.site import Site
from ridethrough.ports import NotBegun, StoodStill
from ridethrough.runtime.clock import STILL, Pulse, SiteClock, Sources
from ridethrough.runtime.executor import Executor
from ridethrough.runtime.loop import Loop

from .fakes import SITE, FakeActor, FakeObserver, MemoryJournal, disable, virtually

HOUR = 3600.0
SEEN = Snapshot(
    {"a": UpsSeen(UpsReading(1.0, Source.BATTERY), UpsReading(0.5, Source.BATTERY), "no answer")},
    {"main": PoolSeen("main", "h1", 1.0, 0.5, advice={"v": "h1"}, witness_at=1.0)},
    {"h1": HostSeen("h1", "main", toolstack_at=1.0, network_at=3.0)},
)


class FrozenClock:
    """The loop's time, behind which an hour can pass at once."""

    def __init__(self) -> None:
        self._pulse = Pulse()
        self._ahead = 0.0

    def now(self) -> float:
        now = asyncio.get_running_loop().time() + self._ahead
        self._pulse.beat(now, now)
        return now

    @property
    def stood_still(self) -> StoodStill | None:
        return self._pulse.stood_still

    def freeze(self, seconds: float = HOUR) -> None:
        self.now()
        self._ahead += seconds

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


@pytest.mark.parametrize(
    ("gap", "ahead", "told"),
    [
        (STILL, 0.0, None),
        (STILL + 1, 0.0, StoodStill(STILL + 1, STILL + 1)),
        (HOUR, 0.0, StoodStill(HOUR, HOUR)),
        (2.0, 59.0, None),
        (2.0, HOUR, StoodStill(2.0, HOUR, by_wall=True)),
        (2.0, 3.0e8, StoodStill(2.0, 3.0e8, by_wall=True)),
        (2.0, -3.0e8, None),
    ],
)
def test_a_gap_between_two_looks_at_the_clock_is_a_standstill(
    gap: float, ahead: float, told: StoodStill | None
) -> None:
    pulse = Pulse()
    pulse.beat(0.0, 1000.0)
    pulse.beat(gap, 1000.0 + gap + ahead)
    assert pulse.stood_still == told


def test_the_sites_clock_tells_of_a_suspended_machine(tmp_path: Path) -> None:
    ticks, wall = [500.0], [1.0e6]
    clock = SiteClock(tmp_path, sources=Sources(lambda: "boot", lambda: ticks[0], lambda: wall[0]))
    clock.now()
    ticks[0], wall[0] = ticks[0] + HOUR, wall[0] + HOUR  # boot time counts while the machine sleeps
    assert clock.now() == HOUR
    assert clock.stood_still == StoodStill(HOUR, HOUR)
    wall[0] += 2 * HOUR  # paused by its hypervisor: only the wall clock knows
    assert clock.now() == HOUR
    assert clock.stood_still == StoodStill(HOUR, 2 * HOUR, by_wall=True)


def test_what_was_heard_before_counts_for_nothing() -> None:
    seen = SEEN.heard_since(2.0)
    assert seen.upses == {"a": UpsSeen()}
    pool = seen.pools["main"]
    assert (pool.coordinator, pool.answered_at, pool.advice, pool.witness_at) == (None, None, {}, None)
    assert (seen.hosts["h1"].toolstack_at, seen.hosts["h1"].network_at) == (None, 3.0)
    assert SEEN.heard_since(1.0) == SEEN


def run_loop(clock: FrozenClock, journal: MemoryJournal, actor: FakeActor, decide: object, seconds: float) -> None:
    async def run() -> None:
        loop = Loop(
            site=SITE,
            observers=[FakeObserver(SEEN)],
            actors={"main": actor},
            journal=journal,
            clock=clock,
            decide=decide,  # type: ignore[arg-type]
        )
        running = asyncio.create_task(loop.run())
        await asyncio.sleep(seconds)
        await loop.stop()
        await running

    virtually(run)


def test_a_decision_that_a_standstill_parts_from_its_action_is_not_carried_out() -> None:
    clock, actor = FrozenClock(), FakeActor()

    class Journal(MemoryJournal):
        async def append(self, events: Sequence[e.Event]) -> Sequence[int]:
            if any(isinstance(event, e.ActionStarted) for event in events) and clock.stood_still is None:
                clock.freeze()
            return await super().append(events)

    def once_more(now: float, seen: Snapshot, memory: Memory, site: Site) -> Decision:
        if memory.pending or memory.host("h1").disabled_done is not None:
            return Decision((), "waiting", None)
        return Decision((e.ActionStarted(now, disable("h1")),), "disabling h1", None)

    journal = Journal()
    run_loop(clock, journal, actor, once_more, 20.0)
    first, second = journal.of(e.ActionFinished)
    assert (first.error, second.error) == (STOOD_STILL, None)
    assert len(journal.of(e.ControllerResumed)) == 1
    assert len(actor.begun) == 1


def test_the_first_decision_afterwards_sees_nothing_old() -> None:
    clock, looks = FrozenClock(), list[Snapshot]()

    def look(now: float, seen: Snapshot, memory: Memory, site: Site) -> Decision:
        looks.append(seen)
        if len(looks) == 2:
            clock.freeze()
        return Decision((), "", None)

    journal = MemoryJournal()
    run_loop(clock, journal, FakeActor(), look, 12.0)
    assert looks[:2] == [SEEN, SEEN]
    assert all(seen.upses == {"a": UpsSeen()} for seen in looks[2:])
    (resumed,) = journal.of(e.ControllerResumed)
    assert resumed.seconds >= HOUR


def test_an_action_that_waited_for_its_target_is_not_begun_late() -> None:
    async def story() -> list[e.ActionFinished]:
        clock, reports = FrozenClock(), list[e.ActionFinished]()

        async def freezes(_: object) -> None:
            await asyncio.sleep(1)
            clock.freeze()

        actor = FakeActor(freezes)
        executor = Executor({"main": actor}, clock, reports.append)
        executor.start(1, disable("h1"))
        executor.start(2, disable("h1"))
        await asyncio.sleep(3)
        await executor.stop()
        assert len(actor.begun) == 1
        return reports

    assert [(report.started, report.error) for report in virtually(story)] == [(1, None), (2, STOOD_STILL)]


def test_an_action_that_its_driver_did_not_send_is_no_failure() -> None:
    async def story() -> list[e.ActionFinished]:
        reports: list[e.ActionFinished] = []

        async def gives_up(_: object) -> None:
            raise NotBegun("decided before a standstill")

        executor = Executor({"main": FakeActor(gives_up)}, FrozenClock(), reports.append)
        executor.start(1, disable("h1"))
        await asyncio.sleep(1)
        await executor.stop()
        return reports

    (report,) = virtually(story)
    assert (report.error, report.refused) == (STOOD_STILL, False)
