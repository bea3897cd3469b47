"""Everything a rule may look at: the time, the snapshot, the memory and the site."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any, TypeVar, TypeVarTuple

from .events import Event
from .fold import fold
from .memory import Memory
from .model import HostId, PoolId, Seconds, VmId
from .observation import HostSeen, PoolSeen, Power, Snapshot, VmSeen
from .policy import HostPolicy, Policy, VmPolicy, Wish
from .site import Site

RECORDS_FOLLOW: Seconds = 3.0  # what we have done is in the pool's records by then


@dataclass(frozen=True, slots=True)
class Situation:
    """One round's four values. Rules read it and return events; they keep nothing.

    What follows from the four alone is worked out once: `worked_out` holds it, and has no part in what they mean.
    """

    now: Seconds
    seen: Snapshot
    memory: Memory
    site: Site
    worked_out: dict[object, dict[Any, Any]] = field(default_factory=dict, compare=False, repr=False)

    def after(self, events: list[Event]) -> Situation:
        """The situation with these events of the same round already remembered."""
        if not events:
            return self
        memory = self.memory
        for event in events:
            memory = fold(memory, memory.position + 1, event)
        return replace(self, memory=memory, worked_out={})

    @property
    def hosts(self) -> list[HostSeen]:
        """Every host, in the order of their ids."""
        return _hosts(self)

    def guests(self, host: HostId) -> list[VmSeen]:
        """The VMs that run or are paused on a host, by name."""
        return _guests(self).get(host, [])

    def members(self, pool: PoolId) -> list[HostSeen]:
        """Every host of a pool, the coordinator among them, in the order of their ids."""
        return _members(self).get(pool, [])

    @property
    def policy(self) -> Policy:
        return self.site.policy

    @property
    def dry_run(self) -> bool:
        return not self.memory.armed

    def host_policy(self, host: HostId) -> HostPolicy:
        return self.policy.of(host)

    def vm_policy(self, vm: VmSeen) -> VmPolicy:
        """The VM's wish and tier: from site.toml by uuid or name, else from its XenServer tags.

        One that a person skips is left where it is, whatever its owner wishes.
        """
        return _vm_policy(self, vm.id, vm.name, vm.tags)

    def infrastructure_by(self, vm: VmSeen) -> str:
        """How it is known that others depend on it, in words; empty when it is not so. What its owner says wins."""
        named = self.policy.vms.get(vm.id) or self.policy.vms.get(vm.name)
        said = named if named is not None else _from_tags(vm.tags)
        if said.infrastructure is not None:
            return ("site.toml says so" if named is not None else "its tag says so") if said.infrastructure else ""
        return _recognised(self).get(vm.id, "")

    @property
    def own_vm(self) -> VmSeen | None:
        """The VM of a pool that this controller runs in, if it is one."""
        return _own_vm(self)

    def is_own(self, vm: VmSeen) -> bool:
        """Whether this controller runs in it."""
        return self.own_vm is not None and self.own_vm.id == vm.id

    @property
    def carrier(self) -> HostId | None:
        """The host on which the VM runs that this controller runs in."""
        return self.own_vm.resident_on if self.own_vm is not None else None

    def is_trusted(self, pool: PoolId) -> bool:
        """Whether the pool's records may be acted on: current, and its coordinator not just restarted.

        A restarted coordinator calls every host disabled and dead for about ten seconds, and a returning old one
        speaks with an old database for half a second (facts/xapi-lab.md, "crash").
        """
        seen = self.seen.pools.get(pool)
        if seen is None or seen.coordinator is None or seen.answered_at is None:
            return False
        if self.now - seen.answered_at > self.policy.silent_after:
            return False
        return seen.coordinator_since is None or self.now - seen.coordinator_since >= self.policy.coordinator_grace

    def is_wanted_off(self, pool: PoolId) -> bool:
        """A person wants the whole pool off: until it was, no host stays up for anybody."""
        return self.memory.pool(pool).shutdown_asked is not None

    def has_followed(self, pool: PoolId, since: Seconds) -> bool:
        """Whether the pool's records were read well after `since`: what was done then is in them."""
        seen = self.seen.pools.get(pool)
        return seen is not None and seen.answered_at is not None and seen.answered_at >= since + RECORDS_FOLLOW

    def is_coordinator(self, host: HostSeen) -> bool:
        """As seen; while nobody answers as coordinator, as it was last in this outage."""
        pool: PoolSeen | None = self.seen.pools.get(host.pool)
        return ((pool.coordinator if pool else None) or self.memory.pool(host.pool).coordinator) == host.id

    def is_coordinator_of(self, machine: str, member: HostId) -> bool:
        """Whether it is the coordinator of the pool that a host belongs to."""
        host, other = self.seen.hosts.get(machine), self.seen.hosts.get(member)
        return host is not None and other is not None and host.pool == other.pool and self.is_coordinator(host)

    def answers(self, host: HostSeen) -> bool:
        """Whether the host's toolstack answered our own probe just now."""
        return host.toolstack_at is not None and self.now - host.toolstack_at <= self.policy.target_fresh


