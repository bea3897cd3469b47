"""What people ask of the controller: obeyed in its next round, or answered why not."""

from __future__ import annotations

from enum import StrEnum

from fastapi import APIRouter, HTTPException
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, ConfigDict, Field

from ridethrough.api.access import Operator
from ridethrough.api.context import Ctx
from ridethrough.api.problems import answers
from ridethrough.core.events import Ask

router = APIRouter(tags=["requests"])


class Wanted(StrEnum):
    """What can be asked for here."""

    ARM = "arm"
    DISARM = "disarm"
    HOLD = "hold"
    RELEASE = "release"
    ENTER_MAINTENANCE = "enter maintenance"
    EXIT_MAINTENANCE = "exit maintenance"
    EVACUATE = "evacuate"
    SHUT_DOWN_POOL = "shut down pool"


OF_SITE = (Wanted.ARM, Wanted.DISARM)
TYPED = (Wanted.EVACUATE, Wanted.SHUT_DOWN_POOL)  # the red buttons


class Request(BaseModel):
    """A request. `subject` is a host's or a pool's key in site.toml; empty for arm and disarm."""

    model_config = ConfigDict(extra="forbid")

    ask: Wanted
    subject: str = Field("", max_length=200)
    why: str = Field("", max_length=500, description="For the journal.")
    confirm: str = Field("", max_length=200, description="The subject again, for evacuate and shut down pool.")


class Answered(BaseModel):
    """What the controller said."""

    accepted: bool
    answer: str


@router.post("/requests", responses=answers(409, 504))
async def ask(request: Request, ctx: Ctx, person: Operator) -> Answered:
    """Ask the controller for something and wait for its answer (up to 30 s)."""
    if (request.ask in OF_SITE) != (request.subject == ""):
        remedy = "leave subject out" if request.ask in OF_SITE else "name the host or the pool in subject"
        raise HTTPException(422, f"{request.ask}: {remedy}")
    if request.ask in TYPED and request.confirm != request.subject:
        raise HTTPException(422, f"{request.ask}: repeat {request.subject} in confirm")
    answer = await run_in_threadpool(ctx.post, Ask(request.ask), request.subject, person.signed, request.why)
    if not answer.accepted:
        raise HTTPException(409, answer.text)
    return Answered(accepted=True, answer=answer.text)
