"""From readings to the condition of a UPS and the supply of a host (behaviour.md §1 and §2)."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ridethrough.core import events as e
from ridethrough.core.observation import Snapshot, Source, UpsSeen
from ridethrough.core.power import Feed, Supply, feed, is_counting, supply
from ridethrough.core.situation import Situation
from ridethrough.core.watch import news

from .build import known, lost, reading, remember, site, situation, snapshot, ups_seen


def told(now: float, seen: UpsSeen, *events: e.Event) -> list[e.Event]:
    """What is new about ups1."""
    the_site = site(1)
    before = Snapshot(upses={"ups1": seen})
    return news(situation(now, before, the_site, *events))


def test_one_poll_that_says_battery_is_only_a_doubt() -> None:
    assert told(100.0, ups_seen(100.0, Source.BATTERY, Source.UTILITY)) == [
        e.UtilityDoubted(100.0, "ups1", 100.0, 98.0)
    ]


def test_two_polls_confirm_and_the_clock_starts_with_the_first() -> None:
    doubt = e.UtilityDoubted(100.0, "ups1", 100.0, 98.0)
    (event,) = told(102.0, ups_seen(102.0, Source.BATTERY), doubt)
    assert isinstance(event, e.UtilityLost)
    assert (event.since, event.last_utility, event.off_at) == (100.0, 98.0, 98.0 + 300.0)


def test_one_poll_with_a_dead_input_is_enough() -> None:
    (event,) = told(100.0, ups_seen(100.0, Source.BATTERY, Source.UTILITY, input_dead=True))
    assert isinstance(event, e.UtilityLost)
    assert event.since == 100.0


def started(at: float, alive_until: float | None) -> e.Event:
    return e.ControllerStarted(at, "1", alive_until)


@pytest.mark.parametrize(
    ("starts", "last_utility"),
    [
        ([started(995.0, None)], 850.0),  # somebody has seen it on utility power, and nobody knows when
        ([started(995.0, 940.0)], 940.0),  # the last life
        ([started(995.0, 100.0)], 850.0),  # long ago: the output is still on, so the middle of the card's 300 s
        ([started(400.0, None), started(995.0, 940.0)], 940.0),
        ([started(300.0, 200.0), started(930.0, 900.0), started(995.0, 930.0)], 900.0),  # the second saw nothing
    ],
)
def test_an_outage_that_began_while_nobody_watched_is_as_old_as_it_may_be(
    starts: list[e.Event], last_utility: float
) -> None:
    first = UpsSeen(reading(1000.0, Source.BATTERY, input_dead=True))
    lost = next(event for event in told(1000.0, first, *starts) if isinstance(event, e.UtilityLost))
    assert (lost.since, lost.last_utility, lost.off_at) == (1000.0, last_utility, last_utility + 300.0)


@pytest.mark.parametrize("before", [Source.UNKNOWN, Source.OFF, Source.BATTERY])
def test_a_life_that_watches_knows_when_the_outage_began(before: Source) -> None:
    """Whatever the poll before said; the last life was days ago and has nothing to do with it."""
    first = UpsSeen(reading(1000.0, Source.BATTERY, input_dead=True), reading(995.0, before))
    lost = next(event for event in told(1000.0, first, started(100.0, 50.0)) if isinstance(event, e.UtilityLost))
    assert lost.last_utility == 995.0


def test_a_doubt_that_a_second_poll_denies_is_cleared() -> None:
    doubt = e.UtilityDoubted(100.0, "ups1", 100.0, 98.0)
    assert told(102.0, ups_seen(102.0), doubt) == [e.DoubtCleared(102.0, "ups1")]


def test_a_test_is_not_an_outage_while_the_input_is_good() -> None:
    (event,) = told(100.0, ups_seen(100.0, Source.BATTERY, testing=True, input_good=True))
    assert isinstance(event, e.Alerted)
    assert event.key == "test"


@pytest.mark.parametrize(("good", "dead"), [(False, False), (None, True)])
def test_a_test_with_a_bad_input_is_an_outage(good: bool | None, dead: bool) -> None:
    events = told(100.0, ups_seen(100.0, Source.BATTERY, testing=True, input_good=good, input_dead=dead))
    assert any(isinstance(event, e.UtilityLost) for event in events)


def test_a_test_label_expires() -> None:
    alert = e.Alerted(100.0, "ups1", "test", "")
    still = ups_seen(399.0, Source.BATTERY, testing=True)
    assert told(399.0, still, alert) == []
    expired = ups_seen(410.0, Source.BATTERY, testing=True)
    assert any(isinstance(event, e.UtilityLost) for event in told(410.0, expired, alert))


@pytest.mark.parametrize("source", [Source.BYPASS, Source.BOOST, Source.TRIM, Source.ECO])
def test_bypass_boost_trim_and_eco_are_utility_power(source: Source) -> None:
    assert told(100.0, ups_seen(100.0, source)) == []


def test_off_never_starts_an_outage_and_does_not_count() -> None:
    seen = ups_seen(100.0, Source.OFF)
    assert told(100.0, seen) == []
    the_site = site(1)
    s = situation(100.0, Snapshot(upses={"ups1": seen}), the_site)
    assert feed(s, "ups1") is Feed.OFF
    assert supply(s, "h1").since is None


def test_an_output_that_comes_back_must_hold_too() -> None:
    """No outage is known, only an output that was off: nothing is brought back on the strength of a moment's power."""
    the_site, off = site(1), e.Alerted(100.0, "ups1", e.OFF, "ups1 says off")

    def now_feeds(now: float, *events: e.Event) -> Feed:
        seen = replace(snapshot(now, the_site), upses={"ups1": ups_seen(now, Source.UTILITY)})
        return feed(situation(now, seen, the_site, off, *events), "ups1")

    assert now_feeds(200.0) is Feed.SETTLING
    on = e.AlertCleared(200.0, "ups1", e.OFF)
    assert now_feeds(205.0, on) is Feed.SETTLING
    assert now_feeds(210.0, on) is Feed.GOOD


