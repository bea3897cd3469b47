"""A battery by the way it empties: a promise that its discharge contradicts is not believed (behaviour.md §3)."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ridethrough.core import events as e
from ridethrough.core.battery import Discharge, Told, begun, jumps, kept, remaining, share_held
from ridethrough.core.decide import decide
from ridethrough.core.ends import holds, runtime
from ridethrough.core.fold import fold
from ridethrough.core.memory import Memory
from ridethrough.core.observation import Source, UpsReading

from .build import ARMED, known, lost, reading, remember, site, situation, snapshot, ups_seen

Card = Callable[[float], Told]  # what it says so many seconds into the outage


def battery(lasts: float, promise: float = 1.0, loads: Sequence[tuple[float, float]] = ((0.0, 30.0),)) -> Card:
    """A card that rounds to whole per cents and minutes; it holds `lasts` seconds at 30 % and promises `promise` times.

    `loads`: from when the load is how many per cent.
    """

    def says(at: float) -> Told:
        spans = zip(loads, [*loads[1:], (at, 0.0)], strict=True)
        used = sum(max(min(end, at) - min(begin, at), 0.0) * load / 30.0 for (begin, load), (end, _) in spans)
        load = next(load for begin, load in reversed(loads) if begin <= at)
        left = max(lasts - used, 0.0)
        told = left * promise * 30.0 / load
        return Told(at, float(int(told / 60) * 60), float(int(100 * left / lasts)), load)

    return says


def truly_left(lasts: float, at: float) -> float:
    return max(lasts - at, 0.0)


def watched(card: Card, until: float, every: float = 2.0) -> tuple[Discharge, Told]:
    """Polled as a card in an outage is; kept is what the journal keeps: ten per cent less, another load, or a jump."""
    before = card(0.0)
    discharge, at = begun(before), 0.0
    while at + every <= until:
        at += every
        now = card(at)
        fell = (discharge.last.charge or 0.0) - (now.charge or 0.0) >= 10.0
        anew = jumps(before, now) and at - discharge.last.at >= 60.0
        if fell or anew or now.load != before.load:
            discharge = kept(discharge, now, before.load, anew)
        before = now
    return discharge, before


lasting = st.floats(300.0, 7200.0)


@given(lasts=lasting, share=st.floats(0.02, 0.98))
def test_a_true_promise_is_never_lowered(lasts: float, share: float) -> None:
    """Property: whatever cards round away, a battery that holds what is promised is believed to the end."""
    discharge, now = watched(battery(lasts), share * lasts)
    assert now.runtime is not None
    assert remaining(discharge, now) == pytest.approx(now.runtime)


@given(lasts=lasting, share=st.floats(0.4, 0.95), holds_share=st.floats(0.3, 0.9))
def test_what_a_lying_card_s_battery_holds_is_found_from_its_charge(
    lasts: float, share: float, holds_share: float
) -> None:
    """Property: never more than is promised, never much less than the truth, and near it before half has gone."""
    discharge, now = watched(battery(lasts, 1 / holds_share), share * lasts)
    found, true = remaining(discharge, now), truly_left(lasts, now.at)
    assert found is not None
    assert now.runtime is not None
    assert found <= now.runtime
    rounding = 0.01 * lasts / max(true, 1.0)
    assert true * 0.97 - 60.0 <= found <= true * (1.25 + 3 * rounding) + 60.0


@given(lasts=lasting, share=st.floats(0.2, 0.9), holds_share=st.floats(0.3, 1.1), more=st.floats(0.0, 50.0))
def test_the_emptier_it_says_it_is_the_less_is_left(
    lasts: float, share: float, holds_share: float, more: float
) -> None:
    """Property: at the same moment a lower charge, or a shorter runtime, never leaves more."""
    discharge, now = watched(battery(lasts, 1 / holds_share), share * lasts)
    assert now.charge is not None
    assert now.runtime is not None
    emptier = replace(now, charge=max(now.charge - more, 0.0))
    shorter = replace(now, runtime=max(now.runtime - 60 * more, 0.0))
    left = remaining(discharge, now)
    assert left is not None
    for worse in (emptier, shorter):
        found = remaining(discharge, worse)
        assert found is not None
        assert found <= left + 1e-6


@given(st.lists(st.tuples(st.floats(0.0, 5000.0), st.floats(0.0, 100.0), st.floats(1.0, 120.0)), min_size=2))
def test_no_card_can_talk_it_above_its_promise(answers: list[tuple[float, float, float]]) -> None:
    """Property: whatever a card says, in whatever order, what is left is at most what it promises now."""
    told = [Told(20.0 * n, *answer) for n, answer in enumerate(answers)]
    discharge = begun(told[0])
    for before, now in itertools.pairwise(told):
        left = remaining(discharge, now)
        assert left is not None
        assert now.runtime is not None
        assert 0.0 <= left <= now.runtime
        discharge = kept(discharge, now, before.load, jumps(before, now))


def test_two_per_cent_a_minute_contradict_a_promise_of_an_hour() -> None:
    def card(at: float) -> Told:
        return Told(at, 3600.0, float(int(100.0 - at / 30.0)), 30.0)

    discharge, now = watched(card, 600.0)
    found = remaining(discharge, now)
    assert found is not None
    assert found <= 1.3 * (3000.0 - 600.0)


def test_a_runtime_that_falls_faster_than_time_passes_is_cut_though_the_charge_stays() -> None:
    def card(at: float) -> Told:
        return Told(at, 3600.0 - 3 * at, 100.0, 30.0)

    at_400 = Told(400.0, 2400.0, 100.0, 30.0)
    discharge = kept(begun(card(0.0)), at_400)  # the journal keeps a runtime that has drifted
    found = remaining(discharge, card(700.0))
    assert found is not None
    assert 500.0 <= found <= 650.0  # it will be at nought in 500 s


@given(lasts=lasting, to=st.sampled_from([10.0, 15.0, 45.0, 60.0]), holds_share=st.sampled_from([1.0, 0.5]))
def test_a_load_that_changes_is_no_contradiction(lasts: float, to: float, holds_share: float) -> None:
    """A host goes down, or another one's load comes: runtime and pace change with it, the battery is the same."""
    changes = 0.3 * lasts
    card = battery(lasts, 1 / holds_share, ((0.0, 30.0), (changes, to)))
    until = changes + 0.3 * (lasts - changes) * 30.0 / to
    discharge, now = watched(card, until)
    true = (0.7 * lasts * 0.7) * 30.0 / to
    found = remaining(discharge, now)
    assert found is not None
    assert now.runtime is not None
    if holds_share == 1.0:
        assert found == pytest.approx(now.runtime)
    else:
        assert true * 0.93 - 60.0 <= found <= true * 1.35 + 60.0


