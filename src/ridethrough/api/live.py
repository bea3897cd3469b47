"""The controller's present, followed through its files and told to everyone who listens.

The controller writes `status.json` and its journal; this process only reads them. So nothing that happens here, not
even a crash, can delay the controller.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec

from ridethrough.core.events import Event
from ridethrough.core.narrative import tell
from ridethrough.runtime.clock import SiteClock
from ridethrough.runtime.codec import UnreadableEvent, readable
from ridethrough.runtime.journal_file import JournalRefused, read_journal
from ridethrough.runtime.lock import is_held
from ridethrough.runtime.status import read_status

log = logging.getLogger(__name__)

EVERY = 0.5  # seconds between two looks at the files
BEAT = 1.0  # seconds between two beats to the listeners
LINES_KEPT = 500
BEHIND = 200  # messages that a listener may be behind before it is told to begin anew
TABLES = ("upses", "pools", "hosts", "vms", "storage")
_RELATIVE = {"on_battery_for", "off_in", "countdown", "answered", "seconds_left", "last_trap_ago"}
_MOMENTS = ("_at", "_since", "_until")


class Listener:
    """One open event stream."""

    def __init__(self) -> None:
        self.queue: asyncio.Queue[bytes | None] = asyncio.Queue(BEHIND)

    def put(self, message: bytes) -> None:
        """Queue a message; a listener that is too far behind is ended, and begins anew."""
        try:
            self.queue.put_nowait(message)
        except asyncio.QueueFull:
            while not self.queue.empty():
                self.queue.get_nowait()
            self.queue.put_nowait(None)


class Live:
    """Follows one state directory. `site` is what people see now; times in it are seconds since 1970."""

    def __init__(self, state_dir: Path, clock: SiteClock) -> None:
        self._state_dir, self._clock = state_dir, clock
        self._listeners: set[Listener] = set()
        self._told: dict[str, dict[str, bytes]] = {table: {} for table in TABLES}
        self._told_rest = b""
        self.tables: dict[str, dict[str, dict[str, Any]]] = {table: {} for table in TABLES}
        self.rest: dict[str, Any] = {}
        self.written_at: float | None = None  # site seconds
        self.running = False
        self.position = 0
        self.lines: deque[dict[str, Any]] = deque(maxlen=LINES_KEPT)
        self._trouble = ""

    async def run(self) -> None:
        """Follow until cancelled."""
        loop = asyncio.get_running_loop()
        beat = 0.0
        while True:
            try:
                status, running, events = await asyncio.to_thread(self._read)
                self._take(status, running, events)
                self._trouble = ""
            except (JournalRefused, UnreadableEvent, OSError) as error:
                if str(error) != self._trouble:
                    log.warning("the controller's files cannot be read: %s", error)
                self._trouble = str(error)
            if loop.time() - beat >= BEAT:
                beat = loop.time()
                self.publish("beat", self.beat())
            await asyncio.sleep(EVERY)

    def now(self) -> float:
        """Seconds since 1970 by which every moment in `site` is told."""
        return self._clock.wall(self._clock.now()).timestamp()

    def wall(self, at: float) -> float:
        """A moment of the site's clock as seconds since 1970."""
        return round(self._clock.wall(at).timestamp(), 1)

    def age(self) -> float | None:
        """How old what is shown is, in seconds; None when there is nothing to show yet."""
        return max(self._clock.now() - self.written_at, 0.0) if self.written_at is not None else None

    def beat(self) -> dict[str, Any]:
        """The pulse of the stream: what time it is there, and how old the rest is."""
        age = self.age()
        return {
            "now": round(self.now(), 1),
            "age": round(age, 1) if age is not None else None,
            "running": self.running,
            "trouble": self._trouble,
        }

    def site(self) -> dict[str, Any]:
        """All but the tables: names, mode, verdict, alerts, what is under way."""
        return {**self.rest, **self.beat()}

    def whole(self) -> dict[str, Any]:
        """Everything, as a listener gets it first."""
        return {**self.site(), **{table: list(rows.values()) for table, rows in self.tables.items()}}

    def publish(self, kind: str, data: Mapping[str, Any], id: int | None = None) -> None:
        """Tell every listener; encoded once for all."""
        if self._listeners:
            message = encoded(kind, data, id)
            for listener in self._listeners:
                listener.put(message)

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[Listener]:
        """A listener for as long as the context lasts."""
        listener = Listener()
        self._listeners.add(listener)
        try:
            yield listener
        finally:
            self._listeners.discard(listener)

    def _read(self) -> tuple[dict[str, Any] | None, bool, list[tuple[int, Event]]]:
        last = None if self.position else LINES_KEPT
        return (
            read_status(self._state_dir),
            is_held(self._state_dir),
            list(read_journal(self._state_dir, self.position, last=last)),
        )

    def _take(self, status: dict[str, Any] | None, running: bool, events: list[tuple[int, Event]]) -> None:
        self.running = running
        for position, event in events:
            self.position = position
            line = {"position": position, "at": self.wall(event.at), "kind": type(event).__name__}
            line["text"] = readable(tell(event))
            self.lines.append(line)
            self.publish("line", line, position)
        if status is None or status.get("written_at") == self.written_at:
            return
        self.written_at = float(status.pop("written_at"))
        status = self._for_people(status)
        changed: dict[str, Any] = {}
        gone: dict[str, list[str]] = {}
        for table in TABLES:
            rows = {row["id"]: row for row in status.pop(table, [])}
            raw = {id: msgspec.json.encode(row) for id, row in rows.items()}
            told = self._told[table]
            if new := [row for id, row in rows.items() if told.get(id) != raw[id]]:
                changed[table] = new
            if away := sorted(told.keys() - rows.keys()):
                gone[table] = away
            self.tables[table], self._told[table] = rows, raw
        rest = msgspec.json.encode(status)
        if rest != self._told_rest:
            self.rest, self._told_rest = status, rest
            changed["site"] = status
        if changed or gone:
            self.publish("change", {"changed": changed, "gone": gone})

    def _for_people(self, value: Any, key: str = "") -> Any:
        """Moments on the site's clock become seconds since 1970; what is relative to a round is left out."""
        if isinstance(value, dict):
            return {k: self._for_people(v, k) for k, v in value.items() if k not in _RELATIVE}
        if isinstance(value, list):
            return [self._for_people(part) for part in value]
        if isinstance(value, float):
            if value != value or value in (float("inf"), float("-inf")):
                return None
            return self.wall(value) if key == "at" or key.endswith(_MOMENTS) else round(value, 2)
        return readable(value) if isinstance(value, str) else value


def encoded(kind: str, data: Mapping[str, Any], id: int | None = None) -> bytes:
    """One message of an event stream (HTML, "Server-sent events")."""
    number = f"id: {id}\n" if id is not None else ""
    return f"event: {kind}\n{number}data: ".encode() + msgspec.json.encode(data) + b"\n\n"
