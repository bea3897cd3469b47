"""Seconds needed against seconds left (behaviour.md §3)."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ridethrough.core import events as e
from ridethrough.core.actions import StopVm
from ridethrough.core.budget import asks_cleanly, is_last_moment, need, stop_deadline
from ridethrough.core.ends import (
    LAST_SECONDS,
    can_be_told_for,
    left,
    left_until,
    own_left,
    runtime,
    serves_for,
    stays_for,
)
from ridethrough.core.model import Controller, Storage, Switch, Ups, Way
from ridethrough.core.observation import Snapshot, Source, VmSeen
from ridethrough.core.policy import Policy
from ridethrough.core.site import Site
from ridethrough.core.situation import Situation

from .build import ARMED, host_seen, known, lost, remember, site, situation, snapshot, ups_seen, vm_seen

BATTERY = Source.BATTERY


def test_left_is_the_least_of_off_time_countdown_and_trusted_runtime() -> None:
    the_site = site(1)
    seen = snapshot(100.0, the_site, sources={"ups1": BATTERY})
    host = seen.hosts["h1"]

    def seconds(*events: e.Event) -> float | None:
        return left(situation(100.0, seen, the_site, *events), host)

    assert seconds(lost("ups1", 10.0)) == 1500.0 * 0.8
    assert seconds(lost("ups1", 10.0, off_at=310.0)) == 210.0
    assert seconds(lost("ups1", 10.0, off_at=310.0), e.CountdownSeen(99.0, "ups1", 150.0)) == 50.0
    assert seconds(lost("ups1", 10.0), e.LowBattery(90.0, "ups1", "two polls")) == 110.0
    assert seconds() is None


def test_the_runtime_counts_down_while_the_card_is_silent() -> None:
    the_site = site(1)
    seen = replace(snapshot(200.0, the_site), upses={"ups1": ups_seen(100.0, BATTERY, runtime=600.0)})
    assert runtime(situation(200.0, seen, the_site, lost("ups1", 90.0)), "ups1") == 500.0 * 0.8


def test_the_runtime_told_before_a_restart_is_counted_down_too() -> None:
    the_site = site(1)
    seen = replace(snapshot(200.0, the_site), upses={})
    assert runtime(situation(200.0, seen, the_site, lost("ups1", 100.0, runtime=600.0)), "ups1") == 500.0 * 0.8


def test_a_card_that_tells_no_runtime_leaves_only_its_timers() -> None:
    the_site = site(1)
    seen = snapshot(100.0, the_site)
    seen = replace(seen, upses={"ups1": ups_seen(100.0, BATTERY, runtime=None)})
    assert left(situation(100.0, seen, the_site, lost("ups1", 10.0, runtime=None)), seen.hosts["h1"]) is None


def test_with_two_feeds_the_survivor_inherits_the_load() -> None:
    the_site = site(1, feeds=2)
    upses = {"ups1": ups_seen(100.0, BATTERY, runtime=500.0), "ups1b": ups_seen(100.0, BATTERY, runtime=1000.0)}
    seen = replace(snapshot(100.0, the_site), upses=upses)
    s = situation(100.0, seen, the_site, lost("ups1", 90.0), lost("ups1b", 90.0))
    # 400 s together, then the second has 400 s left of its share and carries twice the load: 200 s more.
    assert own_left(s, "h1") == pytest.approx(600.0)
    both = site(1, feeds=2, needs=2)
    assert own_left(situation(100.0, seen, both, lost("ups1", 90.0), lost("ups1b", 90.0)), "h1") == pytest.approx(400.0)


def test_a_member_must_be_down_before_its_coordinator_goes() -> None:
    the_site = site(2)
    seen = snapshot(100.0, the_site, sources={"ups1": BATTERY, "ups2": BATTERY})
    s = situation(100.0, seen, the_site, lost("ups1", 10.0, off_at=310.0), lost("ups2", 10.0, off_at=900.0))
    assert left(s, seen.hosts["h1"]) == 210.0  # the coordinator
    assert left(s, seen.hosts["h2"]) == 210.0 - s.policy.host_stop


def test_what_needs_a_switch_or_the_controller_ends_before_it() -> None:
    the_site = site(2)
    more = {"ups8": Ups("ups8"), "ups9": Ups("ups9")}
    the_site = replace(the_site, upses={**the_site.upses, **more})
    small, large = Switch("sw1", ("ups8",), hosts=("h1", "h2")), Switch("sw2", ("ups9",), hosts=("h2",))
    own = Controller(("ups9",), shuts_down=True, stop_time=30.0)
    all_lost = dict.fromkeys(the_site.upses, BATTERY)
    events = [lost(u, 10.0, off_at=1000.0) for u in ("ups1", "ups2")]
    events += [lost("ups8", 10.0, off_at=310.0), lost("ups9", 10.0, off_at=510.0)]

    def seconds(**parts: Any) -> tuple[float | None, float | None]:
        changed = replace(the_site, **parts)
        seen = snapshot(100.0, changed, sources=all_lost)
        s = situation(100.0, seen, changed, *events)
        return left(s, seen.hosts["h1"]), left(s, seen.hosts["h2"])

    stop = the_site.policy.host_stop
    assert seconds() == (900.0, 900.0 - stop)
    assert seconds(switches={"sw1": small}) == (210.0, 210.0 - stop)  # h1 is the coordinator
    both = replace(small, hosts=("h1",)), large
    assert seconds(switches={"sw1": both[0], "sw2": both[1]}) == (210.0, 210.0 - stop)
    assert seconds(switches={"sw1": small, "sw2": replace(large, hosts=("h1", "h2"))}) == (410.0, 410.0 - stop)
    assert seconds(controller=own) == (380.0, 380.0 - stop)
    assert seconds(controller=replace(own, shuts_down=False)) == (410.0, 410.0 - stop)
    assert seconds(controller=Controller(switch="sw1"), switches={"sw1": replace(small, hosts=())})[0] == 210.0

    def until(host: str, **parts: Any) -> str:
        changed = replace(the_site, **parts)
        seen = snapshot(100.0, changed, sources=all_lost)
        return left_until(situation(100.0, seen, changed, *events), seen.hosts[host])

    assert [until(host) for host in ("h1", "h2")] == ["of power left"] * 2
    assert [until(host, switches={"sw1": small}) for host in ("h1", "h2")] == ["left until sw1 ends"] * 2
    assert [until(host, controller=own) for host in ("h1", "h2")] == ["left until the controller must go"] * 2


def test_storage_is_told_before_it_cannot_be_reached_any_more() -> None:
    """Its own end is far away: what binds is that of the controller, with the reserve before it."""
    the_site = site(1)
    nas = Storage("nas1", ("ups1",), used_by=("h1",), way=Way.SSH, stop_time=60.0)
    own = Controller(("ups9",), shuts_down=True, stop_time=30.0)
    the_site = replace(the_site, upses={**the_site.upses, "ups9": Ups("ups9")}, storages={"nas1": nas}, controller=own)
    seen = snapshot(100.0, the_site, sources={"ups1": BATTERY, "ups9": BATTERY})
    s = situation(100.0, seen, the_site, lost("ups1", 10.0, off_at=1000.0), lost("ups9", 10.0, off_at=510.0))
    told = 410.0 - 30.0 - s.policy.reserve
    assert can_be_told_for(s, "nas1") == told
    assert serves_for(s, "nas1") == told - s.policy.down_silence - LAST_SECONDS
    assert stays_for(s, "nas1") == told - LAST_SECONDS


def test_need_counts_moves_stops_the_host_and_the_reserve() -> None:
    the_site = site(2)
    gib = 2**30
    vms = (vm_seen("a", "h1", 2.0), vm_seen("b", "h1", 2.0), vm_seen("c", "h1", 2.0, immovable="it has a GPU"))
    seen = snapshot(100.0, the_site, vms, {"ups1": BATTERY})
    s = situation(100.0, seen, the_site, lost("ups1", 10.0))
    wanted = need(s, seen.hosts["h1"])
    assert wanted.evacuation == pytest.approx(4 * gib / s.policy.link_speed + s.policy.move_overhead)
    assert wanted.stops == s.policy.guest_stop_estimate
    assert wanted.last_moment == s.policy.host_stop + s.policy.reserve
    alone = snapshot(100.0, site(1), vms[:1], {"ups1": BATTERY})
    assert need(situation(100.0, alone, site(1), lost("ups1", 10.0)), alone.hosts["h1"]).evacuation == 0.0


def test_a_clean_stop_gets_what_the_budget_leaves() -> None:
    the_site, web = site(1), vm_seen("web", "h1")
    seen = snapshot(100.0, the_site, (web,), sources={"ups1": BATTERY})
    host = seen.hosts["h1"]
    assert stop_deadline(situation(100.0, seen, the_site, lost("ups1", 10.0)), host, web) == 120.0
    assert stop_deadline(situation(100.0, seen, the_site, lost("ups1", 10.0, off_at=310.0)), host, web) == 90.0
    assert stop_deadline(situation(100.0, seen, the_site, lost("ups1", 10.0, off_at=200.0)), host, web) == 30.0
    assert is_last_moment(situation(100.0, seen, the_site, lost("ups1", 10.0, off_at=220.0)), host)


def tiered(name: str, tier: int) -> VmSeen:
    return vm_seen(name, "h1", tags=frozenset({f"ridethrough:tier={tier}"}))


def took(vm: str, seconds: float) -> list[e.Event]:
    """A clean stop in the past: the first two entries of a journal."""
    stop = StopVm(vm, vm, "pool1", "h1", "", 600.0)
    return [e.ActionStarted(1.0, stop), e.ActionFinished(1.0 + seconds, 1, stop)]


def with_past(now: float, seen: Snapshot, the_site: Site, past: list[e.Event], *events: e.Event) -> Situation:
    return Situation(now, seen, remember(*past, *ARMED, *known(the_site), *events), the_site)


def test_stops_are_needed_tier_after_tier_each_as_long_as_its_slowest() -> None:
    the_site = site(1)
    vms = (tiered("a", 9), tiered("b", 9), tiered("c", 5), tiered("d", 0))
    seen = snapshot(100.0, the_site, vms, {"ups1": BATTERY})
    s = situation(100.0, seen, the_site, lost("ups1", 10.0))
    assert need(s, seen.hosts["h1"]).stops == 3 * s.policy.guest_stop_estimate
    s = with_past(100.0, seen, the_site, took("b", 90.0), lost("ups1", 10.0))
    wanted = need(s, seen.hosts["h1"])
    assert wanted.stops == 90.0 + 2 * s.policy.guest_stop_estimate


def test_a_guest_s_deadline_leaves_the_tiers_after_it_their_time() -> None:
    the_site = site(1)
    high, low = tiered("high", 9), tiered("low", 0)
    seen = snapshot(100.0, the_site, (high, low), {"ups1": BATTERY})
    host = seen.hosts["h1"]

    def deadlines(seconds: float, past: list[e.Event]) -> tuple[float, float]:
        s = with_past(100.0, seen, the_site, past, lost("ups1", 10.0, off_at=100.0 + seconds))
        return stop_deadline(s, host, high), stop_deadline(s, host, low)

    assert deadlines(220.0, []) == (60.0, 100.0)  # 100 s before the last moment, 40 of them for the other
    assert deadlines(250.0, took("low", 70.0)) == (60.0, 120.0)
    assert deadlines(170.0, []) == (50.0, 50.0)  # pressed: all at once


def test_a_guest_that_always_takes_longer_than_the_owner_s_time_gets_more_when_nothing_presses() -> None:
    the_site, web = site(1), vm_seen("web", "h1")
    seen = snapshot(100.0, the_site, (web,), {"ups1": BATTERY})
    s = with_past(100.0, seen, the_site, took("web", 150.0), lost("ups1", 10.0))
    assert stop_deadline(s, seen.hosts["h1"], web) == 225.0
    s = with_past(100.0, seen, the_site, took("web", 150.0), lost("ups1", 10.0, off_at=300.0))
    assert stop_deadline(s, seen.hosts["h1"], web) == 130.0  # into the reserve, but not into the host's own stop


def test_hosts_that_fail_together_need_the_time_of_the_links_that_take_their_vms() -> None:
    """Two hosts send 8 GiB each to the one that is left: its link carries both."""
    the_site = site(3)
    vms = tuple(vm_seen(f"vm{n}", f"h{n % 2 + 2}", 4.0) for n in range(4))
    both = snapshot(100.0, the_site, vms, {"ups2": BATTERY, "ups3": BATTERY})
    one = snapshot(100.0, the_site, vms, {"ups2": BATTERY})
    together = need(situation(100.0, both, the_site, lost("ups2", 10.0), lost("ups3", 10.0)), both.hosts["h2"])
    alone = need(situation(100.0, one, the_site, lost("ups2", 10.0)), one.hosts["h2"])
    assert alone.arrivals == 0.0
    assert together.evacuation == alone.evacuation
    assert together.arrivals == pytest.approx(2 * alone.evacuation, rel=0.05)
    assert together.from_evacuation == together.arrivals + together.last_moment


def test_the_reserve_is_long_enough_to_prove_a_host_down() -> None:
    the_site = site(1, policy=Policy(reserve=5.0))
    seen = snapshot(100.0, the_site, (), {"ups1": BATTERY})
    s = situation(100.0, seen, the_site, lost("ups1", 10.0))
    assert need(s, seen.hosts["h1"]).reserve == s.policy.down_silence


def test_the_margin_is_what_is_left_less_what_is_needed() -> None:
    the_site = site(1)
    seen = snapshot(100.0, the_site, (vm_seen("web", "h1"),), {"ups1": BATTERY})
    wanted = need(situation(100.0, seen, the_site, lost("ups1", 10.0)), seen.hosts["h1"])
    assert wanted.left_over(200.0) == 200.0 - wanted.from_evacuation
    assert wanted.left_over(None) is None


@given(st.lists(st.floats(1.0, 400.0), max_size=6), st.floats(0.0, 1000.0))
def test_a_deadline_never_reaches_into_the_host_s_own_stop(past: list[float], left_now: float) -> None:
    """Property: a guest has five seconds, or ends before its host's own shutdown has to begin at the latest."""
    the_site, web = site(1), vm_seen("web", "h1")
    seen = snapshot(100.0, the_site, (web,), {"ups1": BATTERY})
    events: list[e.Event] = []
    for seconds in past:
        stop = StopVm("web", "web", "pool1", "h1", "", 600.0)
        events += [e.ActionStarted(1.0, stop), e.ActionFinished(1.0 + seconds, len(events) + 1, stop)]
    s = with_past(100.0, seen, the_site, events, lost("ups1", 10.0, off_at=100.0 + left_now))
    deadline = stop_deadline(s, seen.hosts["h1"], web)
    assert deadline <= max(left_now - need(s, seen.hosts["h1"]).host_stop - LAST_SECONDS, 5.0) + 1e-6


