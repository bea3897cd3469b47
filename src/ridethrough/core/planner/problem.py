"""The guests that must leave their hosts, the hosts that may take them, and what a plan of it is."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from ridethrough.core.model import Bytes, HostId, Seconds, VmId


@dataclass(frozen=True, slots=True)
class Guest:
    """A guest that must leave. `targets`: every host on which it could run, were there room."""

    id: VmId
    source: HostId
    memory: Bytes
    targets: tuple[HostId, ...]
    weight: int = 1  # what it is worth that it runs on
    seconds: Seconds = 0.0  # for which it has a link to itself, or the same share of it
    preferred: HostId | None = None
    groups: frozenset[str] = frozenset()  # its members would rather not share a host
    vcpus: int = 0


@dataclass(frozen=True, slots=True)
class Target:
    """A host with room for guests. `rank`: the smaller, the rather."""

    id: HostId
    free: Bytes
    rank: int = 0
    busy: Seconds = 0.0  # for which its link is taken by what is on its way there already
    groups: Mapping[str, int] = field(default_factory=dict, hash=False)  # how many of each group run here or come
    cpus: int = 0  # 0: not told
    vcpus: int = 0  # of all that runs here or comes


@dataclass(frozen=True, slots=True)
class Problem:
    """`windows`: the seconds in which the moves off a source must have ended; a source without one has time."""

    guests: tuple[Guest, ...]
    targets: tuple[Target, ...]
    windows: Mapping[HostId, Seconds] = field(default_factory=dict)

    def __hash__(self) -> int:
        return hash((self.guests, self.targets, *sorted(self.windows.items())))

    def window(self, source: HostId) -> Seconds:
        return self.windows.get(source, math.inf)


@dataclass(frozen=True, slots=True)
class Plan:
    """Where each guest goes. Those in `late` have a place too, and no time that one could count on."""

    places: Mapping[VmId, HostId]
    late: frozenset[VmId] = frozenset()
