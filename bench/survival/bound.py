"""What even somebody who knows everything in advance must lose: a lower bound of the score of any policy.

Clairvoyant and free: VMs move in no time, hosts boot in no time, and a battery's energy may be spent on any of the
hosts that it feeds, at any time. Only what holds all the same is counted:

- Hosts draw what they draw. Utility power and batteries, the truth of them, carry so many host-seconds until power is
  back for good, and a card's own cut ends its battery; in each moment that many hosts hold no more than their memory.
  The best that can be held is the fullest by weight of tiers, and no schedule beats running as equal a number of hosts
  as can be at all times: what they hold grows ever slower with their number. What is not held is down.
- A VM that is tied to its host, by its disk or a device, runs as long as its host can, if all that its UPSs have is
  spent on that one.
- A VM that can be neither moved nor stopped cleanly is stopped hard when its host cannot run through.
- A VM with its disk on a storage runs no longer than that can, if all that its UPSs have is spent on it.
- A VM whose host cannot run through must move or be down.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ridethrough.core.model import HostId, Seconds, UpsId

from .score import HARD_STOPPED, MOVED, Periods, weight


@dataclass(frozen=True, slots=True)
class Battery:
    """What a UPS truly has. `cut_after`: seconds without utility power after which its card cuts the output."""

    energy: float  # joules
    charger: float  # watts
    cut_after: Seconds | None


@dataclass(frozen=True, slots=True)
class Machine:
    """A host, or a storage, which has no memory for VMs."""

    feeds: tuple[UpsId, ...]
    needs: int
    watts: float
    memory: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Guest:
    """`tied` to its host, running or not, by its disk or a device. `can_stop`: cleanly."""

    host: HostId
    tier: int
    memory: float
    tied: bool
    can_move: bool
    can_stop: bool
    storage: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Outage:
    """Everything that there is to know. `without_power` lies within `begins` and `ends`."""

    begins: Seconds
    ends: Seconds
    without_power: Mapping[UpsId, Periods]
    batteries: Mapping[UpsId, Battery]
    hosts: Mapping[HostId, Machine]
    storages: Mapping[str, Machine]
    guests: Sequence[Guest]

    @property
    def seconds(self) -> Seconds:
        return self.ends - self.begins


def bound(outage: Outage) -> float:
    """The least score that any policy can have in this outage."""
    if outage.seconds <= 0:
        return 0.0
    hosts = {name: _longest(outage, host) for name, host in outage.hosts.items()}
    storages = {name: _longest(outage, box) for name, box in outage.storages.items()}
    disks = {guest: min([storages[box] for box in guest.storage], default=outage.seconds) for guest in outage.guests}
    tied = [guest for guest in outage.guests if guest.tied]
    free = [guest for guest in outage.guests if not guest.tied]
    short = [guest for guest in free if disks[guest] < outage.seconds]
    long = [guest for guest in free if disks[guest] >= outage.seconds]
    down = sum(_minutes(outage, guest, min(hosts[guest.host], disks[guest])) for guest in tied)
    without = sum(_minutes(outage, guest, disks[guest]) for guest in short) + _down(outage, long)
    moved = sum(_moved(outage, guest, hosts[guest.host]) for guest in free if guest.can_move)
    hard = sum(HARD_STOPPED for guest in outage.guests if _ends_hard(outage, guest, hosts[guest.host], disks[guest]))
    return down + max(_down(outage, free), without, moved) + hard


def _minutes(outage: Outage, guest: Guest, longest: Seconds) -> float:
    """What it costs that this one cannot run longer."""
    return max(outage.seconds - longest, 0.0) / 60.0 * weight(guest.tier)


def _ends_hard(outage: Outage, guest: Guest, host: Seconds, disk: Seconds) -> bool:
    """It must stop where it is, and cannot be asked to. It may start again elsewhere, if it is not tied."""
    stays = guest.tied or not guest.can_move
    return not guest.can_stop and ((stays and host < outage.seconds) or disk < outage.seconds)


def _moved(outage: Outage, guest: Guest, longest: Seconds) -> float:
    """It moves, or is down for as long as its host is."""
    return min(MOVED, _minutes(outage, guest, longest))


def _down(outage: Outage, guests: Sequence[Guest]) -> float:
    """Weighed minutes that do not fit into what the hosts can hold."""
    memory = max((host.memory for host in outage.hosts.values()), default=0.0)
    hosts = _host_seconds(outage) / outage.seconds
    whole = math.floor(hosts)
    less, more = _fullest(guests, memory * whole), _fullest(guests, memory * (whole + 1))
    held = less + (hosts - whole) * (more - less)
    return (sum(weight(guest.tier) for guest in guests) - held) * outage.seconds / 60.0


def _fullest(guests: Iterable[Guest], room: float) -> float:
    """The most weight of VMs, parts of them allowed, that fits into so much memory."""
    held = 0.0
    if room <= 0:
        return 0.0
    for guest in sorted(guests, key=lambda g: -weight(g.tier) / g.memory):
        part = min(1.0, room / guest.memory)
        held += part * weight(guest.tier)
        room -= part * guest.memory
        if room <= 0:
            break
    return held


# --- power


def _host_seconds(outage: Outage) -> Seconds:
    """How long all hosts together can run from the outage's beginning to its end."""
    supplied = sum(_on_utility(outage, host) for host in outage.hosts.values())
    lacking = len(outage.hosts) * outage.seconds - supplied
    return supplied + min(lacking, sum(_from_battery(outage, ups) for ups in outage.batteries))


def _from_battery(outage: Outage, ups: UpsId) -> Seconds:
    """Host-seconds that a UPS gives while it is on battery."""
    fed = [host for host in outage.hosts.values() if ups in host.feeds]
    if not fed:
        return 0.0
    seconds = _joules(outage, ups) / min(host.watts for host in fed)
    return min(seconds, len(fed) * _on_battery(outage, ups))


def _joules(outage: Outage, ups: UpsId) -> float:
    """What its battery holds, and is given again while utility power is there."""
    battery = outage.batteries[ups]
    off = sum(end - begin for begin, end in outage.without_power.get(ups, ()))
    return battery.energy + battery.charger * max(outage.seconds - off, 0.0)


def _on_battery(outage: Outage, ups: UpsId) -> Seconds:
    """Seconds without utility power in which its output may be on."""
    cut = outage.batteries[ups].cut_after
    spans = [end - begin for begin, end in outage.without_power.get(ups, ())]
    return sum(spans if cut is None else (min(span, cut) for span in spans))


def _on_utility(outage: Outage, host: Machine) -> Seconds:
    """Seconds in which enough of its feeds have utility power."""
    moments = {outage.begins, outage.ends}
    for ups in host.feeds:
        for period in outage.without_power.get(ups, ()):
            moments |= set(period)
    steps = sorted(moment for moment in moments if outage.begins <= moment <= outage.ends)
    pairs = itertools.pairwise(steps)
    return sum(end - begin for begin, end in pairs if _good(outage, host, begin) >= host.needs)


def _good(outage: Outage, host: Machine, at: Seconds) -> int:
    def is_off(ups: UpsId) -> bool:
        return any(begin <= at < end for begin, end in outage.without_power.get(ups, ()))

    return sum(not is_off(ups) for ups in host.feeds)


def _longest(outage: Outage, host: Machine) -> Seconds:
    """How long this machine can run, if everything that its UPSs have is spent on it alone."""
    supplied = _on_utility(outage, host)
    battery = sum(min(_joules(outage, ups) / host.watts, _on_battery(outage, ups)) for ups in host.feeds)
    return min(supplied + battery, outage.seconds)
