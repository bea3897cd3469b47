"""Room that is made on powered hosts (behaviour.md §4), by rule."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ridethrough.core import events as e
from ridethrough.core.actions import MoveVm, StartVm, StopVm
from ridethrough.core.decide import decide
from ridethrough.core.observation import Power, Restart, Source, VmSeen
from ridethrough.core.ordering import stop_rank
from ridethrough.core.placement import Placement, place
from ridethrough.core.policy import MakeRoom, VmPolicy, Wish
from ridethrough.core.situation import Situation
from ridethrough.core.verdict import verdict
from ridethrough.core.why import why

from .build import GIB, lost, site, situation, snapshot, vm_seen

NOW = 100.0
BEGUN = e.EvacuationBegun(90.0, "h1", "ups1 is on battery")


def outage(
    vms: tuple[VmSeen, ...],
    wishes: dict[str, VmPolicy],
    free: dict[str, float],
    mode: MakeRoom = MakeRoom.STOP,
    off_at: float = 2000.0,
) -> Situation:
    """h1 is being emptied; h2 and h3 have power, and so many GiB free."""
    built = site(3)
    built = replace(built, policy=replace(built.policy, vms=wishes, make_room=mode))
    seen = snapshot(NOW, built, vms, {"ups1": Source.BATTERY})
    hosts = {h: replace(host, memory_free=int(free.get(h, 0.0) * GIB)) for h, host in seen.hosts.items()}
    return situation(NOW, replace(seen, hosts=hosts), built, lost("ups1", 30.0, off_at=off_at), BEGUN)


def tiers(**found: int) -> dict[str, VmPolicy]:
    return {name: VmPolicy(tier=tier) for name, tier in found.items()}


ONE = (vm_seen("db", "h1", 8), vm_seen("web", "h2", 4), vm_seen("old", "h2", 4))
WISHES = tiers(db=2, web=5, old=8)


def gone(plan: Placement) -> tuple[dict[str, str], set[str]]:
    return {v: host for v, (host, _) in plan.room.moves.items()}, set(plan.room.stops)


def test_the_least_important_goes_to_another_host_with_power() -> None:
    plan = place(outage(ONE, WISHES, {"h2": 4.0, "h3": 4.0}), ["h1"])
    assert gone(plan) == ({"old": "h3"}, set())
    assert plan.room.awaited == {"db": "h2"}
    assert plan.unplaced == {"db": "room is made for it on h2"}


@pytest.mark.parametrize(("mode", "stopped"), [(MakeRoom.STOP, {"old"}), (MakeRoom.MOVE, set()), (MakeRoom.OFF, set())])
def test_where_nobody_else_has_room_it_stops_if_its_owner_allows_that(mode: MakeRoom, stopped: set[str]) -> None:
    plan = place(outage(ONE, WISHES, {"h2": 4.0}, mode), ["h1"])
    assert gone(plan) == ({}, stopped)
    assert set(plan.room.awaited) == ({"db"} if stopped else set())


@pytest.mark.parametrize(
    "wishes",
    [
        tiers(db=8, web=8, old=8),
        WISHES | {name: VmPolicy(Wish.LEAVE, 8) for name in ("web", "old")},
        WISHES | {name: VmPolicy(tier=8, infrastructure=True) for name in ("web", "old")},
    ],
    ids=["of the same tier", "to be left alone", "infrastructure"],
)
def test_who_does_not_go(wishes: dict[str, VmPolicy]) -> None:
    assert gone(place(outage(ONE, wishes, {"h2": 4.0, "h3": 4.0}), ["h1"])) == ({}, set())


def test_a_tier_that_stops_is_worth_less_together() -> None:
    """Three of tier 3 are worth more than one of tier 2."""
    vms = (vm_seen("db", "h1", 12), *(vm_seen(f"web{n}", "h2", 4) for n in range(3)))
    wishes = tiers(db=2, web0=3, web1=3, web2=3)
    assert gone(place(outage(vms, wishes, {"h2": 0.0}), ["h1"])) == ({}, set())
    assert len(gone(place(outage(vms, tiers(db=2, web0=5, web1=5, web2=5), {"h2": 0.0}), ["h1"]))[1]) == 3


def test_not_begun_without_the_time_for_both_steps() -> None:
    """old takes 46 s to move, db 89 s; before the cut come 120 s for the host."""
    free = {"h2": 4.0, "h3": 4.0}
    assert gone(place(outage(ONE, WISHES, free, off_at=NOW + 120.0 + 134.0), ["h1"])) == ({}, set())
    assert gone(place(outage(ONE, WISHES, free, off_at=NOW + 120.0 + 136.0), ["h1"])) == ({"old": "h3"}, set())


def test_what_is_on_its_way_already_is_room_to_come() -> None:
    """Nobody goes beside it, and nobody takes what db waits for."""
    s = outage((*ONE, vm_seen("small", "h1", 4)), WISHES | tiers(small=9), {"h2": 4.0})
    began = e.ActionStarted(NOW - 2, StopVm("old", "old", "pool1", "h2", "makes room for db", 60.0, room_for="db"))
    s = situation(NOW, s.seen, s.site, lost("ups1", 30.0, off_at=2000.0), BEGUN, began)
    plan = place(s, ["h1"])
    assert gone(plan) == ({}, set())
    assert plan.room.awaited == {"db": "h2"}
    assert not plan.moves


def test_among_equals_what_ha_protects_runs_on() -> None:
    """Both as one of those that look for a place, and as one of those that could go for another."""
    kept = {"kept": Restart.ALWAYS, "tried": Restart.BEST_EFFORT}
    names = ("aaa", "kept", "tried", "zzz")
    vms = tuple(vm_seen(name, "h1", 4, restart=kept.get(name, Restart.NEVER)) for name in names)
    assert list(place(outage(vms, {}, {"h2": 4.0}, MakeRoom.OFF), ["h1"]).moves) == ["kept"]
    assert list(place(outage(vms, {}, {"h2": 8.0}, MakeRoom.OFF), ["h1"]).moves) == ["kept", "tried"]
    for more in (Restart.ALWAYS, Restart.BEST_EFFORT):
        vms = (vm_seen("db", "h1", 4), vm_seen("aaa", "h2", 4, restart=more), vm_seen("zzz", "h2", 4))
        assert gone(place(outage(vms, tiers(db=2, aaa=8, zzz=8), {"h2": 0.0}), ["h1"])) == ({}, {"zzz"})


def test_the_tier_counts_for_more_than_all_protection_together() -> None:
    small = tuple(vm_seen(f"small{n}", "h1", 1, restart=Restart.ALWAYS) for n in range(4))
    vms = (vm_seen("db", "h1", 4), *small)
    wishes = tiers(db=6, **{v.name: 9 for v in small})
    assert "db" in place(outage(vms, wishes, {"h2": 4.0}, MakeRoom.OFF), ["h1"]).moves


sizes = st.sampled_from([1.0, 2.0, 4.0, 8.0])
guests = st.lists(
    st.tuples(
        st.sampled_from(["h1", "h2", "h3"]), sizes, st.integers(0, 9), st.sampled_from(list(Wish)), st.booleans()
    ),
    max_size=10,
)


@given(guests, sizes, sizes, st.sampled_from(list(MakeRoom)))
def test_never_more_than_needed_and_never_the_more_important(
    drawn: list[tuple[str, float, int, Wish, bool]], h2: float, h3: float, mode: MakeRoom
) -> None:
    vms = tuple(
        vm_seen(f"vm{n}", host, gib, immovable="" if able else "it is bound to its host")
        for n, (host, gib, _, _, able) in enumerate(drawn)
    )
    wishes = {f"vm{n}": VmPolicy(wish, tier) for n, (_, _, tier, wish, _) in enumerate(drawn)}
    s = outage(vms, wishes, {"h2": h2, "h3": h3}, mode)
    plan = place(s, ["h1"])
    free = {h: host.memory_free for h, host in s.seen.hosts.items()}
    for vm, (target, _) in plan.moves.items():
        free[target] -= s.seen.vms[vm].memory
    arriving = dict(free)
    for vm, (target, _) in plan.room.moves.items():
        arriving[target] -= s.seen.vms[vm].memory
    assert all(left >= 0 for left in arriving.values())
    if mode is not MakeRoom.STOP:
        assert not plan.room.stops
    if mode is MakeRoom.OFF:
        assert not plan.room.awaited
    for_whom = {v: whom for v, (_, whom) in plan.room.moves.items()} | dict(plan.room.stops)
    for vm, whom in for_whom.items():
        assert stop_rank(s, s.seen.vms[vm]) > stop_rank(s, s.seen.vms[whom])
        assert wishes[vm].wish is not Wish.LEAVE
        assert not s.seen.vms[vm].immovable
        assert s.seen.vms[vm].resident_on == plan.room.awaited[whom]
    for whom, host in plan.room.awaited.items():
        those = [s.seen.vms[v].memory for v, w in for_whom.items() if w == whom]
        assert not those or all(free[host] + sum(those) - each < s.seen.vms[whom].memory for each in those)


STOPPED = StopVm("old", "old", "pool1", "h2", "makes room for db", 60.0, room_for="db")
RECORD = e.PoolRecorded(
    90.0, "pool1", "h1", (("h1", 1.0), ("h2", 1.0), ("h3", 1.0)), (), (("db", "h1"), ("old", "h2")), False
)


def after(*, down: bool, free: float, db_on: str = "h2") -> list[tuple[str, str]]:
    """old was stopped for db. Where does it start?"""
    now = 1000.0
    s = outage((), WISHES, {"h2": free, "h3": 0.0})
    vms = (vm_seen("db", db_on, 8), vm_seen("old", "h2", 4, power=Power.HALTED))
    vms = (vms[0], replace(vms[1], resident_on=None))
    seen = snapshot(now, s.site, vms, {"ups1": Source.BATTERY})
    hosts = {h: replace(host, memory_free=int({"h2": free}.get(h, 0.0) * GIB)) for h, host in seen.hosts.items()}
    hosts["h1"] = replace(hosts["h1"], enabled=False)
    news: list[e.Event] = [lost("ups1", 500.0), BEGUN, RECORD, e.ActionStarted(600.0, STOPPED)]
    if down:
        hosts["h1"] = replace(hosts["h1"], live=False, toolstack_at=500.0, network_at=500.0)
        news.append(e.HostDown(700.0, "h1", "silent"))
    s = situation(now, replace(seen, hosts=hosts), s.site, *news)
    s = replace(s, memory=replace(s.memory, pending={}), worked_out={})
    started = [x.action for x in decide(now, s.seen, s.memory, s.site).events if isinstance(x, e.ActionStarted)]
    assert not any(isinstance(a, MoveVm) and a.vm == "old" for a in started)
    return [(a.vm, a.host) for a in started if isinstance(a, StartVm)]


def test_what_was_stopped_starts_again_where_there_is_room() -> None:
    assert after(down=True, free=4.0) == [("old", "h2")]
    assert after(down=True, free=3.0) == []


def test_not_while_others_may_still_come_for_the_room() -> None:
    assert after(down=False, free=4.0, db_on="h1") == []


def test_people_are_told_who_waits_and_for_whom() -> None:
    s = outage(ONE, WISHES, {"h2": 4.0, "h3": 4.0})
    assert [w.text for w in why(s, "db")] == [
        "db waits on h1, which it must leave: room is made for it on h2. It moves when old has gone from h2. If the "
        "time runs out before, it is stopped cleanly."
    ]
    began = e.ActionStarted(NOW - 2, STOPPED)
    s = situation(NOW, s.seen, s.site, lost("ups1", 30.0, off_at=2000.0), BEGUN, began)
    assert "making room on h2" in verdict(s)
    assert [w.text for w in why(s, "old")] == ["old is being stopped cleanly on h2: makes room for db."]


def test_one_that_made_room_says_what_it_waits_for() -> None:
    s = outage((vm_seen("db", "h2", 8), replace(vm_seen("old", "h2", 4), power=Power.HALTED)), WISHES, {})
    done = e.ActionFinished(NOW - 1, 0, STOPPED)
    s = situation(NOW, s.seen, s.site, lost("ups1", 30.0), BEGUN, RECORD, e.ActionStarted(NOW - 9, STOPPED), done)
    s = replace(s, memory=replace(s.memory, pending={}), worked_out={})
    assert [w.text for w in why(s, "old")] == [
        "old is halted: Ridethrough stopped it on h2, for room was needed there. It starts when the hosts without "
        "power are empty or have it again, and there is room."
    ]
