"""The event stream: what comes over it, and that it ends with the session, whatever its reader does."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from ridethrough.api import Live, Role
from ridethrough.api.event_stream import EventStream
from ridethrough.api.live import BEHIND, Listener
from ridethrough.api.routes.events import OF_ONE
from ridethrough.core.events import Armed
from ridethrough.runtime.clock import SiteClock

from .accounts_client import IDLE, PASSWORD, Site
from .asgi import scope_of
from .fakes import write_status

PATIENCE = 10.0
App = Callable[[Any, Any, Any], Any]


@dataclass
class Reader:
    """One who reads the stream. What `stalls` takes the head of the answer and then nothing any more."""

    app: App
    cookie: str = ""
    last: str = ""
    stalls: bool = False
    status: int = 0
    read: bytes = b""
    ended: bool = False
    came: asyncio.Event = field(default_factory=asyncio.Event)
    gone: asyncio.Event = field(default_factory=asyncio.Event)
    task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Reader:
        headers = [(b"cookie", f"ridethrough_session={self.cookie}".encode())]
        if self.last:
            headers.append((b"last-event-id", self.last.encode()))
        scope = scope_of("GET", "/events", headers=headers)
        self.task = asyncio.create_task(self.app(scope, self._receive, self._send))
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self.task is not None
        self.task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self.task

    async def _receive(self) -> dict[str, Any]:
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
        elif self.stalls:
            self.came.set()
            await asyncio.Event().wait()
        else:
            self.read += message["body"]
            self.ended = not message.get("more_body", False)
        self.came.set()

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait for what comes with the messages."""
        async with asyncio.timeout(PATIENCE):
            while not condition():
                await self.came.wait()
                self.came.clear()

    async def has(self, part: str) -> None:
        """Wait until it has read this."""
        await self.until(lambda: part.encode() in self.read)

    def data(self, kind: str) -> list[Any]:
        """What the messages of a kind say."""
        found = [message.splitlines() for message in self.read.decode().split("\n\n")]
        return [json.loads(lines[-1].removeprefix("data: ")) for lines in found if f"event: {kind}" in lines]


async def _until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.001)


@pytest.fixture
def site(tmp_path: Path) -> Site:
    found = Site(tmp_path)
    found.accounts.add("bert", Role.OPERATE, PASSWORD, "the test")
    write_status(tmp_path / "state")
    return found


@pytest.fixture
def live(site: Site) -> Live:
    found: Live = site.app.state.context.live
    return found


@pytest.fixture
def cookie(site: Site) -> str:
    """Of a session of bert's."""
    return site.accounts.login("bert", PASSWORD, "192.0.2.7", "a test").value


def beat(live: Live) -> None:
    live.publish("beat", live.beat())


def journal(live: Live, position: int) -> None:
    """A line of the journal, as it is read."""
    line = live.line(position, Armed(float(position), "anna"))
    live.lines.append(line)
    live.publish("line", line, position)


# --- what comes


async def test_first_everything_comes_and_then_what_is_new(site: Site, live: Live, cookie: str) -> None:
    journal(live, 1)
    async with Reader(site.app, cookie) as reader:
        await reader.has("event: state")
        journal(live, 2)
        beat(live)
        await reader.has("event: beat")
        (state,) = reader.data("state")
        (line,) = reader.data("line")
        assert ([one["position"] for one in state["lines"]], line["position"]) == ([1], 2)
        assert reader.data("beat")[0]["running"] is False


async def test_who_comes_back_gets_the_lines_since(site: Site, live: Live, cookie: str) -> None:
    for position in range(1, 6):
        journal(live, position)
    async with Reader(site.app, cookie, last="3") as reader:
        await reader.has("event: state")
        assert [one["position"] for one in reader.data("state")[0]["lines"]] == [4, 5]


