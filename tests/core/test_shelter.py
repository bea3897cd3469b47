"""A VM that was stopped for want of time starts where there is power and room (behaviour.md §4, §8)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ridethrough.core import events as e
from ridethrough.core.actions import StartVm, StopVm
from ridethrough.core.decide import decide
from ridethrough.core.observation import Power, Source
from ridethrough.core.policy import VmPolicy, Wish
from ridethrough.core.situation import Situation

from .build import GIB, lost, site, situation, snapshot, vm_seen

NOW = 1000.0
RECORD = e.PoolRecorded(1.0, "pool1", "h1", (("h1", 1.0), ("h2", 1.0), ("h3", 1.0)), (), (("vm1", "h3"),), False)
STOP = StopVm("vm1", "vm1", "pool1", "h3", "no time is left to move it", 30.0)
DOWN = (e.ActionStarted(600.0, STOP), e.ActionFinished(630.0, 0, STOP), e.HostDown(700.0, "h3", "silent"))


def after_the_stop(
    *,
    down: bool = True,
    wish: Wish = Wish.MIGRATE,
    free: float = 32.0,
    h2_on_battery: bool = False,
    power_back: bool = False,
    storage: frozenset[str] = frozenset({"nfs"}),
) -> Situation:
    """vm1 was stopped on h3, which has lost its power and is down; h1 and h2 have theirs."""
    built = site(3)
    built = replace(built, policy=replace(built.policy, vms={"vm1": VmPolicy(wish)}))
    failing = ["ups3"] * (not power_back) + ["ups2"] * h2_on_battery
    vm = vm_seen("vm1", "h3", power=Power.HALTED, storage=storage)
    seen = snapshot(NOW, built, (replace(vm, resident_on=None),), dict.fromkeys(failing, Source.BATTERY))
    hosts = {h: replace(host, memory_free=int(free * GIB)) for h, host in seen.hosts.items()}
    if down:
        hosts["h3"] = replace(hosts["h3"], live=False, enabled=False, toolstack_at=500.0, network_at=500.0)
    on_battery = tuple(lost(u, 990.0 if u == "ups2" else 500.0) for u in failing)
    s = situation(NOW, replace(seen, hosts=hosts), built, *on_battery, RECORD, *(DOWN if down else DOWN[:2]))
    return replace(s, memory=replace(s.memory, pending={}), worked_out={})


def started(s: Situation) -> list[tuple[str, str]]:
    events = decide(s.now, s.seen, s.memory, s.site).events
    return [
        (x.action.vm, x.action.host) for x in events if isinstance(x, e.ActionStarted) and isinstance(x.action, StartVm)
    ]


def test_it_does_not_wait_for_its_own_host() -> None:
    assert started(after_the_stop()) == [("vm1", "h1")]


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"down": False}, id="its host is not down yet"),
        pytest.param({"wish": Wish.SHUT_DOWN}, id="it is to be shut down rather than moved"),
        pytest.param({"free": 1.0}, id="no room"),
        pytest.param({"h2_on_battery": True}, id="another host's guests come first"),
        pytest.param({"power_back": True}, id="its host has power again"),
        pytest.param({"storage": frozenset({"local"})}, id="its disk is out of reach"),
    ],
)
def test_when_it_waits(changes: dict[str, object]) -> None:
    assert started(after_the_stop(**changes)) == []  # type: ignore[arg-type]
