"""How long each thing is expected to take, by what the journal has of its past."""

from __future__ import annotations

from .learned import GIB, Durations
from .model import HostId, PoolId, Seconds, VmId
from .observation import VmSeen
from .situation import Situation, once


@once
def durations(s: Situation) -> Durations:
    """What is known now."""
    return Durations(s.policy, s.memory.learned)


def stop_time(s: Situation, vm: VmSeen) -> Seconds:
    """Of a guest's clean stop."""
    return durations(s).stop(vm.id, vm.pool)


def longest_stop(s: Situation, vm: VmSeen) -> Seconds:
    """How long a guest gets for a clean stop when nothing presses."""
    return durations(s).longest_stop(vm.id, vm.pool)


def sending_time(s: Situation, vm: VmSeen) -> Seconds:
    """To send a VM's memory over a link that it has for itself."""
    return vm.memory / GIB * _per_gib(s, vm.id, vm.pool, vm.resident_on)


@once
def _per_gib(s: Situation, vm: VmId, pool: PoolId, host: HostId | None) -> Seconds:
    return durations(s).per_gib(vm, pool, host)


def move_time(s: Situation, vm: VmSeen) -> Seconds:
    """Of a VM's move, alone on its link."""
    return sending_time(s, vm) + s.policy.move_overhead


def arriving_time(s: Situation, vm: VmSeen, target: HostId) -> Seconds:
    """For a target's link to take a VM's memory in."""
    return vm.memory / GIB * durations(s).link_in(target, vm.pool)


def start_time(s: Situation, vm: VmSeen) -> Seconds:
    """Of a guest's start, until it runs."""
    return durations(s).start(vm.id, vm.pool)


def host_stop(s: Situation, host: HostId) -> Seconds:
    """Of an empty host, from the order until it is off."""
    return durations(s).host_stop(host)


def boot_time(s: Situation, host: HostId) -> Seconds:
    """Of a host, from its supply or the order to start until its pool has it back."""
    return durations(s).boot(host)
