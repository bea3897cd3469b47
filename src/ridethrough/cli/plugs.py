"""The plugs of a simulated site behind a Unix socket: its pages pull them, and hang its guests.

Only `ridethrough demo` serves this. One JSON object a line each way: `{}` looks, `{"do": ..., "subject": ...}` does one
thing of sim.timeline's to the world; the answer has `feeders`, `words`, and `trouble`.
"""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

from ridethrough.sim.reading import ScenarioError
from ridethrough.sim.timeline import TO_THE_WORLD, Happening, words
from ridethrough.sim.world import World

from .wire import WireSite

FILE = "plugs.sock"
LONGEST = 10_000  # bytes in a line


class Plugs:
    """Listens at `path` from `start` to `stop`."""

    def __init__(self, wire: WireSite, path: Path) -> None:
        self._wire, self._path = wire, path
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """Listen."""
        self._server = await asyncio.start_unix_server(self._serve, self._path, limit=LONGEST)
        self._path.chmod(0o600)

    async def stop(self) -> None:
        """Listen no longer."""
        if self._server is not None:
            self._server.close()
            self._path.unlink(missing_ok=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            asked = json.loads(await reader.readline())
            writer.write(json.dumps(self._obey(asked)).encode() + b"\n")
            await writer.drain()
        except (OSError, ValueError):
            pass  # whoever asked is gone, or asked for nothing that is anything
        finally:
            writer.close()

    def _obey(self, asked: dict[str, Any]) -> dict[str, Any]:
        self._wire.pace.step()
        trouble = do(self._wire.world, str(asked["do"]), str(asked.get("subject", ""))) if "do" in asked else ""
        return {**look(self._wire.world), "trouble": trouble}


def look(world: World) -> dict[str, Any]:
    """The feeders, and what can be done: by word, to which of what."""
    subjects = {
        "feeder": sorted(world.feeders),
        "storage": sorted(world.nases),
        "ups": sorted(world.upses),
        "host": sorted(world.hosts),
        "pool": sorted(world.pools),
        "vm": sorted(vm.name for vm in world.vms.values()),
    }
    return {
        "feeders": [{"id": name, "on": on} for name, on in sorted(world.feeders.items())],
        "words": [
            {"do": word.do, "kind": word.subject, "subjects": subjects[word.subject]}
            for word in words()
            if word.do in TO_THE_WORLD
        ],
    }


def do(world: World, word: str, subject: str) -> str:
    """Let one thing happen; why it could not, else empty."""
    kind = next((w.subject for w in words() if w.do == word and word in TO_THE_WORLD), None)
    if kind is None:
        return f'nothing is called "{word}" here'
    known = next(row["subjects"] for row in look(world)["words"] if row["do"] == word)
    if subject not in known:
        return f'{word}: there is no {kind} "{subject}"; known are {", ".join(known) or "none"}'
    try:
        Happening(0.0, word, {kind: subject}, 10.0).happen(world)
    except ScenarioError as error:
        return str(error)
    return ""
