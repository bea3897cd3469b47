"""Random pools in the middle of an outage: some hosts have lost their power and must be emptied.

The same seed makes the same pool, for ever: figures that are compared were made of the same pools.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass, replace

from ridethrough.core import events as e
from ridethrough.core.actions import MoveVm
from ridethrough.core.fold import fold_all
from ridethrough.core.memory import Memory
from ridethrough.core.model import Host, HostId, Pool, Ups
from ridethrough.core.observation import Cpu, HostSeen, PoolSeen, Snapshot, Source, UpsReading, UpsSeen, VmSeen
from ridethrough.core.policy import HostPolicy, Policy, Timer, VmPolicy
from ridethrough.core.site import Site
from ridethrough.core.situation import Situation

GIB = 2**30
NOW = 100.0
BEGUN = 95.0
LONG = 1e6  # seconds of runtime where nothing presses
BOUND_TO_ITS_HOST = (
    "a PCI device of its host is passed through to it",
    "it uses a virtual GPU",
    "a USB device of its host is passed through to it",
    "it uses a port of its host's network card (SR-IOV)",
    "it has a disk on the local storage of its host",
    "it uses nested virtualisation",
    "its owner has blocked its migration (blocked_operations pool_migrate)",
    "the guest has no tools that allow it (VM_LACKS_FEATURE)",
)


@dataclass(frozen=True, slots=True)
class Instance:
    """A situation, the hosts that must be emptied in it, and the speed of each host's link in bytes a second."""

    seed: int
    situation: Situation
    failing: tuple[HostId, ...]
    link: float

    @property
    def name(self) -> str:
        seen = self.situation.seen
        return f"seed {self.seed}: {len(seen.hosts)} hosts, {len(seen.vms)} VMs, {len(self.failing)} failing"


def instance(seed: int, most_hosts: int = 64) -> Instance:
    """A random pool of up to so many hosts, and up to 1,000 VMs."""
    return _Draw(random.Random(f"pool {seed}"), seed, most_hosts).instance()


