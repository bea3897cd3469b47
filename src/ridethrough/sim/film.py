"""Every state that a world goes through, kept as it changes."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from ridethrough.core.model import Seconds, UpsId
from ridethrough.core.observation import Power

from .cards import SimUps
from .machines import Reach, SimHost, SimVm
from .nas import SimNas
from .own_machine import SimMachine
from .switches import SimSwitch
from .world import World

Row: TypeAlias = tuple[Any, ...]
Period: TypeAlias = tuple[Seconds, Seconds | None]

COLUMNS = {
    "upses": ("output", "card", "charge", "runtime", "load", "cut_in"),
    "hosts": ("power", "answers", "enabled", "coordinator"),
    "vms": ("host", "state", "moving_to"),
    "nas": ("power", "serves"),
    "switches": ("power", "works"),
    "machine": ("power", "runs"),  # of the controller: one row, where the site tells of it
}
SAMPLED: Seconds = 10.0  # how often charge, runtime and load are noted while nothing else of a UPS changes


@dataclass(slots=True, eq=False)
class Film:
    """The rows of what is in a world (`COLUMNS`), each with the moment since which it holds.

    Moments are seconds since the scenario's beginning, `lead_in` seconds after the world's.
    """

    lead_in: Seconds
    taken: dict[str, dict[str, list[tuple[Seconds, Row]]]] = field(
        default_factory=lambda: {table: {} for table in COLUMNS}
    )

    def of(self, world: World) -> Filmed:
        """The world, filmed from now on wherever time moves it."""
        return Filmed(world, self)

    def note(self, table: str, id: str, at: Seconds, row: Row) -> None:
        """A row as it is now; kept when it is new."""
        rows = self.taken[table].setdefault(id, [])
        if not rows or rows[-1][1] != row:
            rows.append((round(at - self.lead_in, 3), row))

    def off(self, table: str, id: str) -> list[Period]:
        """When a host's power or a UPS's output went off, and when it came back: None where it stays off. What was off
        before second 0 is left out.
        """
        found: list[Period] = []
        begun: Seconds | None = None
        for at, row in self.taken[table][id]:
            is_on = row[0] not in (False, "off")
            if is_on and begun is not None:
                found.append((begun, at))
            begun = None if is_on else at if begun is None else begun
        return [period for period in [*found, *([(begun, None)] if begun is not None else [])] if period[0] >= 0.0]

    def loses_supply(self, fed_by: tuple[UpsId, ...], needs: int, after: Seconds) -> Seconds | None:
        """The first moment from `after` on at which too few of these UPSs have an output; None when there is none."""
        off = [period for ups in fed_by for period in self.off("upses", ups)]
        for at in sorted({after, *(begun for begun, _ in off if begun > after)}):
            without = sum(begun <= at and (ended is None or ended > at) for begun, ended in off)
            if len(fed_by) - without < max(needs, 1):
                return at
        return None

    def frames(self) -> Iterator[dict[str, Any]]:
        """The state at second 0 with every row, then what changes, in the order of time."""
        changes: dict[Seconds, dict[str, dict[str, Row]]] = {0.0: {}}
        for table, ids in self.taken.items():
            for id, rows in ids.items():
                for at, row in rows:
                    frame = changes.setdefault(max(round(at, 1), 0.0), {})
                    frame.setdefault(table, {})[id] = row
        for at in sorted(changes):
            yield {"t": at, **changes[at]}


class Filmed:
    """A world whose rows are noted after each move of time; see `virtual_time.Timeline`."""

    def __init__(self, world: World, film: Film) -> None:
        self._world, self._film = world, film
        self._vms = {vm.ref: vm for vm in world.vms.values()}
        self._touched = set(self._vms)
        self._told = 0
        self._shown: dict[UpsId, tuple[Seconds, Row]] = {}
        world.on_change(self._changed)
        self._look()

    @property
    def now(self) -> Seconds:
        return self._world.now

    def next_change(self) -> Seconds | None:
        return self._world.next_change()

    def advance(self, to: Seconds) -> None:
        self._look()  # what was done at this moment, before time goes on
        self._world.advance(to)
        self._look()

    def _changed(self, kind: str, ref: str) -> None:
        if kind == "vm" and ref in self._vms:
            self._touched.add(ref)

    def _look(self) -> None:
        world, film = self._world, self._film
        for ups in world.upses.values():
            self._look_at(ups)
        for host in world.hosts.values():
            film.note("hosts", host.id, world.now, _host(world, host))
        for nas in world.nases.values():
            film.note("nas", nas.id, world.now, _nas(nas))
        for switch in world.switches.values():
            film.note("switches", switch.id, world.now, _switch(switch))
        if world.machine is not None:
            film.note("machine", world.machine.id, world.now, _machine(world.machine))
        if len(world.story) != self._told:  # a crash tells no object of its guests' end
            self._told, self._touched = len(world.story), set(self._vms)
        for ref in self._touched:
            vm = self._vms[ref]
            film.note("vms", vm.id, world.now, _vm(vm))
        self._touched = set()

    def _look_at(self, ups: SimUps) -> None:
        now = self._world.now
        kind = (_output(ups), _card(ups), ups.card.cut_at)
        at, before = self._shown.get(ups.id, (-math.inf, ()))
        if kind == before and now - at < SAMPLED:
            return
        self._shown[ups.id] = (now, kind)
        self._film.note("upses", ups.id, now, (*kind[:2], *_figures(ups, now)))


def _output(ups: SimUps) -> str:
    if not ups.output:
        return "off"
    if not ups.on_battery:
        return "utility power"
    return "low battery" if ups.low_battery else "on battery"


def _card(ups: SimUps) -> str:
    if ups.card.mute:
        return "silent"
    return "lost its UPS" if ups.card.link_lost else "answers"


def _figures(ups: SimUps, now: Seconds) -> Row:
    cut_in = ups.card.countdown_left(now)
    runtime = ups.true_runtime
    return (
        round(ups.charge, 1),
        round(runtime) if runtime is not None else None,
        round(ups.load_percent, 1),
        round(cut_in, 1) if cut_in is not None else None,
    )


def _host(world: World, host: SimHost) -> Row:
    answers = world.reach(host.id) in (Reach.COORDINATOR, Reach.MEMBER)
    return (host.power, answers, host.enabled, world.pools[host.pool].coordinator == host.id)


def _nas(nas: SimNas) -> Row:
    return (nas.power, nas.serves)


def _switch(switch: SimSwitch) -> Row:
    return (switch.power, switch.works)


def _machine(machine: SimMachine) -> Row:
    return (machine.power, machine.runs)


def _vm(vm: SimVm) -> Row:
    lost = vm.power_state in (Power.RUNNING, Power.PAUSED) and not vm.alive
    moving = vm.scheduled_to_be_resident_on
    return (
        vm.resident_on,
        "lost" if lost else str(vm.power_state),
        moving if moving and moving != vm.resident_on and not lost else None,
    )
