"""The controller's present, followed through its files and told to everyone who listens.

The controller writes `status.json` and its journal; this process only reads them. So nothing that happens here, not
even a crash, can delay the controller.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
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

from .moments import for_people
from .threads import Threads

log = logging.getLogger(__name__)

EVERY = 0.5  # seconds between two looks at the files
BEAT = 1.0  # seconds between two beats to the listeners
LINES_KEPT = 500
CHUNK = 2000  # events that are read at once
BEHIND = 200  # messages that a listener may be behind before it is told to begin anew
BEATS = "beat"
TABLES = ("upses", "pools", "hosts", "vms", "storage", "nas", "switches")


class Listener:
    """One open event stream. `of`: whose it is; `look`: it is time to look whether it may go on."""

    def __init__(self, of: str = "") -> None:
        self.of = of
        self.queue: asyncio.Queue[bytes] = asyncio.Queue(BEHIND)
        self.look = asyncio.Event()
        self.behind = False

    def put(self, message: bytes) -> None:
        """Queue a message; a listener that is too far behind gets nothing more, and begins anew."""
        if not self.behind and self.queue.full():
            self.behind, self.queue = True, asyncio.Queue()
            self.look.set()
        if not self.behind:
            self.queue.put_nowait(message)


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
        self.followers: list[Callable[[int, Event], None]] = []  # each is called with every event, from the first on
        self._trouble = ""
        self._threads = Threads("live", 1)

    async def run(self) -> None:
        """Follow until cancelled."""
        loop = asyncio.get_running_loop()
        beat = 0.0
        while True:
            behind = False
            try:
                status, running, events = await self._threads(self._read)
                self._take(status, running, events)
                self._trouble, behind = "", len(events) == CHUNK
            except Exception as error:  # of the files, or a bug over what is in them: the next look goes on behind it
                known = isinstance(error, JournalRefused | UnreadableEvent | OSError)
                trouble = str(error) if known else repr(error)
                if trouble != self._trouble:
                    bug = None if known else error
                    log.warning("the controller's files cannot be read: %s", trouble, exc_info=bug)
                self._trouble = trouble
            if loop.time() - beat >= BEAT:
                beat = loop.time()
                self.publish(BEATS, self.beat())
            await asyncio.sleep(0.0 if behind else EVERY)

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
                if kind == BEATS:
                    listener.look.set()

    @property
    def listeners(self) -> int:
        """How many listen."""
        return len(self._listeners)

    def listeners_of(self, whose: str) -> int:
        """How many of one session or token listen."""
        return sum(listener.of == whose for listener in self._listeners)

    @contextmanager
    def listening(self, whose: str) -> Iterator[Listener]:
        """A listener for as long as the context lasts."""
        listener = Listener(whose)
        self._listeners.add(listener)
        try:
            yield listener
        finally:
            self._listeners.discard(listener)

    def _read(self) -> tuple[dict[str, Any] | None, bool, list[tuple[int, Event]]]:
        self._clock.follow()
        events = read_journal(self._state_dir, self.position, first=CHUNK)
        return read_status(self._state_dir), is_held(self._state_dir), list(events)

    def _take(self, status: dict[str, Any] | None, running: bool, events: list[tuple[int, Event]]) -> None:
        self.running = running
        for position, event in events:
            self.position = position
            for follower in self.followers:
                follower(position, event)
            line = self.line(position, event)
            self.lines.append(line)
            self.publish("line", line, position)
        if status is None or status.get("written_at") == self.written_at:
            return
        self.written_at = float(status.pop("written_at"))
        status = self.for_people(status)
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

    def for_people(self, value: Any) -> Any:
        """Plain values with their moments in seconds since 1970."""
        return for_people(value, self.wall)

    def line(self, position: int, event: Event) -> dict[str, Any]:
        """An event of the journal as a line for people."""
        return {
            "position": position,
            "at": self.wall(event.at),
            "kind": type(event).__name__,
            "text": readable(tell(event)).strip(),
        }


def encoded(kind: str, data: Mapping[str, Any], id: int | None = None) -> bytes:
    """One message of an event stream (HTML, "Server-sent events")."""
    number = f"id: {id}\n" if id is not None else ""
    return f"event: {kind}\n{number}data: ".encode() + msgspec.json.encode(data) + b"\n\n"