def test_battery_from_first_contact_is_not_believed_until_proven() -> None:
    the_site = site(1)

    def unknown(now: float, seen: UpsSeen, *events: e.Event) -> list[e.Event]:
        return news(Situation(now, Snapshot(upses={"ups1": seen}), remember(*events), the_site))

    first = unknown(100.0, ups_seen(100.0, Source.BATTERY))
    assert [type(event) for event in first] == [e.RuntimeTold, e.Alerted]
    assert unknown(102.0, ups_seen(102.0, Source.BATTERY), *first) == []
    fallen = unknown(104.0, ups_seen(104.0, Source.BATTERY, charge=98.0), *first)
    assert any(isinstance(event, e.UtilityLost) for event in fallen)
    low = unknown(104.0, ups_seen(104.0, Source.BATTERY, low_battery=True), *first)
    assert any(isinstance(event, e.UtilityLost) for event in low)


def test_silent_on_utility_power_is_told_and_changes_nothing() -> None:
    seen = ups_seen(100.0)
    (event,) = told(116.0, seen)
    assert event == e.UpsSilent(116.0, "ups1", 100.0, on_battery=False)
    the_site = site(1)
    assert supply(situation(500.0, Snapshot(upses={"ups1": seen}), the_site), "h1").state is Supply.FULL


def test_silent_on_battery_without_a_runtime_is_low_after_a_minute() -> None:
    outage = lost("ups1", 100.0, runtime=None)
    seen = ups_seen(110.0, Source.BATTERY, runtime=None)
    assert not any(isinstance(event, e.LowBattery) for event in told(165.0, seen, outage))
    assert any(isinstance(event, e.LowBattery) for event in told(171.0, seen, outage))


def test_utility_power_is_back_after_it_has_held() -> None:
    outage = lost("ups1", 100.0)
    (seen_again,) = told(150.0, ups_seen(150.0), outage)
    assert seen_again == e.UtilitySeen(150.0, "ups1", 150.0, 10.0)
    assert told(158.0, ups_seen(158.0), outage, seen_again) == []
    assert told(160.0, ups_seen(160.0), outage, seen_again) == [e.UtilityBack(160.0, "ups1", 50.0)]


def test_an_output_cut_after_utility_power_had_returned_must_hold_anew() -> None:
    past: list[e.Event] = [lost("ups1", 100.0), e.UtilitySeen(150.0, "ups1", 150.0, 10.0)]
    off, seen_again = e.OutputOff(155.0, "ups1"), e.UtilitySeen(170.0, "ups1", 170.0, 10.0)
    assert told(155.0, ups_seen(155.0, Source.OFF), *past) == [off]
    assert told(162.0, ups_seen(162.0, Source.OFF), *past, off) == []
    assert told(170.0, ups_seen(170.0), *past, off) == [seen_again]
    assert told(178.0, ups_seen(178.0), *past, off, seen_again) == []
    assert told(180.0, ups_seen(180.0), *past, off, seen_again) == [e.UtilityBack(180.0, "ups1", 70.0)]


def test_flapping_adds_up_and_doubles_the_settle_time() -> None:
    outage, again = lost("ups1", 100.0), e.UtilitySeen(150.0, "ups1", 150.0, 10.0)
    (event,) = told(155.0, ups_seen(155.0, Source.BATTERY, Source.UTILITY), outage, again)
    assert isinstance(event, e.UtilityLostAgain)
    assert (event.since, event.settle) == (105.0, 20.0)  # fifty seconds so far


