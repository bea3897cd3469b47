"""How long things take is learned from the journal, and kept (behaviour.md §3)."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ridethrough.core import actions as a
from ridethrough.core import events as e
from ridethrough.core.durations import boot_time, host_stop, move_time, start_time, stop_time
from ridethrough.core.fold import fold
from ridethrough.core.learned import ENOUGH, GIB, KEPT, Kind, Learned, Took, key
from ridethrough.core.memory import STOOD_STILL, UNREACHABLE, Memory
from ridethrough.core.observation import VmSeen
from ridethrough.core.policy import Policy
from ridethrough.core.situation import Situation
from ridethrough.sim.agenda import Agenda
from ridethrough.sim.migration import Links

from .build import remember, site, snapshot, vm_seen

POLICY = Policy()
WEB = vm_seen("web", "h1", 2.0)


def stop(vm: str = "web", deadline: float = 120.0) -> a.StopVm:
    return a.StopVm(vm, vm, "pool1", "h1", "", deadline)


def did(
    memory: Memory, action: a.Action, at: float, took: float, error: str | None = None, refused: bool = False
) -> Memory:
    """Begun at `at`, and ended so much later."""
    position = memory.position + 1
    memory = fold(memory, position, e.ActionStarted(at, action, size=WEB.memory))
    return fold(memory, position + 1, e.ActionFinished(at + took, position, action, error, refused=refused))


def stops(*times: float, vm: str = "web", memory: Memory | None = None, error: str | None = None) -> Memory:
    known = memory or Memory()
    for n, took in enumerate(times):
        known = did(known, stop(vm), 1000.0 * (n + 1), took, error)
    return known


def seen_by(memory: Memory, vm: VmSeen = WEB) -> Situation:
    the_site = site(2)
    return Situation(100.0, snapshot(100.0, the_site, (vm,)), memory, the_site)


def expected(memory: Memory, vm: VmSeen = WEB) -> float:
    return stop_time(seen_by(memory, vm), vm)


# --- what is kept ------------------------------------------------------------------------------------------------


def test_slower_is_believed_at_once_and_faster_after_several() -> None:
    assert expected(Memory()) == POLICY.guest_stop_estimate
    assert expected(stops(70.0)) == 70.0
    assert expected(stops(*[15.0] * (ENOUGH - 1))) == POLICY.guest_stop_estimate
    assert expected(stops(*[15.0] * ENOUGH)) == 15.0


def test_one_slow_stop_among_twenty_is_forgotten_and_two_are_not() -> None:
    usual = [15.0] * (KEPT - 1)
    assert expected(stops(90.0, *usual)) == 15.0
    assert expected(stops(90.0, 95.0, *usual[1:])) == 90.0


def test_another_guest_is_expected_to_take_as_long_as_those_of_its_pool() -> None:
    memory = stops(20.0, 21.0, 22.0, 23.0)
    assert expected(memory, vm_seen("db", "h1")) == POLICY.guest_stop_estimate
    assert expected(stops(24.0, memory=memory), vm_seen("db", "h1")) == 24.0


def test_only_the_last_twenty_of_each_are_kept() -> None:
    memory = stops(*range(10, 60))
    series = memory.learned.series[key(Kind.STOP, "web")]
    assert [t.seconds for t in series.took] == [float(n) for n in range(40, 60)]


def test_it_outlasts_the_outage_a_restart_and_a_standstill() -> None:
    memory = stops(*[70.0] * 3)
    record = e.PoolRecorded(10.0, "pool1", "h1", (("h1", 1.0),), (), (("web", "h1"),), False)
    after = (
        record,
        e.PoolRestored(20.0, "pool1", ()),
        e.ControllerStarted(30.0, "1", 25.0),
        e.ControllerResumed(40.0, 5.0),
        e.Disarmed(50.0, "owner"),
    )
    for event in after:
        memory = fold(memory, memory.position + 1, event)
    assert expected(memory) == 70.0


def test_a_journal_that_was_cut_back_has_what_stood_before_the_cut() -> None:
    """It is folded anew from its first entry: each fact teaches by itself, no sum stands at the end."""
    facts: list[e.Event] = []
    for n in range(4):
        facts += [e.ActionStarted(100.0 * n, stop()), e.ActionFinished(100.0 * n + 50 + n, len(facts) + 1, stop())]
    whole, cut = remember(*facts), remember(*facts[:-3], e.JournalCutBack(900.0, 5, "journal.db.damaged-1"))
    assert expected(whole) == 53.0
    assert expected(cut) == 51.0


# --- what teaches nothing ----------------------------------------------------------------------------------------


@given(st.lists(st.tuples(st.floats(0.0, 400.0), st.sampled_from(["DEADLINE", UNREACHABLE, STOOD_STILL, "BUG"]))))
def test_what_failed_never_makes_an_expectation_shorter(failed: Sequence[tuple[float, str]]) -> None:
    memory = stops(30.0, 31.0, 32.0)
    for took, error in failed:
        before = expected(memory)
        memory = did(memory, stop(), memory.position * 1000.0, took, error)
        assert expected(memory) >= before or len(failed) > KEPT - 3


def test_a_stop_that_ran_out_of_time_gets_more_the_next_time_but_not_more_and_more() -> None:
    memory = stops(30.0, 30.0, 30.0)
    assert expected(stops(60.0, error="DEADLINE", memory=memory)) == 90.0
    assert expected(stops(110.0, error="DEADLINE", memory=memory)) == POLICY.guest_stop
    assert expected(stops(150.0, memory=stops(180.0, error="DEADLINE"))) == 150.0  # it has an end, and there it is
    assert expected(stops(110.0, error="DEADLINE"), vm_seen("db", "h1")) == POLICY.guest_stop_estimate


def test_a_clean_stop_that_a_hard_one_ended_was_not_short() -> None:
    memory = stops(60.0, 60.0, 60.0)
    position = memory.position + 1
    memory = fold(memory, position, e.ActionStarted(5000.0, stop()))
    force = a.ForceStopVm("web", "web", "pool1", "h1", "")
    memory = did(memory, force, 5005.0, 1.0)
    memory = fold(memory, memory.position + 1, e.ActionFinished(5006.0, position, stop()))
    assert memory.learned.series[key(Kind.STOP, "web")].took[-1] == Took(6.0, at_least=True)
    assert expected(memory) == 60.0


def test_what_had_nothing_left_to_do_or_was_refused_teaches_nothing() -> None:
    assert stops(0.2, 0.2, 0.2).learned == Learned()
    assert did(Memory(), stop(), 10.0, 50.0, "VM_LACKS_FEATURE", refused=True).learned == Learned()


@pytest.mark.parametrize("meanwhile", [e.ControllerResumed(500.0, 400.0), e.ControllerStarted(500.0, "1", 400.0)])
def test_what_this_controller_did_not_watch_to_its_end_teaches_nothing(meanwhile: e.Event) -> None:
    """Its end is told late, or not at all."""
    memory = fold(fold(Memory(), 1, e.ActionStarted(10.0, stop())), 2, meanwhile)
    assert fold(memory, 3, e.ActionFinished(501.0, 1, stop())).learned == Learned()


# --- moves -------------------------------------------------------------------------------------------------------


def move(vm: str, source: str, target: str) -> a.MoveVm:
    return a.MoveVm(vm, vm, "pool1", source, target, "", 600.0)


@given(seed=st.integers(0, 10_000), megabytes=st.sampled_from([12.5, 125.0, 1250.0]))
def test_the_speed_of_a_link_is_learned_however_many_share_it(seed: int, megabytes: float) -> None:
    """Against the simulator's exact links: two sources, two targets, up to three moves at once off each source."""
    rng, agenda, memory = random.Random(seed), Agenda(), Memory()
    links = Links(agenda, dict.fromkeys(("h1", "h2", "h3", "h4"), megabytes * 1e6))
    waiting = [move(f"vm{n}", rng.choice(["h1", "h2"]), rng.choice(["h3", "h4"])) for n in range(12)]

    def begin() -> None:
        nonlocal memory
        for each in list(waiting):
            if sum(m.source == each.source for m in links.moving) < 3:
                waiting.remove(each)
                size = rng.randint(2, 8) * GIB  # what takes less than a second teaches nothing
                position = memory.position + 1
                memory = fold(memory, position, e.ActionStarted(agenda.now, each, size=size))
                links.send(each.vm, each.source, each.host, size).done.watch(lambda p=position, m=each: end(p, m))  # type: ignore[misc]

    def end(position: int, each: a.MoveVm) -> None:
        nonlocal memory
        memory = fold(memory, memory.position + 1, e.ActionFinished(agenda.now, position, each))
        begin()

    begin()
    while (at := agenda.next()) is not None:
        agenda.advance(at)
    assert not waiting
    true = GIB / (megabytes * 1e6)
    learned = memory.learned.series
    assert [learned[key(Kind.MOVE, f"vm{n}")].usual for n in range(12)] == pytest.approx([true] * 12)
    assert learned[key(Kind.MOVE, "pool1")].usual == pytest.approx(true)


