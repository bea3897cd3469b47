"""Loops that end and begin while others go on: all of a change or nothing of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from ridethrough.core import events as e
from ridethrough.core.actions import Action
from ridethrough.core.decide import Decision
from ridethrough.core.memory import Memory
from ridethrough.core.model import Pool, Ups
from ridethrough.core.observation import Snapshot
from ridethrough.core.policy import Policy
from ridethrough.core.site import Site
from ridethrough.ports import JournalFailed
from ridethrough.runtime.crew import Crew
from ridethrough.runtime.loop import Loop

from .fakes import FakeActor, FakeObserver, LoopClock, MemoryJournal, disable, virtually

Decided = Callable[[float, Memory], tuple[e.Event, ...]]
LOST = e.UtilityLost(0.0, "a", 0.0, 0.0, None, None, None, None, 10.0, "a test")
RECORD = e.PoolRecorded(0.0, "main", "h1", (("h1", 0.0),), (), (), False)


def part_of(ups: str, pool: str) -> Site:
    return Site("test", {ups: Ups(ups)}, {pool: Pool(pool)}, {})


@dataclass
class Part:
    site: Site
    loop: Loop
    observer: FakeObserver = field(default_factory=FakeObserver)


@dataclass
class Bench:
    """A crew of loops; each round's site is written down."""

    journal: MemoryJournal = field(default_factory=MemoryJournal)
    rounds: dict[str, list[Site]] = field(default_factory=dict)
    actor: FakeActor = field(default_factory=FakeActor)
    rebuilt: list[str] = field(default_factory=list)
    written: int = 0

    def part(
        self, site: Site, decided: Callable[[float, Memory], tuple[e.Event, ...]] = lambda now, memory: ()
    ) -> Part:
        name = ", ".join(site.upses)
        seen = self.rounds.setdefault(name, [])
        observer = FakeObserver()

        def decide(now: float, snapshot: Snapshot, memory: Memory, site: Site) -> Decision:
            seen.append(site)
            return Decision(decided(now, memory), "", None)

        loop = Loop(
            site=site,
            observers=[observer],
            actors={"main": self.actor},
            journal=self.journal,
            clock=LoopClock(),
            decide=decide,
            name=name,
            part=name,
        )
        return Part(site, loop, observer)

    async def write(self) -> None:
        self.written += 1

    def rebuild(self, part: Part) -> Part:
        self.rebuilt.append(part.loop.name)
        return self.part(part.site)

    def play(self, crew: Crew[Part], story: Callable[[], Coroutine[Any, Any, None]]) -> None:
        async def run() -> None:
            running = asyncio.create_task(crew.run())
            await asyncio.sleep(3)
            try:
                await story()
            finally:
                running.cancel()
                await asyncio.wait({running})

        virtually(run)


def starts(journal: MemoryJournal) -> list[str]:
    return [event.part for event in journal.of(e.ControllerStarted)]


def test_a_loop_that_stays_gets_its_new_site_without_a_stop() -> None:
    bench = Bench()
    old = bench.part(part_of("a", "main"))
    crew = Crew([old])
    new = replace(old.site, policy=Policy(reserve=5.0))

    async def story() -> None:
        before = len(bench.rounds["a"])
        assert await crew.exchange([replace(old, site=new)], bench.write, bench.rebuild) == ""
        await asyncio.sleep(0.5)
        assert bench.rounds["a"][before] == new

    bench.play(crew, story)
    assert (starts(bench.journal), bench.written) == (["a"], 1)


def test_a_loop_that_stays_gets_it_in_an_outage_too() -> None:
    bench = Bench(MemoryJournal([LOST]))
    old = bench.part(part_of("a", "main"))
    crew = Crew([old])

    async def story() -> None:
        assert await crew.exchange([replace(old, site=old.site)], bench.write, bench.rebuild) == ""

    bench.play(crew, story)
    assert bench.written == 1