_Args = TypeVarTuple("_Args")
_T = TypeVar("_T")


def once(rule: Callable[[Situation, *_Args], _T]) -> Callable[[Situation, *_Args], _T]:
    """A pure function of a situation, worked out once for the same arguments, which must be hashable."""

    def worked_out(s: Situation, *args: *_Args) -> _T:
        by_args = s.worked_out.get(rule)
        if by_args is None:
            by_args = s.worked_out[rule] = {}
        try:
            found: _T = by_args[args]
        except KeyError:
            found = by_args[args] = rule(s, *args)
        return found

    return worked_out


@once
def _vm_policy(s: Situation, vm: VmId, name: str, tags: frozenset[str]) -> VmPolicy:
    named = s.policy.vms.get(vm) or s.policy.vms.get(name)
    found = named if named is not None else _from_tags(tags)
    if found.infrastructure is None and vm in _recognised(s):
        found = replace(found, infrastructure=True)
    return replace(found, wish=Wish.LEAVE) if s.memory.vm(vm).skipped else found


@once
def _own_vm(s: Situation) -> VmSeen | None:
    wanted = s.site.controller.vm
    if not wanted:
        return None
    named = [vm for vm in s.seen.vms.values() if vm.name == wanted]
    return s.seen.vms.get(wanted) or (named[0] if len(named) == 1 else None)


@once
def _recognised(s: Situation) -> dict[VmId, str]:
    """The VMs that others depend on for certain, and how that is known. Names prove nothing."""
    found: dict[VmId, str] = {}
    wlb = {pool.wlb_address: pool.id for pool in s.seen.pools.values() if pool.wlb_enabled and pool.wlb_address}
    for vm in s.seen.vms.values() if wlb else ():
        if at := sorted(vm.addresses & wlb.keys()):
            found[vm.id] = f"the WLB of {wlb[at[0]]} answers at its address {at[0]}"
    if s.own_vm is not None:
        found[s.own_vm.id] = "this controller runs in it"
    return found


@once
def _guests(s: Situation) -> dict[HostId, list[VmSeen]]:
    found: dict[HostId, list[VmSeen]] = {}
    for vm in sorted(s.seen.vms.values(), key=lambda v: (v.name, v.id)):
        if vm.resident_on is not None and vm.power in (Power.RUNNING, Power.PAUSED):
            found.setdefault(vm.resident_on, []).append(vm)
    return found


@once
def _hosts(s: Situation) -> list[HostSeen]:
    return [host for _, host in sorted(s.seen.hosts.items())]


@once
def _members(s: Situation) -> dict[PoolId, list[HostSeen]]:
    found: dict[PoolId, list[HostSeen]] = {}
    for host in s.hosts:
        found.setdefault(host.pool, []).append(host)
    return found


@lru_cache(maxsize=4096)
def _from_tags(tags: frozenset[str]) -> VmPolicy:
    wish, tier = Wish.MIGRATE, VmPolicy().tier
    infrastructure: bool | None = None
    for tag in sorted(tags):
        key, _, value = (
            tag.removeprefix("ridethrough:").partition("=") if tag.startswith("ridethrough:") else ("", "", "")
        )
        if key == "tier" and value.isdecimal() and int(value) <= 9:
            tier = int(value)
        elif key == "wish" and value.replace("-", " ") in list(Wish):
            wish = Wish(value.replace("-", " "))
        elif key == "infrastructure":
            infrastructure = value.lower() not in ("no", "false")
    return VmPolicy(wish, tier, infrastructure)
