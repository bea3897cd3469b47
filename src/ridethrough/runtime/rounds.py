"""What every round of an outage saw, beside the journal: with it each decision can be derived again.

The journal keeps facts and what was decided; it does not keep what each round looked at. While something is going on,
this does: a file for each outage and island in `rounds/`, a line a round, only what has changed since the line before.
It serves explanations alone. So it is bounded, it is written by a thread of its own, it is never waited for, and where
its disk fails it ends without a word to the loops.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, Full, Queue
from threading import Event as Signal
from threading import Thread
from typing import Any, BinaryIO, TypeAlias

import msgspec

from ridethrough.core import events as e
from ridethrough.core.decide import Decision, decide
from ridethrough.core.memory import Memory
from ridethrough.core.model import Seconds
from ridethrough.core.observation import Snapshot
from ridethrough.core.site import Site

log = logging.getLogger(__name__)

FOLDER = "rounds"
VERSION = 1
MOST_OF_ONE = 32 * 2**20  # bytes of a file: hours of a large site
MOST_OF_ALL = 128 * 2**20
MOST_FILES = 40
BEFORE = 3  # rounds that are kept from before something began
AFTER: Seconds = 60.0  # and how long it is gone on after it has ended
WAITING = 500  # rounds that may wait for the disk

STIRS = (e.UtilityDoubted, e.UtilityLost, e.ActionStarted, e.ActionTold, e.PoolRecorded, e.EvacuationBegun)
Plain: TypeAlias = Any  # of JSON


@dataclass(frozen=True, slots=True)
class Round:
    """One round: its moment, what it saw, by which site, and the position of the last event that it remembered."""

    now: Seconds
    position: int
    seen: Snapshot
    site: Site


class Rounds:
    """Records the rounds of every island of a state directory. `stop` ends it."""

    def __init__(self, state_dir: Path) -> None:
        self._folder = state_dir / FOLDER
        self._queue: Queue[tuple[str, Round | None]] = Queue(WAITING)
        self._ending = Signal()
        self._thread: Thread | None = None  # begun with the first outage

    def recorder(self, island: str) -> Recorder:
        """The decisions of an island, recorded."""
        return Recorder(lambda told: self._put(island, told))

    def stop(self, within: float = 2.0) -> None:
        """Write what waits, as far as there is time, and end."""
        self._ending.set()
        if self._thread is not None:
            self._thread.join(within)

    def _put(self, island: str, told: Round | None) -> None:
        if self._thread is None:
            self._thread = Thread(target=self._work, name="rounds", daemon=True)
            self._thread.start()
        with suppress(Full):  # a gap: what it held is missing when it is derived again, and that is told
            self._queue.put_nowait((island, told))

    def _work(self) -> None:
        files: dict[str, _File] = {}
        try:
            while not (self._ending.is_set() and self._queue.empty()):
                try:
                    island, told = self._queue.get(timeout=0.2)
                except Empty:
                    continue
                if told is None:
                    if (done := files.pop(island, None)) is not None:
                        done.close()
                    continue
                if island not in files:
                    files[island] = _File(self._folder, told)
                files[island].write(told)
        except OSError as error:
            log.warning("rounds are recorded no longer: %s", error)
        finally:
            for file in files.values():
                file.close()


class Recorder:
    """The real decisions; while something is going on, each round is told."""

    def __init__(self, tell: Callable[[Round | None], None]) -> None:
        """`tell` takes a Round; None when it is over. It must not block."""
        self._tell = tell
        self._before: deque[Round] = deque(maxlen=BEFORE)
        self._until: Seconds | None = None  # None: nothing is going on

    def __call__(self, now: Seconds, seen: Snapshot, memory: Memory, site: Site) -> Decision:
        decision = decide(now, seen, memory, site)
        self._note(Round(now, memory.position, seen, site), _stirs(memory, decision))
        return decision

    def _note(self, told: Round, stirs: bool) -> None:
        if stirs:
            self._until = told.now + AFTER
        if self._until is None:
            self._before.append(told)
            return
        while self._before:
            self._tell(self._before.popleft())
        self._tell(told)
        if told.now > self._until:
            self._until = None
            self._tell(None)


def _stirs(memory: Memory, decision: Decision) -> bool:
    """Whether there is an outage, or something is done or undone."""
    if memory.urgent or memory.pending or any(isinstance(event, STIRS) for event in decision.events):
        return True
    return any(pool.record is not None for pool in memory.pools.values())


# --- a file ------------------------------------------------------------------------------------------------------


class _File:
    """Line by line: first the site and a whole snapshot, then what changes."""

    def __init__(self, folder: Path, first: Round) -> None:
        folder.mkdir(mode=0o700, exist_ok=True)
        _make_room(folder)
        name = f"{first.position:012d}"
        number = next(n for n in range(1000) if not (folder / f"{name}-{n:03d}.jsonl").exists())
        self._file: BinaryIO | None = (folder / f"{name}-{number:03d}.jsonl").open("wb")
        self._site: Site | None = None
        self._seen = Snapshot()
        self._written = 0

    def write(self, told: Round) -> None:
        if self._file is None:
            return
        line: dict[str, Plain] = {"now": told.now, "position": told.position}
        if self._site is None:
            line["v"] = VERSION
        if told.site != self._site:
            line["site"] = msgspec.to_builtins(told.site)
        line["seen"] = changes(self._seen, told.seen)
        self._site, self._seen = told.site, told.seen
        raw = msgspec.json.encode(line) + b"\n"
        self._written += len(raw)
        if self._written > MOST_OF_ONE:
            self._file.write(b'{"full": true}\n')
            self.close()
        else:
            self._file.write(raw)
            self._file.flush()

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
        self._file = None


def _make_room(folder: Path) -> None:
    """Drop the oldest files, until one more may be as large as any."""
    files = sorted(folder.glob("*.jsonl"))
    sizes = {file: file.stat().st_size for file in files}
    while files and (len(files) >= MOST_FILES or sum(sizes[file] for file in files) > MOST_OF_ALL - MOST_OF_ONE):
        files.pop(0).unlink(missing_ok=True)


def changes(before: Snapshot, after: Snapshot) -> dict[str, Plain]:
    """Table by table, id by id, what is other; None for what is gone."""
    found: dict[str, Plain] = {}
    for table in Snapshot.__dataclass_fields__:
        old, new = getattr(before, table), getattr(after, table)
        part: dict[str, Plain] = {id_: None for id_ in old if id_ not in new}
        for id_, there in new.items():
            known = old.get(id_)
            if known is None or (known is not there and known != there):
                part[id_] = _difference(msgspec.to_builtins(known), msgspec.to_builtins(there))
        if part:
            found[table] = part
    return found


def _difference(before: Plain, after: Plain) -> Plain:
    """A dict with the keys that are other; anything else whole, in a list of one, so that it is told from a dict."""
    if isinstance(before, dict) and isinstance(after, dict) and before.keys() == after.keys():
        return {key: _difference(before[key], after[key]) for key in after if before[key] != after[key]}
    return [after]


def _applied(before: Plain, difference: Plain) -> Plain:
    if isinstance(difference, list):
        return difference[0]
    return {**before, **{key: _applied(before[key], change) for key, change in difference.items()}}


# --- reading -----------------------------------------------------------------------------------------------------


class RoundsUnreadable(Exception):  # noqa: N818 - a state of the file
    """The message names the file."""


def read_rounds(state_dir: Path, first: int, last: int) -> Iterator[list[Round]]:
    """The recorded files with rounds between these positions of the journal, in order. Raises RoundsUnreadable."""
    for path in sorted((state_dir / FOLDER).glob("*.jsonl")):
        found = list(_rounds(path))
        if found and found[-1].position >= first and found[0].position <= last:
            yield found


def _rounds(path: Path) -> Iterator[Round]:
    tables: dict[str, dict[str, Plain]] = {}
    site: Site | None = None
    for line in path.read_bytes().splitlines():
        try:
            row = msgspec.json.decode(line)
            if "full" in row:
                return
            if row.get("v", VERSION) != VERSION:
                raise RoundsUnreadable(f"{path}: written by a newer Ridethrough")
            if "site" in row:
                site = msgspec.convert(row["site"], Site, str_keys=True)
            for table, part in row["seen"].items():
                _apply(tables.setdefault(table, {}), part)
            seen = msgspec.convert(tables, Snapshot, str_keys=True)
        except (msgspec.DecodeError, KeyError, TypeError) as error:
            if line and not line.endswith(b"}"):
                return  # the last line of a controller that was killed
            raise RoundsUnreadable(f"{path}: {error}") from error
        if site is not None:
            yield Round(row["now"], row["position"], seen, site)


def _apply(table: dict[str, Plain], part: Mapping[str, Plain]) -> None:
    for id_, change in part.items():
        if change is None:
            table.pop(id_, None)
        else:
            table[id_] = _applied(table.get(id_), change)
