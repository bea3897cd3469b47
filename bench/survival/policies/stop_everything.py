"""What stopping everything takes, whatever it is that starts it: as a careful owner of NUT's upsmon would set it up.

VMs cleanly, all at once, then hard; then the host; the pool's coordinator waits for the members that go down too. When
it must go, those that are on battery go with it, for nobody could stop their VMs without it. A NAS goes when the hosts
on its UPS are off. At last the UPS's output is cut, so that its hosts start when utility power returns. Begun is done:
returning power stops nothing of it (upsmon's FSD). Hosts start their VMs themselves (auto_poweron).
"""

from __future__ import annotations

from abc import abstractmethod

from ridethrough.core.model import Host, HostId, Seconds, StorageId, UpsId
from ridethrough.sim.scenario import Scenario
from ridethrough.sim.world import World

from .rival import POOL, Rival

MEMBERS_WITHIN: Seconds = 120.0  # how long the coordinator waits for members
OFF_WITHIN: Seconds = 300.0  # how long anything is waited for
WHY = "its UPS says so"


class StopEverything(Rival):
    """`must_go` says of a host whether it is time."""

    def __init__(self, world: World, scenario: Scenario) -> None:
        super().__init__(world, scenario)
        self.going_down: set[HostId] = set()
        self._was_off: set[HostId] = set()

    @abstractmethod
    def must_go(self, host: Host) -> bool: ...

    def look(self) -> None:
        self._note_who_is_back()
        due = {name for name, host in self.site.hosts.items() if self.must_go(host)}
        if self.world.pools[POOL].coordinator in due:
            due |= {name for name, host in self.site.hosts.items() if self.lacks_utility(host)}
        due = {name for name in due - self.going_down if self.world.hosts[name].power}
        self.going_down |= due
        for host in sorted(due):
            self.begin(self._take_down(host))

    def _note_who_is_back(self) -> None:
        for name in sorted(self.going_down):
            host = self.world.hosts[name]
            if not host.power:
                self._was_off.add(name)
            elif name in self._was_off and host.enabled:
                self.going_down.discard(name)
                self._was_off.discard(name)

    async def _take_down(self, host: HostId) -> None:
        await self.stop_guests(host, WHY)
        if host == self.world.pools[POOL].coordinator:
            await self.off([self.world.hosts[h] for h in self.going_down - {host}], MEMBERS_WITHIN)
        await self.shut_down(host, WHY)
        await self.off([self.world.hosts[host]], OFF_WITHIN)
        for ups in self.site.hosts[host].powered_by:
            await self._cut_if_unused(ups)

    async def _cut_if_unused(self, ups: UpsId) -> None:
        if any(self.world.hosts[h.id].power for h in self.site.hosts.values() if ups in h.powered_by):
            return
        for box in sorted(b.id for b in self.site.storages.values() if ups in b.powered_by):
            await self._stop_storage(box)
        self.cut(ups)

    async def _stop_storage(self, box: StorageId) -> None:
        await self.stop_storage(box, WHY)
        await self.off([self.world.nases[box]], OFF_WITHIN)
