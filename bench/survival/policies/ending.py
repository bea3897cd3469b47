"""When a run is over: power is back, and so is everything else."""

from __future__ import annotations

from ridethrough.core.model import Seconds
from ridethrough.sim.scenario import Scenario
from ridethrough.sim.world import World

SETTLED: Seconds = 60.0  # after the last thing that was to happen


def is_over(scenario: Scenario, world: World) -> bool:
    """Nothing will happen any more that a score depends on."""
    last = scenario.timeline[-1].at if scenario.timeline else 0.0
    if world.now < scenario.lead_in + last + SETTLED or world.at_work:
        return False
    return all(host.power and host.enabled for host in world.hosts.values()) and all(
        v.alive for v in world.vms.values()
    )