def moved(*times: float, source: str = "h1", error: str | None = None, memory: Memory | None = None) -> Memory:
    """WEB, alone on its link."""
    known = memory or Memory()
    for n, took in enumerate(times):
        known = did(known, move("web", source, "h2"), 1000.0 * (n + 1), took, error)
    return known


def test_a_move_is_expected_at_the_speed_of_its_own_moves_then_of_its_link_then_of_its_pool() -> None:
    db, far = vm_seen("db", "h1", 4.0), vm_seen("far", "h3", 4.0)

    def seconds(memory: Memory, vm: VmSeen) -> float:
        return move_time(seen_by(memory, vm), vm) - POLICY.move_overhead

    safe = GIB / POLICY.link_speed
    assert seconds(Memory(), db) == pytest.approx(4 * safe)
    slow = moved(*[100.0] * 3)  # 2 GiB: 50 s for each
    assert seconds(slow, WEB) == pytest.approx(100.0)
    assert seconds(slow, db) == pytest.approx(200.0)
    assert seconds(slow, far) == pytest.approx(4 * safe)
    assert seconds(moved(100.0, 100.0, memory=slow), far) == pytest.approx(200.0)
    fast = moved(*[2.0] * 3)
    assert seconds(fast, db) == pytest.approx(4.0)


