"""Whether a VM whose wish is "suspend" is suspended, and what becomes of it else."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ridethrough.core import events as e
from ridethrough.core import shutdown
from ridethrough.core.actions import StopVm
from ridethrough.core.events import Event
from ridethrough.core.observation import Power, Source, VmSeen
from ridethrough.core.policy import Policy, VmPolicy, Wish
from ridethrough.core.recovery import to_start
from ridethrough.core.situation import Situation

from .build import TIMERS, lost, site, situation, snapshot, vm_seen

POLICY = Policy(hosts={"h1": TIMERS, "h2": TIMERS}, vms={"web": VmPolicy(Wish.SUSPEND)}, controller="me")
EMPTYING = e.EvacuationBegun(65.0, "h1", "ups1 on battery")
WEB = vm_seen("web", "h1", 4.0, unsuspendable="")
SUSPENSION = StopVm("web", "web", "pool1", "h1", "why", 60.0, suspend=True)
RECORD = e.PoolRecorded(66.0, "pool1", "h2", (("h1", 1.0), ("h2", 1.0)), (), (("web", "h1"),), False)


STARTED = 7  # the position of the first event after those that each situation has


def situated(*events: Event, off_at: float = 1000.0, vm: VmSeen = WEB) -> Situation:
    seen = snapshot(70.0, site(2), (vm,), {"ups1": Source.BATTERY})
    return situation(70.0, seen, site(2, policy=POLICY), lost("ups1", 1.0, off_at), EMPTYING, RECORD, *events)


def stops(s: Situation) -> list[StopVm]:
    asked = [x.action for x in shutdown.stop_guests(s) if isinstance(x, e.ActionStarted)]
    return [a for a in asked if isinstance(a, StopVm)]


def test_it_is_suspended_when_its_host_is_emptied() -> None:
    (stop,) = stops(situated())
    assert stop.suspend
    assert stop.why == 'its wish is "suspend"'


@pytest.mark.parametrize(
    ("vm", "why"),
    [
        (replace(WEB, unsuspendable="XenServer has no storage to keep its memory on"), "no storage to keep its memory"),
        (replace(WEB, memory=60 * 2**30), "no time to write its memory"),
    ],
)
def test_it_is_shut_down_where_it_cannot_be_kept_or_no_time_is_left(vm: VmSeen, why: str) -> None:
    (stop,) = stops(situated(vm=vm))
    assert not stop.suspend
    assert why in stop.why


def test_a_clean_stop_is_kept_time_for_after_it() -> None:
    """270 s to the cut: 120 are the host's and the reserve's, 40 a clean stop's; 86 the memory takes."""
    (stop,) = stops(situated(off_at=340.0))
    assert stop.suspend
    assert stop.deadline == pytest.approx(110.0)
    (late,) = stops(situated(off_at=310.0))
    assert not late.suspend


def test_it_is_shut_down_at_once_after_a_suspension_that_failed() -> None:
    failed = e.ActionFinished(69.0, STARTED, SUSPENSION, "SR_SUSPEND_SPACE_INSUFFICIENT", refused=True)
    (stop,) = stops(situated(e.ActionStarted(67.0, SUSPENSION), failed))
    assert not stop.suspend
    assert "SR_SUSPEND_SPACE_INSUFFICIENT" in stop.why


def test_what_we_suspended_is_resumed_and_what_a_person_suspended_is_not() -> None:
    asleep = replace(WEB, power=Power.SUSPENDED, resident_on=None)
    done = (e.ActionStarted(67.0, SUSPENSION), e.ActionFinished(69.0, STARTED, SUSPENSION))
    assert [v.id for v in to_start(situated(*done, vm=asleep), "pool1")] == ["web"]
    assert not to_start(situated(vm=asleep), "pool1")
