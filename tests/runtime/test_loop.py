"""The loop observes, decides, writes down, then acts; nothing that hangs or fails stops it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

import pytest

from ridethrough import __version__
from ridethrough.core import events as e
from ridethrough.core.actions import Action
from ridethrough.core.decide import Decision
from ridethrough.core.fold import fold_all
from ridethrough.core.memory import Memory
from ridethrough.core.observation import Snapshot, UpsSeen
from ridethrough.core.site import Site
from ridethrough.runtime.loop import STOPPED, Loop, Status
from ridethrough.runtime.mailbox import Answer
from ridethrough.runtime.past import KEY, PROVISIONAL

from .fakes import SITE, FakeActor, FakeNotifier, FakeObserver, Killed, LoopClock, MemoryJournal, disable, virtually

HOSTS = ("h1", "h2", "h3")
ON_BATTERY = e.UtilityLost(0.0, "a", 0.0, 0.0, None, None, None, None, 10.0, "a test")


def toy(now: float, seen: Snapshot, memory: Memory, site: Site) -> Decision:
    """Disable one host after the other, each once."""
    undone = [h for h in HOSTS if memory.host(h).disabled_at is None]
    if memory.pending or not undone:
        return Decision((), "waiting", None)
    return Decision((e.ActionStarted(now, disable(undone[0])),), f"disabling {undone[0]}", None)


def idle(now: float, seen: Snapshot, memory: Memory, site: Site) -> Decision:
    return Decision((), "nothing to do", None)


@dataclass
class Bench:
    """A loop with fakes on all sides."""

    decide: Callable[[float, Snapshot, Memory, Site], Decision] = idle
    observers: list[FakeObserver] = field(default_factory=lambda: [FakeObserver()])
    actor: FakeActor = field(default_factory=FakeActor)
    journal: MemoryJournal = field(default_factory=MemoryJournal)
    notifier: FakeNotifier = field(default_factory=FakeNotifier)
    rounds: list[float] = field(default_factory=list)
    loop: Loop = field(init=False)

    def __post_init__(self) -> None:
        def decide(now: float, seen: Snapshot, memory: Memory, site: Site) -> Decision:
            self.rounds.append(round(now, 3))
            return self.decide(now, seen, memory, site)

        self.loop = Loop(
            site=SITE,
            observers=self.observers,
            actors={"main": self.actor},
            journal=self.journal,
            clock=LoopClock(),
            notifiers=[self.notifier],
            decide=decide,
        )

    @property
    def status(self) -> Status:
        assert self.loop.status
        return self.loop.status

    def play(self, story: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Run the loop beside `story`, and stop it afterwards."""

        async def run() -> None:
            running = asyncio.create_task(self.loop.run())
            try:
                await story()
            finally:
                await self.loop.stop()
                await running

        virtually(run)

    def play_for(self, seconds: float) -> None:
        async def wait() -> None:
            await asyncio.sleep(seconds)

        self.play(wait)


def test_an_action_is_on_the_disk_before_it_begins() -> None:
    bench = Bench(toy)
    bench.actor.how = check = Written(bench.journal)
    bench.play_for(20)
    assert check.found == [disable(h) for h in HOSTS]
    started = bench.journal.of(e.ActionStarted)
    ended = bench.journal.of(e.ActionFinished)
    assert [event.action.host for event in started] == [*HOSTS]
    assert [bench.journal.rows[event.started - 1] for event in ended] == started
    assert bench.status.verdict == "waiting"
    assert bench.status.memory == fold_all(Memory(), enumerate(bench.journal.rows, 1))


@dataclass
class Written:
    """An actor's behaviour: it asserts that its action is in the journal already."""

    journal: MemoryJournal
    found: list[Action] = field(default_factory=list)

    async def __call__(self, action: Action) -> None:
        assert action in [event.action for event in self.journal.of(e.ActionStarted)]
        self.found.append(action)


def test_the_first_fact_is_the_start_of_the_controller() -> None:
    bench = Bench()
    bench.journal.rows.append(e.Armed(0.0, "eva"))
    bench.play_for(0.1)
    assert bench.journal.rows[1:] == [e.ControllerStarted(0.0, __version__)]
    assert bench.status.memory.armed
    assert [(p, s) for p, _, s in bench.notifier.told] == [(2, f"Ridethrough {__version__} starts")]


