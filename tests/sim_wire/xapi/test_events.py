"""event.from as the laboratory pool behaved (recordings 09 and 21)."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from ridethrough.sim import boot

from .site import Caller, recording, served, until, vm


async def changes(caller: Caller, session: str, classes: list[str], token: str, timeout: float = 0.0) -> Any:
    return await caller.call("h1", "event.from", session, classes, token, timeout)


def told(batch: Any) -> list[tuple[str, str]]:
    return [(e["operation"], e["class"]) for e in batch["events"]]


async def test_several_changes_of_one_object_are_one_event_with_its_last_state() -> None:
    async with served(speed=20.0) as caller:
        session = await caller.login()
        host = caller.server.world.hosts["h2"].ref
        start = await changes(caller, session, ["host"], "")
        await caller.call("h1", "host.disable", session, host)
        await caller.call("h1", "host.enable", session, host)
        batch = await changes(caller, session, ["host"], start["token"], 5.0)
        assert told(batch) == [("mod", "host")]
        assert batch["events"][0]["snapshot"]["enabled"] is True
        assert told(await changes(caller, session, ["host"], batch["token"])) == []


async def test_created_and_destroyed_in_between_is_nothing_and_a_deletion_has_no_snapshot() -> None:
    async with served() as caller:
        session = await caller.login()
        start = await changes(caller, session, ["task"], "")
        brief = await caller.call("h1", "task.create", session, "brief", "")
        await caller.call("h1", "task.destroy", session, brief)
        assert told(await changes(caller, session, ["task"], start["token"])) == []

        lasting = await caller.call("h1", "task.create", session, "lasting", "")
        added = await changes(caller, session, ["task"], start["token"])
        assert told(added) == [("add", "task")]
        assert added["valid_ref_counts"]["task"] == 1
        await caller.call("h1", "task.destroy", session, lasting)
        deleted = await changes(caller, session, ["task"], added["token"])
        [event] = deleted["events"]
        assert (event["operation"], event["ref"], "snapshot" in event) == ("del", lasting, False)


async def test_a_batch_is_grouped_add_mod_del() -> None:
    async with served() as caller:
        session, world = await caller.login(), caller.server.world
        old = await caller.call("h1", "task.create", session, "old", "")
        start = await changes(caller, session, ["*"], "")
        await caller.call("h1", "task.destroy", session, old)
        await caller.call("h1", "pool.add_to_other_config", session, world.pools["p"].ref, "a", "b")
        await caller.call("h1", "task.create", session, "new", "")
        batch = await changes(caller, session, ["*"], start["token"])
        assert told(batch) == [("add", "task"), ("mod", "pool"), ("del", "task")]


async def test_class_filters() -> None:
    async with served() as caller:
        session = await caller.login()
        h1, h2 = (caller.server.world.hosts[h].ref for h in ("h1", "h2"))
        both = await changes(caller, session, ["HOST", "Vm"], "")
        assert sorted({e["class"] for e in both["events"]}) == ["host", "vm"]
        one = await changes(caller, session, [f"host/{h2}"], "")
        assert [e["ref"] for e in one["events"]] == [h2]
        await caller.call("h1", "host.add_to_other_config", session, h1, "x", "1")
        assert told(await changes(caller, session, [f"host/{h2}"], one["token"])) == []
        unknown = await changes(caller, session, ["nosuch"], "")
        assert (unknown["events"], unknown["token"]) == ([], f"{0:020d},{0:020d}")
        assert (await changes(caller, session, [], ""))["events"] == []


async def test_tokens() -> None:
    async with served(speed=10.0) as caller:
        session = await caller.login()
        refused = await caller.refusal("h1", "event.from", session, ["host"], "garbage", 0.0)
        assert refused == ["EVENT_FROM_TOKEN_PARSE_FAILURE", "garbage"]
        before = caller.server.pace.now()
        future = await changes(caller, session, ["host"], "99999999999,0", 1.0)
        assert caller.server.pace.now() - before >= 1.0
        assert (future["events"], future["token"]) == ([], "00000000099999999999,00000000000000000000")


async def test_a_waiting_call_hears_at_once_and_holds_up_nobody() -> None:
    async with served() as caller:
        session, world = await caller.login(), caller.server.world
        start = await changes(caller, session, ["vm"], "")
        waiting = asyncio.create_task(changes(caller, session, ["vm"], start["token"], 30.0))
        await asyncio.sleep(0.05)
        assert await caller.call("h1", "pool.get_all", session)  # the same session is served meanwhile
        assert not waiting.done()
        began = caller.server.pace.now()
        await caller.call("h1", "VM.add_tags", session, vm(world, "web").ref, "tier=1")
        batch = await asyncio.wait_for(waiting, 5.0)
        assert caller.server.pace.now() - began < 1.0
        assert batch["events"][0]["snapshot"]["tags"] == ["tier=1"]


@pytest.mark.parametrize("classes", [["pool"], ["*"], ["task"]])
async def test_a_logout_wakes_the_waiting_call(classes: list[str]) -> None:
    async with served() as caller:
        session = await caller.login()
        waiting = asyncio.create_task(caller.refusal("h1", "event.from", session, classes, "99999999,0", 30.0))
        await asyncio.sleep(0.05)
        await caller.call("h1", "session.logout", session)
        assert await asyncio.wait_for(waiting, 2.0) == ["SESSION_INVALID", session]


async def test_inject_gives_a_token_and_an_event() -> None:
    async with served() as caller:
        session = await caller.login()
        pool = caller.server.world.pools["p"].ref
        start = await changes(caller, session, ["pool"], "")
        token = await caller.call("h1", "event.inject", session, "pool", pool)
        assert told(await changes(caller, session, ["pool"], start["token"])) == [("mod", "pool")]
        assert told(await changes(caller, session, ["pool"], token)) == []
        nowhere = await caller.refusal("h1", "event.inject", session, "host", "OpaqueRef:nope")
        assert nowhere == ["HANDLE_INVALID", "host", "OpaqueRef:nope"]


async def test_a_migration_is_seen_from_its_task_to_its_new_host() -> None:
    async with served(speed=20.0) as caller:
        session, world = await caller.login(), caller.server.world
        web, target = vm(world, "web").ref, world.hosts["h3"].ref
        token = (await changes(caller, session, ["task", "vm", "host_metrics"], ""))["token"]
        task = await caller.call("h1", "Async.VM.pool_migrate", session, web, target, {"live": "true"})
        seen: list[Any] = []
        while not any(e["ref"] == task and e["snapshot"]["status"] == "success" for e in seen):
            batch = await changes(caller, session, ["task", "vm", "host_metrics"], token, 30.0)
            token = batch["token"]
            seen += batch["events"]
        moves = [e["snapshot"] for e in seen if e["ref"] == web]
        assert moves[0]["current_operations"] == {task: "pool_migrate"}
        assert any(m["scheduled_to_be_resident_on"] == target for m in moves)
        assert (moves[-1]["resident_on"], moves[-1]["current_operations"]) == (target, {})
        free = [e for e in seen if e["class"] == "host_metrics"]
        assert len({e["ref"] for e in free}) == 2  # memory went from one host to another


async def test_counts_and_fields_of_a_batch_are_those_of_the_laboratory() -> None:
    [first, *_] = [e for e in recording("09-events-jsonrpc") if e.get("method") == "event.from"]
    async with served() as caller:
        session = await caller.login()
        batch = await changes(caller, session, ["host"], "")
        theirs = first["result"]
        assert set(batch) == set(theirs)
        assert set(batch["events"][0]) == set(theirs["events"][0])
        assert set(theirs["valid_ref_counts"]) - set(batch["valid_ref_counts"]) == set()
        assert len(batch["token"]) == len(theirs["token"])


async def test_after_a_toolstack_restart_lost_deletions_show_in_the_counts_only() -> None:
    async with served(speed=50.0) as caller:
        session, world = await caller.login(), caller.server.world
        await caller.call("h1", "task.create", session, "lost with the toolstack", "")
        start = await changes(caller, session, ["task"], "")
        assert start["valid_ref_counts"]["task"] == 1
        boot.restart_toolstack(world, world.hosts["h1"])
        await until(caller, lambda: world.reach("h1").value == "coordinator")
        again = await changes(caller, await caller.login(), ["task"], start["token"])
        assert (again["events"], again["valid_ref_counts"]["task"]) == ([], 0)
