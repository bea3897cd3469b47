"""Load shedding: a tier without a place is given up after its time on battery, cleanly (behaviour.md §4)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ridethrough.core import events as e
from ridethrough.core.actions import ForceStopVm, StopVm
from ridethrough.core.decide import decide
from ridethrough.core.observation import Power, Source
from ridethrough.core.policy import Policy, VmPolicy, Wish
from ridethrough.core.situation import Situation

from .build import lost, site, situation, snapshot, vm_seen

AFTER = 120.0
NOW = 1000.0
NINE = VmPolicy(tier=9)
RECORD = e.PoolRecorded(1.0, "pool1", "h1", (("h1", 1.0), ("h2", 1.0)), (), (("vm1", "h1"), ("vm2", "h2")), False)

HOLD = (e.Requested(2.0, e.Ask.HOLD, "h1", "me"), e.RequestDone(2.0, e.Ask.HOLD, "h1"))


def shed_on(
    clock: float,
    *,
    both: bool = True,
    wish: VmPolicy = NINE,
    power: Power = Power.RUNNING,
    events: tuple[e.Event, ...] = (),
) -> Situation:
    """vm1 on h1, whose UPS is on battery for `clock` seconds; the hosts have no timers of their own."""
    the_site = site(2, policy=Policy(shed={9: AFTER}, vms={"vm1": wish}, controller="me", protect_coordinator=False))
    failing = ("ups1", "ups2") if both else ("ups1",)
    vms = (vm_seen("vm1", "h1", power=power), vm_seen("vm2", "h2"))
    seen = snapshot(NOW, the_site, vms, dict.fromkeys(failing, Source.BATTERY))
    return situation(NOW, seen, the_site, *(lost(u, NOW - clock) for u in failing), RECORD, *events)


def stopped(s: Situation) -> list[str]:
    events = decide(s.now, s.seen, s.memory, s.site).events
    assert not any(isinstance(x, e.ActionStarted) and isinstance(x.action, ForceStopVm) for x in events)
    return [x.action.vm for x in events if isinstance(x, e.ActionStarted) and isinstance(x.action, StopVm)]


def test_a_tier_is_shed_when_its_time_on_battery_is_over() -> None:
    assert stopped(shed_on(AFTER - 1)) == []
    assert stopped(shed_on(AFTER)) == ["vm1"]


def test_the_loop_wakes_for_it() -> None:
    s = shed_on(AFTER - 7)
    wake_at = decide(s.now, s.seen, s.memory, s.site).wake_at
    assert wake_at is not None
    assert wake_at <= NOW + 7


@pytest.mark.parametrize(
    "kept",
    [
        pytest.param({"both": False}, id="it can be moved"),
        pytest.param({"wish": VmPolicy(tier=8)}, id="another tier"),
        pytest.param({"wish": VmPolicy(tier=9, infrastructure=True)}, id="infrastructure"),
        pytest.param({"wish": VmPolicy(Wish.LEAVE, 9)}, id="it is to be left"),
        pytest.param({"power": Power.PAUSED}, id="it is paused"),
        pytest.param({"events": HOLD}, id="its host is held"),
        pytest.param({"events": (e.HostYielded(2.0, "h1"),)}, id="a person has a hand on its host"),
    ],
)
def test_what_is_not_shed(kept: dict[str, object]) -> None:
    assert stopped(shed_on(AFTER, **kept)) == []  # type: ignore[arg-type]


def test_one_that_ignores_its_clean_stop_runs_on() -> None:
    stop = StopVm("vm1", "vm1", "pool1", "h1", "", 30.0)
    failed = e.ActionFinished(NOW - 500, 99, stop, "VM_FAILED_SHUTDOWN_ACKNOWLEDGMENT")
    assert stopped(shed_on(AFTER, events=(failed,))) == []


def test_it_is_recorded_before_it_is_touched() -> None:
    s = shed_on(AFTER)
    fresh = replace(s, memory=replace(s.memory, pools={}), worked_out={})
    kinds = [type(x) for x in decide(fresh.now, fresh.seen, fresh.memory, fresh.site).events]
    assert kinds.index(e.PoolRecorded) < kinds.index(e.ActionStarted)
