"""The rules of random outages for the controller's own machine, its VM and switches: who breaks one is caught."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace

import pytest

from ridethrough.core import actions as a
from ridethrough.core import events as e
from ridethrough.core.decide import Decision, decide
from ridethrough.core.memory import Memory
from ridethrough.core.observation import Snapshot
from ridethrough.core.site import Site
from ridethrough.core.situation import Situation
from ridethrough.runtime.loop import Decide

from .chaos.__main__ import breaks, played
from .chaos.outages import story
from .chaos.sites import Content
from .chaos.watch import Watch
from .test_chaos import BASE, does, planted, vm, without

BOTH = [{"at": 0, "do": "fail", "feeder": f} for f in "abc"] + [
    {"at": 700, "do": "restore", "feeder": f} for f in "abc"
]


def small_ups(override: Content, seconds: int) -> None:
    """ups3, on a feeder of its own: its card cuts it after so many seconds."""
    override["ups"]["ups3"] = {}
    card = {"warning_period": seconds - 20, "shutdown_delay": 20}
    override["world"]["ups"]["ups3"] = {"feeder": "c", "capacity_wh": 20.0, "card": card}


def with_machine(timeline: list[Content]) -> Content:
    override = deepcopy(BASE["override"])
    small_ups(override, 240)
    override["controller"] = {"powered_by": ["ups3"], "shutdown": True, "stop_time": 10}
    override["world"]["controller"] = {"stop_time": 5, "boot_time": 10}
    return BASE | {"timeline": timeline, "override": override, "until": 1500}


def with_vm() -> Content:
    override = deepcopy(BASE["override"])
    override["controller"] = {"vm": "ctl"}
    override["world"]["vm"]["ctl"] = {"host": "h1", "memory_gib": 1, "auto_poweron": True}
    return BASE | {"override": override}


def with_switch() -> Content:
    """It ends after four minutes, long before the hosts' own timers and UPSs."""
    override = deepcopy(BASE["override"])
    small_ups(override, 240)
    override["switch"] = {"sw1": {"powered_by": ["ups3"], "connects": ["pool1"]}}
    override["world"]["switch"] = {"sw1": {"boot_time": 5}}
    for host in ("h1", "h2", "h3"):
        override["host"][host] |= {"shutdown": {"enabled": True, "after": 900}}
    for ups in ("ups1", "ups2"):
        override["world"]["ups"][ups] |= {"capacity_wh": 150.0, "card": {"warning_period": 500, "shutdown_delay": 100}}
    return BASE | {"timeline": BOTH, "override": override, "until": 1500}


def without_switches(now: float, seen: Snapshot, memory: Memory, site: Site) -> Decision:
    return decide(now, seen, memory, replace(site, switches={}))


def believes_in_silence(now: float, seen: Snapshot, memory: Memory, site: Site) -> Decision:
    s, decision = Situation(now, seen, memory, site), without_switches(now, seen, memory, site)
    h1 = s.seen.hosts["h1"]
    if h1.toolstack_at is None or s.now - h1.toolstack_at < 35.0 or s.memory.host("h1").down_at is not None:
        return decision
    return replace(decision, events=(*decision.events, e.HostDown(s.now, "h1", "silent for 35 s", 1.0)))


CASES: dict[str, tuple[str, Decide, Content]] = {
    "goes down on utility power": (
        "the_controller_goes_last",
        planted(does(lambda s: a.ShutDownController("planted"))),
        with_machine(BASE["timeline"]),
    ),
    "goes down first": (
        "the_controller_goes_last",
        planted(does(lambda s: a.ShutDownController("planted"))),
        with_machine(BOTH),
    ),
    "leaves its hosts behind": (
        "the_controller_goes_last",
        planted(without(e.ShutdownBegun, a.ShutDownHost)),
        with_machine(BOTH),
    ),
    "never goes down": ("the_controller_is_not_cut", planted(without(a.ShutDownController)), with_machine(BOTH)),
    "stops its own VM": (
        "the_own_vm_is_never_stopped",
        planted(does(lambda s: a.StopVm(vm(s, "ctl"), "ctl", "pool1", "h1", "planted", 60.0))),
        with_vm(),
    ),
    "moves another first": (
        "the_own_vm_is_never_stopped",
        planted(does(lambda s: a.MoveVm(vm(s, "vm1"), "vm1", "pool1", "h1", "h2", "planted", 60.0))),
        with_vm(),
    ),
    "does not know of a switch": ("no_avoidable_loss", without_switches, with_switch()),
    "takes silence behind a switch for proof": (
        "nothing_is_proven_behind_a_dark_switch",
        believes_in_silence,
        with_switch(),
    ),
}


@pytest.mark.parametrize("content", [with_machine(BASE["timeline"]), with_machine(BOTH), with_vm(), with_switch()])
def test_the_plain_stories_break_nothing(content: Content) -> None:
    assert played(Watch(content)) == []


@pytest.mark.parametrize("name", CASES)
def test_a_broken_rule_is_found(name: str) -> None:
    rule, spoilt, content = CASES[name]
    assert breaks(rule, content, spoilt)


def test_each_kind_of_lifeline_is_drawn() -> None:
    drawn: set[str] = set()
    for seed in range(1, 301):
        override = story(seed)["override"]
        drawn |= {f"controller.{key}" for key in override.get("controller", {})}
        drawn |= {f"switch.{key}" for it in override.get("switch", {}).values() for key in it}
    assert drawn >= {"controller.powered_by", "controller.shutdown", "controller.vm", "controller.switch"}
    assert drawn >= {"switch.powered_by", "switch.connects"}