@pytest.mark.parametrize(("back_at", "off_at"), [(280.0, 300.0), (340.0, 640.0)])
def test_a_card_that_has_cut_its_output_counts_anew_when_power_fails_again(back_at: float, off_at: float) -> None:
    """While it may be counting still, its old off-time stands; once that is past, it is spent."""
    outage = lost("ups1", 100.0, off_at=300.0)
    again = e.UtilitySeen(back_at, "ups1", back_at, 10.0)
    now = back_at + 5.0
    found = told(now, ups_seen(now, Source.BATTERY, Source.UTILITY), outage, again)
    (event,) = [one for one in found if isinstance(one, e.UtilityLostAgain)]
    assert event.off_at == pytest.approx(off_at, abs=6.0)


def test_an_outage_within_a_minute_of_another_goes_on_counting() -> None:
    back = e.UtilityBack(160.0, "ups1", 50.0)
    doubt = e.UtilityDoubted(190.0, "ups1", 190.0, 188.0)
    (event,) = told(192.0, ups_seen(192.0, Source.BATTERY), lost("ups1", 100.0), back, doubt)
    assert isinstance(event, e.UtilityLost)
    assert (event.since, event.settle) == (140.0, 20.0)


def test_low_battery_is_confirmed_by_two_polls_unless_the_runtime_is_short() -> None:
    outage = lost("ups1", 100.0)
    once = UpsSeen(reading(130.0, Source.BATTERY, low_battery=True), reading(128.0, Source.BATTERY))
    assert told(130.0, once, outage) == []
    assert told(130.0, ups_seen(130.0, Source.BATTERY, low_battery=True), outage) == [
        e.LowBattery(130.0, "ups1", "two polls")
    ]
    short = replace(once, reading=reading(130.0, Source.BATTERY, low_battery=True, runtime=60.0))
    assert any(isinstance(event, e.LowBattery) for event in told(130.0, short, outage))


def test_low_battery_on_utility_power_is_nothing() -> None:
    assert told(100.0, ups_seen(100.0, low_battery=True)) == []


def test_a_countdown_outlives_the_outage_until_a_cancel_is_read() -> None:
    outage, counting = lost("ups1", 100.0, off_at=400.0), e.CountdownSeen(282.0, "ups1", 400.0)
    back = e.UtilitySeen(300.0, "ups1", 300.0, 10.0)
    assert told(320.0, ups_seen(320.0, countdown=80.0), outage, counting, back) == []
    cancelled = told(320.0, ups_seen(320.0), outage, counting, back)
    assert e.CountdownOver(320.0, "ups1", cancelled=True) in cancelled


def test_a_countdown_that_cannot_be_read_is_assumed_until_its_cut_time_has_passed() -> None:
    the_site = site(1)
    outage, back = lost("ups1", 100.0, off_at=400.0), e.UtilitySeen(300.0, "ups1", 300.0, 10.0)
    for now, counting in [(320.0, True), (405.0, True), (413.0, False)]:
        seen = snapshot(now, the_site)
        seen = replace(seen, upses={"ups1": ups_seen(now, tells_countdown=False)})
        assert is_counting(situation(now, seen, the_site, outage, back), "ups1") is counting


def test_utility_power_back_before_the_warning_period_has_passed_starts_no_countdown() -> None:
    the_site = site(1)
    outage, back = lost("ups1", 100.0, off_at=400.0), e.UtilitySeen(200.0, "ups1", 200.0, 10.0)
    seen = replace(snapshot(320.0, the_site), upses={"ups1": ups_seen(320.0, tells_countdown=False)})
    assert not is_counting(situation(320.0, seen, the_site, outage, back), "ups1")


# --- several feeds -----------------------------------------------------------------------------------------------

BATTERY, UTILITY, OFF = Source.BATTERY, Source.UTILITY, Source.OFF


@pytest.mark.parametrize(
    ("first", "second", "needs", "expected"),
    [
        (UTILITY, UTILITY, 1, Supply.FULL),
        (BATTERY, UTILITY, 1, Supply.REDUCED),
        (BATTERY, BATTERY, 1, Supply.ON_BATTERY),
        (BATTERY, UTILITY, 2, Supply.ON_BATTERY),
        (OFF, UTILITY, 1, Supply.REDUCED),
        (OFF, BATTERY, 1, Supply.ON_BATTERY),
        (OFF, OFF, 1, Supply.UNKNOWN),
    ],
)
def test_supply_of_a_host_with_two_feeds(first: Source, second: Source, needs: int, expected: Supply) -> None:
    the_site = site(1, feeds=2, needs=needs)
    sources = {"ups1": first, "ups1b": second}
    outages = [lost(u, 100.0) for u, source in sources.items() if source is BATTERY]
    assert (
        supply(situation(130.0, snapshot(130.0, the_site, sources=sources), the_site, *outages), "h1").state is expected
    )


