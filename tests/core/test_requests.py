"""What people ask for: obeyed in the next round, or answered why not."""

from __future__ import annotations

import pytest

from ridethrough.core import events as e
from ridethrough.core.requests import answer
from ridethrough.core.situation import Situation

from .build import remember, site, situation, snapshot


def asked(ask: e.Ask, subject: str, *before: e.Event) -> list[e.Event]:
    the_site = site(2)
    return answer(situation(10.0, snapshot(10.0, the_site), the_site, *before, e.Requested(9.0, ask, subject, "anna")))


def test_an_unknown_host_is_refused_with_the_known_ones() -> None:
    (refused,) = asked(e.Ask.HOLD, "h9")
    assert isinstance(refused, e.RequestRefused)
    assert "known hosts are h1, h2" in refused.why


@pytest.mark.parametrize("ask", [e.Ask.ENTER_MAINTENANCE, e.Ask.EVACUATE])
def test_a_held_host_is_released_before_it_is_emptied(ask: e.Ask) -> None:
    held = (e.Requested(1.0, e.Ask.HOLD, "h1", "anna"), e.RequestDone(1.0, e.Ask.HOLD, "h1"))
    (refused,) = asked(ask, "h1", *held)
    assert isinstance(refused, e.RequestRefused)
    assert "release it first" in refused.why
    assert asked(ask, "h2", *held) == [e.RequestDone(10.0, ask, "h2")]


def test_a_maintenance_mode_that_is_not_ours_is_not_ours_to_end() -> None:
    (refused,) = asked(e.Ask.EXIT_MAINTENANCE, "h1")
    assert isinstance(refused, e.RequestRefused)
    assert "end it where it was begun" in refused.why
    entered = (
        e.Requested(1.0, e.Ask.ENTER_MAINTENANCE, "h1", "anna"),
        e.RequestDone(1.0, e.Ask.ENTER_MAINTENANCE, "h1"),
    )
    done = e.RequestDone(10.0, e.Ask.EXIT_MAINTENANCE, "h1")
    assert asked(e.Ask.EXIT_MAINTENANCE, "h1", *entered) == [done]


def test_in_dry_run_nobody_is_promised_an_action() -> None:
    the_site = site(1)
    memory = remember(e.Requested(9.0, e.Ask.EVACUATE, "h1", "anna"))
    (refused,) = answer(Situation(10.0, snapshot(10.0, the_site), memory, the_site))
    assert isinstance(refused, e.RequestRefused)
    assert "arm it first" in refused.why


def test_arming_twice_changes_nothing_the_second_time() -> None:
    assert asked(e.Ask.ARM, "") == [e.RequestDone(10.0, e.Ask.ARM, "")]
