"""Why: every host and every VM has a sentence in every round, and it claims nothing that is not so now."""

from __future__ import annotations

import random
import re
from dataclasses import replace

import pytest

from ridethrough.core import events as e
from ridethrough.core.observation import Power, Source
from ridethrough.core.policy import HostPolicy, Policy, VmPolicy, Wish
from ridethrough.core.power import Supply, supply
from ridethrough.core.situation import Situation
from ridethrough.core.why import Why, why

from .build import TIMERS, known, lost, remember, site, situation, snapshot, vm_seen
from .walk import Walk

WALKS = 40
STEPS = 40


def one(s: Situation, name: str) -> str:
    (found,) = why(s, name)
    return found.text


# --- the property


@pytest.mark.parametrize("seed", range(WALKS))
def test_every_host_and_every_vm_has_a_true_sentence_in_every_round(seed: int) -> None:
    dice = random.Random(seed)
    for step in Walk(dice, armed=dice.random() < 0.8).run(STEPS):
        s = step.after
        for host in s.seen.hosts:
            (found,) = why(s, host)
            assert host in found.now
            _is_true(s, host, found)
        for vm in s.seen.vms.values():
            (found,) = why(s, vm.id)
            assert vm.name in found.now
            if vm.resident_on is not None:
                _is_true(s, vm.resident_on, found)


def _is_true(s: Situation, host: str, found: Why) -> None:
    """What a sentence claims of now must be so; what it quotes of then (in parentheses or marks) is no claim."""
    now = re.sub(r"\([^()]*\)|\"[^\"]*\"", "", found.now)
    state, m = supply(s, host), s.memory.host(host)
    if "on battery" in now:
        assert state.failing, found
    if "Nothing threatens" in now:
        assert state.powered, found
        assert (m.evacuation, m.shutdown, m.shut_down_at, m.down_at) == (None, None, None, None), found
    if "has utility power" in now and "another" not in now and found.kind == "host":
        assert state.state is Supply.FULL, found
    if " is down, and that is proven" in now:
        assert m.down_at is not None, found
    if "is being emptied" in now:
        assert m.evacuation is not None, found
    if " is held" in now:
        assert m.held or m.yielded_at is not None, found
    assert found.now.endswith("."), found
    assert "  " not in found.text, found


# --- sentences

SITE = site(3)
VMS = (vm_seen("web", "h1"), vm_seen("far", "h2"))


def at(now: float, *events: e.Event, armed: bool = True, **sources: Source) -> Situation:
    seen = snapshot(now, SITE, VMS, sources)
    if armed:
        return situation(now, seen, SITE, *events)
    return Situation(now, seen, remember(*known(SITE), *events), SITE)


def test_in_peace_it_tells_what_a_failure_would_do() -> None:
    s = at(1000.0)
    assert one(s, "h1") == (
        "Nothing threatens h1: ups1 has utility power. If ups1 failed, its VMs would begin to move after 60 s and what "
        "is still on it would be stopped and it would shut down after 2 min; earlier if its power would not last so "
        "long."
    )
    assert re.fullmatch(
        r"Nothing threatens web: it runs on h1, which has utility power\. If ups1 failed, it would move to h[23] "
        r"\(h[23] has utility power and room\), beginning after 60 s\.",
        one(s, "web"),
    )


def test_on_battery_it_tells_when_it_is_due() -> None:
    s = at(1030.0, lost("ups1", 1000.0), ups1=Source.BATTERY)
    assert one(s, "h1") == (
        "h1 rides through: ups1 on battery for 30 s, 20 min of power left, 3 min 04 s needed, 16 min to spare. It "
        "is emptied in 30 s, unless utility power returns before."
    )
    assert re.fullmatch(
        r"web runs on h1, which rides through: ups1 on battery for 30 s\. It moves to h[23] in 30 s, or earlier if "
        r"time runs short, unless utility power returns before\.",
        one(s, "web"),
    )


def test_a_host_that_is_emptied_tells_why_and_what_would_end_it() -> None:
    begun = e.EvacuationBegun(1060.0, "h1", "ups1 on battery for 60 s")
    s = at(1075.0, lost("ups1", 1000.0), begun, ups1=Source.BATTERY)
    assert one(s, "h1") == (
        "h1 is being emptied since its time was over (ups1 on battery for 60 s); ups1 on battery for 75 s, 20 min of "
        "power left, 3 min 04 s needed, 16 min to spare: 1 VM on it, 0 moving. If utility power came back for 10 s, it "
        "would end. What is left on it is "
        "stopped in 45 s."
    )


def test_a_vm_without_a_place_tells_the_reason() -> None:
    alone = Policy(hosts={"h1": TIMERS, "h2": TIMERS, "h3": TIMERS}, vms={"web": VmPolicy(Wish.LEAVE)}, controller="me")
    built = site(3, policy=alone)
    begun = e.EvacuationBegun(1060.0, "h1", "ups1 on battery for 60 s")
    s = situation(1075.0, snapshot(1075.0, built, VMS, {"ups1": Source.BATTERY}), built, lost("ups1", 1000.0), begun)
    assert one(s, "web") == (
        'web stays on h1, which it should leave: its wish is "leave". It is stopped cleanly before its host shuts down.'
    )


def test_both_options_off_is_told_as_a_crash() -> None:
    built = site(2, policy=Policy(hosts={"h2": HostPolicy()}, controller="me"))
    s = situation(1000.0, snapshot(1000.0, built, VMS), built)
    assert "it would crash when its power ends" in one(s, "h2")
    assert "it would crash with its host" in one(s, "far")
    assert "it would go down last, as the coordinator" in one(s, "h1")


def test_dry_run_does_nothing() -> None:
    s = at(1075.0, lost("ups1", 1000.0), armed=False, ups1=Source.BATTERY)
    assert "Dry run: nothing is done." in one(s, "h1")
    assert "nothing would be done: the site is in dry run" in one(s, "h2")


def test_a_hold_tells_whose_it_is() -> None:
    asked = e.Requested(1000.0, e.Ask.HOLD, "h1", "anna", "the fan is changed")
    s = at(1010.0, asked, e.RequestDone(1000.0, e.Ask.HOLD, "h1"))
    assert one(s, "h1").startswith("h1 is held by anna: the fan is changed. That ends when somebody releases it")


def test_a_vm_that_is_off_by_itself_is_left() -> None:
    off = vm_seen("off", "h1", power=Power.HALTED, resident_on=None)
    s = situation(1000.0, snapshot(1000.0, SITE, (off,)), SITE)
    assert one(s, "off") == "off is halted, and did not run when an outage began: it is left as it is."


def test_a_name_that_nobody_has() -> None:
    assert why(at(1000.0), "nobody") == []


def test_two_vms_of_one_name_are_both_told() -> None:
    twins = (vm_seen("a", "h1"), vm_seen("b", "h2"))
    seen = snapshot(1000.0, SITE, tuple(replace(vm, name="twin") for vm in twins))
    assert [found.id for found in why(situation(1000.0, seen, SITE), "twin")] == ["a", "b"]