def test_a_flat_charge_shows_nothing() -> None:
    discharge, now = watched(lambda at: Told(at, 3600.0 - at, 100.0, 30.0), 1800.0)
    assert remaining(discharge, now) == now.runtime


@pytest.mark.parametrize("to", [60.0, 99.0])
def test_a_charge_that_is_reckoned_anew_is_no_discharge(to: float) -> None:
    """A recalibration in the middle of an outage: from there on it is counted anew."""

    def card(at: float) -> Told:
        honest = 100.0 - at / 36.0
        return Told(at, 3600.0 - at, float(int(honest if at < 300.0 else to - (at - 300.0) / 36.0)), 30.0)

    for until in (302.0, 340.0, 600.0, 1200.0):
        discharge, now = watched(card, until)
        found = remaining(discharge, now)
        assert found is not None
        assert now.charge is not None
        assert found >= min(3600.0 - until, 36.0 * now.charge) * 0.97


def test_what_was_held_in_the_past_is_counted_from_the_first_moment() -> None:
    start = Told(0.0, 3600.0, 100.0, 30.0)
    assert remaining(begun(start), start, 0.5) == 1800.0
    assert remaining(begun(start), replace(start, at=600.0, runtime=3000.0), 0.5) == 1200.0
    assert remaining(begun(start), replace(start, at=600.0, runtime=900.0), 0.5) == 900.0


