"""The event stream: every change of state and every line of the journal, as it comes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Header, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import StreamingResponse

from ridethrough.api.access import NotAdmitted, Onlooker, person_of
from ridethrough.api.context import Context, Ctx
from ridethrough.api.live import encoded

router = APIRouter(tags=["events"])

AGAIN = b"retry: 1000\n\n"


@router.get("/events", response_class=StreamingResponse)
async def events(
    request: Request, ctx: Ctx, _: Onlooker, last_event_id: Annotated[str, Header()] = ""
) -> StreamingResponse:
    """Server-sent events. First `state`: everything. Then `change` (`changed`: rows by table and `site`; `gone`: ids by
    table), `line` (one of the journal; its position is the event's id), `job` (progress of a search or a simulation),
    and each second `beat` (`now`, `age`, `running`). Ends when the session does, and does not keep it alive.
    """
    headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
    stream = _stream(request, ctx, int(last_event_id) if last_event_id.isdecimal() else None)
    return StreamingResponse(stream, media_type="text/event-stream", headers=headers)


async def _stream(request: Request, ctx: Context, after: int | None) -> AsyncIterator[bytes]:
    with ctx.live.listening() as listener:
        lines = [line for line in ctx.live.lines if after is None or line["position"] > after]
        yield AGAIN + encoded("state", {**ctx.live.whole(), "lines": lines}, ctx.live.position)
        while (message := await listener.queue.get()) is not None:
            yield message
            if message.startswith(b"event: beat"):
                try:
                    await run_in_threadpool(person_of, request, ctx.gate, False)
                except NotAdmitted:
                    return
