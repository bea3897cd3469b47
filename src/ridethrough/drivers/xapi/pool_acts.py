"""Carries out the actions on a pool as a whole: its claim, auto_poweron, HA."""

from __future__ import annotations

import asyncio
import logging

from ridethrough.core.actions import LowerHa, RestoreHa, SuspendHa
from ridethrough.core.model import Seconds
from ridethrough.ports import Refused, Unreachable

from .calls import LOOK, Calls
from .errors import sentence
from .observe import parsed
from .picture import CLAIM, claimed_by
from .records import Pool
from .wire import XapiFailure

log = logging.getLogger(__name__)

SAME_MOMENT = 0.3  # seconds between writing a claim and reading it again
CLAIM_EXPIRES = 24 * 3600.0  # seconds; a claim of another controller older than this holds nobody off
AUTO_POWERON, KEPT_AUTO_POWERON = "auto_poweron", "ridethrough:auto_poweron"


class PoolHands(Calls):
    """The actions on the pool itself."""

    async def _claim(self, controller: str) -> None:
        """Take the pool, unless another controller holds it; read again afterwards, since two may write at once."""
        pool = await self._pool()
        held = await self._other_config(pool)
        now = await self._pool_time(pool)
        self._refuse_if_claimed(held.get(CLAIM, ""), controller, now)
        await self._set(pool, CLAIM, f"{controller} {now}")
        if claimed_by(held.get(CLAIM, "")) != controller:
            await asyncio.sleep(SAME_MOMENT)
        held = await self._other_config(pool)
        self._refuse_if_claimed(held.get(CLAIM, ""), controller, now)

    def _refuse_if_claimed(self, claim: str, controller: str, now: str) -> None:
        other = claimed_by(claim)
        if not other or other == controller or _age(claim, now) > CLAIM_EXPIRES:
            return
        raise Refused("CLAIMED_BY_OTHER", sentence(XapiFailure("CLAIMED_BY_OTHER", other)))

    async def _release(self, controller: str) -> None:
        pool = await self._pool()
        if claimed_by((await self._other_config(pool)).get(CLAIM, "")) == controller:
            await self._do("pool.remove_from_other_config", pool, CLAIM)

    async def _suspend_auto_poweron(self) -> None:
        """The value is kept beside it, so that the pool can be put right by whoever comes later."""
        pool = await self._pool()
        held = await self._other_config(pool)
        if held.get(AUTO_POWERON, "").lower() != "true":
            return
        await self._set(pool, KEPT_AUTO_POWERON, held[AUTO_POWERON])
        await self._set(pool, AUTO_POWERON, "false")

    async def _restore_auto_poweron(self) -> None:
        pool = await self._pool()
        held = await self._other_config(pool)
        if held.get(AUTO_POWERON, "").lower() != "true":
            await self._set(pool, AUTO_POWERON, held.get(KEPT_AUTO_POWERON, "true"))
        await self._do("pool.remove_from_other_config", pool, KEPT_AUTO_POWERON)

    async def _set(self, pool: str, key: str, value: str) -> None:
        """Maps of XenAPI have no replace: remove, then add."""
        await self._do("pool.remove_from_other_config", pool, key)
        await self._do_unless(("MAP_DUPLICATE_KEY",), "pool.add_to_other_config", pool, key, value)

    async def _other_config(self, pool: str) -> dict[str, str]:
        return await self._read(dict[str, str], "pool.get_other_config", pool)

    async def _pool_time(self, pool: str) -> str:
        coordinator = await self._read(str, "pool.get_master", pool)
        return await self._read(str, "host.get_servertime", coordinator)

    # HA

    async def _lower_ha(self, action: LowerHa) -> None:
        await self._do("pool.set_ha_host_failures_to_tolerate", await self._pool(), 0, deadline=action.deadline)

    async def _suspend_ha(self, action: SuspendHa) -> None:
        await self._do_unless(("HA_NOT_ENABLED",), "pool.disable_ha", deadline=action.deadline)

    async def _restore_ha(self, action: RestoreHa) -> None:
        """Where somebody has switched it on meanwhile, and has given it failures to tolerate, those stand."""
        ref = await self._pool()
        pool = await self._read(Pool, "pool.get_record", ref)
        switch_on = action.on and not pool.ha_enabled
        if switch_on:
            await self._enable_ha(ref, action)
            pool = await self._read(Pool, "pool.get_record", ref)
        tolerated = pool.ha_host_failures_to_tolerate
        if tolerated != action.failures and (switch_on or tolerated == 0):
            await self._do("pool.set_ha_host_failures_to_tolerate", ref, action.failures)

    # The coordinator

    async def _designate(self, new: str) -> None:
        """Accepted is not done: the switch comes ten seconds later, and ends every session (facts: XenAPI 5.9).

        Done when the new one speaks: a session is found with it, wherever it is.
        """
        pool = await self._pool()
        if await self._coordinator(pool) != new:
            await self._do("pool.designate_new_master", new)
        while True:
            await asyncio.sleep(LOOK)
            if await self._coordinator(pool) == new:
                return

    async def _coordinator(self, pool: str) -> str:
        """As the one says that we have a session with; empty while there is none."""
        try:
            return await self._read(str, "pool.get_master", pool)
        except (Unreachable, XapiFailure) as trouble:
            log.debug("looking for the coordinator: %s", trouble)
            return ""

    async def _enable_ha(self, pool: str, action: RestoreHa) -> None:
        """On the storage that had its heartbeat; where that is not known, on what XenServer chooses."""

        async def is_on() -> bool:
            return await self._read(bool, "pool.get_ha_enabled", pool)

        storages = [await self._read(str, "SR.get_by_uuid", uuid) for uuid in action.storages]
        try:
            task = await self._command(str, "Async.pool.enable_ha", storages, dict(action.configuration))
            await self._until(task, is_on, cancel=False)
        except XapiFailure as failure:
            if failure.code != "HA_IS_ENABLED":
                raise


def _age(claim: str, now: str) -> Seconds:
    """How old a claim is by the pool's clock; 0 when it does not tell."""
    try:
        return (parsed(now) - parsed(claim.rpartition(" ")[2])).total_seconds()
    except ValueError:
        return 0.0