def test_the_clock_of_two_feeds_starts_when_the_second_fails() -> None:
    the_site = site(1, feeds=2)
    s = situation(200.0, snapshot(200.0, the_site), the_site, lost("ups1", 100.0), lost("ups1b", 150.0))
    assert supply(s, "h1").since == 150.0
    both = site(1, feeds=2, needs=2)
    s = situation(200.0, snapshot(200.0, both), both, lost("ups1", 100.0), lost("ups1b", 150.0))
    assert supply(s, "h1").since == 100.0


def test_a_silent_feed_stops_counting_once_another_is_on_battery() -> None:
    the_site = site(1, feeds=2)
    seen = snapshot(200.0, the_site)
    silent = replace(seen, upses={**seen.upses, "ups1b": ups_seen(165.0)})
    assert supply(situation(200.0, silent, the_site), "h1").state is Supply.FULL
    assert supply(situation(200.0, silent, the_site, lost("ups1", 190.0)), "h1").state is Supply.ON_BATTERY


def test_a_silent_feed_is_lost_when_it_stops_to_count() -> None:
    """A card that reboots in mid-outage must not bring the host down as if it had been on battery all along."""
    the_site = site(1, feeds=2)
    seen = snapshot(400.0, the_site, sources={"ups1": BATTERY})
    silent = replace(seen, upses={**seen.upses, "ups1b": ups_seen(365.0)})
    assert supply(situation(400.0, silent, the_site, lost("ups1", 100.0)), "h1").since == 395.0


def test_a_host_that_names_no_ups_is_assumed_powered() -> None:
    assert supply(situation(1.0, Snapshot(), site(1)), "stranger").state is Supply.ASSUMED


@given(
    feeds=st.lists(st.sampled_from([BATTERY, UTILITY, OFF]), min_size=1, max_size=2),
    needs=st.integers(1, 2),
    extra=st.integers(0, 1),
)
def test_losing_one_more_feed_never_improves_the_supply(feeds: list[Source], needs: int, extra: int) -> None:
    """Property: a host's supply only gets worse when a feed goes from utility power to battery."""
    the_site = site(1, feeds=len(feeds), needs=min(needs, len(feeds)))
    names = list(the_site.upses)
    rank = {
        Supply.FULL: 0,
        Supply.REDUCED: 1,
        Supply.SETTLING: 2,
        Supply.UNKNOWN: 3,
        Supply.ON_BATTERY: 4,
        Supply.LOST: 5,
    }

    def state(sources: list[Source]) -> int:
        shown = dict(zip(names, sources, strict=True))
        outages = [lost(u, 100.0) for u, source in shown.items() if source is BATTERY]
        return rank[supply(situation(130.0, snapshot(130.0, the_site, sources=shown), the_site, *outages), "h1").state]

    worse = list(feeds)
    worse[min(extra, len(worse) - 1)] = BATTERY
    assert state(worse) >= state(feeds) or feeds[min(extra, len(feeds) - 1)] is OFF


def test_nothing_new_is_told_twice() -> None:
    """What the journal knows is not told again: the second round over the same cards says nothing."""
    the_site = site(2)
    seen = snapshot(130.0, the_site, sources={"ups1": Source.BATTERY})
    first = news(Situation(130.0, seen, remember(*known(the_site)), the_site))
    again = news(Situation(130.0, seen, remember(*known(the_site), *first), the_site))
    assert first
    assert again == []


@pytest.mark.parametrize(
    ("seen", "now", "expected"),
    [
        (UpsSeen(), 1000.0, Feed.SETTLING),  # the outage may have ended while nobody watched
        (UpsSeen(), 1016.0, Feed.ON_BATTERY),  # the card had three polls' time
        (UpsSeen(trouble="no answer"), 1000.0, Feed.ON_BATTERY),  # silent since on battery
        (ups_seen(1000.0, Source.BATTERY), 1000.0, Feed.ON_BATTERY),
    ],
)
@pytest.mark.parametrize("start", [e.ControllerStarted(1000.0, "1"), e.ControllerResumed(1000.0, 900.0)])
def test_an_outage_from_before_a_start_begins_nothing_until_its_card_was_asked(
    seen: UpsSeen, now: float, expected: Feed, start: e.Event
) -> None:
    the_site = site(1)
    s = situation(now, Snapshot(upses={"ups1": seen}), the_site, lost("ups1", 100.0), start)
    assert feed(s, "ups1") is expected
