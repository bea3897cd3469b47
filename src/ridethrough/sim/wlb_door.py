"""WLB's advice as the XenAPI driver would get it: one host at a time, five seconds each, every half minute."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from ridethrough.core.model import HostId, PoolId, Seconds, VmId

from .errors import XapiError
from .machines import SimHost, SimTask
from .world import World
from .xapi import Xapi

DEADLINE: Seconds = 5.0
EVERY: Seconds = 30.0
KEPT: Seconds = 75.0
ABOUT_ONE_HOST = frozenset({"WLB_MALFORMED_RESPONSE", "HANDLE_INVALID"})


class WlbDoor:
    """The recommendations for one pool, while it is urgent."""

    def __init__(self, world: World, pool: PoolId) -> None:
        self._world = world
        self._pool = pool
        self._calls = Xapi(world, pool)
        self._wanted = asyncio.Event()
        self._answers: dict[HostId, tuple[Seconds, dict[VmId, HostId]]] = {}
        self._trouble = ""

    def be_urgent(self, urgent: bool) -> None:
        if urgent and self._may_be_asked():
            self._wanted.set()
        else:
            self._wanted.clear()

    @property
    def trouble(self) -> str:
        return self._trouble if self._wanted.is_set() else ""

    @property
    def advice(self) -> dict[VmId, HostId]:
        if not self._wanted.is_set():
            return {}
        fresh = [moves for at, moves in self._answers.values() if self._world.now - at <= KEPT]
        return {vm: host for moves in fresh for vm, host in moves.items()}

    async def run(self, changed: Callable[[], None]) -> None:
        while True:
            await self._wanted.wait()
            await self._round()
            changed()
            await asyncio.sleep(EVERY)

    async def _round(self) -> None:
        trouble = ""
        hosts = [h for h in self._world.members(self._pool) if self._world.guests(h.id)]
        for host in sorted(hosts, key=lambda h: (h.enabled, h.id)):
            try:
                await self._ask(host)
            except XapiError as error:
                trouble = ": ".join((error.code, *error.params))
                if error.code not in ABOUT_ONE_HOST:
                    break
            except TimeoutError:
                trouble = f"no answer within {DEADLINE:.0f} s"
                break
        self._trouble = trouble

    async def _ask(self, host: SimHost) -> None:
        """Raises XapiError, and TimeoutError when nothing came in time."""
        task = self._calls.host_retrieve_wlb_evacuate_recommendations(host.ref)
        ended = asyncio.Event()
        task.done.watch(ended.set)
        async with asyncio.timeout(DEADLINE):
            await ended.wait()
        if task.lost:
            raise TimeoutError
        if task.status == "failure":
            raise XapiError(*task.error_info)
        self._answers[host.id] = self._world.now, self._advised(task)

    def _advised(self, task: SimTask) -> dict[VmId, HostId]:
        answer = task.answer if isinstance(task.answer, dict) else {}
        hosts = {h.uuid: h.id for h in self._world.members(self._pool)}
        return {ref.removeprefix("OpaqueRef:"): hosts[words[1]] for ref, words in answer.items() if words[0] == "WLB"}

    def _may_be_asked(self) -> bool:
        pool = self._world.pools[self._pool]
        ignored = pool.other_config.get("wlb_choose_host_disable", "").lower() == "true"
        return pool.wlb_enabled and not ignored and self._world.coordinator(self._pool) is not None
