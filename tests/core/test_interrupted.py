"""A controller died between an action's beginning and its answer: what the next one makes of it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ridethrough.core import events as e
from ridethrough.core.actions import ClaimPool, DisableHost, ReleasePool, StartVm
from ridethrough.core.custody import take
from ridethrough.core.evacuation import disable
from ridethrough.core.fold import fold
from ridethrough.core.observation import Power
from ridethrough.core.recovery import run_again, to_start
from ridethrough.core.situation import Situation

from .build import lost, site, situation, snapshot, vm_seen

RECORDED = e.PoolRecorded(60.0, "pool1", "h1", (("h1", 1.0), ("h2", 1.0)), (), (("web", "h2"),), False)
BEGUN = e.EvacuationBegun(60.0, "h2", "on battery", False)
STARTED = e.ControllerStarted(105.0, "0.1.0")


def now_with(*events: e.Event, claim: str = "me", enabled: bool = True, web: Power = Power.RUNNING) -> Situation:
    """Second 110: h2's UPS has been on battery since second 10."""
    the_site = site(2)
    seen = snapshot(110.0, the_site, (vm_seen("web", "h2", power=web),))
    h2, pool = replace(seen.hosts["h2"], enabled=enabled), replace(seen.pools["pool1"], claim=claim)
    seen = replace(seen, hosts={**seen.hosts, "h2": h2}, pools={"pool1": pool})
    return situation(110.0, seen, the_site, lost("ups2", 10.0), *events)


def finished(s: Situation) -> Situation:
    """Its one pending action has been carried out."""
    ((position, action),) = s.memory.pending.items()
    memory = fold(s.memory, s.memory.position + 1, e.ActionFinished(109.0, position, action))
    return Situation(s.now, s.seen, memory, s.site)


def with_power(s: Situation) -> Situation:
    """Utility power is back everywhere."""
    back = e.UtilityBack(109.0, "ups2", 100.0)
    return Situation(s.now, s.seen, fold(s.memory, s.memory.position + 1, back), s.site)


def test_a_pool_that_was_claimed_after_all_is_not_claimed_again_when_it_is_let_go() -> None:
    claim = e.ActionStarted(60.0, ClaimPool("pool1", "me", "why"))
    release = e.ActionStarted(108.0, ReleasePool("pool1", "me", "why"))
    assert take(now_with(RECORDED, BEGUN, claim, STARTED)) == []  # it is ours
    assert take(finished(now_with(RECORDED, BEGUN, claim, STARTED, release, claim=""))) == []


@pytest.mark.parametrize("enabled", [True, False])
def test_a_host_that_was_disabled_after_all_is_disabled_again(enabled: bool) -> None:
    """Else XenCenter's mark may be missing, and a person's enable would not be told from a disable that was lost."""
    asked = e.ActionStarted(61.0, DisableHost("h2", "pool1", "why"), agent_started=1.0)
    s = now_with(RECORDED, BEGUN, asked, STARTED, enabled=enabled)
    (again,) = [event for event in disable(s) if isinstance(event, e.ActionStarted)]
    assert again.action == DisableHost("h2", "pool1", "on battery")


def test_a_disable_with_an_answer_is_not_asked_for_again() -> None:
    asked = e.ActionStarted(61.0, DisableHost("h2", "pool1", "why"), agent_started=1.0)
    assert disable(finished(now_with(RECORDED, BEGUN, asked, enabled=False))) == []


def test_a_guest_that_started_after_all_is_a_persons_to_stop() -> None:
    fell, back = e.HostDown(70.0, "h2", "silent", agent_started=1.0), e.HostReturned(90.0, "h2", 2.0)
    start = e.ActionStarted(104.0, StartVm("web", "web", "pool1", "h2", "why"))
    assert to_start(now_with(RECORDED, fell, back, web=Power.HALTED), "pool1")
    s = with_power(now_with(RECORDED, fell, back, start, STARTED))
    (runs,) = run_again(s)
    assert runs == e.VmRunsAgain(110.0, "web", "web", "h2")
    assert to_start(now_with(RECORDED, fell, back, start, STARTED, web=Power.HALTED), "pool1")  # it was lost
    assert not to_start(now_with(RECORDED, fell, back, start, STARTED, runs, web=Power.HALTED), "pool1")
