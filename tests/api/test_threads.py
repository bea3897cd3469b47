"""Who waits for one thing holds up nobody who waits for another."""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from fastapi import FastAPI

from ridethrough.api import create_app
from ridethrough.api.foresight import Story
from ridethrough.api.jobs import State
from ridethrough.api.post import AT_ONCE
from ridethrough.core.events import Ask
from ridethrough.runtime.mailbox import Answer

from .asgi import scope_of
from .fakes import Mailbox, context, write_status
from .imagined import InProcess, planning, site_of

PATIENCE = 20.0
MANY = 45  # more than all threads that the routes have


@contextlib.contextmanager
def held() -> Iterator[threading.Event]:
    """Whoever waits for it goes on at the end of the context, whatever comes of the test."""
    event = threading.Event()
    try:
        yield event
    finally:
        event.set()


@contextlib.contextmanager
def every_thread_of_the_loop_waits() -> Iterator[None]:
    loop = asyncio.get_running_loop()
    loop.set_default_executor(ThreadPoolExecutor(1))
    with held() as event:
        loop.run_in_executor(None, event.wait)
        yield


async def test_the_files_are_followed_whatever_else_waits(tmp_path: Path) -> None:
    live = context(tmp_path).live
    write_status(tmp_path / "state")
    with every_thread_of_the_loop_waits():
        following = asyncio.create_task(live.run())
        async with asyncio.timeout(PATIENCE):
            while not live.tables["hosts"]:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        following.cancel()


async def test_a_story_is_played_whatever_else_waits(tmp_path: Path, root: Path) -> None:
    ready = planning(tmp_path, site_of(root), InProcess())
    assert ready.simulations is not None
    with every_thread_of_the_loop_waits():
        job = ready.simulations.begin(Story(site="empty", until=1), "anna")
        assert job.task is not None
        async with asyncio.timeout(PATIENCE):
            await job.task
    assert job.state is State.DONE


async def asked(app: FastAPI, method: str, path: str, body: object = None) -> tuple[int, Any]:
    """Status and answer of a request."""
    answer: list[dict[str, Any]] = []
    sent = [{"type": "http.request", "body": json.dumps(body).encode(), "more_body": False}]

    async def receive() -> dict[str, Any]:
        return sent.pop() if sent else await asyncio.get_running_loop().create_future()

    async def send(message: Any) -> None:
        answer.append(message)

    scope = scope_of(method, path, headers=[(b"content-type", b"application/json")])
    await app(scope, receive, send)
    return answer[0]["status"], json.loads(b"".join(message["body"] for message in answer[1:]))


async def test_a_controller_that_stands_still_keeps_nobody_from_looking(tmp_path: Path) -> None:
    with held() as event:

        def stands_still(_ask: Ask, _subject: str) -> Answer:
            event.wait()
            return Answer(True, "done")

        app = create_app(context(tmp_path, mailbox=Mailbox(stands_still)))
        hold = {"ask": "hold", "subject": "h1"}
        asking = [asyncio.create_task(asked(app, "POST", "/requests", hold)) for _ in range(MANY)]
        async with asyncio.timeout(PATIENCE):
            assert await asked(app, "GET", "/hosts") == (200, [])
            while sum(task.done() for task in asking) < MANY - AT_ONCE:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
    answers = [await task for task in asking]
    assert sum(status == 200 for status, _ in answers) == AT_ONCE
    assert all("Ask again" in body["detail"] for status, body in answers if status == 504)
