"""A simulated NAS: what it does to what runs on it; and what a copy of a live site with storage foretells."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from ridethrough.core.model import Way
from ridethrough.core.observation import Snapshot, StorageSeen
from ridethrough.sim import faults, nas
from ridethrough.sim.forecast import forecast
from ridethrough.sim.site_file import SimSite, load_site
from ridethrough.sim.world import World
from tests.api.imagined import snapshot


@pytest.fixture
def site(root: Path) -> SimSite:
    return load_site(root / "scenarios" / "sites" / "two_hosts_and_a_nas.toml")


@pytest.fixture
def world(site: SimSite) -> World:
    return site.build()


def test_a_nas_that_stops_takes_the_disks_of_what_runs_on_it(world: World) -> None:
    faults.find_vm(world, "web1").alive = False
    nas.stop(world, world.nases["nas1"])
    assert sorted(world.lost) == ["db1", "db2", "web2"]
    world.advance(59.0)
    assert world.nases["nas1"].power
    world.advance(61.0)
    assert not world.nases["nas1"].power
    assert world.crashed == []


def test_one_that_loses_its_power_crashes_and_starts_again_with_it(world: World) -> None:
    world.set_feeder("c", False)
    world.advance(1100.0)
    assert world.crashed == ["nas1"]
    world.set_feeder("c", True)
    world.advance(1110.0)
    box = world.nases["nas1"]
    assert (box.power, box.serves) == (True, False)
    world.advance(1240.0)
    assert box.serves


def test_its_own_minutes_run_on_battery_and_end_with_it(root: Path) -> None:
    path = root / "scenarios" / "sites" / "two_hosts_and_a_nas.toml"
    world = load_site(path, {"storage": {"nas1": {"way": "by itself"}}}).build()
    world.set_feeder("c", False)
    world.advance(36.0)
    world.set_feeder("c", True)
    world.advance(400.0)
    told = [line.text for line in world.story]
    assert "nas1: Power loss detected on UPS. System will be shut down after 5 minutes." in told
    assert "nas1: Power has returned to UPS. Canceling shutdown." in told
    assert world.nases["nas1"].serves
    world.set_feeder("c", False)
    world.advance(701.0)
    assert not world.nases["nas1"].serves


def seen_of(site: SimSite, serves: bool = True) -> Snapshot:
    shown = StorageSeen("nas1", 60.0, 0.0 if serves else None, 60.0)
    return replace(snapshot(site), storages={"nas1": shown})


def test_storage_is_foretold(site: SimSite) -> None:
    found = forecast(site.site, seen_of(site), {"ups3"})
    assert "nas1 is down: silent for 30 s" in found.run.narrative
    assert "-> tell nas1 to go down" in found.run.narrative
    assert (found.run.world.lost, found.run.world.crashed) == ([], [])
    assert {vm.power_state.value for vm in found.run.world.vms.values()} == {"halted"}


def test_minutes_that_are_too_short_are_foretold_as_an_early_end(site: SimSite) -> None:
    built = replace(site.site.storages["nas1"], way=Way.BY_ITSELF, after=90.0)
    found = forecast(replace(site.site, storages={"nas1": built}), seen_of(site), {"ups3"})
    assert "nas1 must go down: it goes down by itself in" in found.run.narrative
    assert found.run.world.lost == []
