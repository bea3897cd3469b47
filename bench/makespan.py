"""How long an evacuation takes on the simulator's links, against the least that any order of its moves could take."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from ridethrough.core.model import HostId, Seconds, VmId
from ridethrough.core.observation import VmSeen
from ridethrough.sim.agenda import Agenda, Steps
from ridethrough.sim.migration import Links
from ridethrough.sim.vm_calls import MIGRATE_AFTER, MIGRATE_BEFORE


def played(moves: Sequence[tuple[VmSeen, HostId]], link: float, parallel: int) -> Seconds:
    """Begun in this order, at most `parallel` at once off a host and to one, as `evacuation` begins them."""
    agenda = Agenda()
    hosts = {vm.resident_on or "" for vm, _ in moves} | {target for _, target in moves}
    links = Links(agenda, dict.fromkeys(hosts, link))
    waiting = list(moves)
    out: Counter[HostId] = Counter()
    into: Counter[HostId] = Counter()

    def begin() -> None:
        for vm, target in list(waiting):
            source = vm.resident_on or ""
            if out[source] < parallel and into[target] < parallel:
                out[source] += 1
                into[target] += 1
                waiting.remove((vm, target))
                agenda.run(steps(vm.id, source, target, vm.memory))

    def steps(vm: VmId, source: HostId, target: HostId, size: int) -> Steps:
        yield MIGRATE_BEFORE
        yield links.send(vm, source, target, size).done
        yield MIGRATE_AFTER
        out[source] -= 1
        into[target] -= 1
        begin()

    begin()
    while (when := agenda.next()) is not None:
        agenda.advance(when)
    return agenda.now


def least(moves: Sequence[tuple[VmSeen, HostId]], link: float) -> Seconds:
    """The longest time that one link needs for what must pass it."""
    taken: Counter[tuple[str, HostId]] = Counter()
    for vm, target in moves:
        taken["out", vm.resident_on or ""] += vm.memory
        taken["into", target] += vm.memory
    return max(taken.values(), default=0) / link


def least_of_any(moves: Sequence[tuple[VmSeen, HostId]], link: float, targets: int) -> Seconds:
    """The same for any choice of targets: the fullest source, or all bytes over all the targets' links."""
    out: Counter[HostId] = Counter()
    for vm, _ in moves:
        out[vm.resident_on or ""] += vm.memory
    return max(max(out.values(), default=0), sum(out.values()) / max(targets, 1)) / link