def test_the_pace_is_five_seconds_and_two_on_battery() -> None:
    bench = Bench()
    bench.play_for(14)
    assert bench.rounds == [0.0, 5.0, 10.0]
    urgent = Bench()
    urgent.journal.rows.append(ON_BATTERY)
    urgent.play_for(5)
    assert urgent.rounds == [0.0, 2.0, 4.0]
    assert urgent.observers[0].asked == [True] * 3


def test_wakes_are_gathered_and_never_make_a_busy_loop() -> None:
    bench = Bench()

    async def story() -> None:
        await asyncio.sleep(1)
        for _ in range(1000):
            bench.observers[0].wake()
            await asyncio.sleep(0.001)

    bench.play(story)
    assert bench.rounds[:5] == [0.0, 1.0, 1.2, 1.4, 1.6]
    assert len(bench.rounds) <= 8


def test_time_alone_wakes_it_when_decide_says_so() -> None:
    bench = Bench(lambda now, *_: Decision((), "", 3.3 if now < 3.3 else now - 1.0))
    bench.play_for(4.0)
    assert bench.rounds[:4] == [0.0, 3.3, 3.5, 3.7]  # a moment in the past is no busy loop either


def test_a_request_is_journalled_decided_and_answered() -> None:
    def obey(now: float, seen: Snapshot, memory: Memory, site: Site) -> Decision:
        answers: list[e.Event] = []
        for asked in memory.requests:
            if asked.subject == "h1":
                answers.append(e.RequestDone(now, asked.ask, asked.subject))
            else:
                answers.append(e.RequestRefused(now, asked.ask, asked.subject, "it is no host"))
        return Decision(tuple(answers), "", None)

    bench = Bench(obey)

    async def story() -> None:
        await asyncio.sleep(1)
        good = bench.loop.request(e.Requested(1.0, e.Ask.HOLD, "h1", "eva"))
        bad = bench.loop.request(e.Requested(1.0, e.Ask.HOLD, "h9", "eva"))
        assert await good == Answer(True, "accepted: hold h1")
        assert await bad == Answer(False, "refused: hold h9: it is no host")
        assert asyncio.get_running_loop().time() < 1.5

    bench.play(story)
    kinds = [type(event).__name__ for event in bench.journal.rows[1:]]
    assert kinds == ["Requested", "Requested", "RequestDone", "RequestRefused"]


def test_two_who_ask_the_same_get_an_answer_each() -> None:
    def first_no_then_yes(now: float, seen: Snapshot, memory: Memory, site: Site) -> Decision:
        if len(memory.requests) < 2:
            return Decision((), "", None)
        refused = e.RequestRefused(now, e.Ask.HOLD, "h1", "too early")
        return Decision((refused, e.RequestDone(now, e.Ask.HOLD, "h1")), "", None)

    bench = Bench(first_no_then_yes)

    async def story() -> None:
        await asyncio.sleep(1)
        asked = [bench.loop.request(e.Requested(1.0, e.Ask.HOLD, "h1", who)) for who in ("eva", "tom")]
        assert [(await answer).accepted for answer in asked] == [False, True]

    bench.play(story)


def obedient(now: float, seen: Snapshot, memory: Memory, site: Site) -> Decision:
    """As the real one answers, without looking at the site."""
    left = tuple(e.RequestRefused(now, asked.ask, asked.subject, "too late") for asked in memory.left)
    done = tuple(e.RequestDone(now, asked.ask, asked.subject) for asked in memory.requests)
    return Decision((*left, *done), "", None)


