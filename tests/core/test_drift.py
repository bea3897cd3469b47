"""What takes longer than was reckoned is said while it does, once (behaviour.md §3)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ridethrough.core import actions as a
from ridethrough.core import events as e
from ridethrough.core.alerts import news
from ridethrough.core.drift import SLOWER, drifts
from ridethrough.core.observation import Source
from ridethrough.core.situation import Situation

from .build import ARMED, known, lost, remember, site, snapshot, vm_seen

WEB = vm_seen("web", "h1", 4.0)
BEGAN = 100.0
STOP = a.StopVm("web", "web", "pool1", "h1", "", 120.0)
MOVE = a.MoveVm("web", "web", "pool1", "h1", "h2", "", 300.0)


def at(now: float, *events: e.Event) -> Situation:
    the_site = site(2)
    seen = snapshot(now, the_site, (WEB,), {"ups1": Source.BATTERY})
    begun = (lost("ups1", 50.0), e.EvacuationBegun(60.0, "h1", "ups1 on battery"))
    return Situation(now, seen, remember(*ARMED, *known(the_site), *begun, *events), the_site)


def said(s: Situation) -> str:
    return drifts(s, s.seen.hosts["h1"])


@pytest.mark.parametrize(
    ("action", "on_time", "late", "words"),
    [
        (
            STOP,
            69.0,
            71.0,
            "the VMs of h1 shut down slower than reckoned: web was told for 71 s, and 40 s were reckoned",
        ),
        (MOVE, 78.0, 80.0, "VMs leave h1 slower than reckoned: web is on its way for 80 s, and 46 s were reckoned"),
    ],
)
def test_half_as_long_again_is_said(action: a.StopVm | a.MoveVm, on_time: float, late: float, words: str) -> None:
    begun = e.ActionStarted(BEGAN, action, size=WEB.memory)
    assert said(at(BEGAN + on_time, begun)) == ""
    assert said(at(BEGAN + late, begun)) == words


def test_moves_that_share_a_link_have_as_much_more_time() -> None:
    other = replace(MOVE, vm="db", name="db")
    begun = [e.ActionStarted(BEGAN, each, size=WEB.memory) for each in (MOVE, other)]
    assert said(at(BEGAN + 120.0, *begun)) == ""
    assert said(at(BEGAN + 160.0, *begun)) != ""


def test_what_was_learned_is_what_is_reckoned() -> None:
    known_slow: list[e.Event] = [e.ActionStarted(1.0, STOP), e.ActionFinished(101.0, 1, STOP)]
    s = at(BEGAN + 90.0, e.ActionStarted(BEGAN, STOP))
    slow = replace(s, memory=replace(s.memory, learned=remember(*known_slow).learned), worked_out={})
    assert said(s) != ""
    assert said(slow) == ""


def test_it_is_said_once_and_stands_until_the_host_is_no_longer_emptied() -> None:
    begun = e.ActionStarted(BEGAN, STOP)
    s = at(BEGAN + 80.0, begun)
    (alert,) = [x for x in news(s) if isinstance(x, e.Alerted) and x.key == SLOWER]
    later = at(BEGAN + 90.0, begun, alert)
    assert not [x for x in news(later) if getattr(x, "key", "") == SLOWER]
    over = at(BEGAN + 90.0, begun, alert, e.ActionFinished(BEGAN + 85.0, 6, STOP), e.EvacuationEnded(185.0, "h1"))
    assert [x for x in news(over) if isinstance(x, e.AlertCleared) and x.key == SLOWER]
