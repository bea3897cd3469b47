"""Whatever happens: the world stays possible, and how finely time is told to pass changes nothing."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ridethrough.core.observation import Power
from ridethrough.sim import faults
from ridethrough.sim.errors import XapiError
from ridethrough.sim.machines import GIB, Reach
from ridethrough.sim.world import World

from .sites import finish, let, site, vm, xapi

HOSTS = ("h1", "h2", "h3")


def _call(name: str) -> Callable[[World, str], None]:
    def do(world: World, host: str) -> None:
        if world.coordinator("p"):
            getattr(xapi(world), name)(world.hosts[host].ref)

    return do


def _spread(world: World, host: str) -> None:
    for guest in world.guests(host):
        for target in HOSTS:
            if target != host and guest.power_state is Power.RUNNING:
                xapi(world).vm_pool_migrate(guest.ref, world.hosts[target].ref)


def _stop_guests(world: World, host: str) -> None:
    for guest in world.guests(host):
        xapi(world).vm_clean_shutdown(guest.ref)


def _kill_guests(world: World, host: str) -> None:
    for guest in world.guests(host):
        xapi(world).vm_hard_shutdown(guest.ref)


def _start_halted(world: World, host: str) -> None:
    for guest in world.vms.values():
        xapi(world).vm_start(guest.ref)


def _cancel_all(world: World, host: str) -> None:
    for ref in list(world.tasks):
        xapi(world).task_cancel(ref)


def _answered(do: Callable[[World, str], None]) -> Callable[[World, str], None]:
    """Only a coordinator that answers can be asked for anything."""
    return lambda world, host: do(world, host) if world.coordinator("p") else None


def _take_over(world: World, host: str) -> None:
    if world.reach(host) is Reach.MEMBER:
        xapi(world).pool_emergency_transition_to_master(world.hosts[host].ref)


def _recover(world: World, host: str) -> None:
    if world.coordinator("p"):
        xapi(world).pool_recover_slaves()


def _feeder(on: bool) -> Callable[[World, str], None]:
    return lambda world, host: world.set_feeder("abc"[HOSTS.index(host)], on)


def _ups(call: Callable[[World, str], None]) -> Callable[[World, str], None]:
    return lambda world, host: call(world, f"ups{host[1:]}")


DEEDS: list[Callable[[World, str], None]] = [
    _feeder(False),
    _feeder(False),
    _feeder(True),
    _call("host_disable"),
    _call("host_enable"),
    _call("host_evacuate"),
    _call("host_shutdown"),
    _call("host_power_on"),
    _call("host_declare_dead"),
    _call("pool_designate_new_master"),
    _take_over,
    _recover,
    _answered(_spread),
    _answered(_stop_guests),
    _answered(_kill_guests),
    _answered(_start_halted),
    _answered(_cancel_all),
    faults.pull_power,
    faults.plug_in,
    faults.restart_toolstack,
    faults.lose_network,
    faults.restore_network,
    _ups(faults.lose_link),
    _ups(faults.restore_link),
    _ups(lambda world, ups: faults.start_test(world, ups, 20.0)),
]


stories = st.lists(
    st.tuples(st.floats(0.0, 900.0), st.integers(0, len(DEEDS) - 1), st.sampled_from(HOSTS)), min_size=1, max_size=14
)


def _begin(story: list[tuple[float, int, str]]) -> World:
    world = site(hosts=3)
    for at, deed, host in story:
        world.agenda.at(at, lambda deed=deed, host=host: DEEDS[deed](world, host))  # type: ignore[misc]
    return world


def _check(world: World) -> None:
    for guest in world.vms.values():
        if guest.alive:
            assert guest.resident_on is not None, f"{guest.name} runs nowhere"
            assert world.hosts[guest.resident_on].power, f"{guest.name} runs on a host without power"
            assert guest.power_state in (Power.RUNNING, Power.PAUSED)
    for host in world.hosts.values():
        assert host.power or not host.network
        assert host.network or host.toolstack == "down" or host.power
        assert host.supplied or not host.power
        used = sum(v.memory for v in world.vms.values() if v.alive and v.resident_on == host.id)
        assert used <= host.memory_total - host.dom0_memory
    for migration in world.links.moving:
        source, target = world.hosts[migration.source], world.hosts[migration.target]
        assert source.power, "a migration flows from a dark host"
        assert target.power, "a migration flows to a dark host"
    for ups in world.upses.values():
        assert 0.0 <= ups.charge <= 100.0
        assert ups.output or ups.load_watts == 0.0


@settings(max_examples=80, deadline=None)
@given(stories)
def test_the_world_stays_possible(story: list[tuple[float, int, str]]) -> None:
    world = _begin(story)
    while (when := world.next_change()) is not None and when < 4000:
        world.advance(when)
        _check(world)


@settings(max_examples=30, deadline=None)
@given(stories, st.floats(0.5, 50.0))
def test_time_in_pieces_is_time_in_one(story: list[tuple[float, int, str]], step: float) -> None:
    whole, pieces = _begin(story), _begin(story)
    whole.advance(2000.0)
    while pieces.now + step < 2000.0:
        pieces.advance(pieces.now + step)
    pieces.advance(2000.0)
    assert [line.text for line in pieces.story] == [line.text for line in whole.story]
    assert [line.at for line in pieces.story] == pytest.approx([line.at for line in whole.story], abs=1e-6)


def test_a_coordinator_that_is_shut_down_hands_nothing_over() -> None:  # lab 13
    world = site(guests=1)
    calls, host = xapi(world), world.hosts["h1"]
    finish(world, calls.host_disable(world.hosts["h2"].ref))
    finish(world, calls.host_disable(host.ref))
    finish(world, calls.host_shutdown(host.ref))
    let(world, 200)
    assert not host.power
    assert world.coordinator("p") is None
    assert vm(world, "h2-vm1").alive


def test_a_migration_whose_task_was_lost_is_not_begun_twice() -> None:
    world = site(guests=1)
    calls, guest = xapi(world), vm(world, "h2-vm1")
    guest.memory = 8 * GIB
    calls.vm_pool_migrate(guest.ref, world.hosts["h1"].ref)
    let(world, 5)
    faults.restart_toolstack(world, "h1")
    let(world, 20)
    again = calls.vm_pool_migrate(guest.ref, world.hosts["h1"].ref)
    finish(world, again)
    assert again.status == "success"
    assert world.moves[guest.name] == 1
    with pytest.raises(XapiError, match="HANDLE_INVALID"):
        calls.task("OpaqueRef:lost")
