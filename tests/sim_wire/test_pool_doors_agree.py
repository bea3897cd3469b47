"""A simulated pool tells the same through its door in memory as through XenAPI on the wire and the driver.

Scenarios and forecasts use the door, the daemon the driver: where they differ, a story would promise what the real
thing does not do. Every field is compared; what may differ stands in a table with its reason.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import fields

import pytest

from ridethrough.core.observation import HostSeen, PoolSeen, Power, Snapshot, VmSeen
from ridethrough.drivers.xapi import XapiPool
from ridethrough.sim import faults
from ridethrough.sim.machines import GIB, Device, Guest, SimHost, SimPool, SimSr, SimVm, Wlb, pbd_uuid, ref_of
from ridethrough.sim.pool_door import PoolDoor
from ridethrough.sim.world import World
from ridethrough.sim.xapi import Xapi
from ridethrough.sim.xapi_server import XapiServer
from ridethrough.sim.xapi_wire.pace import Pace

from .xapi.site import vm

SPEED = 20.0  # world seconds per wall second
SLOW = {"coordinator's toolstack is down": 4.0, "coordinator's toolstack has just restarted": 4.0}
PASSWORD = "secret"

# field -> why door and driver may differ, and by how many seconds of the world; texts: only whether there is one
AGES: dict[str, tuple[str, float]] = {
    "toolstack_at": ("each probes at moments of its own: every 2 s, of the world or of the wall", 60.0),
    "network_at": ("the same", 60.0),
    "answers_since": ("the same, and each has begun at a moment of its own", 60.0),
    "answered_at": ("the driver's records are as old as its last event.from: 2 s of the wall", 60.0),
    "coordinator_since": ("agent_start_time is told in seconds, over a call that takes its time", 3.0),
}
TEXTS: dict[str, str] = {
    "trouble": "words of each one's own",
    "wlb_trouble": "at this speed WLB's end comes before our patience ends, in words of each one's own",
}

Change = Callable[[World], None]
Reached = Callable[[Snapshot], bool]


def small_world() -> World:
    """Coordinator h1, members h2 and h3, a NAS for all and a local disk in each; guests of every kind."""
    world, net = World(), random.SystemRandom().randrange(20, 250)
    world.add_pool(SimPool("p", "h1", name="the pool"))
    world.add_storage(SimSr("nas", "NAS"))
    for n in (1, 2, 3):
        world.add_storage(SimSr(f"local{n}", f"Local {n}", shared=False))
        stores = {"nas", f"local{n}"}
        world.add_host(SimHost(f"h{n}", "p", f"127.0.{net}.{n}", storage=stores, link_speed=100e6, dom0_memory=3 * GIB))
    nas = frozenset({"nas"})
    world.add_vm(SimVm("uuid-web", "web", "p", 4 * GIB, resident_on="h2", storage=nas, tags=("ridethrough:tier=2",)))
    world.add_vm(SimVm("uuid-local", "local", "p", GIB, resident_on="h2", storage=frozenset({"nas", "local2"})))
    world.add_vm(SimVm("uuid-bare", "bare", "p", GIB, Guest.NO_TOOLS, resident_on="h3", storage=nas))
    world.add_vm(SimVm("uuid-off", "off", "p", GIB, power_state=Power.HALTED, storage=nas))
    world.add_vm(SimVm("uuid-bareoff", "bareoff", "p", GIB, Guest.NO_TOOLS, power_state=Power.HALTED, storage=nas))
    world.add_vm(SimVm("uuid-asleep", "asleep", "p", GIB, power_state=Power.SUSPENDED, storage=nas))
    world.add_vm(SimVm("uuid-still", "still", "p", GIB, power_state=Power.PAUSED, resident_on="h1", storage=nas))
    # One feature more in h1 and h2, a network that h3 has no port on, one that is h2's alone, and all that binds.
    for n, features in ((1, 3), (2, 3), (3, 1)):
        world.hosts[f"h{n}"].cpu_features = features
        world.hosts[f"h{n}"].networks = frozenset({"DMZ"} if n < 3 else ())
    picky = SimVm("uuid-picky", "picky", "p", GIB, resident_on="h2", storage=nas, cpu_features=3, affinity="h1")
    picky.vcpus, world.hosts["h3"].cpus, world.hosts["h2"].cpus = 12, 8, 0
    picky.networks, picky.groups = frozenset({"DMZ", "private"}), ("fronts", "all")
    world.add_vm(picky)
    for device in Device:
        bound = SimVm(f"uuid-{device}", device.value, "p", GIB, resident_on="h3", storage=nas, device=device)
        world.add_vm(bound)
    world.add_vm(SimVm("uuid-wide", "wide", "p", GIB, resident_on="h1", storage=nas, vcpus=99, vcpus_unrestricted=True))
    pinned = SimVm("uuid-pinned", "pinned", "p", GIB, resident_on="h1", storage=nas)
    pinned.blocked_operations["pool_migrate"] = "true"
    world.add_vm(pinned)
    return world


def nothing(world: World) -> None:
    pass


def disable(host: str) -> Change:
    return lambda world: faults.person_disables(world, host)


def shut_down(host: str) -> Change:
    """Emptied hard, disabled, and shut down by a person."""

    def change(world: World) -> None:
        def shut_down_now() -> None:
            Xapi(world, "p").host_shutdown(world.hosts[host].ref)

        for guest in world.guests(host):
            Xapi(world, "p").vm_hard_shutdown(guest.ref)
        faults.person_disables(world, host)
        world.agenda.after(5, shut_down_now)

    return change


def migrate(world: World) -> None:
    Xapi(world, "p").vm_pool_migrate(vm(world, "web").ref, world.hosts["h3"].ref, {"live": "true"})


def unplug(world: World) -> None:
    Xapi(world, "p").pbd_unplug(ref_of(pbd_uuid(world.hosts["h3"].uuid, "local3")))


def unplug_shared(world: World) -> None:
    """Nothing runs on it there any more."""
    for guest in world.guests("h3"):
        Xapi(world, "p").vm_hard_shutdown(guest.ref)

    def unplug_now() -> None:
        Xapi(world, "p").pbd_unplug(ref_of(pbd_uuid(world.hosts["h3"].uuid, "nas")))

    world.agenda.after(5, unplug_now)


def suspend(world: World) -> None:
    world.pools["p"].suspend_sr = "nas"
    world.changed("pool", world.pools["p"].ref)
    Xapi(world, "p").vm_suspend(vm(world, "web").ref)


def set_pool(world: World) -> None:
    it = world.pools["p"]
    it.ha_enabled, it.ha_failures, it.ha_statefile = True, 1, "nas"
    it.other_config.update({"auto_poweron": "true", "ridethrough:claim": "north"})
    world.changed("pool", it.ref)


def use_wlb(behaviour: Wlb) -> Change:
    def change(world: World) -> None:
        it = world.pools["p"]
        it.wlb_enabled, it.wlb, it.wlb_advice = True, behaviour, {"uuid-web": "h3", "uuid-local": "h1"}
        world.changed("pool", it.ref)

    return change


def passed(host: str, seconds: float) -> Reached:
    """The host has not answered for so long."""

    def is_so(seen: Snapshot) -> bool:
        at, last = seen.hosts["h1"].network_at, seen.hosts[host].network_at
        return at is not None and last is not None and at - last > seconds

    return is_so


STATES: dict[str, tuple[Change, Reached]] = {
    "all well": (nothing, lambda s: all(h.toolstack_at is not None for h in s.hosts.values())),
    "host disabled": (disable("h2"), lambda s: not s.hosts["h2"].enabled),
    "coordinator disabled": (disable("h1"), lambda s: not s.hosts["h1"].enabled),
    "host shutting down": (shut_down("h3"), lambda s: "shutdown" in s.hosts["h3"].busy),
    "host shut down": (shut_down("h3"), passed("h3", 30)),
    "host dead a minute ago": (lambda world: faults.pull_power(world, "h2"), passed("h2", 60)),
    "host without network": (lambda world: faults.lose_network(world, "h2"), passed("h2", 30)),
    "VM migrating": (migrate, lambda s: s.vms["uuid-web"].moving_to == "h3"),
    "VM has migrated": (migrate, lambda s: s.vms["uuid-web"].resident_on == "h3"),
    "VM stopping": (lambda world: faults.person_shuts_down(world, "web"), lambda s: bool(s.vms["uuid-web"].busy)),
    "VM halted": (
        lambda world: faults.person_shuts_down(world, "web"), lambda s: s.vms["uuid-web"].power is Power.HALTED,
    ),
    "VM loses its tools": (lambda world: faults.lose_tools(world, "web"), lambda s: bool(s.vms["uuid-web"].immovable)),
    "HA, auto_poweron and a claim": (set_pool, lambda s: s.pools["p"].ha_enabled),
    "a host's own storage is unplugged": (unplug, lambda s: "local3" not in s.hosts["h3"].storage),
    "a host has not attached shared storage": (unplug_shared, lambda s: s.hosts["h3"].detached == {"nas"}),
    "VM suspended": (suspend, lambda s: s.vms["uuid-web"].power is Power.SUSPENDED),
    "WLB answers": (use_wlb(Wlb.ANSWERS), lambda s: bool(s.pools["p"].advice)),
    "WLB is dead": (use_wlb(Wlb.DEAD), lambda s: bool(s.pools["p"].wlb_trouble)),
    "member's toolstack restarts": (
        lambda world: faults.restart_toolstack(world, "h2"),
        lambda s: s.hosts["h2"].agent_started > s.hosts["h3"].agent_started and s.hosts["h2"].enabled,
    ),
    "coordinator's toolstack is down": (
        lambda world: faults.restart_toolstack(world, "h1"), lambda s: s.pools["p"].coordinator is None,
    ),
    "coordinator's toolstack has just restarted": (
        lambda world: faults.restart_toolstack(world, "h1"),
        lambda s: s.pools["p"].coordinator == "h1" and not s.hosts["h2"].live,
    ),
    "coordinator's toolstack has restarted": (
        lambda world: faults.restart_toolstack(world, "h1"),
        lambda s: (s.pools["p"].coordinator_since or 0) > 0 and all(h.enabled and h.live for h in s.hosts.values()),
    ),
    "coordinator dead": (
        lambda world: faults.pull_power(world, "h1"),
        lambda s: s.pools["p"].coordinator is None and (s.hosts["h2"].network_at or 0) > 30,
    ),
}  # fmt: skip


class Both:
    """The same pool seen twice: from memory, and by the driver over the wire."""

    def __init__(self, world: World, pace: Pace, door: PoolDoor, driver: XapiPool) -> None:
        self.world, self.pace, self._door, self._driver = world, pace, door, driver

    async def seen(self) -> tuple[Snapshot, Snapshot]:
        """What the door tells, what the driver tells, in an outage."""
        return self._door.observe(urgent=True), self._driver.observe(urgent=True)

    async def until_they_agree(self, reached: Reached, within: float = 20.0) -> None:
        """Both are in this state and tell the same of it; `within` wall seconds."""
        told = ["neither has seen it"]
        try:
            async with asyncio.timeout(within):
                while told:
                    await asyncio.sleep(0.02)
                    ours, theirs = await self.seen()
                    seen = [name for name, it in (("door", ours), ("driver", theirs)) if not reached(it)]
                    told = [f"not seen by the {name}" for name in seen] or differences(ours, theirs)
        except TimeoutError:
            raise AssertionError("\n".join(told)) from None


class _Clock:
    stood_still = None

    def __init__(self, pace: Pace) -> None:
        self._pace = pace

    def now(self) -> float:
        return self._pace.now()

    async def sleep(self, seconds: float) -> None:
        await self._pace.sleep(seconds)


@asynccontextmanager
async def both(world: World, speed: float) -> AsyncIterator[Both]:
    pace = Pace(world, speed)
    server = XapiServer(world, pace, users={"root": PASSWORD})
    pace.start()
    await server.start()
    address, port, _ = server.endpoints["h2"]
    pins = [fingerprint for _, _, fingerprint in server.endpoints.values()]
    driver = XapiPool("p", [f"{address}:{port}"], "root", PASSWORD, pins, {}, _Clock(pace))
    door = PoolDoor(world, "p")
    for observer in (door, driver):
        await observer.start(lambda: None)
    try:
        yield Both(world, pace, door, driver)
    finally:
        for observer in (door, driver):
            await observer.stop()
        await server.stop()
        await pace.stop()


def differences(ours: Snapshot, theirs: Snapshot) -> list[str]:
    """What the door and the driver tell differently."""
    assert not ours.upses
    assert not theirs.upses
    return [
        *_of_many("pool", ours.pools, theirs.pools),
        *_of_many("host", ours.hosts, theirs.hosts),
        *_of_many("VM", ours.vms, theirs.vms),
    ]


def _of_many(kind: str, ours: Mapping[str, object], theirs: Mapping[str, object]) -> list[str]:
    if sorted(ours) != sorted(theirs):
        return [f"{kind}s: door {sorted(ours)}, driver {sorted(theirs)}"]
    return [f"{kind} {key} {words}" for key in sorted(ours) for words in _of_one(ours[key], theirs[key])]


def _of_one(ours: object, theirs: object) -> list[str]:
    assert isinstance(ours, PoolSeen | HostSeen | VmSeen)
    told = [(f.name, getattr(ours, f.name), getattr(theirs, f.name)) for f in fields(ours)]
    return [f"{name}: door {mine!r}, driver {its!r}" for name, mine, its in told if not _agree(name, mine, its)]


def _agree(name: str, mine: object, its: object) -> bool:
    if name in TEXTS:
        return bool(mine) == bool(its)
    if name in AGES and isinstance(mine, float) and isinstance(its, float):
        return abs(mine - its) <= AGES[name][1]
    return mine == its


@pytest.mark.parametrize("state", STATES)
async def test_door_and_driver_tell_the_same(state: str) -> None:
    change, reached = STATES[state]
    async with both(small_world(), SLOW.get(state, SPEED)) as it:
        await it.until_they_agree(STATES["all well"][1])
        change(it.world)
        await it.until_they_agree(reached)
