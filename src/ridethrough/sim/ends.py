"""What became of each host and each VM in a run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ridethrough.core.actions import ForceStopVm, MoveVm, StopVm
from ridethrough.core.events import ActionFinished
from ridethrough.core.model import HostId, Seconds, VmId
from ridethrough.core.observation import Power

from .film import Film
from .machines import SimHost, SimVm
from .scenario import Run


def hosts(run: Run, film: Film) -> list[dict[str, Any]]:
    """Each host's end: up, off or crashed. `at` is when it went off for good, None when it is up or was off before.

    `off`: each time without power, from and to. `supply_ends_at` is when its UPSs' outputs are off, `margin` how long
    before that it was down by itself: the shortest, None when that does not happen.
    """
    return [_host(run, film, host) for _, host in sorted(run.world.hosts.items())]


def vms(run: Run, film: Film) -> list[dict[str, Any]]:
    """Each VM's end: stays, moves, shut down or lost. `host` is where it then runs, `at` when it got there or ended."""
    in_order = sorted(run.world.vms.values(), key=lambda v: (v.name, v.id))
    done = _done(run, film)
    return [_vm(run, film, vm, done) for vm in in_order]


def _host(run: Run, film: Film, host: SimHost) -> dict[str, Any]:
    off = film.off("hosts", host.id)
    crashed = host.id in run.world.crashed
    ends = [(begun, film.loses_supply(host.fed_by, host.needs, begun)) for begun, _ in off] if host.fed_by else []
    margins = [end - begun for begun, end in ends if end is not None]
    return {
        "id": host.id,
        "end": "crashed" if crashed else "up" if host.power else "off",
        "at": off[-1][0] if off and not host.power else None,
        "off": [list(period) for period in off],
        "supply_ends_at": ends[-1][1] if ends else None,
        "margin": round(min(margins), 1) if margins and not crashed else None,
    }


def _vm(run: Run, film: Film, vm: SimVm, done: Mapping[tuple[str, VmId], Seconds]) -> dict[str, Any]:
    before, state, _ = film.taken["vms"][vm.id][0][1]
    row: dict[str, Any] = {
        "id": vm.id,
        "name": vm.name,
        "from": before,
        "end": "stays",
        "host": vm.resident_on,
        "at": None,
    }
    if vm.name in run.world.lost:
        return row | {"end": "lost", "host": None, "at": _went(film, before)}
    if vm.power_state is not Power.RUNNING and state != vm.power_state:
        ended = [at for kind in ("stop", "force") if (at := done.get((kind, vm.id))) is not None]
        return row | {"end": "shut down", "host": None, "at": max(ended, default=None)}
    if vm.resident_on != before:
        return row | {"end": "moves", "at": done.get(("move", vm.id))}
    return row


def _went(film: Film, host: HostId | None) -> Seconds | None:
    off = film.off("hosts", host) if host is not None else []
    return off[-1][0] if off else None


def _done(run: Run, film: Film) -> dict[tuple[str, VmId], Seconds]:
    """When the last action of each kind on each VM was done."""
    found: dict[tuple[str, VmId], Seconds] = {}
    for event in run.journal.entries:
        if isinstance(event, ActionFinished) and event.error is None:
            match event.action:
                case MoveVm(vm=vm):
                    found["move", vm] = event.at - film.lead_in
                case StopVm(vm=vm):
                    found["stop", vm] = event.at - film.lead_in
                case ForceStopVm(vm=vm):
                    found["force", vm] = event.at - film.lead_in
    return found
