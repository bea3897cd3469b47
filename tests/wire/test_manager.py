"""The manager beside the real controller: it serves, it may stall or die, and the controller does not care."""

from __future__ import annotations

import asyncio
import os
import re
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

from ridethrough.core.events import Requested
from ridethrough.core.narrative import tell

from .outage import Outage, all_is_well, in_order, nothing_twice, outage, scenario

PASSWORD = "correct horse battery"
PATIENCE = 90.0


def manager_of(controller: int) -> int | None:
    """The process id of the controller's manager; None between two of them."""
    children = Path(f"/proc/{controller}/task/{controller}/children").read_text().split()
    return int(children[0]) if children else None


@asynccontextmanager
async def administrator(run: Outage) -> AsyncIterator[aiohttp.ClientSession]:
    """The first administrator, made by the link that was printed; the session that it opened."""
    at = f"http://{run.wire.pages}"
    async with asyncio.timeout(PATIENCE):
        while not (link := re.search(rf"{at}/setup#(\S+)", run.daemon.log_text())):  # noqa: ASYNC110
            await asyncio.sleep(0.1)
    jar = aiohttp.CookieJar(unsafe=True)  # cookies of an address, too
    async with aiohttp.ClientSession(at, cookie_jar=jar, headers={"Origin": at}) as session:
        body = {"token": link[1], "name": "anna", "password": PASSWORD}
        made = await until_answered(session, "POST", "/api/v1/setup", json=body)
        session.headers["x-ridethrough-csrf"] = made["csrf"]
        yield session


async def until_answered(session: aiohttp.ClientSession, method: str, path: str, **options: Any) -> Any:
    """The answer, as soon as somebody serves there."""
    async with asyncio.timeout(PATIENCE):
        while True:
            try:
                async with session.request(method, path, **options) as answer:
                    assert answer.status < 300, await answer.text()
                    return await answer.json()
            except aiohttp.ClientConnectionError:
                await asyncio.sleep(0.1)


async def test_what_a_page_asks_the_controller_does_and_writes_down(root: Path, tmp_path: Path) -> None:
    async with outage(scenario(root, "case_one", "two_hosts"), tmp_path, pages=True) as run:
        async with administrator(run) as session:
            state = await until_answered(session, "GET", "/api/v1/state")
            assert {row["id"] for row in state["hosts"]} == {"xenserver1", "xenserver2"}
            assert state["armed"]
            async with session.get("/api/v1/events") as events:
                body = {"ask": "hold", "subject": "xenserver1", "why": "a new disk"}
                answer = await until_answered(session, "POST", "/api/v1/requests", json=body)
                assert answer["accepted"]
                await read_until(events, b"event: state")
                await read_until(events, b"a new disk")
                await read_until(events, b'"held":true')
        run.look()
        (asked,) = [event for event in run.events if isinstance(event, Requested) and event.subject == "xenserver1"]
        assert tell(asked) == "anna asks: hold xenserver1: a new disk"


async def read_until(events: aiohttp.ClientResponse, part: bytes) -> None:
    async with asyncio.timeout(PATIENCE):
        async for line in events.content:
            if part in line:
                return


async def test_case_one_runs_on_time_while_the_manager_hangs_and_dies(root: Path, tmp_path: Path) -> None:
    """It stands still from the first moment of the outage on, with open requests, and is killed in the middle."""
    story = scenario(root, "case_one", "two_hosts")
    async with outage(story, tmp_path, pages=True) as run, administrator(run) as session:
        hanging = manager_of(run.daemon.pid)
        assert hanging is not None
        os.kill(hanging, signal.SIGSTOP)
        pages = [asyncio.create_task(session.get(f"/api/v1/journal?limit={n}")) for n in range(1, 9)]
        run.fail("a")
        await run.until(lambda: run.daemon.running and "has moved" in "".join(run.told), "the first VM moves", 120)
        os.kill(hanging, signal.SIGKILL)
        await run.until(lambda: not run.world.upses["ups1"].output, "ups1 is cut", 300)
        run.restore("a")
        await run.until_restored(120)
        await asyncio.gather(*pages, return_exceptions=True)
        outages = await until_answered(session, "GET", "/api/v1/outages")
        assert manager_of(run.daemon.pid) != hanging
    assert 60 <= run.at("xenserver1 is disabled") < 90
    assert 120 <= run.at("xenserver1 shuts down") < 170
    in_order(run.narrative, "ups1 is on battery", "xenserver1 is empty", "-> shut xenserver1 down", "pool1 is restored")
    all_is_well(run)
    nothing_twice(run)
    assert outages[0]["hosts_shut_down"] == 1
