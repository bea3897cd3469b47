"""What is started again and what is not, and how a pool is let go at last."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ridethrough.core import events as e
from ridethrough.core.actions import DisableHost, MoveVm, ReleasePool, StartVm, StopVm
from ridethrough.core.closing import close
from ridethrough.core.custody import is_away
from ridethrough.core.evacuation import disable
from ridethrough.core.memory import UNREACHABLE
from ridethrough.core.observation import Power
from ridethrough.core.recovery import left_off, run_again, start_guests, to_start
from ridethrough.core.situation import Situation

from .build import site, situation, snapshot, vm_seen

RECORDED = e.PoolRecorded(60.0, "pool1", "h1", (("h1", 1.0), ("h2", 1.0)), (), (("web", "h2"),), False)
FIRST = 5  # journal position of the first event given: `situation` puts the arming and two cards before the record
STOP = StopVm("web", "web", "pool1", "h2", "why", 60.0)
STOPPED = (e.ActionStarted(70.0, STOP), e.ActionFinished(75.0, FIRST, STOP))
FELL = (e.HostDown(70.0, "h2", "silent", agent_started=1.0), e.HostReturned(90.0, "h2", 2.0, pool="pool1"))


def now_with(*events: e.Event, web: Power = Power.HALTED, **h2: object) -> Situation:
    """Second 110, everything on utility power; web ran on h2 when the pool was recorded."""
    the_site = site(2)
    seen = snapshot(110.0, the_site, (vm_seen("web", "h2", power=web),))
    seen = replace(seen, hosts={**seen.hosts, "h2": replace(seen.hosts["h2"], **h2)})  # type: ignore[arg-type]
    return situation(110.0, seen, the_site, RECORDED, *events)


def started(s: Situation) -> list[str]:
    return [vm.name for vm in to_start(s, "pool1")]


def test_a_guest_that_somebody_shut_down_stays_off_although_its_host_falls_later() -> None:
    (event,) = left_off(now_with())
    assert event == e.VmLeftOff(110.0, "web", "web")
    assert started(now_with(*FELL)) == ["web"]
    assert started(now_with(event, *FELL)) == []
    (runs,) = run_again(now_with(event, web=Power.RUNNING))  # and somebody has started it again
    assert started(now_with(event, runs, *FELL)) == ["web"]


@pytest.mark.parametrize(
    ("before", "h2"),
    [
        (STOPPED[:1], {}),  # we did
        (STOPPED, {}),
        (FELL, {}),  # it was lost
        ((), {"answers_since": 100.0}),  # h2 may have fallen: nobody knows yet
        ((), {"toolstack_at": 70.0, "answers_since": None}),
    ],
)
def test_nothing_else_is_taken_for_a_persons_doing(before: tuple[e.Event, ...], h2: dict[str, object]) -> None:
    assert left_off(now_with(*before, **h2)) == []  # type: ignore[arg-type]


def test_a_host_whose_network_was_gone_has_lost_no_guest() -> None:
    """Proven down, it came back with the toolstack that it had: what is halted there somebody has shut down."""
    gone, back = e.HostDown(95.0, "h2", "silent", agent_started=1.0), e.HostReturned(100.0, "h2", 1.0, pool="pool1")
    assert started(now_with(gone, back)) == []
    assert started(now_with(*FELL, replace(gone, agent_started=2.0), replace(back, agent_started=2.0))) == ["web"]


def test_a_guest_that_was_lost_in_a_move_of_ours_is_no_persons_doing() -> None:
    move = MoveVm("web", "web", "pool1", "h2", "h1", "why", 60.0)
    failed = e.ActionFinished(75.0, FIRST, move, "VM_MIGRATE_FAILED")
    assert left_off(now_with(e.ActionStarted(70.0, move), failed)) == []


def test_where_xenserver_has_started_a_guest_any_host_may_have_taken_it_along() -> None:
    start = e.ActionStarted(80.0, StartVm("web", "web", "pool1", "", "why"))
    runs = e.ActionFinished(85.0, FIRST + 2, start.action)
    assert started(now_with(*STOPPED, start, runs)) == []
    h1_fell = (e.HostDown(95.0, "h1", "silent", agent_started=1.0), e.HostReturned(105.0, "h1", 2.0, pool="pool1"))
    assert started(now_with(*STOPPED, start, runs, *h1_fell)) == ["web"]
    at_home = e.ActionStarted(80.0, StartVm("web", "web", "pool1", "h2", "why"))
    runs = e.ActionFinished(85.0, FIRST + 2, at_home.action)
    assert started(now_with(*STOPPED, at_home, runs, *h1_fell)) == []


STARTED_ANYWHERE = e.ActionStarted(80.0, StartVm("web", "web", "pool1", "", "why"))
RUNS_ANYWHERE = (*STOPPED, STARTED_ANYWHERE, e.ActionFinished(85.0, FIRST + 2, STARTED_ANYWHERE.action))


def test_a_host_of_another_pool_takes_no_guest_along() -> None:
    """Neither counts its fall for a guest that XenServer has placed, nor does its return."""
    other = e.PoolRecorded(60.0, "pool2", "x1", (("x1", 1.0),), (), (("db", "x1"),), False)
    x1_fell = (e.HostDown(95.0, "x1", "silent", agent_started=1.0), e.HostReturned(105.0, "x1", 2.0, pool="pool2"))
    s = now_with(*RUNS_ANYWHERE, other, *x1_fell)
    assert s.memory.vm("web").started
    assert started(s) == []
    h1_is_down = e.HostDown(95.0, "h1", "silent", agent_started=1.0)
    assert started(now_with(*RUNS_ANYWHERE, other, *x1_fell, h1_is_down)) == []


def test_what_somebody_shuts_down_stays_off_wherever_xenserver_had_started_it() -> None:
    """Once the pool's records tell of the start, and every host has run since."""
    assert left_off(now_with(*RUNS_ANYWHERE)) == [e.VmLeftOff(110.0, "web", "web")]
    assert left_off(now_with(*RUNS_ANYWHERE, answers_since=100.0)) == []
    late = e.ActionFinished(108.0, FIRST + 2, STARTED_ANYWHERE.action)
    assert left_off(now_with(*RUNS_ANYWHERE[:-1], late)) == []


