"""Accounts with a role (RBAC), as read from source: what the server refuses them, and what we say of it."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from ridethrough.core.actions import Action, ClaimPool, DisableHost, EnableHost, ForceStopVm, MoveVm, StopVm
from ridethrough.drivers.xapi import survey
from ridethrough.drivers.xapi.check import NEEDED
from ridethrough.drivers.xapi.wire import XapiFailure
from ridethrough.ports import Refused
from ridethrough.sim.xapi_wire.catalogue import Form, catalogue
from ridethrough.sim.xapi_wire.roles import ANY_TASK, ROLES, least

from .test_signatures import SIGNATURES, written
from .test_simulated_pool import Site, serving

ACCOUNTS = {role: role for role in ROLES} | {"nobody": ""}


def test_the_least_role_of_every_message_is_that_of_the_datamodel() -> None:
    if not SIGNATURES.exists():
        pytest.skip("the datamodel's signatures (../shared) are not here")
    for described in json.loads(SIGNATURES.read_text()):
        for name, message in described["messages"].items():
            ours = catalogue().find(f"{described['class']}.{name}")
            assert ours is not None
            allowed = [role for role in ROLES if role in message["roles"]]
            if ours.form is not Form.GONE and allowed:
                assert least(ours) == allowed[0], ours.full_name


def test_check_asks_for_every_right_that_the_driver_needs() -> None:
    """What every account may do is not asked for, except following events."""
    messages = [m for name in written() if (m := catalogue().find(name))]
    needed = {m.full_name.lower() for m in messages if least(m) != "read-only"}
    assert set(NEEDED) == needed | {ANY_TASK, "event.from"}
    assert {least(m) for m in messages} <= {"read-only", "vm-operator", "vm-power-admin", "pool-operator"}


async def looked_at(site: Site, user: str) -> Any:
    address, port, _ = site.server.endpoints["xcp1"]
    pins = [fingerprint for _, _, fingerprint in site.server.endpoints.values()]
    return await survey([f"{address}:{port}"], user, "ridethrough", pins, site.clock)


async def test_check_tells_what_an_account_may_not_do_and_which_role_suffices() -> None:
    async with serving(Site(roles=ACCOUNTS)) as site:
        for enough in ("pool-operator", "pool-admin", "root"):
            found = await looked_at(site, enough)
            assert (found.missing_rights, found.troubles) == ((), ())
        lacking = {role: set((await looked_at(site, role)).missing_rights) for role in ROLES[:4]}
        assert lacking["read-only"] == set(NEEDED) - {"event.from"}
        assert lacking["read-only"] - lacking["vm-operator"] == {
            "vm.clean_shutdown",
            "vm.hard_shutdown",
            "vm.resume",
            "vm.start",
        }
        assert lacking["vm-operator"] - lacking["vm-power-admin"] == {"vm.pool_migrate", "vm.resume_on", "vm.start_on"}
        assert "host.shutdown" in lacking["vm-power-admin"]
        [trouble] = (await looked_at(site, "vm-power-admin")).troubles
        assert "host.disable" in trouble
        assert "the role pool-operator" in trouble
        [trouble] = (await looked_at(site, "nobody")).troubles
        assert "pool-operator" in trouble


async def test_a_role_that_does_not_suffice_is_refused_and_named() -> None:
    site = Site(roles=ACCOUNTS)
    site.user = "vm-operator"
    async with serving(site) as site:
        refused_to: dict[str, Action] = {
            "pool.remove_from_other_config": ClaimPool("pool-a", "north", "why"),
            "host.disable": DisableHost("xcp2", "pool-a", "why"),
            "host.remove_from_other_config": EnableHost("xcp2", "pool-a", "why"),
            "vm.pool_migrate": site.move("web", "xcp2", "xcp1"),
        }
        for permission, action in refused_to.items():
            with pytest.raises(Refused) as refused:
                await site.pool.perform(action)
            assert refused.value.code == "RBAC_PERMISSION_DENIED"
            assert permission in str(refused.value)
            assert "pool-operator" in str(refused.value)
        await site.pool.perform(StopVm("uuid-web", "web", "pool-a", "xcp2", "why", 20.0))  # a VM operator's business
        await site.pool.perform(ForceStopVm("uuid-db", "db", "pool-a", "xcp2", "why"))
        assert not any(v.alive for v in site.world.vms.values() if v.name in ("web", "db"))
        assert site.world.hosts["xcp2"].enabled


async def test_the_tasks_of_others_and_the_free_keys() -> None:
    """task.cancel is for everybody's own tasks; folder and custom fields are a VM operator's."""
    site = Site(roles=ACCOUNTS)
    site.user = "vm-power-admin"
    async with serving(site) as site:
        site.world.vms["uuid-web"].stalls_move = True
        session, root = site.pool._session, site.driver("xcp1", user="root")
        await root.start(site.wake)
        async with asyncio.timeout(20.0):
            while root.observe(urgent=True).pools["pool-a"].coordinator is None:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        move = MoveVm("uuid-web", "web", "pool-a", "xcp2", "xcp1", "why", 30.0)
        moving = asyncio.create_task(root.perform(move))
        await site.until_seen(lambda _: site.world.vms["uuid-web"].busy)
        [task] = site.world.vms["uuid-web"].current_operations
        code, permission, told = await refusal(session, "task.cancel", task)
        assert (code, permission) == ("RBAC_PERMISSION_DENIED", "task.destroy/any")
        assert told == "No permission in user session. (Roles with this permission: pool-admin, pool-operator)"
        own = await session.call(str, "task.create", "mine", "", deadline=20.0)
        await session.call(object, "task.destroy", own, deadline=20.0)
        host = site.world.hosts["xcp2"].ref
        await session.call(object, "host.add_to_other_config", host, "folder", "/x", deadline=20.0)
        await session.call(object, "host.add_to_other_config", host, "XenCenter.CustomFields.a", "1", deadline=20.0)
        denied = await refusal(session, "host.add_to_other_config", host, "MAINTENANCE_MODE", "true")
        assert denied[1] == "host.add_to_other_config"
        moving.cancel()
        await asyncio.gather(moving, return_exceptions=True)
        await root.stop()


async def refusal(session: Any, method: str, *params: object) -> list[str]:
    with pytest.raises(XapiFailure) as failure:
        await session.call(object, method, *params, deadline=20.0)
    return [failure.value.code, *failure.value.params]
