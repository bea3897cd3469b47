"""Down and back, proven: by new evidence only, whatever the pool still believes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ridethrough.core import events as e
from ridethrough.core.actions import ShutDownHost
from ridethrough.core.custody import take
from ridethrough.core.observation import Snapshot
from ridethrough.core.proof import STARTS_WITHIN, news
from ridethrough.core.shutdown import shut_down
from ridethrough.core.site import Site

from .build import lost, site, situation, snapshot

FELL = e.HostDown(100.0, "h2", "silent", agent_started=1.0)


def site_with(now: float, **h2: object) -> tuple[Snapshot, Site]:
    the_site = site(2)
    seen = snapshot(now, the_site)
    return replace(seen, hosts={**seen.hosts, "h2": replace(seen.hosts["h2"], **h2)}), the_site  # type: ignore[arg-type]


def told(now: float, *before: e.Event, **h2: object) -> list[e.Event]:
    return news(situation(now, *site_with(now, **h2), *before))


def test_a_host_that_starts_has_not_returned_before_its_pool_knows() -> None:
    """The pool goes on believing in the guests that fell with it."""
    heard = e.HostHeard(200.0, "h2")
    assert told(200.0, FELL) == [heard]
    assert told(210.0, FELL, heard) == []
    assert told(220.0, FELL, heard, agent_started=2.0) == [e.HostReturned(220.0, "h2", 2.0)]


def test_a_host_whose_network_was_gone_is_believed_when_it_has_had_the_time_to_start() -> None:
    heard = e.HostHeard(200.0, "h2")
    assert told(200.0 + STARTS_WITHIN - 1.0, FELL, heard) == []
    assert told(200.0 + STARTS_WITHIN, FELL, heard) == [e.HostReturned(260.0, "h2", 1.0)]


def test_one_that_falls_silent_again_while_it_starts_is_down_again() -> None:
    heard, silent = e.HostHeard(200.0, "h2"), {"toolstack_at": 205.0, "network_at": 205.0}
    assert told(230.0, FELL, heard, **silent) == []
    (down,) = told(240.0, FELL, heard, **silent)
    assert isinstance(down, e.HostDown)
    assert told(290.0, FELL, heard, down) == [e.HostHeard(290.0, "h2")]


def test_guests_of_a_host_that_fell_before_the_record_are_known_to_be_lost() -> None:
    recorded = e.PoolRecorded(100.0, "pool1", "h1", (("h2", 1.0),), (), (("web", "h2"),), False, (("h2", 7.0),))
    memory = situation(200.0, *site_with(200.0), FELL, recorded).memory.host("h2")
    assert (memory.fell, memory.booted) == (True, 7.0)


def test_a_host_whose_evacuation_begins_after_the_record_is_known_by_its_boot_all_the_same() -> None:
    """Else nobody would see that it fell, and its guests would stay off."""
    recorded = e.PoolRecorded(100.0, "pool1", "h1", (("h2", 1.0),), (), (("web", "h2"),), False, (("h2", 7.0),))
    begun = e.EvacuationBegun(101.0, "h2", "on battery", False)
    (down, returned) = told(200.0, lost("ups2", 50.0), recorded, begun, booted=9.0, agent_started=2.0)
    assert (type(down), type(returned)) == (e.HostDown, e.HostReturned)


def test_a_host_that_its_pool_calls_dead_is_in_nobodys_maintenance_mode() -> None:
    for live, disabled in [(False, ()), (True, ("h2",))]:
        seen, the_site = site_with(200.0, live=live, enabled=False)
        begun = e.EvacuationBegun(150.0, "h1", "on battery", False)
        s = situation(200.0, seen, the_site, lost("ups1", 100.0), begun)
        (recorded,) = [event for event in take(s) if isinstance(event, e.PoolRecorded)]
        assert recorded.disabled == disabled


# --- a shutdown of which nobody knows whether it was ever asked for -------------------------------------------------

ASKED = (
    e.Armed(0.0, "owner"),
    e.PoolRecorded(60.0, "pool1", "h1", (("h1", 1.0), ("h2", 1.0)), (), (), False),
    lost("ups2", 10.0),
    e.EvacuationBegun(60.0, "h2", "on battery", False),
    e.ShutdownBegun(100.0, "h2", "on battery", False),
    e.ActionStarted(100.0, ShutDownHost("h2", "pool1", "on battery"), agent_started=1.0),
)
STARTED = e.ControllerStarted(105.0, "0.1.0")


@pytest.mark.parametrize(
    ("before", "h2", "again"),
    [
        ((STARTED,), {}, True),
        ((STARTED,), {"busy": frozenset({"shutdown"})}, False),  # it was asked
        ((STARTED,), {"agent_started": 2.0}, False),  # it was, and has started again
        ((STARTED,), {"toolstack_at": 104.0}, False),  # nobody knows yet
        ((), {}, False),  # the call is still under way
    ],
)
def test_it_is_asked_for_again_when_the_host_shows_nothing_of_it(
    before: tuple[e.Event, ...], h2: dict[str, object], again: bool
) -> None:
    seen, the_site = site_with(107.0, enabled=False, **h2)
    s = situation(107.0, seen, the_site, *ASKED, *before)
    found = [event.action for event in shut_down(s) if isinstance(event, e.ActionStarted)]
    assert bool(found) is again


def test_one_whose_answer_was_lost_is_asked_again_after_a_pause() -> None:
    position = len(ASKED) + 3  # of the ActionStarted: `situation` puts the arming and two cards before it
    action = ShutDownHost("h2", "pool1", "on battery")
    lost_answer = e.ActionFinished(103.0, position, action, "UNREACHABLE", "cut off")
    for now, again in [(103.5, False), (130.0, True)]:
        seen, the_site = site_with(now, enabled=False)
        s = situation(now, seen, the_site, *ASKED, lost_answer)
        assert bool(shut_down(s)) is again, now
