"""What a battery must hold before anything that was stopped starts again, and who does not wait for it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ridethrough.core import actions as a
from ridethrough.core import events as e
from ridethrough.core.custody import is_away
from ridethrough.core.gates import battery, is_charged, is_ready, shutdown_need, why_it_waits
from ridethrough.core.model import Storage
from ridethrough.core.observation import Power
from ridethrough.core.ordering import first_to_start
from ridethrough.core.policy import Policy, VmPolicy
from ridethrough.core.power_on import power_on
from ridethrough.core.recovery import waits_for_battery
from ridethrough.core.situation import Situation

from .build import TIMERS, host_seen, lost, site, situation, snapshot, ups_seen, vm_seen

NOW = 1800.0
BACK = 1000.0
SHUT_DOWN, SHUT_DOWN_AT = a.ShutDownHost("h2", "pool1", "why"), 6  # `situation` puts three entries before ours
RECORD = e.PoolRecorded(60.0, "pool1", "h1", (("h1", 1.0), ("h2", 1.0)), (), (("web", "h2"), ("db", "h2")), False)


def after(
    *events: e.Event, charge: float | None = 20.0, runtime: float | None = 9999.0, promised: float | None = 1500.0
) -> Situation:
    """ups2 has had utility power again since BACK; h2 was shut down and is off."""
    the_site = site(policy=Policy(hosts=dict.fromkeys(("h1", "h2"), TIMERS), controller="me"))
    base = snapshot(NOW, the_site, (vm_seen("web", "h1"), vm_seen("db", "h1", tags=frozenset({"ridethrough:tier=1"}))))
    upses = {**base.upses, "ups2": ups_seen(NOW, charge=charge, runtime=runtime)}
    off = host_seen("h2", NOW, toolstack_at=100.0, network_at=100.0, live=False)
    story = (
        lost("ups2", 50.0, runtime=promised),
        RECORD,
        e.ActionStarted(120.0, SHUT_DOWN),
        e.ActionFinished(121.0, SHUT_DOWN_AT, SHUT_DOWN),
        e.HostDown(200.0, "h2", "proof"),
        e.UtilityBack(BACK, "ups2", 400.0),
    )
    seen = replace(base, upses=upses, hosts={**base.hosts, "h2": off})
    return situation(NOW, seen, the_site, *story, *events)


def test_what_it_holds_is_reckoned_from_what_it_promised_at_the_load_before() -> None:
    now = battery(after(), "ups2")  # the 9999 s that it tells now are for the hosts that are up now
    assert now.holds == pytest.approx(1500 * 0.20 * 0.8)
    assert battery(after(promised=None), "ups2").holds == pytest.approx(9999 * 0.8)


def test_one_full_shutdown_is_its_guests_tier_by_tier_its_hosts_and_its_storage() -> None:
    s = after()
    p = s.policy
    assert shutdown_need(s, "ups2") == 2 * p.guest_stop_estimate + p.host_stop + p.reserve
    nas = Storage("nas", ("ups2",), stop_time=180.0)
    with_nas = replace(s, site=replace(s.site, storages={"nas": nas}), worked_out={})
    assert shutdown_need(with_nas, "ups2") == shutdown_need(s, "ups2") + 180.0 + p.down_silence + 10.0


def enough(seconds: float) -> float:
    """The charge with which the battery holds so long."""
    return seconds / (1500 * 0.8) * 100


def test_a_host_is_switched_on_once_its_battery_carries_it_without_guests() -> None:
    alone = after().policy.host_stop + after().policy.reserve
    assert power_on(after(charge=enough(alone) - 1)) == []
    assert [type(event) for event in power_on(after(charge=enough(alone) + 1))] == [e.ActionStarted]


def test_where_xenserver_starts_its_guests_with_it_the_battery_must_carry_them() -> None:
    def on_its_own(charge: float) -> Situation:
        s = after(charge=charge)
        pool = replace(s.seen.pools["pool1"], auto_poweron=True)
        return replace(s, seen=replace(s.seen, pools={"pool1": pool}), worked_out={})

    needs = shutdown_need(after(), "ups2")
    assert power_on(on_its_own(enough(needs) - 1)) == []
    assert [type(event) for event in power_on(on_its_own(enough(needs) + 1))] == [e.ActionStarted]


def test_guests_wait_until_the_battery_carries_a_full_shutdown() -> None:
    needs = shutdown_need(after(), "ups2")
    stopped = vm_seen("web", "", power=Power.HALTED, resident_on=None)

    def back(charge: float, *more: e.Event) -> Situation:
        s = after(e.HostReturned(NOW - 60.0, "h2", 1700.0), *more, charge=charge)
        hosts = {**s.seen.hosts, "h2": host_seen("h2", NOW)}
        return replace(s, seen=replace(s.seen, hosts=hosts, vms={**s.seen.vms, "web": stopped}), worked_out={})

    assert waits_for_battery(back(enough(needs) - 1), stopped)
    assert not waits_for_battery(back(enough(needs) + 1), stopped)


def test_guests_wait_for_the_battery_of_a_coordinator_that_has_started_again() -> None:
    """In another outage everything would have to be down before it."""
    s = after(e.HostReturned(NOW - 60.0, "h2", 1700.0), charge=1.0)
    hosts = {**s.seen.hosts, "h2": host_seen("h2", NOW)}
    stopped = vm_seen("other", "", power=Power.HALTED, resident_on=None)
    for coordinator, waits in (("h1", False), ("h2", True)):
        pools = {"pool1": replace(s.seen.pools["pool1"], coordinator=coordinator)}
        seen = replace(s.seen, hosts=hosts, pools=pools, vms={**s.seen.vms, "other": stopped})
        assert waits_for_battery(replace(s, seen=seen, worked_out={}), stopped) is waits


def test_nobody_waits_for_ever() -> None:
    waits = after(charge=1.0)
    limit = waits.policy.battery_wait
    assert not is_charged(waits, "ups2")
    assert "2 h 00 min" not in why_it_waits(waits, "ups2")  # some of it is over
    later = {u: ups_seen(BACK + limit, charge=1.0) for u in waits.site.upses}
    assert is_charged(replace(waits, now=BACK + limit, seen=replace(waits.seen, upses=later), worked_out={}), "ups2")


def test_a_battery_of_which_nothing_is_told_is_waited_for_as_long_as_it_was_used() -> None:
    told_nothing = {"charge": None, "runtime": None, "promised": None}
    assert is_charged(after(**told_nothing), "ups2")  # 800 s after 400 s on battery
    s = after(e.UtilityBack(NOW - 399.0, "ups2", 400.0), **told_nothing)
    assert not is_charged(s, "ups2")
    assert "does not tell" in why_it_waits(s, "ups2")


def test_a_battery_that_is_full_is_not_waited_for_however_little_it_holds() -> None:
    assert is_charged(after(charge=96.0, promised=60.0), "ups2")


def test_a_person_who_wants_the_pool_back_does_not_wait() -> None:
    asked = e.Requested(NOW, e.Ask.BRING_BACK, "pool1", "me")
    done = e.RequestDone(NOW, e.Ask.BRING_BACK, "pool1", "", ("pool1",))
    assert not is_ready(after(charge=1.0), "h2", "pool1")
    assert is_ready(after(asked, done, charge=1.0), "h2", "pool1")


def test_a_host_that_waits_for_its_battery_is_not_given_up() -> None:
    s = after(charge=1.0)
    late = {u: ups_seen(BACK + 5000.0, charge=1.0) for u in s.site.upses}
    s = replace(s, now=BACK + 5000.0, seen=replace(s.seen, upses=late), worked_out={})
    assert not is_away(s, s.seen.hosts["h2"])


def test_soon_after_an_outage_the_lesser_promise_counts() -> None:
    again = lost("ups2", 1500.0, runtime=6000.0)  # with hardly anything on it
    back = e.UtilityBack(1600.0, "ups2", 100.0)
    assert battery(after(again, back), "ups2").holds == pytest.approx(1500 * 0.20 * 0.8)


def test_hosts_behind_one_ups_are_switched_on_one_after_the_other() -> None:
    s = after(charge=100.0)
    both = {h: replace(built, powered_by=("ups1", "ups2"), needs=1) for h, built in s.site.hosts.items()}
    s = replace(s, site=replace(s.site, hosts=both), worked_out={})
    assert len(power_on(s)) == 1
    lately = e.ActionStarted(NOW - 10.0, a.PowerOnHost("h1", "pool1", "why"))
    s = after(lately, charge=100.0)
    shared = replace(s, site=replace(s.site, hosts=both), worked_out={})
    assert power_on(shared) == []
    assert len(power_on(s)) == 1  # each behind a UPS of its own


@pytest.mark.parametrize("ends", [False, True])
def test_one_that_does_not_come_does_not_keep_its_neighbour_waiting(ends: bool) -> None:
    """host.power_on may hang for minutes, and is tried again; meanwhile the other's turn has come."""
    on = a.PowerOnHost("h2", "pool1", "why")
    lately, down = e.ActionStarted(NOW - 310.0, on), e.HostDown(200.0, "h3", "proof")
    position = after(down, lately, charge=100.0).memory.position
    failed = [e.ActionFinished(NOW - 300.0, position, on, "FAILED")] if ends else []
    s = after(down, lately, *failed, charge=100.0)
    assert bool(s.memory.pending) is not ends
    built = {**s.site.hosts, "h3": replace(s.site.hosts["h2"], id="h3")}
    seen = {**s.seen.hosts, "h3": replace(s.seen.hosts["h2"], id="h3")}
    both = replace(s, site=replace(s.site, hosts=built), seen=replace(s.seen, hosts=seen), worked_out={})
    (event,) = power_on(both)
    assert isinstance(event, e.ActionStarted)
    assert isinstance(event.action, a.PowerOnHost)
    assert event.action.host == "h3"


def test_a_tier_starts_when_the_one_before_it_has_started() -> None:
    s = after()
    web, db = s.seen.vms["web"], s.seen.vms["db"]
    assert first_to_start(s, [web, db], []) == [db]
    assert first_to_start(s, [web], [db]) == []
    assert first_to_start(s, [web], []) == [web]
    assert VmPolicy().tier > 1