def test_what_was_refused_while_rounds_failed_is_not_obeyed_when_they_go_on() -> None:
    failing = [True]

    def decide(now: float, seen: Snapshot, memory: Memory, site: Site) -> Decision:
        if failing:
            raise ValueError("a bug")
        return obedient(now, seen, memory, site)

    bench = Bench(decide)

    async def story() -> None:
        await asyncio.sleep(1)
        given_up = bench.loop.request(e.Requested(1.0, e.Ask.HOLD, "h1", "eva"))
        nobody_waits = bench.loop.request(e.Requested(1.0, e.Ask.HOLD, "h2", "eva"))
        await asyncio.sleep(5)
        nobody_waits.cancel()
        answer = await given_up
        assert 20.0 <= asyncio.get_running_loop().time() - 1.0 < 21.0
        assert not answer.accepted
        assert "no round of the controller could decide it in time" in answer.text
        again = bench.loop.request(e.Requested(21.0, e.Ask.HOLD, "h1", "eva"))
        failing.clear()
        assert (await again).accepted

    bench.play(story)
    assert [event.subject for event in bench.journal.of(e.RequestRefused)] == ["h2", "h1"]
    assert [event.subject for event in bench.journal.of(e.RequestDone)] == ["h1"]
    assert {host for host, known in bench.status.memory.hosts.items() if known.held} == {"h1"}
    assert bench.status.memory.requests == ()


def test_a_refusal_while_the_disk_is_waited_for_comes_before_the_decision() -> None:
    bench = Bench(obedient)

    async def story() -> None:
        await asyncio.sleep(1)
        bench.journal.hanging = True
        asked = bench.loop.request(e.Requested(1.0, e.Ask.HOLD, "h1", "eva"))
        await asyncio.sleep(1.5)  # it is on its way to the disk
        asked.cancel()
        await asyncio.sleep(5)
        bench.journal.hanging = False
        await asyncio.sleep(5)

    bench.play(story)
    assert bench.journal.of(e.RequestDone) == []
    assert len(bench.journal.of(e.RequestRefused)) == 1


def test_who_asks_again_after_a_restart_is_not_given_the_answer_to_what_was_left() -> None:
    bench = Bench(obedient)
    bench.journal.rows.append(e.Requested(0.0, e.Ask.HOLD, "h1", "eva"))

    async def story() -> None:
        answer = bench.loop.request(e.Requested(0.0, e.Ask.HOLD, "h1", "eva"))  # before the first round
        assert await answer == Answer(True, "accepted: hold h1")

    bench.play(story)
    answers = [type(event) for event in bench.journal.of(e.RequestRefused, e.RequestDone)]
    assert answers == [e.RequestRefused, e.RequestDone]


def test_a_request_that_nobody_decided_is_told_so_when_the_loop_ends() -> None:
    bench = Bench()
    asked: list[asyncio.Future[Answer]] = []

    async def story() -> None:
        asked.append(bench.loop.request(e.Requested(0.0, e.Ask.ARM, "", "eva")))
        await asyncio.sleep(1)

    bench.play(story)
    assert asked[0].result() == STOPPED

    async def later() -> None:
        assert await bench.loop.request(e.Requested(0.0, e.Ask.ARM, "", "eva")) == STOPPED

    virtually(later)


def test_an_observer_that_hangs_as_it_starts_holds_up_the_first_round_by_a_second_only() -> None:
    sick, well = FakeObserver(Snapshot(upses={"a": UpsSeen()})), FakeObserver(Snapshot(upses={"b": UpsSeen()}))
    sick.hanging = True
    bench = Bench(observers=[sick, well])

    async def story() -> None:
        await asyncio.sleep(20)
        assert bench.rounds[:2] == [1.0, 6.0]
        assert list(bench.status.seen.upses) == ["b"]
        assert sick.asked == []
        sick.hanging = False
        await asyncio.sleep(10)
        assert sorted(bench.status.seen.upses) == ["a", "b"]

    bench.play(story)
    assert sick.stopped
    assert well.stopped


def test_an_observer_that_does_not_end_holds_up_the_stop_for_seconds_only(caplog: pytest.LogCaptureFixture) -> None:
    sick, well = FakeObserver(), FakeObserver()
    bench = Bench(observers=[sick, well])

    async def story() -> None:
        await asyncio.sleep(1)
        sick.hanging = True

    bench.play(story)
    assert well.stopped
    assert not sick.stopped
    assert "stop of FakeObserver does not end" in caplog.text


