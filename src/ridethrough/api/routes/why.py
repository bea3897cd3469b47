"""Why a host or a VM is as it is now."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, HTTPException, Query
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, Field

from ridethrough.api.access import Viewer
from ridethrough.api.context import Context, Ctx
from ridethrough.api.foresight import NothingSeen
from ridethrough.api.problems import answers
from ridethrough.core.why import Why, why
from ridethrough.runtime.codec import UnreadableEvent
from ridethrough.runtime.journal_file import JournalRefused
from ridethrough.runtime.remembered import situation

router = APIRouter(tags=["site"])


class WhyTold(BaseModel):
    """A sentence or two. `kind`: host or vm."""

    kind: str
    id: str
    name: str
    now: str
    then: str = Field(description="What comes next, or would change it.")
    text: str = Field(description="Both.")


class WhyFound(BaseModel):
    """Several VMs may have one name."""

    name: str
    found: list[WhyTold]


@router.get("/why", responses=answers(404, 503))
async def look(name: Annotated[str, Query(max_length=500)], ctx: Ctx, _: Viewer) -> WhyFound:
    """Why a host (by its key or name) or a VM (by its name or uuid) is as it is now, and what would change that."""
    try:
        found = await run_in_threadpool(_why, ctx, name)
    except (NothingSeen, JournalRefused, UnreadableEvent) as error:
        raise HTTPException(503, str(error)) from error
    if not found:
        raise HTTPException(404, f'no host and no VM is named "{name}"')
    told = [
        WhyTold(kind=one.kind, id=one.id, name=one.name, now=one.now, then=one.then, text=one.text) for one in found
    ]
    return WhyFound(name=name, found=told)


def _why(ctx: Context, name: str) -> list[Why]:
    site, seen = ctx.present.look()
    return why(situation(ctx.state_dir, site, seen), name)
