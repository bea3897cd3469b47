"""The laboratory pool as a World: three hosts of 64 GiB, guests of 4 GiB without disks, everything quick."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from ridethrough.core.observation import Power
from ridethrough.sim.machines import GIB, Guest, SimHost, SimPool, SimVm, uuid_of
from ridethrough.sim.world import World

GUEST = 4 * GIB + 37748736  # with its overhead; xapi reckoned so (recordings/xapi 03, 14)
HOST_KEEPS = 543162368  # of 64 GiB, as compute_free_memory told (14)
LINK = 40e9  # bytes per second: a move took 0.6 s, nearly all of it overhead
_nets = itertools.count(30)

Doing = Callable[[World], None]


@dataclass(frozen=True)
class Is:
    """How a guest is when the recording begins. `moves_for`: seconds that its memory needs."""

    on: str = ""
    memory: int = GUEST
    guest: Guest = Guest.ACKNOWLEDGES
    moves_for: float = 0.05
    fails: tuple[str, ...] = ()


@dataclass(frozen=True)
class Story:
    """How to play one recording. `names`: the first letters of a reference -> what it stands for, where no record
    tells; `moving`: at which step the first letters of a task are those that move which guest; `doings`: what was done
    by hand before the step of that number; `host`: whom its notes are about."""

    file: str
    guests: Mapping[str, Is]
    master: str = "xcp1"
    host: str = "xcp2"
    hosts: tuple[str, ...] = ("xcp1", "xcp2", "xcp3")
    names: Mapping[str, str] = field(default_factory=dict)
    doings: Mapping[int, Doing] = field(default_factory=dict)
    moving: Mapping[int, tuple[str, str]] = field(default_factory=dict)
    dead_after: float = 600.0
    also: Doing = lambda world: None

    @property
    def id(self) -> str:
        """Short, for the table: 01, 19b-pypi-wire."""
        return self.file if self.file.startswith("19") else self.file[:2]

    def addresses(self) -> dict[str, str]:
        return {f"10.231.7.{10 + int(host[-1])}": host for host in self.hosts}

    def world(self) -> World:
        made, net = World(), next(_nets) % 220 + 20
        made.add_pool(SimPool("lab", self.master, dead_after=self.dead_after))
        for name in self.hosts:
            made.add_host(
                SimHost(
                    name,
                    "lab",
                    address=f"127.77.{net}.{10 + int(name[-1])}",
                    memory_total=64 * GIB,
                    dom0_memory=HOST_KEEPS,
                    link_speed=LINK,
                    boot_seconds=2.5,
                    toolstack_seconds=2.3 if name == self.master else 8.2,
                    stop_seconds=1.5,
                    power_on_mode="",
                )
            )
        for name, how in self.guests.items():
            made.add_vm(guest(name, how))
        self.also(made)
        return made


def guest(name: str, how: Is) -> SimVm:
    vm = SimVm(
        uuid_of("vm", name),
        name,
        "lab",
        memory=how.memory,
        guest=how.guest,
        stop_seconds=0.1,
        start_seconds=0.1,
        dirtying=how.moves_for * LINK / how.memory,
        power_state=Power.RUNNING if how.on else Power.HALTED,
        resident_on=how.on or None,
    )
    vm.refuses_move = how.fails
    return vm


def placed(**where: str) -> Doing:
    """Guests brought by hand to where the recording goes on: running on a host, or "" for halted."""

    def do(world: World) -> None:
        for name, host in where.items():
            vm = next(v for v in world.vms.values() if v.name == name)
            vm.power_state = Power.RUNNING if host else Power.HALTED
            vm.resident_on, vm.alive = host or None, bool(host)
            world.changed("vm", vm.ref)

    return do


def all_of(*doings: Doing) -> Doing:
    def do(world: World) -> None:
        for each in doings:
            each(world)

    return do