def test_the_share_held_is_measured_when_enough_has_gone() -> None:
    card = battery(1800.0, 2.0)
    assert share_held(*watched(card, 180.0)) is None
    found = share_held(*watched(card, 1200.0))
    assert found == pytest.approx(0.5, abs=0.06)
    assert share_held(*watched(battery(1800.0), 1200.0)) == 1.0


# --- in the whole ------------------------------------------------------------------------------------------------


def run(card: Card, until: float, memory: Memory | None = None, heard_until: float = 1e9) -> tuple[Memory, UpsReading]:
    """Rounds of `decide` on one host whose UPS's card says this from second 100 on."""
    the_site = site(1)
    seen = snapshot(100.0, the_site)
    memory = memory or remember(*known(the_site))
    at, now = 0.0, 100.0
    while at + 2.0 <= until:
        at += 2.0
        now = 100.0 + at
        told = card(at)
        if at <= heard_until:
            there = seen.upses["ups1"]
            fresh = reading(now, Source.BATTERY, charge=told.charge, runtime=told.runtime, load=told.load)
            seen = replace(seen, upses={"ups1": replace(there, previous=there.reading, reading=fresh)})
        for event in decide(now, seen, memory, the_site).events:
            memory = fold(memory, memory.position + 1, event)
    last = seen.upses["ups1"].reading
    assert last is not None
    return memory, last


def test_it_counts_on_while_the_card_is_silent_and_across_a_restart() -> None:
    the_site = site(1)
    memory, last = run(battery(1800.0, 2.0), 700.0, heard_until=600.0)
    silent = situation(800.0, replace(snapshot(800.0, the_site), upses={}), the_site)
    s = replace(silent, memory=memory)
    again = fold(memory, memory.position + 1, e.ControllerStarted(790.0, "1", 780.0))
    anew = replace(silent, memory=again)
    blind = replace(s, seen=replace(s.seen, upses={"ups1": replace(ups_seen(last.at), reading=last, previous=None)}))
    for each in (s, anew, blind):
        found = holds(each, "ups1")
        assert found is not None
        assert 1100.0 * 0.85 <= found <= 1100.0 * 1.3
        later = holds(replace(each, now=each.now + 50.0, worked_out={}), "ups1")
        assert later == pytest.approx(found - 50.0)


def test_an_alert_says_that_a_card_promises_too_much() -> None:
    memory, _ = run(battery(1800.0, 2.0), 900.0)
    assert memory.alerts["ups1", "promises too much"].text.startswith("ups1 promises ")
    honest, _ = run(battery(1800.0), 900.0)
    assert not [key for _, key in honest.alerts if key == "promises too much"]


def test_what_was_learned_of_a_battery_outlasts_the_outage_and_is_said() -> None:
    the_site = site(1)
    memory = remember(*ARMED, *known(the_site), lost("ups1", 10.0), e.BatteryMeasured(900.0, "ups1", 0.5))
    memory = fold(memory, 99, e.UtilityBack(950.0, "ups1", 900.0))
    s = replace(situation(1000.0, snapshot(1000.0, the_site), the_site), memory=memory)
    assert runtime(s, "ups1") == pytest.approx(1500.0 * 0.5 * 0.8)
    alerts = [x.key for x in decide(1000.0, s.seen, memory, the_site).events if isinstance(x, e.Alerted)]
    assert alerts == ["weak battery"]


def test_a_battery_that_holds_its_promise_again_is_trusted_again() -> None:
    weak = remember(*known(site(1)), e.BatteryMeasured(5.0, "ups1", 0.5))
    memory, last = run(battery(1800.0), 900.0, weak)
    assert memory.learned.held["ups1"] == 0.5
    back = replace(snapshot(1002.0, site(1)), upses={"ups1": replace(ups_seen(1002.0), previous=last)})
    found = [x for x in decide(1002.0, back, memory, site(1)).events if isinstance(x, e.BatteryMeasured)]
    assert [x.held for x in found] == [1.0]
