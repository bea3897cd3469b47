"""When a UPS may be told to cut its output: only on battery, and only after everything on it is proven down."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from ridethrough.core import events as e
from ridethrough.core.actions import Action, CutOutput, KeepOutput, StopStorage
from ridethrough.core.cut_output import CUT_AFTER, cut, keep, not_cut, why_not
from ridethrough.core.model import CardTimers, Controller, Storage, Switch, UpsId
from ridethrough.core.observation import BmcSeen, Snapshot, Source
from ridethrough.core.site import Site
from ridethrough.core.situation import Situation

from .build import gone, host_seen, known, lost, remember, site, situation, snapshot, ups_seen

NOW = 1000.0
ON_BATTERY = {"ups1": Source.BATTERY}


def cutting(hosts: int = 2, feeds: int = 1, on: tuple[UpsId, ...] = ("ups1",)) -> Site:
    built = site(hosts=hosts, feeds=feeds)
    upses = {u: replace(ups, timers=CardTimers(), cut_output=u in on) for u, ups in built.upses.items()}
    return replace(built, upses=upses)


def seen(the_site: Site, silent: tuple[str, ...] = ("h1",), on: dict[str, Source] = ON_BATTERY) -> Snapshot:
    found = snapshot(NOW, the_site, sources=on)
    hosts = {h: host_seen(h, 800.0, live=False) if h in silent else there for h, there in found.hosts.items()}
    return replace(found, hosts=hosts, pools={"pool1": replace(found.pools["pool1"], coordinator="h2")})


def told(events: list[e.Event]) -> list[Action]:
    return [event.action for event in events if isinstance(event, e.ActionStarted)]


def after(*events: e.Event, the_site: Site | None = None, there: Snapshot | None = None) -> Situation:
    the_site = the_site or cutting()
    return situation(NOW, there or seen(the_site), the_site, lost("ups1", 700.0), *events)


def test_once_its_host_is_proven_down() -> None:
    s = after(*gone("h1"))
    assert why_not(s, "ups1") == ""
    (action,) = told(cut(s))
    assert isinstance(action, CutOutput)
    assert (action.ups, action.after) == ("ups1", CUT_AFTER)


def test_only_where_the_owner_wants_it() -> None:
    the_site = cutting(on=())
    assert cut(after(*gone("h1"), the_site=the_site)) == []


def test_c12_an_order_is_no_proof() -> None:
    s = after(*gone("h1")[:2])
    assert why_not(s, "ups1") == "h1 is not proven down"
    assert cut(s) == []


def test_c12_silence_without_an_order_is_no_proof_but_its_bmc_is() -> None:
    down = e.HostDown(900.0, "h1", "silent", 1.0)
    the_site = cutting()
    stored = replace(the_site, storages={"nas": Storage("nas", ("ups1",))})
    there = seen(stored)
    stopped = (e.StorageDown(900.0, "nas", "silent"), *stop_of("nas"))
    assert "h1 is not proven down" in why_not(after(down, *stopped, the_site=stored, there=there), "ups1")
    off = replace(there, bmcs={"h1": BmcSeen("h1", NOW, NOW)})
    assert why_not(after(down, *stopped, the_site=stored, there=off), "ups1") == ""


def stop_of(storage: str) -> tuple[e.Event, ...]:
    return (e.ActionStarted(850.0, StopStorage(storage, "why")),)


def test_never_what_is_heard_again() -> None:
    s = after(*gone("h1"), e.HostHeard(950.0, "h1"))
    assert cut(s) == []


def test_never_on_utility_power() -> None:
    the_site = cutting()
    back = after(*gone("h1"), e.UtilitySeen(990.0, "ups1", 990.0, 10.0), there=seen(the_site, on={}))
    assert cut(back) == []
    assert cut(after(*gone("h1"), there=seen(the_site, on={}))) == []  # read on utility power, and not told yet


def test_not_in_a_test_and_not_by_an_old_reading() -> None:
    the_site = cutting()
    there = seen(the_site)
    for card in (ups_seen(NOW, Source.BATTERY, testing=True), ups_seen(NOW - 60.0, Source.BATTERY)):
        assert cut(after(*gone("h1"), there=replace(there, upses={**there.upses, "ups1": card}))) == []


def test_a_countdown_of_the_card_is_respected() -> None:
    the_site = cutting()
    there = seen(the_site)
    counting = ups_seen(NOW, Source.BATTERY, countdown=60.0)
    assert cut(after(*gone("h1"), there=replace(there, upses={**there.upses, "ups1": counting}))) == []
    assert cut(after(*gone("h1"), e.CountdownSeen(990.0, "ups1", 1060.0))) == []


def test_once_in_an_outage() -> None:
    order = CutOutput("ups1", CUT_AFTER, "why")
    begun = e.ActionStarted(950.0, order)
    assert cut(after(*gone("h1"), begun, e.ActionFinished(955.0, 8, order))) == []
    done = e.ActionFinished(955.0, 5, order)
    next_one = (e.UtilityBack(957.0, "ups1", 10.0), lost("ups1", 960.0))
    assert told(cut(after(begun, done, *next_one, *gone("h1", 990.0)))) != []


def test_an_answer_that_was_lost_is_asked_for_again_and_a_refusal_is_not() -> None:
    order = CutOutput("ups1", CUT_AFTER, "why")

    def ended(error: str, refused: bool) -> list[e.Event]:
        begun = e.ActionStarted(900.0, order)
        # The situation's events are numbered from 1: ARMED, two UPSs known, the outage, three of the host.
        return [*gone("h1"), begun, e.ActionFinished(905.0, 8, order, error, "", refused)]

    assert told(cut(after(*ended("UNREACHABLE", False)))) != []
    refused = after(*ended("CANNOT", True))
    assert cut(refused) == []
    assert not_cut(refused, "ups1") == "CANNOT"
    assert told(cut(after(*ended("NOT_ON_BATTERY", True)))) != []


def test_what_a_person_wants_off_would_start_with_it() -> None:
    asked = e.Requested(800.0, e.Ask.SHUT_DOWN_POOL, "pool1", "anna")
    s = after(*gone("h1"), asked, e.RequestDone(800.0, e.Ask.SHUT_DOWN_POOL, "pool1"))
    assert why_not(s, "ups1") == "a person wants h1 off, which would start with it"


def test_another_controller_is_in_charge() -> None:
    the_site = cutting()
    there = seen(the_site)
    theirs = replace(there, pools={"pool1": replace(there.pools["pool1"], claim="other")})
    assert cut(after(*gone("h1"), there=theirs)) == []


def test_a_second_feed_is_not_taken_from_a_host_that_runs() -> None:
    """ups1 is on battery, its host runs on by ups1b."""
    the_site = cutting(feeds=2)
    assert cut(after(the_site=the_site, there=seen(the_site, silent=()))) == []


def test_what_else_has_no_power_goes_down_first() -> None:
    """A switch that nobody has named may hang on this UPS."""
    the_site = cutting()
    there = seen(the_site, on={"ups1": Source.BATTERY, "ups2": Source.BATTERY})
    s = after(*gone("h1"), lost("ups2", 700.0), there=there)
    assert why_not(s, "ups1") == "h2 has no power either and is not down yet"


def test_power_that_is_back_before_the_cut_ends_it() -> None:
    order = CutOutput("ups1", CUT_AFTER, "why")
    begun = e.ActionStarted(980.0, order)
    events = (*gone("h1"), begun, e.ActionFinished(985.0, 8, order), e.UtilitySeen(999.0, "ups1", 999.0, 10.0))
    the_site = cutting()
    there = seen(the_site, on={})
    (action,) = told(keep(after(*events, there=there)))
    assert isinstance(action, KeepOutput)
    late = Situation(
        1100.0, there, remember(e.Armed(0.0, "owner"), *known(the_site), lost("ups1", 700.0), *events), the_site
    )
    assert keep(late) == []  # it is cut by now


sources = st.sampled_from([Source.UTILITY, Source.BATTERY, Source.OFF, Source.BYPASS])
steps = st.lists(
    st.sampled_from(
        [
            *gone("h1"),
            *gone("h2"),
            e.HostHeard(950.0, "h1"),
            e.UtilitySeen(960.0, "ups1", 960.0, 10.0),
            e.CountdownSeen(960.0, "ups1", 1100.0),
            e.HostReturned(970.0, "h1", 5.0),
            e.ShutdownDropped(930.0, "h1"),
        ]
    ),
    max_size=8,
)


@given(steps, sources, st.booleans(), st.booleans())
def test_a_cut_needs_battery_now_and_every_host_on_it_down(
    events: list[e.Event], source: Source, testing: bool, both_on_it: bool
) -> None:
    the_site = cutting()
    if both_on_it:
        hosts = {h: replace(host, powered_by=("ups1",)) for h, host in the_site.hosts.items()}
        the_site = replace(the_site, hosts=hosts)
    there = seen(the_site, silent=("h1", "h2"))
    there = replace(there, upses={**there.upses, "ups1": ups_seen(NOW, source, testing=testing)})
    s = after(*events, the_site=the_site, there=there)
    if told(cut(s)):
        assert source is Source.BATTERY
        assert not testing
        assert s.memory.ups("ups1").utility_since is None
        on_it = ("h1", "h2") if both_on_it else ("h1",)
        assert all(s.memory.host(h).down_at is not None and s.memory.host(h).heard_at is None for h in on_it)


def test_what_feeds_the_controller_or_a_switch_that_is_needed_is_not_cut() -> None:
    the_site = cutting()
    down = gone("h1")

    def why(**parts: object) -> str:
        changed = replace(the_site, **parts)  # type: ignore[arg-type]
        return why_not(after(*down, the_site=changed, there=seen(changed)), "ups1")

    assert why() == ""
    assert why(controller=Controller(("ups1",))) == "the controller's own machine hangs on it"
    behind = {"sw1": Switch("sw1", ("ups1",), hosts=("h1",), upses=("ups1",))}
    assert why(switches=behind) == ""
    assert why(switches=behind, controller=Controller(switch="sw1")) == "sw1, which leads to everything, hangs on it"
    to_h2 = {"sw1": Switch("sw1", ("ups1",), pools=("pool1",))}
    assert why(switches=to_h2) == "sw1, which leads to h2, hangs on it"
    to_card = {"sw1": Switch("sw1", ("ups1",), upses=("ups1", "ups2"))}
    assert why(switches=to_card) == "sw1, which leads to ups2's card, hangs on it"
