"""The BMCs of a World, and the network over which hosts are woken, as our drivers would see and use them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress

from ridethrough.core.actions import Action, PowerOnHost
from ridethrough.core.model import HostId, PowerWay, Seconds
from ridethrough.core.observation import BmcSeen, Snapshot
from ridethrough.ports import Clock, NotBegun, Refused, Unreachable, is_from_before_a_standstill

from . import boot
from .machines import Bmc, SimHost
from .world import World

PROBE: Seconds = 5.0
PHASE: Seconds = 3.5
ANSWERS_IN: Seconds = 1.0


class BmcDoor:
    """ports.Observer and ports.Actor for what switches hosts on past their pools."""

    def __init__(self, world: World, clock: Clock) -> None:
        self._world, self._clock = world, clock
        self._seen: dict[HostId, BmcSeen] = {h.id: BmcSeen(h.id) for h in self._with_bmc()}
        self._asking: asyncio.Task[None] | None = None
        self.is_cut = False

    def _with_bmc(self) -> list[SimHost]:
        return [h for _, h in sorted(self._world.hosts.items()) if h.bmc is not Bmc.NONE]

    async def start(self, wake: Callable[[], None]) -> None:
        if self._with_bmc():
            self._asking = asyncio.create_task(self._ask_on(wake), name="simulated BMCs")

    async def stop(self) -> None:
        if self._asking:
            self._asking.cancel()
            with suppress(asyncio.CancelledError):
                await self._asking

    def observe(self, urgent: bool) -> Snapshot:
        return Snapshot(bmcs=dict(self._seen))

    async def _ask_on(self, wake: Callable[[], None]) -> None:
        await asyncio.sleep(PHASE)
        while True:
            for host in self._with_bmc():
                if not host.supplied:
                    continue  # it has no power itself
                off = not host.power and host.bmc is not Bmc.SAYS_ON
                now, before = self._world.now, self._seen[host.id]
                self._seen[host.id] = BmcSeen(host.id, now if off else before.off_at, now)
                if off:
                    wake()
            await asyncio.sleep(PROBE)

    async def perform(self, action: Action) -> None:
        """As the drivers: done is told, not started."""
        if not isinstance(action, PowerOnHost):
            raise TypeError(f"a BMC does no {type(action).__name__}")
        begun, host = self._clock.now(), self._world.hosts[action.host]
        await asyncio.sleep(ANSWERS_IN)
        if self.is_cut:
            raise asyncio.CancelledError
        if is_from_before_a_standstill(self._clock, begun):
            raise NotBegun("decided before a standstill")
        if action.way is PowerWay.WAKE_ON_LAN:
            if not host.ignores_wake:
                boot.power_up(self._world, host, "is woken over the network")
            return
        if host.bmc is Bmc.NONE or not host.supplied:
            raise Unreachable(f"the BMC of {host.id} does not answer")
        if host.bmc is Bmc.REFUSES:
            raise Refused("BMC", "the BMC refuses the user or the password")
        if host.bmc is Bmc.WORKS:
            boot.power_up(self._world, host, "is switched on by its BMC")