runtimes = st.floats(0.0, 5000.0)


@given(first=runtimes, second=runtimes, off=st.floats(0.0, 5000.0))
def test_a_second_feed_never_shortens_what_is_left(first: float, second: float, off: float) -> None:
    """Property: a host that needs one of two feeds has at least as long as each feed alone at its present load."""
    two = site(1, feeds=2)
    upses = {"ups1": ups_seen(100.0, BATTERY, runtime=first), "ups1b": ups_seen(100.0, BATTERY, runtime=second)}
    seen = replace(snapshot(100.0, two), upses=upses)
    outages = (lost("ups1", 90.0, off_at=100.0 + off), lost("ups1b", 90.0))
    together = own_left(situation(100.0, seen, two, *outages), "h1")
    assert together is not None
    shorter = min(min(first * 0.8, off), second * 0.8)
    assert together >= shorter - 1e-6
    assert together <= max(min(first * 0.8, off), second * 0.8) + 1e-6
    assert math.isfinite(together)


@given(count=st.integers(0, 12))
def test_more_guests_never_need_less_time(count: int) -> None:
    the_site = site(2)
    vms = tuple(vm_seen(f"vm{n}", "h1", 1.0) for n in range(count))
    fewer, more = (snapshot(100.0, the_site, v, {"ups1": BATTERY}) for v in (vms[:-1], vms))
    needs = [need(situation(100.0, x, the_site, lost("ups1", 10.0)), host_seen("h1", 100.0)) for x in (fewer, more)]
    assert needs[0].from_evacuation <= needs[1].from_evacuation


@pytest.mark.parametrize(
    ("had", "error", "has", "again"),
    [
        (5.0, "DEADLINE", 60.0, True),  # it was cut short, and something else on the UPS has gone off since
        (5.0, "DEADLINE", 20.0, False),
        (60.0, "DEADLINE", 120.0, False),  # it had the time that it takes: it does not obey
        (5.0, "VM_LACKS_FEATURE", 120.0, False),
        (5.0, None, 5.0, True),
    ],
)
def test_a_clean_stop_that_was_cut_short_is_asked_for_again_once_there_is_time(
    had: float, error: str | None, has: float, again: bool
) -> None:
    the_site, web = site(1), vm_seen("web", "h1")
    stop = StopVm("web", "web", "pool1", "h1", "why", had)
    begun = e.ActionStarted(50.0, stop)
    position = situation(100.0, snapshot(100.0, the_site, (web,)), the_site, begun).memory.position
    ended = [e.ActionFinished(60.0, position, stop, error)] if error is not None else []
    s = situation(100.0, snapshot(100.0, the_site, (web,)), the_site, begun, *ended)
    assert asks_cleanly(s, web, has) is again
