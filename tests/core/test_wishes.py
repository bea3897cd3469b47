"""Holds with an end, VMs that are skipped, pools that are brought back now: what is answered, and what comes of it."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from ridethrough.core import events as e
from ridethrough.core.actions import ClaimPool, DisableHost, EnableHost, MoveVm
from ridethrough.core.decide import decide
from ridethrough.core.holds import end
from ridethrough.core.narrative import tell
from ridethrough.core.observation import Power, Snapshot, Source, VmSeen
from ridethrough.core.placement import place
from ridethrough.core.policy import Wish
from ridethrough.core.requests import answer
from ridethrough.core.situation import Situation

from .build import lost, reading, site, situation, snapshot, vm_seen

NOW = 100.0
SITE = site(2)
ON_BATTERY = lost("ups1", 90.0, off_at=600.0)
TWIN = replace(vm_seen("db", "h1"), id="a")
RECORD = e.PoolRecorded(91.0, "pool1", "h1", (("h1", 1.0), ("h2", 1.0)), (), (("db1", "h1"),), False)


def seen(*vms: VmSeen, source: Source = Source.BATTERY, now: float = NOW) -> Snapshot:
    return snapshot(now, SITE, vms, {"ups1": source})


def asked(s: Situation, ask: e.Ask, subject: str = "", seconds: float | None = None) -> tuple[e.Event, Situation]:
    """The answer, and the situation after it."""
    s = s.after([e.Requested(s.now, ask, subject, "anna", seconds=seconds)])
    found = answer(s)
    return found[-1], s.after(found)


def outage(*events: e.Event, vms: tuple[VmSeen, ...] = ()) -> Situation:
    return situation(NOW, seen(*vms), SITE, ON_BATTERY, *events)


# --- holds


def test_the_answer_says_when_a_hold_ends() -> None:
    done, after = asked(outage(), e.Ask.HOLD, "h1", 120.0)
    assert tell(done) == "accepted: hold h1: held for 2 min"
    assert after.memory.host("h1").held_until == NOW + 120.0


def test_the_answer_says_that_the_last_safe_start_comes_first() -> None:
    done, after = asked(outage(), e.Ask.HOLD, "h1", 900.0)
    assert tell(done) == "accepted: hold h1: held for 15 min; its last safe start is in 6 min 20 s, so it ends there"
    done, _ = asked(after, e.Ask.HOLD, "h1")
    assert tell(done) == "accepted: hold h1: held until its last safe start, in 6 min 20 s"


@pytest.mark.parametrize("seconds", [0.0, -1.0, math.nan, math.inf])
def test_a_time_that_is_none_is_refused(seconds: float) -> None:
    refused, after = asked(outage(), e.Ask.HOLD, "h1", seconds)
    assert isinstance(refused, e.RequestRefused)
    assert not after.memory.host("h1").held


def test_a_hold_that_comes_too_late_is_refused() -> None:
    late = situation(NOW, seen(), SITE, lost("ups1", 90.0, off_at=NOW + 100.0))
    refused, _ = asked(late, e.Ask.HOLD, "h1", 60.0)
    assert tell(refused) == "refused: hold h1: h1's last safe start has passed"
    refused, _ = asked(late, e.Ask.HOLD, "pool1", 60.0)
    assert tell(refused) == "refused: hold pool1: h1's last safe start has passed"


@pytest.mark.parametrize("subject", ["pool1", ""])
def test_a_hold_of_all_is_of_those_in_an_outage(subject: str) -> None:
    done, after = asked(outage(), e.Ask.HOLD, subject, 60.0)
    assert isinstance(done, e.RequestDone)
    assert (done.of, done.says) == (("h1",), "h1 is held for 60 s")
    assert (after.memory.host("h1").held, after.memory.host("h2").held) == (True, False)
    assert not after.memory.host(subject).held
    done, after = asked(after, e.Ask.RELEASE, subject)
    assert isinstance(done, e.RequestDone)
    assert (done.of, after.memory.host("h1").held) == (("h1",), False)
    refused, _ = asked(after, e.Ask.RELEASE, subject)
    assert isinstance(refused, e.RequestRefused)


def test_it_ends_when_its_time_is_over_and_no_round_earlier() -> None:
    _, after = asked(outage(), e.Ask.HOLD, "h1", 60.0)
    assert end(replace(after, now=NOW + 59.9)) == []
    (ended,) = end(replace(after, now=NOW + 60.0))
    assert tell(ended) == "the hold on h1 ends: its time is over"
    assert not after.after([ended]).memory.host("h1").held


def test_the_round_wakes_at_its_end() -> None:
    s = situation(NOW, seen(source=Source.UTILITY), SITE)
    _, after = asked(s, e.Ask.HOLD, "h1", 3.0)
    assert decide(after.now, after.seen, after.memory, SITE).wake_at == NOW + 3.0


def test_a_hold_with_an_end_does_not_come_again_after_its_last_safe_start() -> None:
    for seconds, still in ((60.0, False), (None, True)):
        _, after = asked(outage(), e.Ask.HOLD, "h1", seconds)
        after = after.after([e.HoldOverridden(NOW, "h1"), e.EvacuationEnded(NOW, "h1")])
        assert after.memory.host("h1").held is still


def test_a_hold_of_before_seconds_were_known_is_read_as_one_without_an_end() -> None:
    s = outage(e.Requested(95.0, e.Ask.HOLD, "h1", "anna"), e.RequestDone(95.0, e.Ask.HOLD, "h1"))
    assert (s.memory.host("h1").held, s.memory.host("h1").held_until) == (True, None)


def test_who_asked_for_how_long_and_why_is_told() -> None:
    assert tell(e.Requested(NOW, e.Ask.HOLD, "h1", "anna", "a new disk", 300.0)) == (
        "anna asks: hold h1 for 5 min: a new disk"
    )
    assert tell(e.Requested(NOW, e.Ask.SWITCH_OFF_UPS, "ups1", "anna", "in 120 s")) == (
        "anna asks: switch off UPS ups1 in 120 s"
    )


# --- skips


def test_a_skipped_vm_is_left_where_it_is_whatever_its_owner_wishes() -> None:
    tags = frozenset({"ridethrough:wish=shut-down", "ridethrough:tier=2"})
    db = vm_seen("db1", "h1", tags=tags)
    _, after = asked(outage(vms=(db,)), e.Ask.SKIP_VM, "db1")
    assert after.vm_policy(db) == replace(after.vm_policy(db), wish=Wish.LEAVE, tier=2)
    assert place(after, ["h1"]).unplaced == {"db1": "a person skips it"}


def test_a_move_under_way_is_not_cancelled_and_the_answer_says_so() -> None:
    moving = MoveVm("db1", "db1", "pool1", "h1", "h2", "why", 60.0)
    done, _ = asked(outage(e.ActionStarted(95.0, moving), vms=(vm_seen("db1", "h1"),)), e.Ask.SKIP_VM, "db1")
    assert isinstance(done, e.RequestDone)
    assert done.says == "its move to h2 is under way and is not cancelled; it is not moved again in this outage"


@pytest.mark.parametrize(
    ("subject", "vms", "why"),
    [
        ("db9", (vm_seen("db1", "h1"),), 'no VM has the name or the uuid "db9"'),
        ("db1", (vm_seen("db1", "h2"),), "h2, on which db1 runs, is in no outage: nothing is to be moved off it"),
        ("db1", (vm_seen("db1", "h1", power=Power.PAUSED),), "db1 does not run: it is paused"),
        ("db1", (replace(vm_seen("db1", "h1"), power=Power.HALTED, resident_on=None),), "it is halted"),
        ("db", (TWIN, replace(TWIN, id="b")), "give the uuid of one, a or b"),
    ],
)
def test_a_skip_that_means_nothing_is_refused(subject: str, vms: tuple[VmSeen, ...], why: str) -> None:
    refused, after = asked(outage(vms=vms), e.Ask.SKIP_VM, subject)
    assert isinstance(refused, e.RequestRefused)
    assert why in refused.why
    assert not after.memory.vms


def test_a_skip_ends_with_the_outage_of_its_pool() -> None:
    db = vm_seen("db1", "h1")
    _, after = asked(outage(RECORD, vms=(db,)), e.Ask.SKIP_VM, "db1")
    back = after.after([e.UtilityBack(NOW, "ups1", 10.0)])
    seen_back = seen(db, source=Source.UTILITY)
    still_open = replace(back, seen=seen_back, worked_out={}).after(
        [e.ActionStarted(NOW, ClaimPool("pool1", "me", ""))]
    )
    assert not [x for x in decide(NOW, seen_back, still_open.memory, SITE).events if isinstance(x, e.SkipEnded)]
    assert not back.after([e.PoolRestored(NOW, "pool1", ())]).memory.vm("db1").skipped


# --- bring back


def settling(*events: e.Event) -> Situation:
    """ups1 sees utility power again since three seconds, and h1 was emptied."""
    begun = e.EvacuationBegun(91.0, "h1", "ups1 on battery")
    again = e.UtilitySeen(NOW - 3.0, "ups1", NOW - 3.0, 40.0)
    events = (ON_BATTERY, RECORD, begun, again, *events)
    return situation(NOW, seen(source=Source.UTILITY), SITE, *events)


def test_what_only_settles_is_back_at_once() -> None:
    s = settling().after([e.Requested(NOW, e.Ask.BRING_BACK, "pool1", "anna")])
    back, done = answer(s)
    assert back == e.UtilityBack(NOW, "ups1", 7.0)
    assert isinstance(done, e.RequestDone)
    assert (done.of, done.says) == (
        ("pool1",),
        "ups1 need not settle any longer; no host of pool1 is waited for",
    )
    assert s.after([back, done]).memory.pool("pool1").hurried


def test_the_host_leaves_maintenance_mode_in_the_same_round() -> None:
    s = settling(e.HostEmptied(94.0, "h1"), e.ActionStarted(92.0, DisableHost("h1", "pool1", "why")))
    memory = replace(s.memory, pending={}, requests=(e.Requested(NOW, e.Ask.BRING_BACK, "", "anna"),))
    hosts = {**s.seen.hosts, "h1": replace(s.seen.hosts["h1"], enabled=False)}
    begun = [
        x for x in decide(NOW, replace(s.seen, hosts=hosts), memory, SITE).events if isinstance(x, e.ActionStarted)
    ]
    assert [x.action for x in begun] == [EnableHost("h1", "pool1", "utility power is back")]


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"source": Source.BATTERY}, "ups1 is on battery"),
        ({"source": Source.OFF}, "ups1's output is off"),
        ({"source": Source.UTILITY, "at": NOW - 20.0}, "ups1 is silent: nobody knows whether it has utility power"),
        ({"source": Source.UNKNOWN}, "ups1 is on battery"),
    ],
)
def test_it_is_refused_without_fresh_proof_of_utility_power(changes: dict[str, object], why: str) -> None:
    s = settling()
    told = reading(**{"at": NOW, **changes})  # type: ignore[arg-type]
    upses = {**s.seen.upses, "ups1": replace(s.seen.upses["ups1"], reading=told)}
    refused, after = asked(replace(s, seen=replace(s.seen, upses=upses), worked_out={}), e.Ask.BRING_BACK, "pool1")
    assert isinstance(refused, e.RequestRefused)
    assert refused.why == why
    assert after.memory.ups("ups1").on_battery_since is not None


def test_it_is_refused_while_a_card_counts_or_may_be_counting() -> None:
    refused, _ = asked(settling(e.CountdownSeen(NOW, "ups1", NOW + 50.0)), e.Ask.BRING_BACK)
    assert tell(refused) == "refused: bring back: ups1 counts down to cutting its output, or may be counting"


@pytest.mark.parametrize(
    ("subject", "s", "why"),
    [
        ("pool9", settling(), 'no pool is named "pool9"; known pools are pool1'),
        ("pool1", situation(NOW, seen(source=Source.UTILITY), SITE), "nothing of pool1 waits to come back"),
        ("", situation(NOW, seen(source=Source.UTILITY), SITE), "nothing waits to come back"),
        ("pool1", settling(e.Disarmed(NOW, "anna")), "the site is in dry run: arm it first"),
        ("pool1", outage(), "ups1 is on battery"),
    ],
)
def test_it_is_refused_with_the_reason(subject: str, s: Situation, why: str) -> None:
    refused, _ = asked(s, e.Ask.BRING_BACK, subject)
    assert isinstance(refused, e.RequestRefused)
    assert refused.why == why


def test_a_pool_that_a_person_wants_off_is_not_brought_back() -> None:
    off = e.Ask.SHUT_DOWN_POOL
    s = settling(e.Requested(NOW, off, "pool1", "anna"), e.RequestDone(NOW, off, "pool1"))
    refused, _ = asked(s, e.Ask.BRING_BACK, "pool1")
    assert isinstance(refused, e.RequestRefused)
    assert refused.why == "a person wants pool1 off"


def test_a_hurry_does_not_outlive_the_next_failure() -> None:
    _, after = asked(settling(), e.Ask.BRING_BACK, "pool1")
    assert after.memory.pool("pool1").hurried
    assert not after.after([lost("ups2", NOW + 5.0)]).memory.pool("pool1").hurried


def test_where_nothing_was_done_nobody_is_hurried_later() -> None:
    s = situation(NOW, seen(source=Source.UTILITY), SITE, ON_BATTERY, e.UtilitySeen(NOW - 3.0, "ups1", NOW - 3.0, 40.0))
    done, after = asked(s, e.Ask.BRING_BACK, "pool1")
    assert isinstance(done, e.RequestDone)
    assert done.says == "ups1 need not settle any longer"
    assert not after.memory.pool("pool1").hurried
