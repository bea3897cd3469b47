"""Stop everything at low battery: NUT's upsmon as it comes.

A UPS on battery with a low battery is critical; so is one whose card has been silent for DEADTIME and was last seen on
battery. And, which is kinder than upsmon, one whose card shows a countdown. A host goes when fewer UPSs than it needs
are not critical (MINSUPPLIES).
"""

from __future__ import annotations

from ridethrough.core.model import Host, UpsId
from ridethrough.sim.scenario import Scenario
from ridethrough.sim.world import World

from . import rival
from .rival import DEAD_AFTER
from .stop_everything import StopEverything


class LowBattery(StopEverything):
    def must_go(self, host: Host) -> bool:
        return sum(not self._is_critical(ups) for ups in host.powered_by) < host.needs

    def _is_critical(self, ups: UpsId) -> bool:
        if not self.on_battery(ups):
            return False
        if self.known[ups].countdown is not None:
            return True
        return self.known[ups].low_battery or self.silent_for(ups) > DEAD_AFTER


def play(scenario: Scenario) -> World:
    return rival.play(LowBattery, scenario)
