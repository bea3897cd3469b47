"""How long one round of `decide` takes, measured on every round of a simulated outage played by the real loop.

    python bench/decide.py [HOSTS ...]

Half of the hosts lose their power, are emptied, shut down, and come back. With one host there is nowhere to go.
"""

from __future__ import annotations

import gc
import statistics
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass, field

from ridethrough.core import decide as core
from ridethrough.core.decide import Decision
from ridethrough.core.memory import Memory
from ridethrough.core.model import Host, Pool, Seconds, Ups
from ridethrough.core.observation import Snapshot
from ridethrough.core.policy import HostPolicy, Policy, Timer
from ridethrough.core.site import Site
from ridethrough.sim.battery import Battery
from ridethrough.sim.cards import SimCard, SimUps
from ridethrough.sim.machines import GIB, SimHost, SimPool, SimSr, SimVm, uuid_of
from ridethrough.sim.scenario import Expectation, Scenario, play
from ridethrough.sim.timeline import Happening
from ridethrough.sim.world import World

VMS = {1: 15, 16: 250, 64: 1000}
HOSTS_A_UPS = 4


@dataclass(frozen=True, slots=True)
class Size:
    """A site of `hosts` hosts in one pool; each UPS feeds four. Even UPSs hang on feeder a, odd ones on b."""

    hosts: int
    vms: int

    @property
    def upses(self) -> list[str]:
        return [f"ups{n:02}" for n in range(max(2, self.hosts // HOSTS_A_UPS))]

    def ups_of(self, n: int) -> str:
        return self.upses[n // HOSTS_A_UPS]

    @property
    def site(self) -> Site:
        on = HostPolicy(Timer(True, 60.0), Timer(True, 900.0))
        names = [f"host{n:02}" for n in range(self.hosts)]
        return Site(
            f"{self.hosts} hosts",
            {u: Ups(u) for u in self.upses},
            {"pool": Pool("pool")},
            {name: Host(name, "pool", (self.ups_of(n),), switch="sw") for n, name in enumerate(names)},
            Policy(hosts=dict.fromkeys(names, on), controller="bench"),
        )

    def build(self) -> World:
        world = World()
        for n, ups in enumerate(self.upses):
            card = SimCard(warning_period=1500, shutdown_delay=300)
            world.add_ups(SimUps(ups, "ab"[n % 2], Battery.full(2000), card, rated_watts=5000))
        world.add_pool(SimPool("pool", f"host{self.hosts - 1:02}"))
        nas = uuid_of("storage", "nas")
        world.add_storage(SimSr(nas, "nas"))
        for n in range(self.hosts):
            fed = (self.ups_of(n),)
            world.add_host(
                SimHost(f"host{n:02}", "pool", f"192.0.2.{n}", fed_by=fed, storage={nas}, memory_total=256 * GIB)
            )
        for n in range(self.vms):
            name = f"vm{n:04}"
            at = f"host{n % self.hosts:02}"
            world.add_vm(
                SimVm(uuid_of("vm", name), name, "pool", memory=2 * GIB, storage=frozenset({nas}), resident_on=at)
            )
        return world


@dataclass(slots=True)
class Timed:
    """`decide`, with how long each round took, by what the round was about."""

    took: dict[str, list[float]] = field(default_factory=dict)

    def __call__(self, now: Seconds, seen: Snapshot, memory: Memory, site: Site) -> Decision:
        began = time.perf_counter()
        decision = core.decide(now, seen, memory, site)
        seconds = time.perf_counter() - began
        self.took.setdefault(about(memory), []).append(seconds)
        return decision


def about(memory: Memory) -> str:
    """The phase that a round belongs to."""
    if any(h.evacuation is not None and not h.emptied for h in memory.hosts.values()):
        return "emptying"
    if any(u.on_battery_since is not None for u in memory.upses.values()):
        return "on battery"
    if any(h.evacuation is not None or h.shut_down_at is not None for h in memory.hosts.values()):
        return "returning"
    return "calm"


def measure(hosts: int) -> None:
    """Play one outage and print what its rounds took."""
    size, timed = Size(hosts, VMS.get(hosts, 16 * hosts)), Timed()
    timeline = (Happening(0.0, "fail", {"feeder": "a"}), Happening(1500.0, "restore", {"feeder": "a"}))
    gc.collect()
    play(Scenario(size.site.name, "", size, timeline, 1900.0, Expectation()), decide=timed)
    for phase in ("calm", "on battery", "emptying", "returning"):
        if rounds := timed.took.get(phase):
            print(f"{hosts:>5} {size.vms:>6}  {phase:<11} {len(rounds):>6} {told(rounds)}")


def told(rounds: list[float]) -> str:
    """Median, 95th percentile and longest, in milliseconds."""
    ordered = sorted(rounds)
    p95 = ordered[int(0.95 * (len(ordered) - 1))]
    return f"{1000 * statistics.median(ordered):>9.2f} {1000 * p95:>9.2f} {1000 * ordered[-1]:>9.2f}"


def main(sizes: Iterable[int]) -> None:
    print("hosts    VMs  phase       rounds median ms    p95 ms    max ms")
    for hosts in sizes:
        measure(hosts)


if __name__ == "__main__":
    main([int(word) for word in sys.argv[1:]] or VMS)
