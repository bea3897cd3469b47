"""VMs go back to their homes where their owner wants that, last of all (behaviour.md §8, an option)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ridethrough.core import events as e
from ridethrough.core.actions import MoveVm
from ridethrough.core.decide import decide
from ridethrough.core.observation import Power
from ridethrough.core.situation import Situation

from .build import GIB, site, situation, snapshot, vm_seen

NOW = 5000.0
MOVE = MoveVm("vm1", "vm1", "pool1", "h1", "h2", "h2 has utility power and room", 60.0)
HELD = (e.Requested(3000.0, e.Ask.HOLD, "h1", "me"), e.RequestDone(3000.0, e.Ask.HOLD, "h1"))


def after_the_outage(*events: e.Event, wanted: bool = True, runs_on: str = "h2", free: float = 32.0) -> Situation:
    """vm1 ran on h1 and was moved to h2; h1 is back and all is well."""
    built = site(2)
    built = replace(built, policy=replace(built.policy, return_home=wanted))
    seen = snapshot(NOW, built, (vm_seen("vm1", runs_on), vm_seen("vm2", "h2")))
    hosts = {**seen.hosts, "h1": replace(seen.hosts["h1"], memory_free=int(free * GIB))}
    record = e.PoolRecorded(
        1000.0, "pool1", "h2", (("h1", 1.0), ("h2", 1.0)), (), (("vm1", "h1"), ("vm2", "h2")), False
    )
    s = situation(NOW, replace(seen, hosts=hosts), built, record, e.ActionStarted(1100.0, MOVE))
    position = s.memory.position
    return s.after([e.ActionFinished(1130.0, position, MOVE), *events])


def begun(s: Situation) -> list[tuple[str, str, str]]:
    actions = [x.action for x in decide(s.now, s.seen, s.memory, s.site).events if isinstance(x, e.ActionStarted)]
    return [(a.vm, a.source, a.host) for a in actions if isinstance(a, MoveVm)]


def test_what_was_moved_goes_home() -> None:
    assert begun(after_the_outage()) == [("vm1", "h2", "h1")]


def test_the_record_is_open_until_then() -> None:
    def is_closed(s: Situation) -> bool:
        events = decide(s.now, s.seen, s.memory, s.site).events
        return any(isinstance(x, e.PoolRestored) or "ReleasePool" in str(x) for x in events)

    assert not is_closed(after_the_outage())
    assert is_closed(after_the_outage(wanted=False))


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"wanted": False}, id="nobody wants it"),
        pytest.param({"free": 1.0}, id="its home has no room"),
        pytest.param({"runs_on": "h1"}, id="it is there already"),
    ],
)
def test_what_stays(changes: dict[str, object]) -> None:
    assert begun(after_the_outage(**changes)) == []  # type: ignore[arg-type]


def test_a_person_holds_its_home() -> None:
    assert begun(after_the_outage(*HELD)) == []


def test_one_attempt() -> None:
    back = MoveVm("vm1", "vm1", "pool1", "h2", "h1", "", 60.0)
    assert begun(after_the_outage(e.ActionFinished(2000.0, 0, back, "HOST_NOT_ENOUGH_FREE_MEMORY"))) == []


def test_one_that_is_off_is_not_moved() -> None:
    s = after_the_outage()
    vms = {**s.seen.vms, "vm1": replace(s.seen.vms["vm1"], power=Power.HALTED, resident_on=None)}
    assert begun(replace(s, seen=replace(s.seen, vms=vms), worked_out={})) == []
