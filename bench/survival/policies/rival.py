"""What the rivals have in common: they see the cards, and act through the same doors onto the same world.

No crash of their controller loses what they know: while it is away they begin nothing, and then they go on.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Coroutine, Sequence
from typing import Any, TypeVar

from ridethrough.core import actions as a
from ridethrough.core.model import Host, HostId, Seconds, StorageId, UpsId
from ridethrough.core.observation import Source, UpsReading
from ridethrough.ports import NotBegun, Refused, Unreachable
from ridethrough.sim import power
from ridethrough.sim.doors import Doors
from ridethrough.sim.machines import SimHost, SimVm
from ridethrough.sim.memory_journal import MemoryJournal
from ridethrough.sim.nas import SimNas
from ridethrough.sim.scenario import Scenario
from ridethrough.sim.timeline import CRASH
from ridethrough.sim.virtual_time import run as run_virtually
from ridethrough.sim.world import World
from ridethrough.sim.xapi import Xapi

from .ending import is_over

POLL: Seconds = 5.0  # upsmon.conf POLLFREQ and POLLFREQALERT
DEAD_AFTER: Seconds = 15.0  # upsmon.conf DEADTIME
CUT_AFTER: Seconds = 20.0  # ups.conf offdelay: from the order to the cut
GUEST_STOP: Seconds = 60.0  # what a script gives a clean stop before it stops the VM hard
ASKED_EVERY: Seconds = 2.0  # a machine, whether it is off
LOOKED_AT: Seconds = 10.0  # how often a run is asked whether it is over
POOL = "pool1"

T = TypeVar("T")


class Rival(ABC):
    """`look` is called after every poll of the cards. What takes long is given to `begin`."""

    def __init__(self, world: World, scenario: Scenario) -> None:
        self.world = world
        self.site = scenario.site.site
        self.doors = Doors(world, MemoryJournal())
        self.xapi = Xapi(world, POOL)
        self.known: dict[UpsId, UpsReading] = {}  # what each card told last
        self._works: set[asyncio.Task[Any]] = set()

    @abstractmethod
    def look(self) -> None:
        """Every card has been asked."""

    @property
    def now(self) -> Seconds:
        return self.world.now

    def poll(self) -> None:
        for ups, it in self.world.upses.items():
            if (reading := it.reading(self.now)) is not None:
                self.known[ups] = reading
        self.look()

    def begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._works.add(task)
        task.add_done_callback(self._works.discard)

    def end(self) -> None:
        for task in self._works:
            task.cancel()

    # --- what the cards say

    def on_battery(self, ups: UpsId) -> bool:
        reading = self.known.get(ups)
        return reading is not None and reading.source is Source.BATTERY and not reading.testing

    def silent_for(self, ups: UpsId) -> Seconds:
        reading = self.known.get(ups)
        return self.now - reading.at if reading else 0.0

    def lacks_utility(self, host: Host) -> bool:
        """Fewer of its feeds than it needs have utility power."""
        return bool(host.powered_by) and sum(not self.on_battery(u) for u in host.powered_by) < host.needs

    # --- what can be done

    async def do(self, action: a.Action) -> bool:
        """Whether it was done, within its deadline."""
        actor = self.doors.storage if isinstance(action, a.StopStorage) else self.doors.pools[POOL]
        try:
            await asyncio.wait_for(actor.perform(action), action.deadline)
        except (Refused, Unreachable, NotBegun, TimeoutError):
            return False
        return True

    def guests(self, host: HostId) -> Sequence[SimVm]:
        """The VMs on a host, as its pool has them; none when nobody answers for the pool."""
        return self.world.guests(host) if self.world.coordinator(POOL) else ()

    async def stop_guests(self, host: HostId, why: str, seconds: Seconds = GUEST_STOP) -> None:
        """All at once: cleanly, then hard."""
        async with asyncio.TaskGroup() as stops:
            for vm in self.guests(host):
                stops.create_task(self._stop(vm, host, why, seconds))

    async def _stop(self, vm: SimVm, host: HostId, why: str, seconds: Seconds) -> None:
        if not await self.do(a.StopVm(vm.id, vm.name, POOL, host, why, seconds)):
            await self.do(a.ForceStopVm(vm.id, vm.name, POOL, host, why))

    async def shut_down(self, host: HostId, why: str) -> None:
        """The host itself; asked again until its pool takes it."""
        for _ in range(5):
            if await self.do(a.DisableHost(host, POOL, why)) and await self.do(a.ShutDownHost(host, POOL, why)):
                return
            await asyncio.sleep(2.0)

    async def off(self, machines: Sequence[SimHost | SimNas], within: Seconds) -> None:
        """Until these are off, or for so long."""
        for _ in range(round(within / ASKED_EVERY)):
            if not any(machine.power for machine in machines):
                return
            await asyncio.sleep(ASKED_EVERY)

    async def stop_storage(self, storage: StorageId, why: str) -> None:
        await self.do(a.StopStorage(storage, why))

    def cut(self, ups: UpsId) -> None:
        """The UPS is ordered to cut its output, and to give it again when utility power is there (shutdown.return)."""
        it = self.world.upses[ups]
        if it.output and it.card.cut_at is None:
            power.count_down(self.world, it, CUT_AFTER)


def play(kind: type[Rival], scenario: Scenario, world: World | None = None) -> World:
    """Play a story under a rival."""
    world = world or scenario.site.build()
    run_virtually(world, _play(kind(world, scenario), scenario, world))
    return world


async def _play(rival: Rival, scenario: Scenario, world: World) -> None:
    away_until = 0.0
    happenings = list(scenario.timeline)
    end = scenario.until + scenario.lead_in
    next_poll, next_look = world.now + 1.5, 0.0
    while world.now < end:
        while happenings and happenings[0].at + scenario.lead_in <= world.now + 1e-6:
            happening = happenings.pop(0)
            if happening.do == CRASH:
                away_until = world.now + happening.lasts
            else:
                happening.happen(world)
        if world.now >= next_poll - 1e-6:
            if world.now >= away_until:
                rival.poll()
            next_poll = world.now + POLL
        if world.now >= next_look:
            if is_over(scenario, world):
                break
            next_look = world.now + LOOKED_AT
        until = min([next_poll, end, *(h.at + scenario.lead_in for h in happenings[:1])])
        await asyncio.sleep(max(until - world.now, 0.0))
    rival.end()