def test_a_failing_observer_keeps_its_part_and_does_not_disturb_the_others(caplog: pytest.LogCaptureFixture) -> None:
    sick, well = FakeObserver(Snapshot(upses={"a": UpsSeen()})), FakeObserver()
    bench = Bench(observers=[sick, well])

    async def story() -> None:
        await asyncio.sleep(1)
        sick.error = ValueError("a bug of the driver")
        well.part = Snapshot(upses={"b": UpsSeen()})
        await asyncio.sleep(30)
        assert sorted(bench.status.seen.upses) == ["a", "b"]

    bench.play(story)
    assert caplog.text.count("FakeObserver gives no answer (ValueError: a bug of the driver)") == 1


def test_an_observer_that_cannot_start_is_started_again() -> None:
    sick, well = FakeObserver(Snapshot(upses={"a": UpsSeen()})), FakeObserver()
    sick.start_error = OSError("address in use")
    bench = Bench(observers=[sick, well])

    async def story() -> None:
        await asyncio.sleep(7)
        assert sick.asked == []
        assert bench.rounds[0] == 1.0  # the first round gives it a second
        sick.start_error = None
        await asyncio.sleep(10)
        assert "a" in bench.status.seen.upses

    bench.play(story)
    assert sick.starts == 3


def test_a_bug_in_decide_is_journalled_once_and_the_next_round_looks_again() -> None:
    def buggy(now: float, *_: object) -> Decision:
        if now < 60:
            raise ValueError("half a thought" if now < 30 else "another")
        return Decision((), "well again", None)

    bench = Bench(buggy)

    async def story() -> None:
        await asyncio.sleep(40)
        assert bench.status.verdict.startswith("the last round failed: ValueError: another (buggy, line ")
        await asyncio.sleep(40)
        assert bench.status.verdict == "well again"

    bench.play(story)
    texts = [event.text for event in bench.journal.of(e.RoundFailed)]
    assert [text.split(" (")[0] for text in texts] == ["ValueError: half a thought", "ValueError: another"]


def test_a_notifier_or_a_status_reader_that_fails_stops_nothing() -> None:
    class Broken:
        def tell(self, position: int, event: e.Event, sentence: str) -> None:
            raise OSError("no network")

    def broken(_: Status) -> None:
        raise KeyError("x")

    async def run() -> None:
        journal = MemoryJournal()
        loop = Loop(
            site=SITE, observers=[], actors={"main": FakeActor()}, journal=journal,
            clock=LoopClock(), notifiers=[Broken()], decide=toy, after_round=broken,
        )  # fmt: skip
        running = asyncio.create_task(loop.run())
        await asyncio.sleep(20)
        running.cancel()
        await asyncio.wait({running})
        assert len(journal.of(e.ActionFinished)) == 3

    virtually(run)


def test_cancelling_while_an_action_runs_leaves_nothing_behind() -> None:
    async def hangs(_: Action) -> None:
        await asyncio.Event().wait()

    async def run() -> None:
        bench = Bench(toy, actor=FakeActor(hangs))
        running = asyncio.create_task(bench.loop.run())
        await asyncio.sleep(1)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        await bench.loop.stop()
        assert len(bench.actor.ended) == 1
        assert bench.observers[0].stopped
        assert bench.journal.of(e.ActionFinished) == []

    virtually(run)


def test_stopping_before_and_after_running_is_harmless() -> None:
    async def run() -> None:
        bench = Bench()
        await bench.loop.stop()
        await bench.loop.run()
        await bench.loop.stop()
        assert bench.rounds == []

    virtually(run)


# The journal's disk fails


