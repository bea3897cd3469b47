"""The event stream: every change of state and every line of the journal, as it comes."""

from __future__ import annotations

import sqlite3
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Header, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import StreamingResponse

from ridethrough.api.access import SESSION_COOKIE, NotAdmitted, Onlooker, person_of
from ridethrough.api.context import Context, Ctx
from ridethrough.api.event_stream import EventStream
from ridethrough.api.live import encoded
from ridethrough.api.problems import Responses, answers

router = APIRouter(tags=["events"])

AGAIN = b"retry: 1000\n\n"
OF_ONE = 20  # streams of one session or token
DIGITS = 15  # of a position
STREAM: Responses = {200: {"description": "The stream.", "content": {EventStream.media_type: {}}}}


@router.get("/events", response_class=StreamingResponse, responses=STREAM | answers(429))
async def events(request: Request, ctx: Ctx, _: Onlooker, last_event_id: Annotated[str, Header()] = "") -> EventStream:
    """Server-sent events. First `state`: everything. Then `change` (`changed`: rows by table and `site`; `gone`: ids by
    table), `line` (one of the journal; its position is the event's id), `job` (progress of a search or a simulation),
    and each second `beat` (`now`, `age`, `running`). Ends when the session does, and does not keep it alive. Ends for
    who does not read it, too, who begins anew. One session has twenty of them at most.
    """
    whose = request.cookies.get(SESSION_COOKIE, "") or request.headers.get("authorization", "")
    if ctx.live.listeners_of(whose) >= OF_ONE:
        raise NotAdmitted(429, f"{OF_ONE} event streams are open here: close a page", retry_after=5)
    known = last_event_id.isascii() and last_event_id.isdecimal() and len(last_event_id) <= DIGITS
    first = partial(_first, ctx, int(last_event_id) if known else None)
    return EventStream(ctx.live, whose, first, partial(_may_read_on, request, ctx))


def _first(ctx: Context, after: int | None) -> bytes:
    lines = [line for line in ctx.live.lines if after is None or line["position"] > after]
    return AGAIN + encoded("state", {**ctx.live.whole(), "lines": lines}, ctx.live.position)


async def _may_read_on(request: Request, ctx: Context) -> bool:
    try:
        await run_in_threadpool(person_of, request, ctx.gate, False)
    except (NotAdmitted, sqlite3.Error):  # a page tries again by itself
        return False
    return True