def test_a_move_that_was_given_up_is_expected_to_take_so_long_at_least() -> None:
    memory = moved(*[20.0] * 3)
    given_up = moved(90.0, error="DEADLINE", memory=memory)
    assert move_time(seen_by(given_up), WEB) == pytest.approx(1.5 * 90.0 + POLICY.move_overhead)
    assert given_up.learned.series[key(Kind.MOVE_FROM, "h1")] == memory.learned.series[key(Kind.MOVE_FROM, "h1")]


# --- hosts and starts --------------------------------------------------------------------------------------------


def test_a_host_s_stop_is_learned_from_its_silence_and_its_start_from_its_supply() -> None:
    memory = Memory()
    for n in range(3):
        memory = fold(memory, memory.position + 1, e.HostDown(1000.0 * n, "h1", "silent", took=150.0))
        memory = fold(memory, memory.position + 1, e.HostReturned(1000.0 * n + 500, "h1", 2.0, took=420.0))
    s = seen_by(memory)
    assert host_stop(s, "h1") == 160.0  # it is off a moment after it was last heard
    assert boot_time(s, "h1") == 420.0
    assert (host_stop(s, "h2"), boot_time(s, "h2")) == (POLICY.host_stop, POLICY.host_start)
    untold = fold(Memory(), 1, e.HostDown(10.0, "h1", "silent"))
    assert untold.learned == Learned()


def test_a_start_is_learned() -> None:
    memory = did(Memory(), a.StartVm("web", "web", "pool1", "h1", ""), 10.0, 95.0)
    assert start_time(seen_by(memory), WEB) == 95.0