@pytest.mark.parametrize("hanging", [False, True])
def test_while_the_journal_fails_everything_goes_on_and_is_written_later(hanging: bool) -> None:
    async def takes_time(_: Action) -> None:
        await asyncio.sleep(4)

    bench = Bench(toy, actor=FakeActor(takes_time))
    others = bench.journal

    async def story() -> None:
        await asyncio.sleep(1)  # h1 is being disabled, written down on the disk
        others.hanging, others.failing = hanging, "" if hanging else "disk full"
        await asyncio.sleep(9.5)  # h1 ended, h2 began and ended, h3 began: in memory only
        assert [action.host for _, action in bench.actor.begun if hasattr(action, "host")] == [*HOSTS]
        assert bench.status.journal_trouble == ("the disk did not answer within 2 s" if hanging else "disk full")
        assert ("journal", KEY) in bench.status.memory.alerts
        assert [p for p in bench.status.memory.pending if p >= PROVISIONAL]
        others.hanging, others.failing, others.others = False, "", 5
        await asyncio.sleep(20)
        assert bench.status.journal_trouble == ""
        assert bench.status.memory.alerts == {}
        assert bench.status.memory.pending == {}

    bench.play(story)
    written = dict(zip(bench.journal.positions, bench.journal.rows, strict=True))
    assert max(written) < PROVISIONAL
    for event in bench.journal.of(e.ActionFinished):
        begun = written[event.started]
        assert isinstance(begun, e.ActionStarted)
        assert begun.action == event.action
    kinds = [type(event).__name__ for event in bench.journal.rows]
    assert kinds.count("ActionStarted") == kinds.count("ActionFinished") == 3
    assert kinds.count("Alerted") == kinds.count("AlertCleared") == 1
    assert bench.status.memory == fold_all(Memory(), written.items())
    assert [kind for kind, _ in told(bench)] == kinds  # each fact was told once, in order
    texts = [event.text for event in bench.journal.of(e.Alerted)]
    assert "facts are kept in memory only, and all goes on" in texts[0]


def told(bench: Bench) -> list[tuple[str, str]]:
    return [(type(event).__name__, sentence) for _, event, sentence in bench.notifier.told]


def test_an_orderly_stop_writes_what_was_kept_and_a_dead_disk_leaves_it_to_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    saved = Bench(toy)

    async def comes_back() -> None:
        saved.journal.failing = "disk full"
        await asyncio.sleep(0.3)
        saved.journal.failing = ""

    saved.play(comes_back)
    assert saved.journal.of(e.ControllerStarted, e.Alerted)

    lost = Bench(toy)
    lost.journal.failing = "disk full"
    lost.play_for(3)
    assert lost.journal.rows == []
    assert "not in the journal (disk full): ActionStarted(" in caplog.text


def test_an_alert_left_over_from_before_a_crash_is_cleared_at_the_start() -> None:
    bench = Bench()
    bench.journal.rows.append(e.Alerted(0.0, "journal", KEY, "the disk"))
    bench.play_for(0.1)
    assert bench.status.memory.alerts == {}


def test_a_journal_that_cannot_be_read_stops_the_start() -> None:
    class Unreadable(MemoryJournal):
        async def read(self, after: int = 0) -> Any:
            raise OSError("no such disk")

    async def run() -> None:
        bench = Bench(journal=Unreadable())
        with pytest.raises(OSError, match="no such disk"):
            await bench.loop.run()
        assert bench.observers[0].starts == 0

    virtually(run)


# Crash at every journal entry


def run_to_the_end(rows: list[e.Event], world: set[str], kill_after: int | None) -> None:
    """One life of the controller on a journal and a world that outlive it."""

    async def change_world(action: Action) -> None:
        await asyncio.sleep(0.7)
        world.add(getattr(action, "host", ""))

    def by_sight(now: float, seen: Snapshot, memory: Memory, site: Site) -> Decision:
        undone = sorted(set(HOSTS) - world)
        busy = {getattr(action, "host", "") for action in memory.pending.values()}
        events = tuple(e.ActionStarted(now, disable(h)) for h in undone if h not in busy)
        return Decision(events, "", None)

    async def run() -> None:
        journal = MemoryJournal(rows)
        journal.kill_after = kill_after
        bench = Bench(by_sight, actor=FakeActor(change_world), journal=journal)
        running = asyncio.create_task(bench.loop.run())
        await asyncio.wait({running}, timeout=30)
        before = len(rows)
        if running.done():
            with pytest.raises(Killed):
                await running
        else:
            await bench.loop.stop()
            await running
        assert len(rows) == before  # a killed process writes nothing more

    virtually(run)


def test_a_crash_at_any_journal_entry_ends_in_the_same_world() -> None:
    undisturbed: list[e.Event] = []
    run_to_the_end(undisturbed, set(), None)
    assert len(undisturbed) == 7
    for entry in range(1, len(undisturbed) + 1):
        rows: list[e.Event] = []
        world: set[str] = set()
        run_to_the_end(rows, world, entry)
        run_to_the_end(rows, world, None)
        assert world == set(HOSTS), f"killed at entry {entry}"
        assert fold_all(Memory(), enumerate(rows, 1)).pending == {}
