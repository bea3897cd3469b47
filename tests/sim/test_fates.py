"""What became of a guest, and when, is kept for each of its turns."""

from __future__ import annotations

from ridethrough.core.model import Seconds
from ridethrough.sim import faults, power
from ridethrough.sim.fates import Fate
from ridethrough.sim.nas import SimNas, stop
from ridethrough.sim.world import World

from .sites import NAS, finish, let, site, vm, xapi


def turns(world: World, name: str) -> list[tuple[Seconds, Fate]]:
    return [(round(turn.at), turn.fate) for turn in world.turns if turn.vm == vm(world, name).id]


def test_a_guest_that_stops_and_starts() -> None:
    world = site()
    finish(world, xapi(world).vm_clean_shutdown(vm(world, "h1-vm1").ref))
    finish(world, xapi(world).vm_start(vm(world, "h1-vm1").ref))
    finish(world, xapi(world).vm_hard_shutdown(vm(world, "h1-vm1").ref))
    assert turns(world, "h1-vm1") == [(20, Fate.STOPS), (23, Fate.STARTS), (23, Fate.STOPPED_HARD)]
    assert turns(world, "h1-vm2") == []


def test_a_guest_that_moves() -> None:
    world = site()
    finish(world, xapi(world).vm_pool_migrate(vm(world, "h1-vm1").ref, world.hosts["h2"].ref))
    assert turns(world, "h1-vm1") == [(9, Fate.MOVES)]
    assert world.turns[0].host == "h2"


def test_guests_whose_host_loses_its_power_crash_once() -> None:
    world = site()
    faults.pull_power(world, "h1")
    let(world, 700)  # the database believes it by now
    assert turns(world, "h1-vm1") == turns(world, "h1-vm2") == [(0, Fate.CRASHES)]
    assert world.turns[0].host == "h1"


def test_a_guest_under_which_its_host_is_switched_off_crashes() -> None:
    world = site(hosts=1)
    power.count_down(world, world.upses["ups1"], 30)
    let(world, 30)
    assert turns(world, "h1-vm1") == [(30, Fate.CRASHES)]


def test_a_guest_loses_its_disk() -> None:
    world = site()
    stop(world, world.add_nas(SimNas("box", ("ups1",), repositories=frozenset({NAS}))))
    assert turns(world, "h2-vm1") == [(0, Fate.LOSES_DISK)]
    assert len(world.lost) == 4