def test_a_pool_is_not_let_go_and_claimed_again_in_turn_for_a_dead_host_that_a_person_wants_emptied() -> None:
    """It cannot be disabled, and shows as enabled until its pool believes it dead."""
    ask = e.Ask.EVACUATE
    begun = (e.Requested(70.0, ask, "h2", "a person"), e.RequestDone(70.0, ask, "h2"))
    emptied = (e.EvacuationBegun(70.0, "h2", "a person asked for it", False), e.HostEmptied(75.0, "h2", ()))
    for enabled in (True, False):
        s = now_with(*begun, *emptied, web=Power.RUNNING, enabled=enabled, toolstack_at=60.0, answers_since=None)
        assert bool(close(s)) is not enabled


@pytest.mark.parametrize(("error", "refused", "again"), [(UNREACHABLE, False, True), ("RBAC", True, False)])
def test_a_release_that_was_lost_is_asked_for_again(error: str, refused: bool, again: bool) -> None:
    release = ReleasePool("pool1", "me", "nothing is left to do")
    failed = e.ActionFinished(71.0, FIRST, release, error, refused=refused)
    (event,) = close(now_with(e.ActionStarted(70.0, release), failed, web=Power.RUNNING))
    assert isinstance(event, e.ActionStarted if again else e.PoolRestored)