def test_one_ends_and_another_begins_while_a_third_goes_on() -> None:
    bench = Bench()
    stays, goes = bench.part(part_of("a", "main")), bench.part(part_of("b", "other"))
    crew = Crew([stays, goes])

    async def story() -> None:
        fresh = bench.part(part_of("c", "third"))
        assert await crew.exchange([stays, fresh], bench.write, bench.rebuild) == ""
        ended = len(bench.rounds["b"])
        await asyncio.sleep(20)
        assert len(bench.rounds["b"]) == ended
        assert goes.observer.stopped
        assert not stays.observer.stopped
        assert bench.rounds["c"]
        assert crew.parts == [stays, fresh]

    bench.play(crew, story)
    assert starts(bench.journal) == ["a", "b", "c"]


def test_a_site_that_held_nothing_begins_to_be_watched() -> None:
    bench = Bench()
    crew: Crew[Part] = Crew([])

    async def story() -> None:
        assert await crew.exchange([bench.part(part_of("a", "main"))], bench.write, bench.rebuild) == ""
        await asyncio.sleep(1)
        assert bench.rounds["a"]

    bench.play(crew, story)


@pytest.mark.parametrize(
    ("events", "why"),
    [
        ([LOST], "a is on battery"),
        ([e.UtilityDoubted(0.0, "a", 0.0, 0.0)], "a is on battery"),
        ([RECORD], "the outage of main is not over"),
    ],
)
def test_in_an_outage_no_loop_ends_or_begins(events: list[e.Event], why: str) -> None:
    bench = Bench(MemoryJournal(events))
    old, other = bench.part(part_of("a", "main")), bench.part(part_of("b", "other"))
    crew = Crew([old, other])

    async def story() -> None:
        fresh = bench.part(part_of("c", "third"))
        for parts in ([other], [old], [old, other, fresh]):
            assert why in await crew.exchange(parts, bench.write, bench.rebuild)
        assert crew.parts == [old, other]
        assert not old.observer.stopped

    bench.play(crew, story)
    assert bench.written == 0


def test_an_action_that_begins_just_then_is_not_cut_short() -> None:
    bench = Bench()
    acts = False

    def decided(now: float, memory: Memory) -> tuple[e.Event, ...]:
        return (e.ActionStarted(now, disable("h1")),) if acts and not memory.pending else ()

    old, other = bench.part(part_of("a", "main"), decided), bench.part(part_of("b", "other"))
    crew = Crew([old, other])
    release = asyncio.Event()

    async def lasts(_: Action) -> None:
        await release.wait()

    bench.actor.how = lasts

    async def story() -> None:
        nonlocal acts
        acts = True  # the round that `retire` waits for begins an action
        assert "an action is under way" in await crew.exchange([], bench.write, bench.rebuild)
        assert not old.observer.stopped
        await asyncio.sleep(1)
        assert bench.rebuilt == ["b"]  # had ended already, and goes on as before
        assert [part.loop.name for part in crew.parts] == ["a", "b"]
        assert other.observer.stopped
        assert len(bench.journal.of(e.ActionStarted)) == 1
        release.set()

    bench.play(crew, story)
    assert bench.written == 0


@pytest.mark.parametrize("error", [JournalFailed("the disk is full"), KeyError("the disk is full")])
def test_what_cannot_be_written_down_is_not_done(error: Exception) -> None:
    bench = Bench()
    old = bench.part(part_of("a", "main"))
    crew = Crew([old])

    async def fails() -> None:
        raise error

    async def story() -> None:
        assert "the disk is full" in await crew.exchange([], fails, bench.rebuild)
        await asyncio.sleep(1)
        assert [part.loop.name for part in crew.parts] == ["a"]
        assert starts(bench.journal) == ["a", "a"]

    bench.play(crew, story)


def test_a_loop_that_fails_ends_them_all() -> None:
    class Unreadable(MemoryJournal):
        async def read(self, after: int = 0) -> Sequence[tuple[int, e.Event]]:
            raise JournalFailed("no such file")

    async def run() -> None:
        good, bad = Bench(), Bench(Unreadable())
        crew = Crew([good.part(part_of("a", "main")), bad.part(part_of("b", "other"))])
        with pytest.raises(JournalFailed):
            await crew.run()

    virtually(run)
