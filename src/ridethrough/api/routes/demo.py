"""The plugs of a simulated site. Only the pages of `ridethrough demo` have them."""

from __future__ import annotations

from fastapi import APIRouter, HTTPException
from pydantic import BaseModel, ConfigDict, Field

from ridethrough.api.access import Operator, Viewer
from ridethrough.api.context import Context, Ctx
from ridethrough.api.noted import noted
from ridethrough.api.problems import answers
from ridethrough.api.why import Why, one_line

router = APIRouter(tags=["demo"])

NONE = "this is no simulated site"


class Feeder(BaseModel):
    """A feeder of utility power, and whether it is on."""

    id: str
    on: bool


class Word(BaseModel):
    """Something that can happen to the simulated site, and to which of what."""

    do: str
    kind: str
    subjects: list[str]


class Plugs(BaseModel):
    """The simulated site's feeders, and what else can be done to it."""

    feeders: list[Feeder]
    words: list[Word]


class Happens(BaseModel):
    """What is to happen: `do` is one of `words`, `subject` one of its subjects."""

    model_config = ConfigDict(extra="forbid")

    do: str = Field(max_length=60, examples=["fail"])
    subject: str = Field(max_length=200, examples=["a"])
    why: Why = ""


@router.get("/demo", responses=answers(404))
async def look(ctx: Ctx, _: Viewer) -> Plugs:
    """The plugs. 404 where the site is a real one."""
    return await _ask(ctx, {})


@router.post("/demo", responses=answers(404, 409))
async def happen(wanted: Happens, ctx: Ctx, person: Operator) -> Plugs:
    """Let something happen to the simulated site."""
    plugs = await _ask(ctx, {"do": wanted.do, "subject": wanted.subject})
    await noted(ctx, person, one_line(f"on the simulated site: {wanted.do} {wanted.subject}"), wanted.why)
    return plugs


async def _ask(ctx: Context, asked: dict[str, str]) -> Plugs:
    if ctx.plugs is None:
        raise HTTPException(404, NONE)
    try:
        answer = await ctx.plugs(asked)
    except (OSError, ValueError):
        raise HTTPException(503, "the simulated site does not answer: the demo has ended") from None
    if answer["trouble"]:
        raise HTTPException(409, answer["trouble"])
    return Plugs(feeders=answer["feeders"], words=answer["words"])
