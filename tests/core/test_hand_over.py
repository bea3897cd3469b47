"""Another host is made coordinator first, where that is safe."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ridethrough.core import evacuation, hand_over, shutdown
from ridethrough.core import events as e
from ridethrough.core.actions import Action, DesignateCoordinator, DisableHost, MoveVm, StopVm
from ridethrough.core.observation import Snapshot, Source
from ridethrough.core.policy import HostPolicy, Policy, Timer
from ridethrough.core.situation import Situation
from ridethrough.core.start import may_act

from .build import TIMERS, lost, site, situation, snapshot, vm_seen

NOW = 100.0
HOSTS = ("h1", "h2", "h3")
RECORD = e.PoolRecorded(90.0, "pool1", "h1", tuple((h, 1.0) for h in HOSTS), (), (), False)
EMPTYING = e.EvacuationBegun(95.0, "h1", "on battery")


def outage(
    *more: e.Event, seen: Snapshot | None = None, runtime: float = 1500.0, policy: Policy | None = None
) -> Situation:
    """h1, the coordinator, is on battery and to be emptied; h2 and h3 have power."""
    the_site = site(3, policy=policy)
    seen = seen or snapshot(NOW, the_site, sources={"ups1": Source.BATTERY})
    ups1 = replace(seen.upses["ups1"], reading=replace(seen.upses["ups1"].reading, runtime=runtime))  # type: ignore[type-var]
    seen = replace(seen, upses={**seen.upses, "ups1": ups1})
    return situation(NOW, seen, the_site, RECORD, lost("ups1", 30.0), EMPTYING, *more)


def changed(**hosts: dict[str, object]) -> Snapshot:
    seen = snapshot(NOW, site(3), sources={"ups1": Source.BATTERY})
    return replace(seen, hosts={k: replace(h, **hosts.get(k, {})) for k, h in seen.hosts.items()})  # type: ignore[arg-type]


def actions(events: list[e.Event]) -> list[Action]:
    return [event.action for event in events if isinstance(event, e.ActionStarted)]


def test_it_begins_and_the_call_follows() -> None:
    begun = hand_over.begin(outage())
    assert [(b.coordinator, b.host) for b in begun if isinstance(b, e.HandOverBegun)] == [("h1", "h2")]
    (call,) = actions(hand_over.go_on(outage(*begun)))
    assert isinstance(call, DesignateCoordinator)
    assert call.host == "h2"


def test_nothing_is_disabled_or_moved_before_and_nothing_at_all_in_between() -> None:
    begun = e.HandOverBegun(96.0, "pool1", "h1", "h2", "why")
    waiting = outage(begun)
    assert evacuation.disable(waiting) == []
    asked = outage(begun, e.ActionStarted(97.0, DesignateCoordinator("h2", "pool1", "why")))
    assert not may_act(asked, "pool1")
    assert hand_over.in_between(asked, "pool1")
    over = outage(begun, e.HandOverEnded(98.0, "pool1", "h1", False, "why"))
    assert [type(a) for a in actions(evacuation.disable(over))] == [DisableHost]


@pytest.mark.parametrize(
    "unsafe",
    [
        outage(seen=changed(h3={"toolstack_at": None})),
        outage(seen=changed(h3={"live": False})),
        outage(seen=changed(h2={"busy": frozenset({"evacuate"})})),
        outage(seen=changed(h2={"enabled": False}, h3={"enabled": False})),
        outage(runtime=200.0),
        outage(e.ActionStarted(99.0, MoveVm("a", "a", "pool1", "h3", "h2", "why", 60.0))),
        outage(e.ActionStarted(99.0, DisableHost("h1", "pool1", "why"))),
        outage(e.HostDown(99.0, "h3", "why")),
        outage(policy=Policy(hosts=dict.fromkeys(HOSTS, TIMERS), controller="me", hand_over_coordinator=False)),
        outage(e.HandOverBegun(60.0, "pool1", "h3", "h1", "why"), e.HandOverEnded(80.0, "pool1", "h1", True)),
    ],
    ids=["silent", "not live", "busy", "nobody can", "no time", "a move", "an action", "down", "unwanted", "once"],
)
def test_it_does_not_begin_where_it_is_not_safe(unsafe: Situation) -> None:
    assert hand_over.begin(unsafe) == []


def test_not_while_a_vm_is_at_work() -> None:
    seen = snapshot(NOW, site(3), (vm_seen("a", "h3", busy=frozenset({"snapshot"})),), {"ups1": Source.BATTERY})
    assert hand_over.begin(outage(seen=seen)) == []


def test_a_short_dip_hands_nothing_over() -> None:
    the_site = site(3)
    seen = snapshot(NOW, the_site, sources={"ups1": Source.BATTERY})
    s = situation(NOW, seen, the_site, RECORD, lost("ups1", NOW - 10.0), EMPTYING)
    assert hand_over.begin(s) == []


def test_it_is_dropped_when_it_is_not_safe_any_more() -> None:
    begun = e.HandOverBegun(96.0, "pool1", "h1", "h2", "why")
    (ended,) = hand_over.go_on(outage(begun, seen=changed(h3={"toolstack_at": None})))
    assert isinstance(ended, e.HandOverEnded)
    assert (ended.done, ended.coordinator, ended.why) == (False, "h1", "h3 does not answer")


def test_a_controller_that_died_in_its_middle_looks_who_it_is() -> None:
    begun = e.HandOverBegun(80.0, "pool1", "h1", "h2", "why")
    asked = e.ActionStarted(81.0, DesignateCoordinator("h2", "pool1", "why"))
    dead = (begun, asked, e.ControllerStarted(95.0, "1"))
    assert hand_over.go_on(outage(*dead)) == [], "it may still come"
    seen = changed()
    now = replace(seen, pools={"pool1": replace(seen.pools["pool1"], coordinator="h2")})
    assert hand_over.go_on(outage(*dead, seen=now)) == [e.HandOverEnded(NOW, "pool1", "h2", True)]
    late = replace(outage(*dead), now=81.0 + hand_over.LONGEST)
    assert [end.done for end in hand_over.go_on(late) if isinstance(end, e.HandOverEnded)] in ([False], [])


def test_the_new_one_is_known_while_nobody_answers() -> None:
    over = (e.HandOverBegun(80.0, "pool1", "h1", "h2", "why"), e.HandOverEnded(95.0, "pool1", "h2", True))
    seen = changed()
    silent = replace(seen, pools={"pool1": replace(seen.pools["pool1"], coordinator=None)})
    s = outage(*over, seen=silent)
    assert [h.id for h in s.hosts if s.is_coordinator(h)] == ["h2"]


# --- where no host has power --------------------------------------------------------------------------------------


ALL_LOST = tuple(lost(ups, 30.0) for ups in ("ups1", "ups2", "ups3"))
LONG = HostPolicy(Timer(True, 900.0), Timer(True, 1800.0))


def dark(
    *more: e.Event, runtimes: tuple[float, ...] = (350.0, 1500.0, 3000.0), timers: HostPolicy = LONG, since: float = NOW
) -> Situation:
    """All three hosts are on battery, each with a guest; h1, the coordinator, has the least of it."""
    the_site = site(3, policy=Policy(hosts=dict.fromkeys(HOSTS, timers), controller="me"))
    vms = tuple(vm_seen(f"vm of {h}", h) for h in HOSTS)
    seen = snapshot(since, the_site, vms, dict.fromkeys(("ups1", "ups2", "ups3"), Source.BATTERY))
    upses = {
        ups: replace(it, reading=replace(it.reading, runtime=seconds))  # type: ignore[type-var]
        for seconds, (ups, it) in zip(runtimes, sorted(seen.upses.items()), strict=True)
    }
    return situation(since, replace(seen, upses=upses), the_site, RECORD, *ALL_LOST, *more)


def successors(s: Situation) -> list[str]:
    return [b.host for b in hand_over.begin(s) if isinstance(b, e.HandOverBegun)]


def test_without_power_anywhere_the_longest_battery_takes_over() -> None:
    assert successors(dark()) == ["h3"]


@pytest.mark.parametrize(
    "useless",
    [
        dark(runtimes=(350.0, 360.0, 370.0)),
        dark(runtimes=(2900.0, 1500.0, 3000.0)),
        dark(timers=HostPolicy(Timer(True, 60.0), Timer(True, 100.0))),
        dark(e.HostDown(99.0, "h2", "why")),
        dark(runtimes=(150.0, 1500.0, 3000.0)),
    ],
    ids=["no battery is longer", "it is not pressing", "the timers end before", "a member is down", "no time"],
)
def test_without_power_anywhere_it_must_pay(useless: Situation) -> None:
    assert successors(useless) == []


def test_what_is_not_known_is_not_long() -> None:
    s = dark()
    unknown = {"ups3": replace(s.seen.upses["ups3"], reading=replace(s.seen.upses["ups3"].reading, runtime=None))}  # type: ignore[type-var]
    assert successors(replace(s, seen=replace(s.seen, upses={**s.seen.upses, **unknown}), worked_out={})) == ["h2"]


def test_guests_are_not_stopped_while_it_is_handed_over() -> None:
    begun = e.HandOverBegun(NOW, "pool1", "h1", "h3", "why")
    down = (e.EvacuationBegun(NOW, "h1", "why"), e.ShutdownBegun(NOW, "h1", "why"))
    late = (e.HandOverEnded(NOW, "pool1", "h1", False, "why"),)
    assert shutdown.stop_guests(dark(begun, *down)) == []
    assert [type(a) for a in actions(shutdown.stop_guests(dark(begun, *down, *late)))] == [StopVm]
