"""How much longer a UPS would carry its load if a tier of VMs were stopped.

A UPS measures its load as a whole, and nobody measures what one VM draws. So the load is parted: every host of
site.toml on the UPS draws the same (a NAS or SAN a fifth of that), and a share of what a host draws, `GUEST_SHARE`, is
due to its VMs, by their memory. Runtime grows as load falls, in proportion; a battery under less load gives a little
more than that. Where the UPS tells no load or no runtime nothing is reckoned.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from .model import HostId, Seconds, UpsId, VmId
from .observation import VmSeen
from .situation import Situation
from .timetable import timers

GUEST_SHARE = 0.3  # of what a host draws: servers that do nothing draw about two thirds of what they do at work
STORAGE_WEIGHT = 0.2  # a NAS or SAN against a host


@dataclass(frozen=True, slots=True)
class Gain:
    """What stopping a tier gains at one UPS. `seconds`: by this tier alone; `together`: with every tier that goes
    before it. None where it cannot be known; `why` says why, or what limits it.
    """

    ups: UpsId
    seconds: Seconds | None
    together: Seconds | None
    why: str = ""


@dataclass(frozen=True, slots=True)
class TierGain:
    """A tier, the VMs of it on hosts that these UPSs feed, and what stopping them gains at each."""

    tier: int
    vms: tuple[VmId, ...]
    gains: tuple[Gain, ...]


def tier_gains(s: Situation, lost: Collection[UpsId]) -> tuple[TierGain, ...]:
    """For UPSs that lose utility power: each tier with VMs on their hosts, the one that goes first standing first."""
    upses = [ups for ups in sorted(lost) if _fed(s, ups)]
    on_them = sorted({host for ups in upses for host in _fed(s, ups)})
    vms = [vm for host in on_them for vm in s.guests(host)]
    tiers = sorted({s.vm_policy(vm).tier for vm in vms}, reverse=True)
    return tuple(
        TierGain(
            tier,
            tuple(vm.id for vm in vms if s.vm_policy(vm).tier == tier),
            tuple(_gain(s, ups, tier) for ups in upses),
        )
        for tier in tiers
    )


def _fed(s: Situation, ups: UpsId) -> list[HostId]:
    return sorted(host.id for host in s.site.hosts.values() if ups in host.powered_by and host.id in s.seen.hosts)


def _gain(s: Situation, ups: UpsId, tier: int) -> Gain:
    seen = s.seen.upses.get(ups)
    reading = seen.reading if seen else None
    if reading is None or reading.runtime is None:
        return Gain(ups, None, None, f"{ups} tells no runtime")
    if not reading.load:
        return Gain(ups, None, None, f"{ups} tells no load")
    cut = timers(ups, s.site, s.seen).off_after
    alone, together = (
        _longer(reading.runtime, _share(s, ups, tiers), cut) for tiers in (range(tier, tier + 1), range(tier, 10))
    )
    limited = cut is not None and cut < reading.runtime / (1.0 - _share(s, ups, range(tier, 10)))
    return Gain(ups, alone, together, f"its card cuts the output after {cut:g} s all the same" if limited else "")


def _longer(runtime: Seconds, share: float, cut: Seconds | None) -> Seconds:
    """How much longer the output holds without this share of the load; a card's own cut comes when it comes."""
    limit = cut if cut is not None else float("inf")
    return round(min(runtime / (1.0 - share), limit) - min(runtime, limit), 1)


def _share(s: Situation, ups: UpsId, tiers: Collection[int]) -> float:
    """The share of a UPS's load that the VMs of these tiers cause."""
    hosts = {host: 1.0 / len(s.site.hosts[host].powered_by) for host in _fed(s, ups)}
    stores = [STORAGE_WEIGHT / len(it.powered_by) for it in s.site.storages.values() if ups in it.powered_by]
    theirs = sum(weight * GUEST_SHARE * _part(s, s.guests(host), tiers) for host, weight in hosts.items())
    return theirs / (sum(hosts.values()) + sum(stores))


def _part(s: Situation, guests: list[VmSeen], tiers: Collection[int]) -> float:
    """What part of these VMs is of these tiers, by memory."""
    whole = sum(vm.memory for vm in guests)
    return sum(vm.memory for vm in guests if s.vm_policy(vm).tier in tiers) / whole if whole else 0.0


def assumed() -> Iterator[str]:
    """What is assumed for it, in words."""
    yield (
        f"minutes gained by a tier: all hosts on a UPS draw the same, {GUEST_SHARE:.0%} of it for their VMs by memory; "
        "runtime grows as the load falls"
    )
