"""The "Never" rules of behaviour.md §9 that `decide` answers for, as invariants of random walks."""

from __future__ import annotations

import random
from functools import cache

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ridethrough.core import actions as a
from ridethrough.core import events as e
from ridethrough.core.budget import is_last_moment, need
from ridethrough.core.ends import left
from ridethrough.core.fold import fold
from ridethrough.core.memory import Memory
from ridethrough.core.ordering import members_still_up
from ridethrough.core.power import Feed, feed, is_counting, is_silent, says_battery, supply
from ridethrough.core.situation import Situation

from .walk import Step, Walk, touched

walks = settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
seeds = st.integers(0, 119)  # few enough that the tests share the walks
TAKING_DOWN = (a.DisableHost, a.MoveVm, a.StopVm, a.ForceStopVm, a.ShutDownHost)


@cache
def steps(seed: int, armed: bool = True) -> list[Step]:
    return list(Walk(random.Random(seed), armed).run(60))


def asked_by_a_person(s: Situation, host: str) -> bool:
    return bool(s.memory.host(host).wanted) or s.memory.pool("pool1").shutdown_asked is not None


def was_in_maintenance(s: Situation, host: str) -> bool:
    record = s.memory.pool("pool1").record
    return record is not None and host in record.disabled


@walks
@given(seeds)
def test_never_1_takes_from_a_host_without_cause(seed: int) -> None:
    """On battery or lost, or a person asked; but an evacuation that has begun to move VMs goes on to the end."""
    for step in steps(seed):
        for action in step.started:
            host = touched(action)
            if not host or not isinstance(action, TAKING_DOWN):
                continue
            completing = step.after.memory.host(host).moved_from and isinstance(action, a.MoveVm | a.DisableHost)
            kept = isinstance(action, a.DisableHost) and (
                was_in_maintenance(step.after, host) or step.after.memory.host(host).evacuation is not None
            )
            assert supply(step.after, host).failing or _asked(step, host) or completing or kept


@walks
@given(seeds)
def test_never_2_moves_to_a_host_that_is_not_powered_enabled_and_answering(seed: int) -> None:
    for step in steps(seed):
        for action in step.started:
            if isinstance(action, a.MoveVm):
                target = step.after.seen.hosts[action.host]
                assert supply(step.after, target.id).powered
                assert target.enabled
                assert target.toolstack_at is not None
                assert step.after.now - target.toolstack_at <= step.after.policy.target_fresh
                assert step.after.memory.host(target.id).evacuation is None


@walks
@given(seeds)
def test_never_3_enables_or_starts_what_we_did_not_take_down(seed: int) -> None:
    for step in steps(seed):
        record = step.after.memory.pool("pool1").record
        for action in step.started:
            if isinstance(action, a.EnableHost):
                assert step.before.memory.host(action.host).disabled_at is not None
                assert not was_in_maintenance(step.after, action.host)
            if isinstance(action, a.StartVm):
                assert record is not None
                assert action.vm in dict(record.running)
                assert step.before.memory.vm(action.vm).stopped


@walks
@given(seeds)
def test_never_5_shuts_the_coordinator_down_before_its_members(seed: int) -> None:
    for step in steps(seed):
        for action in step.started:
            if isinstance(action, a.ShutDownHost) and step.after.is_coordinator(step.after.seen.hosts[action.host]):
                coordinator = step.after.seen.hosts[action.host]
                up = members_still_up(step.after, coordinator)
                assert not up or is_last_moment(step.after, coordinator) or _long_silent_on_request(step.after, up)


def _long_silent_on_request(s: Situation, members: list[str]) -> bool:
    """A person shuts the pool down, and nothing was heard of these for as long as a host may take to stop."""
    hosts = [s.seen.hosts[m] for m in members]
    heard = [at for h in hosts for at in (h.toolstack_at, h.network_at) if at is not None]
    asked = s.memory.pool("pool1").shutdown_asked is not None
    return asked and all(s.now - at >= s.policy.host_stop for at in heard)


