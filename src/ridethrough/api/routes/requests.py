"""What people ask of the controller: obeyed in its next round, or answered why not."""

from __future__ import annotations

from enum import StrEnum

from fastapi import APIRouter, HTTPException
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, ConfigDict, Field

from ridethrough.api.access import Operator
from ridethrough.api.context import Ctx
from ridethrough.api.problems import answers
from ridethrough.api.why import Why
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
    SKIP_VM = "skip VM"
    BRING_BACK = "bring back"


OF_SITE = (Wanted.ARM, Wanted.DISARM)
OF_ANY = (Wanted.HOLD, Wanted.RELEASE, Wanted.BRING_BACK)  # of the whole site, too: an empty subject
TYPED = (Wanted.EVACUATE, Wanted.SHUT_DOWN_POOL, Wanted.BRING_BACK)  # the red buttons
EVERYTHING = "all"  # typed where the subject is empty
LONGEST = 7 * 86400.0


class Request(BaseModel):
    """A request. `subject` is a host's or a pool's key in site.toml, or a VM's uuid or name; empty for arm and disarm.

    To hold and to release, it may be a pool, or be empty, for all that is in an outage; to bring back, be empty for
    every pool.
    """

    model_config = ConfigDict(extra="forbid")

    ask: Wanted
    subject: str = Field("", max_length=200)
    why: Why = ""
    confirm: str = Field(
        "",
        max_length=200,
        description='The subject again, for evacuate, shut down pool and bring back; "all" where it is empty.',
    )
    seconds: float | None = Field(
        None, gt=0.0, le=LONGEST, allow_inf_nan=False, description="How long to hold; else until it is released."
    )


class Answered(BaseModel):
    """What the controller said."""

    accepted: bool
    answer: str


@router.post("/requests", responses=answers(409, 504))
async def ask(request: Request, ctx: Ctx, person: Operator) -> Answered:
    """Ask the controller for something and wait for its answer (up to 30 s)."""
    if remedy := _remedy(request):
        raise HTTPException(422, f"{request.ask}: {remedy}")
    asked = (Ask(request.ask), request.subject, person.signed, request.why, request.seconds)
    answer = await run_in_threadpool(ctx.post, *asked)
    if not answer.accepted:
        raise HTTPException(409, answer.text)
    return Answered(accepted=True, answer=answer.text)


def _remedy(request: Request) -> str:
    """What is to be said otherwise; empty where all is well."""
    if request.ask in OF_SITE and request.subject:
        return "leave subject out"
    if not request.subject and request.ask not in (*OF_SITE, *OF_ANY):
        return "name the VM in subject" if request.ask is Wanted.SKIP_VM else "name the host or the pool in subject"
    if request.seconds is not None and request.ask is not Wanted.HOLD:
        return "leave seconds out: only a hold is for a time"
    if request.ask in TYPED and request.confirm != (request.subject or EVERYTHING):
        return f"repeat {request.subject or EVERYTHING} in confirm"
    return ""
