"""The official XenAPI module, unchanged, as a client in a thread of its own."""

from __future__ import annotations

import asyncio
import contextlib
import xmlrpc.client
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import pytest
import XenAPI  # type: ignore[import-untyped]

from ridethrough.core.model import HostId
from ridethrough.sim import boot

from .site import PASSWORD, Caller, served, small_world, until, vm

T = TypeVar("T")


@contextlib.contextmanager
def official(caller: Caller, host: HostId = "h1") -> Iterator[Any]:
    """A session of the official module; its connection is closed at the end, as the module itself never does."""
    session = XenAPI.Session(caller.url(host, ""), ignore_ssl=True)
    try:
        yield session
    finally:
        session("close")()


async def in_thread(work: Callable[[], T]) -> T:
    return await asyncio.to_thread(work)


async def test_records_and_an_evacuation_with_a_polled_task() -> None:
    async with served(speed=30.0) as caller:
        pace = caller.server.pace

        def work() -> dict[str, Any]:
            with official(caller) as session:
                session.xenapi.login_with_password("root", PASSWORD, "1.0", "pypi")
                x = session.xenapi
                [host] = x.host.get_by_name_label("h2")
                x.host.disable(host)
                task = x.Async.host.evacuate(host)
                while x.task.get_status(task) == "pending":
                    pass
                done = x.task.get_record(task)
                x.task.destroy(task)
                result = {
                    "vms": x.VM.get_all_records(),
                    "task": done,
                    "residents": x.host.get_resident_VMs(host),
                    "enabled": x.host.get_enabled(host),
                    "memory": x.host_metrics.get_memory_total(x.host.get_metrics(host)),
                }
                with pytest.raises(XenAPI.Failure) as gone:
                    x.task.get_status(task)
                assert gone.value.details == ["HANDLE_INVALID", "task", task]
                x.session.logout()
                return result

        seen = await in_thread(work)
        assert pace.now() > 0
        assert len(seen["vms"]) == 3 + 4 + 1  # the control domains, the guests and a template
        assert (seen["task"]["status"], seen["task"]["result"]) == ("success", "<value></value>")
        assert seen["task"]["error_info"] == []
        assert len(seen["residents"]) == 1  # dom0
        assert seen["enabled"] is False
        assert seen["memory"] == str(64 * 1024**3)  # an int travels as text
        assert {v.resident_on for v in caller.server.world.vms.values() if v.name in ("web", "db")} <= {"h1", "h3"}


async def test_event_from_by_both_of_its_names() -> None:
    async with served() as caller:

        def work() -> tuple[Any, Any, Any]:
            with official(caller) as session:
                session.xenapi.login_with_password("root", PASSWORD)
                x = session.xenapi
                everything = x.event_from(["host", "vm"], "", 1.0)
                [host] = x.host.get_by_name_label("h3")
                x.host.add_to_other_config(host, "ups", "a")
                changed = getattr(x.event, "from")(["host", "vm"], everything["token"], 5.0)
                nothing = x.event_from(["host"], changed["token"], 0.2)
                return everything, changed, nothing

        everything, changed, nothing = await in_thread(work)
        assert len(everything["events"]) == 3 + 8
        assert {e["operation"] for e in everything["events"]} == {"add"}
        assert everything["valid_ref_counts"]["vm"] == 8  # a real int, as on the wire of the laboratory pool
        [event] = changed["events"]
        assert (event["class"], event["operation"], event["snapshot"]["other_config"]["ups"]) == ("host", "mod", "a")
        assert nothing["events"] == []


async def test_a_member_refuses_before_it_looks_at_the_password() -> None:
    async with served() as caller:

        def work() -> list[str]:
            with official(caller, "h2") as session, pytest.raises(XenAPI.Failure) as refused:
                session.xenapi.login_with_password("root", "wrong")
            return list(refused.value.details)

        assert await in_thread(work) == ["HOST_IS_SLAVE", caller.server.endpoints["h1"][0]]


async def test_after_a_toolstack_restart_the_session_is_gone_and_the_module_logs_in_again() -> None:
    async with served(speed=50.0) as caller:
        world = caller.server.world
        host = world.hosts["h1"]

        def before(session: Any) -> None:
            session.xenapi.login_with_password("root", PASSWORD)
            session.xenapi.pool.get_all()

        def after(session: Any) -> list[str]:
            old = session._session
            with contextlib.suppress(xmlrpc.client.Fault):
                session.xenapi.pool.get_all()
            assert session._session != old
            return list(session.xenapi.pool.get_all())

        with official(caller) as session:
            await in_thread(lambda: before(session))
            boot.restart_toolstack(world, host)
            await caller.server.settled()
            await until(caller, lambda: host.toolstack == "up")
            assert await in_thread(lambda: after(session)) == [world.pools["p"].ref]
        assert [c.outcome for c in caller.server.log.of("pool.get_all")][:2] == ["ok", "SESSION_INVALID"]


async def test_a_migration_with_options_and_a_refusal_with_two_parameters() -> None:
    world = small_world()
    vm(world, "web").memory = 50 * 1024**3
    world.hosts["h3"].memory_total = 32 * 1024**3
    async with served(world, speed=100.0) as caller:

        def work() -> tuple[list[str], str]:
            with official(caller) as session:
                session.xenapi.login_with_password("root", PASSWORD)
                x = session.xenapi
                web, db = vm(world, "web").ref, vm(world, "db").ref
                target = world.hosts["h3"].ref
                with pytest.raises(XenAPI.Failure) as refused:
                    x.VM.pool_migrate(web, target, {"live": "true"})
                x.VM.pool_migrate(db, target, {"live": "true"})
                return list(refused.value.details), str(x.VM.get_resident_on(db))

        details, where = await in_thread(work)
        assert details[0] == "HOST_NOT_ENOUGH_FREE_MEMORY"
        assert len(details) == 3
        assert where == world.hosts["h3"].ref
