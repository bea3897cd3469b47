"""A plan goes by what the live site's journal has learned: how long things take, and what a battery holds."""

from __future__ import annotations

from dataclasses import replace

from ridethrough.core.learned import GIB, NOTHING_LEARNED, Kind, Learned, Took, key
from ridethrough.core.observation import Snapshot
from ridethrough.core.policy import HostPolicy, Policy, Timer
from ridethrough.core.site import Site
from ridethrough.sim.forecast import forecast
from ridethrough.sim.live_site import LiveSite, copied, copy
from ridethrough.sim.story import Asked, played
from tests.core.build import site, snapshot, vm_seen

AFTER = HostPolicy(Timer(True, 1500.0), Timer(True, 1800.0))


def now() -> tuple[Site, Snapshot]:
    """Ups1 promises 1500 s, its card cuts nothing by itself."""
    built = site(2, policy=Policy(hosts={"h1": AFTER, "h2": AFTER}, controller="me"))
    upses = {name: replace(ups, timers=replace(ups.timers, action=None)) for name, ups in built.upses.items()}
    the_site = replace(built, upses=upses)
    return the_site, snapshot(100.0, the_site, (vm_seen("web", "h1", 8.0),))


def taught(*facts: tuple[str, float]) -> Learned:
    learned = NOTHING_LEARNED
    for name, seconds in facts:
        for _ in range(3):
            learned = learned.with_(Took(seconds), name)
    return learned


def test_what_was_learned_decides_when_the_way_down_begins() -> None:
    the_site, seen = now()
    usual = forecast(the_site, seen, ["ups1"]).run.begun["h1"]
    slow = taught((key(Kind.MOVE_FROM, "h1"), 40.0), (key(Kind.HOST_STOP, "h1"), 190.0))
    told = forecast(the_site, seen, ["ups1"], slow).run.begun["h1"]
    assert told.needed - usual.needed > 8 * (40.0 - GIB / the_site.policy.link_speed) + 100.0
    assert told.at < usual.at - 100.0


def test_a_battery_that_held_half_lasts_half_as_long_in_the_plan() -> None:
    the_site, seen = now()
    whole = forecast(the_site, seen, ["ups1"])
    half = forecast(the_site, seen, ["ups1"], Learned(held={"ups1": 0.5}))
    assert half.run.begun["h1"].at < 0.6 * whole.run.begun["h1"].at
    assert not half.run.world.crashed
    assert any("ups1's battery holds 50 %" in text for text in half.assumed)


def test_the_copy_takes_as_long_as_the_live_site() -> None:
    the_site, seen = now()
    facts = ((key(Kind.STOP, "web"), 70.0), (key(Kind.HOST_STOP, "h1"), 110.0), (key(Kind.BOOT, "h1"), 400.0))
    live = LiveSite(the_site, seen, taught(*facts, (key(Kind.MOVE_FROM, "h1"), 2.0)))
    world = copied(copy(live), "story").build()
    assert world.vms["web"].stop_seconds == 70.0
    host = world.hosts["h1"]
    assert (host.stop_seconds, host.boot_seconds, host.link_speed) == (100.0, 380.0, GIB / 2.0)


def test_a_simulated_outage_goes_by_it_too() -> None:
    the_site, seen = now()

    def begins(learned: Learned) -> float:
        live = LiveSite(the_site, seen, learned)
        failing = ({"at": 0, "do": "fail", "feeder": "of ups1"},)
        found = played(Asked("", live, timeline=failing, until=1800.0))
        row = next(row for row in found["outcome"]["hosts"] if row["id"] == "h1")
        assert row["spare"] == round(row["left"] - row["needed"], 1)
        return float(row["begins_at"])

    assert begins(Learned(held={"ups1": 0.5})) < 0.6 * begins(NOTHING_LEARNED)


def test_a_plan_shows_that_an_output_is_cut_after_its_host() -> None:
    the_site, seen = now()
    the_site = replace(the_site, upses={**the_site.upses, "ups1": replace(the_site.upses["ups1"], cut_output=True)})
    told = forecast(the_site, seen, ["ups1"]).run.narrative
    assert (
        told.index("h1 is down") < told.index("-> let ups1 cut its output") < told.index("ups1's card cuts its output")
    )
