"""A drill with the real controller: one host into maintenance mode and out of it, asked for over the API."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import aiohttp

from ridethrough.core.events import Requested

from .outage import nothing_twice, outage, scenario
from .test_manager import PATIENCE, administrator, until_answered


async def ended(session: aiohttp.ClientSession, id: str) -> dict[str, Any]:
    """The drill's report, once it is over."""
    async with asyncio.timeout(PATIENCE):
        while True:
            found: dict[str, Any] = await until_answered(session, "GET", f"/api/v1/drills/{id}")
            if found["state"] != "running":
                return found
            await asyncio.sleep(0.2)


async def begun(session: aiohttp.ClientSession, **order: Any) -> str:
    """The id of a drill, begun as soon as the manager sees everything."""
    async with asyncio.timeout(PATIENCE):
        while True:
            async with session.post("/api/v1/drills", json=order) as answer:
                found = await answer.json()
                if answer.status == 202:
                    return str(found["id"])
                assert answer.status == 409, found
            await asyncio.sleep(0.2)


async def test_a_host_goes_into_maintenance_mode_and_comes_back(root: Path, tmp_path: Path) -> None:
    async with outage(scenario(root, "case_one", "two_hosts"), tmp_path, pages=True) as run:
        async with administrator(run) as session:
            id = await begun(session, kind="maintenance", host="xenserver1", why="before the weekend")
            report = await ended(session, id)
            preflight = await ended(session, await begun(session, kind="preflight"))
        run.look()
        asked = [event for event in run.events if isinstance(event, Requested) and event.subject == "xenserver1"]
    assert (report["state"], report["trouble"]) == ("passed", "")
    assert [step["text"] for step in report["steps"]] == [
        "xenserver1 was asked into maintenance mode",
        "xenserver1 is empty and in maintenance mode",
        "xenserver1 was asked out of maintenance mode",
        "xenserver1 is enabled again",
    ]
    assert [step["at"] for step in report["steps"]] == sorted(step["at"] for step in report["steps"])
    assert {(row["vm"], row["from"], row["to"]) for row in report["moved"]} == {
        (vm, "xenserver1", "xenserver2") for vm in ("db1", "files1", "web1")
    }
    assert all(point["good"] for point in report["points"])
    assert [(str(event.ask), event.by, event.says) for event in asked] == [
        (ask, "anna", f"drill {id}: before the weekend") for ask in ("enter maintenance", "exit maintenance")
    ]
    assert run.world.hosts["xenserver1"].enabled
    assert preflight["summary"]["crashed"] == 0
    assert {point["name"] for point in preflight["points"]} >= {"controller", "armed", "findings", "outage"}
    nothing_twice(run)