class _Draw:
    """One pool being drawn. Nothing here looks at how a plan is made."""

    def __init__(self, chance: random.Random, seed: int, most_hosts: int) -> None:
        self.chance, self.seed = chance, seed
        self.count = round(math.exp(chance.uniform(math.log(2), math.log(most_hosts))))
        self.link = chance.choice((100e6, 100e6, 1000e6))
        self.hosts = [f"h{n:02}" for n in range(self.count)]
        share = chance.choice((0.25, 0.25, 0.5, 0.6))
        self.failing = sorted(chance.sample(self.hosts, max(1, min(self.count - 1, round(share * self.count)))))

    def instance(self) -> Instance:
        chance = self.chance
        hosts = self._hosts()
        vms, tiers = self._vms(hosts)
        moves = self._in_flight(hosts, vms)
        hosts = {h: self._filled(seen, vms) for h, seen in hosts.items()}
        hosts, vms = self._with_cpus(hosts, vms, moves)
        pressed = chance.random() < 0.4
        upses = {h: Ups(f"ups-{h}") for h in self.hosts}
        on = HostPolicy(Timer(True, 60.0), Timer(True, LONG))
        site = Site(
            f"pool {self.seed}",
            {u.id: u for u in upses.values()},
            {"pool": Pool("pool")},
            {h: Host(h, "pool", (upses[h].id,)) for h in self.hosts},
            Policy(dict.fromkeys(self.hosts, on), tiers, link_speed=self.link, controller="me"),
        )
        events: list[e.Event] = [e.Armed(0.0, "owner"), *(e.UpsKnown(0.0, u.id) for u in upses.values())]
        for h in self.failing:
            window = chance.uniform(20.0, 600.0) if pressed else LONG
            off_at = NOW + window + Policy().host_stop + Policy().reserve
            events.append(e.UtilityLost(30.0, upses[h].id, 30.0, 28.0, None, off_at, LONG, 100.0, 10.0, "two polls"))
            events.append(e.EvacuationBegun(BEGUN, h, "its UPS is on battery"))
        events += [e.ActionStarted(BEGUN, move) for move in moves]
        seen = Snapshot(
            {u.id: self._card(h) for h, u in upses.items()},
            {"pool": PoolSeen("pool", self.hosts[0], NOW, NOW - 1000.0, claim="me")},
            hosts,
            vms,
        )
        memory = fold_all(Memory(), enumerate(events, start=1))
        return Instance(self.seed, Situation(NOW, seen, memory, site), tuple(self.failing), self.link)

    def _card(self, host: HostId) -> UpsSeen:
        source = Source.BATTERY if host in self.failing else Source.UTILITY
        return UpsSeen(UpsReading(NOW, source, runtime=LONG), UpsReading(NOW - 2.0, source, runtime=LONG))

    def _hosts(self) -> dict[HostId, HostSeen]:
        chance = self.chance
        sizes = chance.choice(((64,), (128,), (256,), (64, 128), (128, 256, 512)))
        stores = {"all": 1.0} | {f"part{n}": chance.uniform(0.3, 0.9) for n in range(chance.randint(0, 3))}
        networks = {"lan": 1.0} | {f"vlan{n}": chance.uniform(0.6, 1.0) for n in range(chance.randint(0, 4))}
        two_generations = chance.random() < 0.25
        found: dict[HostId, HostSeen] = {}
        for h in self.hosts:
            old = two_generations and chance.random() < 0.4
            found[h] = HostSeen(
                h,
                "pool",
                uuid=f"uuid-{h}",
                name=h,
                toolstack_at=NOW,
                network_at=NOW,
                answers_since=0.0,
                enabled=h not in self.failing,
                memory_total=chance.choice(sizes) * GIB,
                storage=frozenset(s for s, share in stores.items() if chance.random() < share),
                networks=frozenset(n for n, share in networks.items() if chance.random() < share),
                cpu=Cpu("GenuineIntel", 0b0111 if old else 0b1111),
            )
        return found

    def _vms(self, hosts: dict[HostId, HostSeen]) -> tuple[dict[str, VmSeen], dict[str, VmPolicy]]:
        """Each host is filled to its share with guests of log-normal sizes."""
        chance = self.chance
        fill = chance.uniform(0.4, 0.85)
        most = 1000 // self.count
        middle = chance.choice((2.0, 4.0, 8.0))
        vms: dict[str, VmSeen] = {}
        tiers: dict[str, VmPolicy] = {}
        groups = [f"group{n}" for n in range(chance.randint(0, 2 * self.count))]
        for host in hosts.values():
            left = round(host.memory_total * fill * chance.uniform(0.8, 1.1)) - 4 * GIB
            for _ in range(most):
                size = round(min(max(chance.lognormvariate(math.log(middle), 0.9), 0.5), 96.0) * 4) * GIB // 4
                if size > left:
                    break
                left -= size
                vm = self._vm(f"vm{len(vms):04}", host, size, groups)
                vms[vm.id] = vm
                tiers[vm.id] = VmPolicy(tier=chance.choice((0, 1, 2, 3, 4, 5, 5, 5, 6, 7, 8, 9)))
                if chance.random() < 0.01:
                    tiers[vm.id] = VmPolicy(tier=tiers[vm.id].tier, infrastructure=True)
        return vms, tiers

    def _vm(self, name: str, host: HostSeen, size: int, groups: list[str]) -> VmSeen:
        chance = self.chance
        # Most are on the storage and the network that everybody has.
        storage = {"all"} if chance.random() < 0.7 else {chance.choice(sorted(host.storage))}
        networks = {"lan"} | ({chance.choice(sorted(host.networks))} if chance.random() < 0.5 else set())
        return VmSeen(
            name,
            name,
            "pool",
            resident_on=host.id,
            memory=size,
            storage=frozenset(storage),
            networks=frozenset(networks),
            cpu=Cpu("GenuineIntel", host.cpu.features if host.cpu and chance.random() < 0.5 else 0b0111),
            immovable=chance.choice(BOUND_TO_ITS_HOST) if chance.random() < 0.06 else "",
            affinity=chance.choice(self.hosts) if chance.random() < 0.2 else None,
            groups=frozenset({chance.choice(groups)}) if groups and chance.random() < 0.2 else frozenset(),
        )

    def _in_flight(self, hosts: dict[HostId, HostSeen], vms: dict[str, VmSeen]) -> list[MoveVm]:
        """Up to three moves off each failing host run already; half of them the records do not show yet."""
        chance = self.chance
        free = {h: self._filled(seen, vms).memory_free for h, seen in hosts.items() if h not in self.failing}
        asked: list[MoveVm] = []
        for h in self.failing if chance.random() < 0.5 else ():
            movable = [v for v in vms.values() if v.resident_on == h and not v.immovable]
            for vm in chance.sample(movable, min(len(movable), chance.randint(0, 3))):
                able = [
                    t
                    for t in sorted(free)
                    if free[t] >= vm.memory and vm.storage <= hosts[t].storage and vm.networks <= hosts[t].networks
                ]
                if not able:
                    continue
                target = chance.choice(able)
                free[target] -= vm.memory
                if chance.random() < 0.5:
                    vms[vm.id] = _moving(vm, target)
                else:
                    asked.append(MoveVm(vm.id, vm.name, "pool", h, target, "why", 600.0))
        return asked

    def _with_cpus(
        self, hosts: dict[HostId, HostSeen], vms: dict[str, VmSeen], moves: list[MoveVm]
    ) -> tuple[dict[HostId, HostSeen], dict[str, VmSeen]]:
        """CPUs by dice of their own, so that the rest of a pool is as it was before there were any.

        No VM has more vCPUs than the host that it is on, or is on its way to, has CPUs. In a third of the pools some
        hosts have few, and few VMs have many.
        """
        chance = random.Random(f"cpus of pool {self.seed}")
        many = chance.choice((24, 32, 64, 96))
        few = chance.choice((4, 8, 12)) if chance.random() < 0.35 else many
        with_cpus = {h: replace(seen, cpus=few if chance.random() < 0.3 else many) for h, seen in sorted(hosts.items())}
        asked = {a.vm: a.host for a in moves}
        with_vcpus: dict[str, VmSeen] = {}
        for vm in vms.values():
            wanted = chance.choice((1, 2, 2, 2, 4, 4, 8)) if chance.random() < 0.95 else 16
            at = {vm.resident_on, vm.moving_to, asked.get(vm.id)}
            with_vcpus[vm.id] = replace(vm, vcpus=min([wanted, *(with_cpus[h].cpus for h in at if h)]))
        return with_cpus, with_vcpus

    def _filled(self, host: HostSeen, vms: dict[str, VmSeen]) -> HostSeen:
        used = sum(v.memory for v in vms.values() if v.resident_on == host.id)
        return _with_free(host, host.memory_total - 4 * GIB - used)


def _moving(vm: VmSeen, target: HostId) -> VmSeen:
    return replace(vm, moving_to=target, busy=frozenset({"pool_migrate"}))


def _with_free(host: HostSeen, free: int) -> HostSeen:
    return replace(host, memory_free=max(free, 0))