@pytest.mark.parametrize("last", ["x", "-1", "9" * 5000, "²"])
async def test_a_last_position_that_is_none_gets_all(site: Site, live: Live, cookie: str, last: str) -> None:
    journal(live, 1)
    async with Reader(site.app, cookie, last=last) as reader:
        await reader.has("event: state")
        assert [one["position"] for one in reader.data("state")[0]["lines"]] == [1]


async def test_who_is_too_far_behind_begins_anew(site: Site, live: Live, cookie: str) -> None:
    async with Reader(site.app, cookie) as reader:
        await reader.has("event: state")
        for _ in range(BEHIND + 1):
            live.publish("job", {})
        await reader.until(lambda: reader.ended)
        assert live.listeners == 0


async def test_one_session_has_so_many_streams_and_no_more(site: Site, live: Live, cookie: str) -> None:
    async with contextlib.AsyncExitStack() as open_ones:
        for _ in range(OF_ONE):
            await (await open_ones.enter_async_context(Reader(site.app, cookie))).has("event: state")
        async with Reader(site.app, cookie) as one_more:
            await one_more.until(lambda: one_more.ended)
            assert (one_more.status, b"close a page" in one_more.read) == (429, True)
        other = site.accounts.login("bert", PASSWORD, "192.0.2.8", "another").value
        async with Reader(site.app, other) as reader:
            await reader.has("event: state")
            assert live.listeners == OF_ONE + 1


# --- how it ends


def log_out(site: Site, cookie: str) -> None:
    site.accounts.sessions.log_out(cookie)


def change_the_password(site: Site, _cookie: str) -> None:
    site.accounts.set_password("bert", "another horse battery", "anna")


def remove_the_account(site: Site, _cookie: str) -> None:
    site.accounts.remove("bert", "anna")


def idle(site: Site, _cookie: str) -> None:
    site.clock.later(IDLE)


@pytest.mark.parametrize("end", [log_out, change_the_password, remove_the_account, idle])
@pytest.mark.parametrize("stalls", [False, True], ids=["reads", "stalls"])
async def test_it_ends_with_its_session(
    site: Site, live: Live, cookie: str, end: Callable[[Site, str], None], stalls: bool
) -> None:
    async with Reader(site.app, cookie, stalls=stalls) as reader:
        await reader.until(lambda: live.listeners == 1)
        end(site, cookie)
        beat(live)
        await _until(lambda: live.listeners == 0)
        if not stalls:
            await reader.until(lambda: reader.ended)
            live.publish("job", {"secret": "told after the end"})
            assert b"told after" not in reader.read


async def test_it_goes_on_with_another_role(site: Site, live: Live, cookie: str) -> None:
    """Whoever may look on sees the same."""
    async with Reader(site.app, cookie) as reader:
        await reader.has("event: state")
        site.accounts.set_role("bert", Role.VIEW, "anna")
        beat(live)
        await reader.has("event: beat")
        live.publish("job", {"id": "after it"})
        await reader.has("after it")


@pytest.mark.parametrize("stalls", [False, True], ids=["reads", "stalls"])
async def test_it_ends_when_its_reader_is_gone(site: Site, live: Live, cookie: str, stalls: bool) -> None:
    async with Reader(site.app, cookie, stalls=stalls) as reader:
        await reader.until(lambda: live.listeners == 1 and (stalls or bool(reader.read)))
        reader.gone.set()
        await _until(lambda: live.listeners == 0)


async def test_nothing_waits_for_ever_for_a_reader(tmp_path: Path) -> None:
    live = Live(tmp_path, SiteClock(tmp_path))
    stream = EventStream(live, "one", lambda: b"all", _always, within=0.01)
    async with Reader(stream, stalls=True) as reader:
        assert reader.task is not None
        async with asyncio.timeout(PATIENCE):
            await reader.task
        assert live.listeners == 0


async def _always() -> bool:
    return True


async def test_one_that_is_behind_keeps_nothing(tmp_path: Path) -> None:
    listener = Listener()
    for _ in range(BEHIND + 2):
        listener.put(b"x")
    assert (listener.behind, listener.queue.qsize()) == (True, 0)
