"""The manual's fixed timers, as written.

- Each host but the coordinator has both options on, with the times of the site's file: it enters maintenance mode, by
  host.disable and host.evacuate, when the first has passed, and is shut down when the second has and it is empty.
- One host after another. host.evacuate is all or nothing and knows nothing of power; where it finds no place for every
  VM, that migration hangs: it is asked again and again, and the host is not shut down. The next host is not kept
  waiting by that, which is kinder than the manual's words.
- The coordinator gets no timers. It is protected as in the manual's section 4: when the card's warning period is over,
  or its battery is low, its VMs are shut down, for a minute at most, then the host.
- A NAS counts itself, and goes down when the warning period of its card is over.
- When utility power is back, hosts in maintenance mode leave it at once; an evacuation that runs goes on to its end.

The manual knows one UPS for a host. One with two feeds counts as on battery when both are, which is kinder, too.
"""

from __future__ import annotations

import asyncio

from ridethrough.core import actions as a
from ridethrough.core.model import HostId, Seconds
from ridethrough.sim.errors import XapiError
from ridethrough.sim.scenario import Scenario
from ridethrough.sim.world import World

from . import rival
from .rival import GUEST_STOP, POOL, Rival

RETRY: Seconds = 10.0  # how soon an evacuation that found no place is asked for again
WHY = "its UPS is on battery"


class Manual(Rival):
    def __init__(self, world: World, scenario: Scenario) -> None:
        super().__init__(world, scenario)
        self._since: dict[HostId, Seconds] = {}  # on battery
        self._in_maintenance: set[HostId] = set()  # entered or being entered
        self._empty: set[HostId] = set()
        self._shut_down: set[HostId] = set()
        self._queue: list[HostId] = []
        self._agent_acts: set[HostId] = set()
        self._working = False

    def look(self) -> None:
        coordinator = self.world.pools[POOL].coordinator
        for host in self.site.hosts.values():
            if not self.lacks_utility(host):
                self._since.pop(host.id, None)
                self._restored(host.id)
                continue
            clock = self.now - self._since.setdefault(host.id, self.now)
            if host.id == coordinator:
                self._agent(host.id, clock)
            else:
                self._timers(host.id, clock)
        if self._queue and not self._working:
            self._working = True
            self.begin(self._work())

    def _timers(self, host: HostId, clock: Seconds) -> None:
        policy = self.site.policy.of(host)
        if clock >= policy.maintenance.after and host not in self._in_maintenance:
            self._in_maintenance.add(host)
            self._queue.append(host)
        if clock >= policy.shutdown.after and host in self._empty and host not in self._shut_down:
            self._shut_down.add(host)
            self.begin(self.shut_down(host, WHY))

    def _restored(self, host: HostId) -> None:
        it = self.world.hosts[host]
        if host in self._shut_down:
            if it.power and it.enabled:  # it has started and enabled itself
                self._forget(host)
        elif host in self._empty or (host in self._in_maintenance and host in self._queue):
            self._forget(host)
            self.begin(self._leave(host))

    def _forget(self, host: HostId) -> None:
        for known in (self._in_maintenance, self._empty, self._shut_down):
            known.discard(host)
        if host in self._queue:
            self._queue.remove(host)

    async def _leave(self, host: HostId) -> None:
        await self.do(a.EnableHost(host, POOL, "utility power is back"))

    async def _work(self) -> None:
        """Hosts that are to be emptied, one after another."""
        while self._queue:
            host = self._queue.pop(0)
            if not await self._evacuated(host) and host in self._in_maintenance:
                if host in self._since:
                    self._queue.append(host)  # it hangs
                    await asyncio.sleep(RETRY)
                else:
                    self._forget(host)
                    await self._leave(host)
        self._working = False

    async def _evacuated(self, host: HostId) -> bool:
        if not await self.do(a.DisableHost(host, POOL, WHY)):
            return False
        if self.world.coordinator(POOL) is None:
            return False
        try:
            task = self.xapi.host_evacuate(self.world.hosts[host].ref)
        except XapiError:
            return False
        ended = asyncio.Event()
        task.done.watch(ended.set)
        await ended.wait()
        if task.status != "success":
            return False
        self._empty.add(host)
        return True

    # --- section 4

    def _agent(self, host: HostId, clock: Seconds) -> None:
        feeds = self.site.hosts[host].powered_by
        period = min(self.world.upses[ups].card.warning_period for ups in feeds)
        low = all(self.known[ups].low_battery for ups in feeds if ups in self.known)
        if host not in self._agent_acts and (clock >= period or low):
            self._agent_acts.add(host)
            self.begin(self._protect(host))
        elif host in self._agent_acts and not self.world.hosts[host].power:
            self._agent_acts.discard(host)

    async def _protect(self, host: HostId) -> None:
        await self.stop_guests(host, WHY, GUEST_STOP)
        await self.shut_down(host, WHY)


def play(scenario: Scenario) -> World:
    world = scenario.site.build()
    for box in world.nases.values():
        box.goes_after = min(world.upses[ups].card.warning_period for ups in box.fed_by)
    return rival.play(Manual, scenario, world)
