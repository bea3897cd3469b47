"""Stop everything after N minutes on battery: 5, or half of what the battery promises, if that is less.

Or at low battery, should that come first. The minutes count anew when utility power has been back.
"""

from __future__ import annotations

from ridethrough.core.model import Host, HostId, Seconds
from ridethrough.sim.scenario import Scenario
from ridethrough.sim.world import World

from . import rival
from .low_battery import LowBattery

N: Seconds = 300.0


class AfterMinutes(LowBattery):
    def __init__(self, world: World, scenario: Scenario) -> None:
        super().__init__(world, scenario)
        self._since: dict[HostId, Seconds] = {}
        promised = {ups: it.runtime for ups, it in world.upses.items()}
        self._after = {
            host.id: min([N, *(0.5 * seconds for u in host.powered_by if (seconds := promised[u]) is not None)])
            for host in self.site.hosts.values()
        }

    def must_go(self, host: Host) -> bool:
        if not self.lacks_utility(host):
            self._since.pop(host.id, None)
            return False
        since = self._since.setdefault(host.id, self.now)
        return self.now - since >= self._after[host.id] or super().must_go(host)


def play(scenario: Scenario) -> World:
    return rival.play(AfterMinutes, scenario)
