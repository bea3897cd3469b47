"""What a person must know now; told once, cleared when its cause is gone."""

from __future__ import annotations

from dataclasses import replace

from ridethrough.core import alerts
from ridethrough.core import events as e
from ridethrough.core.actions import LowerHa
from ridethrough.core.advice import advice
from ridethrough.core.observation import Snapshot, Source

from .build import lost, site, situation, snapshot, ups_seen


def keys(events: list[e.Event]) -> list[str]:
    return [event.key for event in events if isinstance(event, e.Alerted)]


def test_an_overloaded_survivor_is_flagged_and_cleared() -> None:
    the_site = site(1, feeds=2)
    seen = snapshot(100.0, the_site, sources={"ups1": Source.BATTERY})
    heavy = replace(seen, upses={**seen.upses, "ups1b": ups_seen(100.0, load=112.0)})
    told = alerts.news(situation(100.0, heavy, the_site, lost("ups1", 90.0)))
    assert keys(told) == ["overload"]
    again = alerts.news(situation(101.0, heavy, the_site, lost("ups1", 90.0), *told))
    assert again == []
    cleared = alerts.news(situation(102.0, seen, the_site, lost("ups1", 90.0), *told))
    assert cleared == [e.AlertCleared(102.0, "ups1b", "overload")]


def test_an_overload_is_foretold_by_check() -> None:
    the_site = site(1, feeds=2)
    busy = Snapshot(upses={"ups1": ups_seen(1.0, load=70.0), "ups1b": ups_seen(1.0, load=60.0)})
    assert any("would carry 130 %" in a.text for a in advice(the_site, busy))
    calm = Snapshot(upses={"ups1": ups_seen(1.0, load=40.0), "ups1b": ups_seen(1.0, load=40.0)})
    assert not any("would carry" in a.text for a in advice(the_site, calm))


def test_bypass_is_shown_as_degraded() -> None:
    the_site = site(1)
    seen = snapshot(100.0, the_site, sources={"ups1": Source.BYPASS})
    assert keys(alerts.news(situation(100.0, seen, the_site))) == ["degraded"]


def test_ha_and_a_missing_wlb_are_told() -> None:
    """HA that is on is told of where nothing can be done about it: in dry run, or when it was refused."""
    the_site = site(2)
    seen = snapshot(100.0, the_site, sources={"ups1": Source.BATTERY})
    pool = replace(seen.pools["pool1"], ha_enabled=True, wlb_enabled=True, wlb_trouble="no answer")
    seen = replace(seen, pools={"pool1": pool})
    events = (lost("ups1", 30.0), e.EvacuationBegun(99.0, "h1", "ups1 on battery"))
    assert sorted(keys(alerts.news(situation(100.0, seen, the_site, *events)))) == ["wlb"]
    dry = situation(100.0, seen, the_site, *events, e.Disarmed(99.5, "owner"))
    assert sorted(keys(alerts.news(dry))) == ["ha", "wlb"]
    lower = LowerHa("pool1", 1, "why")
    refused = e.ActionFinished(99.6, 1, lower, "RBAC_PERMISSION_DENIED", refused=True)
    told = alerts.news(situation(100.0, seen, the_site, *events, e.ActionStarted(99.5, lower), refused))
    assert sorted(keys(told)) == ["ha", "wlb"]


def test_another_controller_in_charge_is_told() -> None:
    the_site = site(2)
    seen = snapshot(100.0, the_site, sources={"ups1": Source.BATTERY})
    taken = replace(seen, pools={"pool1": replace(seen.pools["pool1"], claim="other")})
    assert "claimed" in keys(alerts.news(situation(100.0, taken, the_site, lost("ups1", 30.0))))
