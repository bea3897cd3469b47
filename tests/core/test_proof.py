"""Down and back, proven: by new evidence only, whatever the pool still believes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ridethrough.core import events as e
from ridethrough.core.actions import ShutDownHost
from ridethrough.core.custody import take
from ridethrough.core.evacuation import disable
from ridethrough.core.model import Switch, Ups
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
    assert told(220.0, FELL, heard, agent_started=2.0) == [e.HostReturned(220.0, "h2", 2.0, pool="pool1")]


@pytest.mark.parametrize(("since", "over"), [(0.0, False), (205.0, True)])
def test_a_wish_for_the_whole_pool_is_over_when_it_was_down_as_a_whole(since: float, over: bool) -> None:
    """A host that comes back ends it: unless another one, on its way down, has answered all the time."""
    seen, the_site = site_with(220.0, agent_started=2.0)
    seen = replace(seen, hosts={**seen.hosts, "h1": replace(seen.hosts["h1"], answers_since=since)})
    asked = e.Requested(150.0, e.Ask.SHUT_DOWN_POOL, "pool1", "a person")
    done, heard = e.RequestDone(150.0, e.Ask.SHUT_DOWN_POOL, "pool1"), e.HostHeard(200.0, "h2")
    s = situation(220.0, seen, the_site, FELL, asked, done, heard)
    (returned,) = news(s)
    assert s.memory.pool("pool1").shutdown_asked is not None
    assert (s.after([returned]).memory.pool("pool1").shutdown_asked is None) is over


def test_a_host_whose_network_was_gone_is_believed_when_it_has_had_the_time_to_start() -> None:
    heard = e.HostHeard(200.0, "h2")
    assert told(200.0 + STARTS_WITHIN - 1.0, FELL, heard) == []
    assert told(200.0 + STARTS_WITHIN, FELL, heard) == [e.HostReturned(260.0, "h2", 1.0, pool="pool1")]


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
    recorded = e.PoolRecorded(100.0, "pool1", "h1", (("h2", 1.0),), (), (("web", "h2"),), False, (("h2", 1007.0),))
    begun = e.EvacuationBegun(101.0, "h2", "on battery", False)
    for heard in (200.0, 150.0):  # our own probe may not have come round yet, and its shutdown is due
        news_of_it = {"booted": 1170.0, "agent_started": 2.0, "toolstack_at": heard}
        (down, returned) = told(200.0, lost("ups2", 50.0), recorded, begun, **news_of_it)
        assert (type(down), type(returned)) == (e.HostDown, e.HostReturned)


@pytest.mark.parametrize("booted", [1006.0, 1008.0, 0.0])
def test_a_boot_time_that_is_worked_out_anew_is_no_boot(booted: float) -> None:
    """xapi writes it at each start of a toolstack, a second off (dbsync_slave.ml; recordings 07 to 09)."""
    recorded = e.PoolRecorded(100.0, "pool1", "h1", (("h2", 1.0),), (), (("web", "h2"),), False, (("h2", 1007.0),))
    assert told(200.0, lost("ups2", 50.0), recorded, booted=booted, agent_started=2.0) == []


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


@pytest.mark.parametrize("enabled", [True, False])
def test_one_that_was_opened_again_meanwhile_is_emptied_anew(enabled: bool) -> None:
    """The call was lost with a controller, and the host has enabled itself: it would stay up until its power ends."""
    seen, the_site = site_with(107.0, enabled=enabled)
    found = shut_down(situation(107.0, seen, the_site, *ASKED, STARTED))
    assert (found == [e.ShutdownLost(107.0, "h2")]) is enabled
    s = situation(107.0, seen, the_site, *ASKED, STARTED, e.ShutdownLost(107.0, "h2"))
    again = [event.action for event in disable(s) if isinstance(event, e.ActionStarted)]
    assert bool(again) is enabled


def test_a_host_whose_toolstack_alone_has_started_is_still_on_its_way_down() -> None:
    """Its shutdown was asked for while the toolstack started: a new start time is no new boot."""
    seen, the_site = site_with(107.0, enabled=False, agent_started=2.0, booted=1006.0)
    recorded = e.PoolRecorded(60.0, "pool1", "h1", (("h2", 1.0),), (), (), False, (("h2", 1007.0),))
    s = situation(107.0, seen, the_site, ASKED[0], recorded, *ASKED[2:])
    assert news(s) == []
    seen, the_site = site_with(107.0, enabled=False, agent_started=2.0, booted=1107.0)
    s = situation(107.0, seen, the_site, ASKED[0], recorded, *ASKED[2:])
    assert news(s) == [e.HostReturned(107.0, "h2", 2.0, 1107.0, "pool1")]


def test_one_that_was_silent_since_it_was_asked_starts_anew_and_is_not_asked_again() -> None:
    """Its pool goes on believing in the old start for a while; asked now, it would go down as soon as it is up."""
    for since, asked_again in ((0.0, True), (150.0, False)):
        seen, the_site = site_with(170.0, enabled=False, answers_since=since)
        finished = e.ActionFinished(101.0, len(ASKED) + 3, ASKED[-1].action)
        s = situation(170.0, seen, the_site, *ASKED, finished)
        assert bool(shut_down(s)) is asked_again


def test_one_whose_answer_was_lost_is_asked_again_after_a_pause() -> None:
    position = len(ASKED) + 3  # of the ActionStarted: `situation` puts the arming and two cards before it
    action = ShutDownHost("h2", "pool1", "on battery")
    lost_answer = e.ActionFinished(103.0, position, action, "UNREACHABLE", "cut off")
    for now, again in [(103.5, False), (130.0, True)]:
        seen, the_site = site_with(now, enabled=False)
        s = situation(now, seen, the_site, *ASKED, lost_answer)
        assert bool(shut_down(s)) is again, now


@pytest.mark.parametrize(
    ("switch", "events", "proven"),
    [
        (Switch("sw1", ("ups9",)), (), True),
        (Switch("sw1", ("ups9",)), (lost("ups9", 10.0, off_at=1000.0),), True),
        (Switch("sw1", ("ups9",)), (lost("ups9", 10.0, off_at=240.0),), False),
        (Switch("sw1"), (lost("ups1", 10.0, off_at=1000.0),), False),
        (Switch("sw1"), (), True),
    ],
    ids=["with power", "on battery", "ending", "on no UPS", "on no UPS, and no outage"],
)
def test_behind_a_switch_without_power_the_witness_proves_nothing(
    switch: Switch, events: tuple[e.Event, ...], proven: bool
) -> None:
    """Only h2 is left: something beyond the switch answers, and it does not."""
    seen, the_site = site_with(200.0, toolstack_at=150.0, network_at=150.0)
    the_site = replace(
        the_site,
        upses={**the_site.upses, "ups9": Ups("ups9")},
        switches={"sw1": replace(switch, hosts=("h2",))},
    )
    pool = replace(seen.pools["pool1"], witness_at=200.0)
    hosts = {**seen.hosts, "h1": replace(seen.hosts["h1"], network_at=150.0)}
    seen = replace(seen, pools={"pool1": pool}, hosts=hosts)
    asked = e.ActionStarted(150.0, ShutDownHost("h2", "pool1", "why"), 1.0)
    outage = e.EvacuationBegun(100.0, "h2", "why")
    found = news(situation(200.0, seen, the_site, *events, outage, asked))
    assert [type(event) for event in found] == ([e.HostDown] if proven else [])
