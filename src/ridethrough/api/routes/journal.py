"""The journal: searched, filtered, exported."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse
from pydantic import BaseModel

from ridethrough.api.access import Viewer
from ridethrough.api.context import Context, Ctx
from ridethrough.core.events import Event
from ridethrough.runtime.codec import UnreadableEvent, encode
from ridethrough.runtime.journal_file import JournalRefused, read_journal

router = APIRouter(tags=["journal"])

CHUNK = 1000
SCANNED = 20_000  # events that one search looks at; it goes on from `next`

Text = Annotated[str, Query(max_length=200)]
Kinds = Annotated[list[str] | None, Query(max_length=60)]
Position = Annotated[int | None, Query(ge=0, le=2**53)]


class Line(BaseModel):
    """One event. `kind` is its type, `text` its sentence; `at` seconds since 1970."""

    position: int
    at: float
    kind: str
    text: str


class Page(BaseModel):
    """Lines, the latest first. `next`: give it as `before` for what is older; null: there is no more."""

    items: list[Line]
    next: int | None


class Format(StrEnum):
    """How an export is written."""

    JSONL = "jsonl"
    CSV = "csv"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which events somebody wants: those of one of these kinds (none: of any) whose text holds every word."""

    words: tuple[str, ...]
    kinds: frozenset[str]

    @classmethod
    def of(cls, q: str, kind: list[str] | None) -> Wanted:
        return cls(tuple(q.casefold().split()), frozenset(kind or ()))

    def kind_of(self, event: Event) -> bool:
        return not self.kinds or type(event).__name__ in self.kinds

    def words_of(self, text: str) -> bool:
        folded = text.casefold()
        return all(word in folded for word in self.words)


@router.get("/journal")
def journal(
    ctx: Ctx,
    _: Viewer,
    before: Position = None,
    after: Position = 0,
    q: Text = "",
    kind: Kinds = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> Page:
    """The latest lines whose text holds every word of `q` and whose kind is one of `kind`."""
    wanted, found, scanned = Wanted.of(q, kind), list[Line](), 0
    while True:
        events = read_journal(ctx.state_dir, after or 0, last=CHUNK, before=before)
        for position, event in reversed(events):
            scanned, before = scanned + 1, position
            if not wanted.kind_of(event):
                continue
            line = Line(**ctx.live.line(position, event))
            if wanted.words_of(line.text):
                found.append(line)
                if len(found) == limit:
                    return Page(items=found, next=position)
        if len(events) < CHUNK:
            return Page(items=found, next=None)
        if scanned >= SCANNED:
            return Page(items=found, next=before)


@router.get("/journal/export", response_class=StreamingResponse)
def export(
    ctx: Ctx, _: Viewer, format: Format = Format.JSONL, after: Position = 0, q: Text = "", kind: Kinds = None
) -> StreamingResponse:
    """The journal, or what came after a position, as `q` and `kind` choose from it, the oldest first.

    A JSON object a line with the fact itself, or CSV. Where a damaged journal cannot be read on, the last line tells
    that: {"detail": ...}, or a row with a text alone.
    """
    media = "application/jsonl" if format is Format.JSONL else "text/csv; charset=utf-8"
    headers = {"content-disposition": f'attachment; filename="journal.{format}"'}
    read_journal(ctx.state_dir, first=0)  # refused while the answer can still say so
    return StreamingResponse(_lines(ctx, format, after or 0, Wanted.of(q, kind)), media_type=media, headers=headers)


def _lines(ctx: Context, format: Format, after: int, wanted: Wanted) -> Iterator[str]:
    is_csv = format is Format.CSV
    if is_csv:
        yield _row(["position", "time", "kind", "text"])
    try:
        for position, event in _read(ctx.state_dir, after):
            if not wanted.kind_of(event):
                continue
            line: dict[str, Any] = ctx.live.line(position, event)
            if not wanted.words_of(line["text"]):
                continue
            line["time"] = ctx.clock.wall(event.at).isoformat(timespec="seconds")
            if is_csv:
                yield _row([str(position), line["time"], line["kind"], line["text"]])
            else:
                line["event"] = json.loads(encode(event))
                yield json.dumps(line) + "\n"
    except (JournalRefused, UnreadableEvent) as error:
        yield _row(["", "", "", str(error)]) if is_csv else json.dumps({"detail": str(error)}) + "\n"


def _read(state_dir: Path, after: int) -> Iterator[tuple[int, Event]]:
    """Every event in order. Raises JournalRefused, or UnreadableEvent at the first that cannot be read."""
    chunk = CHUNK
    while True:
        try:
            events = read_journal(state_dir, after, first=chunk)
        except UnreadableEvent:
            if chunk == 1:
                raise
            chunk //= 10  # those before it are good
            continue
        if not events:
            return
        yield from events
        after = events[-1][0]


def _row(cells: list[str]) -> str:
    """One line of CSV (RFC 4180). A cell that a spreadsheet would take for a formula is kept a text."""
    text = io.StringIO()
    csv.writer(text).writerow([f"'{cell}" if cell.startswith(("=", "+", "-", "@")) else cell for cell in cells])
    return text.getvalue()
