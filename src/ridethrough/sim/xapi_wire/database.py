"""A pool's records with the generation of each change, as xapi's database keeps them for event.from.

Every change takes the next generation. An object knows when it was created and last changed; one that is gone leaves
a note of both, until the coordinator's toolstack starts anew.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from .marshal import Value
from .records import Records
from .site_records import CLASSES, Record

MISSED = 100  # changes that a copy lacks; every database begins with more


@dataclass(slots=True)
class Row:
    """One object: its record as it was last looked at."""

    record: Record
    created: int
    modified: int


@dataclass(frozen=True, slots=True)
class Gone:
    """An object that was destroyed."""

    ref: str
    created: int
    deleted: int


class Database:
    """The rows of one pool. `touch` notes that something changed, `settle` looks at what it was."""

    def __init__(self, records: Records) -> None:
        self.records = records
        self.generation = 1000
        self.gone: dict[str, list[Gone]] = {c: [] for c in CLASSES}
        self._rows: dict[str, dict[str, Row]] = {c: {} for c in CLASSES}
        self._dirty: dict[tuple[str, str], bool] = {}  # True: changed for certain, even if it looks as before
        self._waiting: set[asyncio.Event] = set()
        for xapi_class in CLASSES:
            for ref, make in records.makers(xapi_class).items():
                self.generation += 1
                self._rows[xapi_class][ref] = Row(make(), self.generation, self.generation)

    # --- changes

    def touch(self, kind: str, ref: str) -> None:
        """The World changed an object: `kind` is its class in lower case."""
        reached = self.records.touched(kind, ref)
        if kind == "vm":
            reached += self._old_home(ref)
        for each in reached:
            if each[0] in CLASSES:
                told = each[0].lower() == kind and each[1] == ref  # disabled and enabled again is a change all the same
                self._dirty[each] = self._dirty.get(each, False) or told
        if reached:
            self.wake()

    def _old_home(self, ref: str) -> list[tuple[str, str]]:
        """The host that a guest was on when it was last looked at."""
        row = self._rows["VM"].get(ref)
        home = self._rows["host"].get(row.record["resident_on"]) if row else None
        return [("host", row.record["resident_on"]), ("host_metrics", home.record["metrics"])] if row and home else []

    def settle(self) -> None:
        """Look at everything touched; what is different takes a new generation."""
        dirty, self._dirty = self._dirty, {}
        for (xapi_class, ref), told in dirty.items():
            self._look(xapi_class, ref, self.records.record(xapi_class, ref), told)

    def _look(self, xapi_class: str, ref: str, record: Record | None, told: bool) -> None:
        rows = self._rows[xapi_class]
        row = rows.get(ref)
        if record == (row.record if row else None) and not (told and record is not None):
            return
        self.generation += 1
        if record is None and row is not None:
            del rows[ref]
            self.gone[xapi_class].append(Gone(ref, row.created, self.generation))
        elif row is None and record is not None:
            rows[ref] = Row(record, self.generation, self.generation)
        elif row is not None and record is not None:
            row.record, row.modified = record, self.generation

    def inject(self, xapi_class: str, ref: str) -> None:
        """Pretend that an object changed (event.inject). Raises KeyError when there is none."""
        row = self.rows(xapi_class)[ref]
        self.generation += 1
        row.modified = self.generation
        self.wake()

    def recheck(self, *classes: str) -> None:
        """Look at every object of these classes again: a toolstack's end is told of no object."""
        for xapi_class in classes:
            for ref in {*self._rows[xapi_class], *self.records.makers(xapi_class)}:
                self._dirty.setdefault((xapi_class, ref), False)

    def forget_the_gone(self) -> None:
        """The coordinator's toolstack started anew: destroyed objects leave no more trace (valid_ref_counts tells)."""
        self.settle()
        for notes in self.gone.values():
            notes.clear()

    def fall_back(self) -> None:
        """Go on with a copy that is some changes old: a token of before is now one from the future."""
        self.settle()
        self.generation -= MISSED
        for rows in self._rows.values():
            for row in rows.values():
                row.created, row.modified = min(row.created, self.generation), min(row.modified, self.generation)

    # --- questions

    def rows(self, xapi_class: str) -> dict[str, Row]:
        """The rows of a class by reference, current; empty for a class without objects here."""
        if self._dirty:
            self.settle()
        return self._rows.get(xapi_class, {})

    def record(self, xapi_class: str, ref: str) -> Record | None:
        row = self.rows(xapi_class).get(ref)
        return row.record if row else None

    def field(self, xapi_class: str, ref: str, field: str) -> Value:
        """One field; KeyError when there is no such object."""
        return self.rows(xapi_class)[ref].record[field]

    # --- waiting

    def wake(self) -> None:
        """Let everyone who waits look again."""
        for event in self._waiting:
            event.set()

    async def wait(self, seconds: float) -> None:
        """Wait for a touch or a `wake`, at most so many wall seconds."""
        event = asyncio.Event()
        self._waiting.add(event)
        try:
            async with asyncio.timeout(seconds):
                await event.wait()
        except TimeoutError:
            pass
        finally:
            self._waiting.discard(event)
