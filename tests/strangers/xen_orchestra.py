"""Xen Orchestra's XenAPI client as a process of its own, asked over its standard input and output."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from itertools import count
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
PATIENCE = 60.0  # wall seconds: only a broken run, or a machine that stands still, takes so long


class Failed(Exception):  # noqa: N818
    """The client's call ended with an error: CODE and its parameters."""

    def __init__(self, error: list[str]) -> None:
        super().__init__(*error)
        self.error = error


class XenOrchestra:
    """The client, connected. `told` is what it said of itself: (name, detail) in order."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._ids = count(1)
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self.told: list[tuple[str, str]] = []
        self.ready = asyncio.Event()

    async def ask(self, do: str, **what: object) -> Any:
        """One request and its answer. Raises Failed."""
        assert self._process.stdin is not None
        number = next(self._ids)
        answer = self._waiting[number] = asyncio.get_running_loop().create_future()
        self._process.stdin.write(json.dumps({"id": number, "do": do, **what}).encode() + b"\n")
        await self._process.stdin.drain()
        async with asyncio.timeout(PATIENCE):
            return await answer

    async def call(self, method: str, *args: object) -> Any:
        """A call without Async. Raises Failed."""
        return await self.ask("call", method=method, args=args)

    async def by_task(self, method: str, *args: object) -> Any:
        """A call with Async, whose task the client watches in its cache until it ends. Raises Failed."""
        return await self.ask("async", method=method, args=args)

    async def cache(self) -> dict[str, dict[str, Any]]:
        """Every object that it holds: class -> reference -> record."""
        found: dict[str, dict[str, Any]] = {}
        for each in await self.ask("look"):
            found.setdefault(each["type"], {})[each["ref"]] = each["record"]
        return found

    async def listen(self) -> None:
        """Take in what it says, until it ends."""
        assert self._process.stdout is not None
        while line := await self._process.stdout.readline():
            said = json.loads(line)
            if "told" in said:
                self.told.append((said["told"], said["of"]))
                if said["told"] == "ready":
                    self.ready.set()
            elif "error" in said:
                self._waiting.pop(said["id"]).set_exception(Failed(said["error"]))
            else:
                self._waiting.pop(said["id"]).set_result(said["value"])


@asynccontextmanager
async def xen_orchestra(url: str, transport: str, password: str) -> AsyncIterator[XenOrchestra]:
    """The client, connected by "json-rpc" or "xml-rpc". Skips the test where node or the client itself is missing."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is missing: sudo apt-get install nodejs npm, then ./test again")
    if not (HERE / "node_modules" / "xen-api").is_dir():
        pytest.skip("Xen Orchestra's client is not installed: ./test does it, or (cd tests/strangers && npm ci)")
    options = json.dumps({"url": url, "transport": transport, "user": "root", "password": password})
    process = await asyncio.create_subprocess_exec(
        *(node, str(HERE / "xen_api.mjs"), options),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        limit=64 * 1024 * 1024,
    )
    client = XenOrchestra(process)
    listening = asyncio.create_task(client.listen())
    complaints = asyncio.create_task(_read(process.stderr))
    try:
        async with asyncio.timeout(PATIENCE):
            await asyncio.wait(
                {listening, asyncio.create_task(client.ready.wait())}, return_when=asyncio.FIRST_COMPLETED
            )
        assert client.ready.is_set(), await complaints
        yield client
    except BaseException as error:
        error.add_note(f"the client told: {client.told}")
        raise
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                process.kill()
        await process.wait()
        await asyncio.gather(listening, complaints, return_exceptions=True)


async def _read(stream: asyncio.StreamReader | None) -> str:
    assert stream is not None
    return (await stream.read()).decode(errors="replace")