def test_an_administrators_maintenance_mode_that_we_restored_is_not_ours_to_end() -> None:
    """The host comes back when its pool has been let go without it, and disabled by us: for the administrator."""
    recorded = e.PoolRecorded(60.0, "pool1", "h1", (("h1", 1.0), ("h2", 1.0)), ("h2",), (), False)
    disable = e.ActionStarted(80.0, DisableHost("h2", "pool1", "why"), agent_started=1.0)
    down = e.HostDown(70.0, "h2", "silent", agent_started=1.0)
    done = e.ActionFinished(81.0, FIRST + 2, disable.action)
    s = situation(
        110.0, snapshot(110.0, site(2)), site(2), recorded, down, disable, done, e.PoolRestored(82.0, "pool1", ())
    )
    assert s.memory.host("h2").down_at == 70.0
    assert s.memory.host("h2").disabled_at is None


def test_a_host_that_may_not_be_let_out_is_not_disabled_again_when_power_is_back() -> None:
    """A move off it had begun, and failed: nothing is left to complete. Its enable was refused."""
    move = MoveVm("web", "web", "pool1", "h2", "h1", "why", 60.0)
    begun = e.EvacuationBegun(65.0, "h2", "on battery", False)
    failed = e.ActionFinished(75.0, FIRST + 1, move, "VM_MIGRATE_FAILED")
    s = now_with(begun, e.ActionStarted(70.0, move), failed, web=Power.HALTED)
    assert s.memory.host("h2").moved_from
    assert disable(s) == []


def test_a_host_that_answers_and_that_its_pool_does_not_take_in_is_given_up_like_a_silent_one() -> None:
    """A person had it in maintenance mode when it fell; nobody would ever close the record of its outage."""
    disabled = DisableHost("h2", "pool1", "why")
    wanted = (e.EvacuationBegun(61.0, "h2", "a person asked for it", early=False), e.ActionStarted(62.0, disabled))

    def given_up(since: float) -> bool:
        s = now_with(*wanted, live=False, enabled=False, answers_since=since)
        soon = replace(s.site, policy=replace(s.policy, host_stop=10.0, start_timeout=30.0))
        s = replace(s, site=soon, worked_out={})
        return is_away(s, s.seen.hosts["h2"])

    assert not given_up(100.0)
    assert given_up(65.0)


@pytest.mark.parametrize(("live", "host"), [(True, "h3"), (False, "")])
def test_a_start_is_not_left_to_xenserver_while_it_may_choose_a_host_that_is_silent(live: bool, host: str) -> None:
    """It believes one that lost its power to be live for ten minutes, and its start would hang for as long."""
    the_site, now = site(3), 2000.0
    recorded = replace(RECORDED, members=(("h1", 1.0), ("h2", 1.0), ("h3", 1.0)))
    seen = snapshot(now, the_site, (vm_seen("web", "", power=Power.HALTED, resident_on=None),))
    h2 = replace(seen.hosts["h2"], toolstack_at=70.0, network_at=70.0, answers_since=None, live=live)
    full = replace(seen.hosts["h1"], memory_free=0)
    seen = replace(seen, hosts={**seen.hosts, "h1": full, "h2": h2})
    down = e.HostDown(90.0, "h2", "silent", agent_started=1.0)
    stopped = e.ActionFinished(75.0, FIRST + 1, STOP)  # three cards stand before it
    (event,) = start_guests(situation(now, seen, the_site, recorded, STOPPED[0], stopped, down))
    assert isinstance(event, e.ActionStarted)
    assert isinstance(event.action, StartVm)
    assert event.action.host == host


def test_a_guest_whose_hard_stop_waits_for_others_is_not_given_back_meanwhile() -> None:
    """Two that never obey would be asked in turn for ever, on a host that a person wants down."""
    begun = e.ShutdownBegun(61.0, "h2", "a person asked for it", early=False)
    failed = e.ActionFinished(72.0, FIRST + 1, STOP, "DEADLINE")
    stop = (begun, e.ActionStarted(70.0, STOP), failed)
    the_site = site(2)
    seen = snapshot(200.0, the_site, (vm_seen("web", "h2"),))
    late = situation(200.0, seen, the_site, RECORDED, *stop)
    assert run_again(late) == []
    spared = situation(200.0, seen, the_site, RECORDED, *stop, e.ShutdownDropped(190.0, "h2"))
    assert [type(event) for event in run_again(spared)] == [e.VmRunsAgain]
