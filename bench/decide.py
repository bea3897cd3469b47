"""How long one round of `decide` takes, measured on every round of a simulated outage played by the real loop.

    python bench/decide.py [--charts FOLDER] [HOSTS ...]

Half of the hosts lose their power, are emptied, shut down, and come back. With one host there is nowhere to go.
Processor time of this thread, so that what else the machine does counts less. The same run shows how fast the simulator
is as a whole: decisions, doors and the world.
"""

from __future__ import annotations

import argparse
import gc
import time
from dataclasses import dataclass, field
from pathlib import Path

from chart import Point, save
from percentile import percentile

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
PHASES = ("calm", "on battery", "emptying", "returning")


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
        began = time.thread_time()
        decision = core.decide(now, seen, memory, site)
        seconds = time.thread_time() - began
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


def measure(hosts: int) -> tuple[dict[str, list[float]], float]:
    """Play one outage: the seconds that its rounds took, by phase, and virtual seconds for each of processor time."""
    size, timed = Size(hosts, VMS.get(hosts, 16 * hosts)), Timed()
    timeline = (Happening(0.0, "fail", {"feeder": "a"}), Happening(1500.0, "restore", {"feeder": "a"}))
    scenario = Scenario(size.site.name, "", size, timeline, 1900.0, Expectation())
    gc.collect()
    began = time.thread_time()
    play(scenario, decide=timed)
    return timed.took, (scenario.lead_in + scenario.until) / (time.thread_time() - began)


def told(rounds: list[float]) -> str:
    """Median, 95th percentile and longest, in milliseconds."""
    shown = (1000 * percentile(rounds, 50), 1000 * percentile(rounds, 95), 1000 * max(rounds))
    return " ".join(f"{value:>9.2f}" for value in shown)


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("hosts", type=int, nargs="*", default=list(VMS))
    options.add_argument("--charts", type=Path)
    given = options.parse_args()
    medians: dict[str, list[Point]] = {}
    speeds: list[Point] = []
    print("hosts    VMs  phase       rounds median ms    p95 ms    max ms")
    for hosts in given.hosts:
        took, speed = measure(hosts)
        vms = VMS.get(hosts, 16 * hosts)
        for phase in (phase for phase in PHASES if phase in took):
            print(f"{hosts:>5} {vms:>6}  {phase:<11} {len(took[phase]):>6} {told(took[phase])}")
            medians.setdefault(phase, []).append((hosts, 1000 * percentile(took[phase], 50)))
        print(f"{hosts:>5} {vms:>6}  the simulator passes {speed:.0f} virtual seconds in one of processor time")
        speeds.append((hosts, speed))
    save(given.charts, "decide", "One round of decide, median", "hosts", "milliseconds", medians)
    save(given.charts, "simulator", "Simulator", "hosts", "virtual seconds per second", {"an outage": speeds})


if __name__ == "__main__":
    main()