@walks
@given(seeds)
def test_never_6_acts_on_old_evidence(seed: int) -> None:
    """Taking down: battery, or silent since battery, in this round. Bringing back: settled utility power."""
    for step in steps(seed):
        s = step.after
        for action in step.started:
            host = touched(action)
            if isinstance(action, a.ShutDownHost | a.StopVm | a.ForceStopVm) and not _asked(step, host):
                failing = [u for u in s.site.hosts[host].powered_by if feed(s, u) is Feed.ON_BATTERY]
                assert failing
                assert all(shows_battery(s, u) for u in failing)
            if isinstance(action, a.EnableHost | a.PowerOnHost):
                built = s.site.hosts[action.host]
                good = [u for u in built.powered_by if s.memory.ups(u).on_battery_since is None]
                assert len(good) >= built.needs


def _asked(step: Step, host: str) -> bool:
    return asked_by_a_person(step.before, host) or asked_by_a_person(step.after, host)


def shows_battery(s: Situation, ups: str) -> bool:
    reading = s.seen.upses[ups].reading
    if reading is None or is_silent(s, ups):
        return True  # silent since on battery: the outage is open in the journal
    said_no_utility = says_battery(reading, None, 300.0) or not s.memory.ups(ups).utility_since
    return said_no_utility or is_counting(s, ups)


@walks
@given(seeds)
def test_never_7_starts_what_is_already_under_way(seed: int) -> None:
    for step in steps(seed):
        targets = [a.target(action) for action in step.started]
        assert len(targets) == len(set(targets))
        assert not {a.target(action) for action in step.before.memory.pending.values()} & set(targets)


@walks
@given(seeds)
def test_never_10_acts_in_dry_run(seed: int) -> None:
    """Nothing is done, nothing told twice in an outage, nothing that was told is remembered as done."""
    for step in steps(seed, armed=False):
        assert not step.started
        told = [event.action for event in step.events if isinstance(event, e.ActionTold)]
        kinds = [(type(t), getattr(t, "vm", "") or getattr(t, "host", ""), getattr(t, "pool", "")) for t in told]
        before = {(type(t), getattr(t, "vm", "") or getattr(t, "host", "")) for t in step.before.memory.told}
        assert len(kinds) == len(set(kinds))
        assert not before & {k[:2] for k in kinds}
        assert not step.after.memory.pending
        assert all(m.disabled_at is None and m.shut_down_at is None for m in step.after.memory.hosts.values())


@walks
@given(seeds)
def test_never_11_shuts_a_host_down_with_a_guest_or_a_move_on_it(seed: int) -> None:
    for step in steps(seed):
        for action in step.started:
            if isinstance(action, a.ShutDownHost):
                seen = step.after.seen
                assert not seen.guests(action.host)
                assert not [v for v in seen.vms.values() if v.moving_to == action.host]
                assert not seen.hosts[action.host].enabled
                pending = [p for p in step.before.memory.pending.values() if isinstance(p, a.MoveVm)]
                assert not [p for p in pending if action.host in (p.source, p.host)]


@walks
@given(seeds)
def test_never_13_lets_a_hold_outlast_the_last_safe_start(seed: int) -> None:
    """What a round's own news change, such as an evacuation that ends, is reckoned with in the next one."""
    late_before: set[str] = set()
    for step in steps(seed):
        s = step.after
        late = {host for host in s.seen.hosts if _is_held_too_long(s, host)}
        assert not late & late_before
        late_before = late


def _is_held_too_long(s: Situation, host_id: str) -> bool:
    m, host = s.memory.host(host_id), s.seen.hosts[host_id]
    seconds = left(s, host)
    if not m.held or not supply(s, host_id).failing or seconds is None or m.down_at is not None:
        return False
    return seconds <= need(s, host).from_evacuation and m.evacuation is None and m.shut_down_at is None


@walks
@given(seeds)
def test_never_14_fights_another_controller(seed: int) -> None:
    for step in steps(seed):
        if step.before.seen.pools["pool1"].claim == "somebody else":
            assert not step.started


@walks
@given(seeds)
def test_the_same_journal_always_gives_the_same_memory(seed: int) -> None:
    memory = Memory()
    events = [event for step in steps(seed) for event in step.events]
    for position, event in enumerate(events, start=1):
        memory = fold(memory, position, event)
    again = Memory()
    for position, event in enumerate(events, start=1):
        again = fold(again, position, event)
    assert memory == again
