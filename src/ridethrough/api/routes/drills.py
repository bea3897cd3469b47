"""Drills: a look at everything, a simulated outage, and maintenance mode of one real host under guard."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Query
from fastapi import Path as PathOf
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, ConfigDict, Field

from ridethrough.api.access import Onlooker, Operator, Viewer
from ridethrough.api.context import Ctx
from ridethrough.api.drills import Drills, Kind, NotNow, State
from ridethrough.api.drills.drills import Wanted
from ridethrough.api.job_row import JobRow
from ridethrough.api.jobs import TooMany
from ridethrough.api.noted import noted
from ridethrough.api.problems import answers, served
from ridethrough.api.why import Why

router = APIRouter(tags=["drills"])

Id = Annotated[str, PathOf(max_length=64)]
DAY = 86400.0


def _drills(ctx: Ctx) -> Drills:
    return served(ctx.drills, "there are no drills here")


Served = Annotated[Drills, Depends(_drills)]


class Order(BaseModel):
    """A drill. `host`, `confirm_coordinator` and `within` are for maintenance, `lose` for an outage."""

    model_config = ConfigDict(extra="forbid")

    kind: Kind
    why: Why = ""
    host: str = Field("", max_length=200)
    confirm_coordinator: bool = Field(False, description="Take the host though it is its pool's coordinator.")
    within: float = Field(1800.0, ge=60.0, le=DAY, description="Seconds that the host gets to be emptied.")
    lose: list[Annotated[str, Field(max_length=200)]] = Field(
        default_factory=list,
        max_length=1000,
        description="UPSs, or feeders with all on them, that lose utility power; everything when empty.",
    )


class Point(BaseModel):
    """One thing that was looked at, with its remedy where it is not good."""

    name: str
    good: bool
    text: str
    remedy: str


class Step(BaseModel):
    """One thing that happened."""

    at: float
    text: str


class Moved(BaseModel):
    """A VM that is elsewhere than before."""

    model_config = ConfigDict(populate_by_name=True)

    vm: str
    from_host: str | None = Field(alias="from")
    to_host: str | None = Field(alias="to")


class Report(BaseModel):
    """A drill and what came of it."""

    id: str
    kind: Kind
    by: str
    why: str
    at: float
    host: str
    state: State
    ended_at: float | None
    trouble: str = Field(description="Why it has not passed.")
    entered: bool = Field(description="Its host was asked into maintenance mode and not out of it yet.")
    points: list[Point]
    steps: list[Step]
    moved: list[Moved]
    differences: list[str]
    simulation: str | None = Field(description="The id of the simulation that was played.")
    summary: dict[str, Any] | None = Field(description="As the summary of a plan.")


@router.post("/drills", status_code=202, response_model=JobRow, responses=answers(409, 429))
async def begin(
    order: Order,
    person: Operator,
    drills: Served,
    wait: Annotated[float, Query(ge=0.0, le=30.0, description="Seconds to wait for the end.")] = 0.0,
) -> dict[str, Any]:
    """Begin a drill. Its progress comes over the event stream as `job`, whose id is the drill's. Maintenance begins
    only when the site is armed, everything is good, nothing is under way, and every VM of the host has a place; the
    answer 409 tells what is missing.
    """
    if (order.kind is Kind.MAINTENANCE) != bool(order.host):
        raise HTTPException(422, "host: name the host for maintenance, and for nothing else")
    wanted = Wanted(
        order.kind, person.signed, order.why, order.host, order.confirm_coordinator, tuple(order.lose), order.within
    )
    try:
        job = await drills.begin(wanted)
    except NotNow as error:
        raise HTTPException(409, str(error)) from error
    except TooMany as error:
        raise HTTPException(429, str(error)) from error
    if wait and job.task is not None:
        await asyncio.wait({job.task}, timeout=wait)
    return job.shown()


@router.get("/drills")
async def kept(_: Onlooker, drills: Served) -> list[Report]:
    """The last hundred, the latest first."""
    return [Report.model_validate(row) for row in await run_in_threadpool(drills.kept)]


@router.get("/drills/{id}", responses=answers(404))
async def look(id: Id, _: Viewer, drills: Served) -> Report:
    """One drill."""
    found = await run_in_threadpool(drills.find, id)
    if found is None:
        raise _unknown(id)
    return Report.model_validate(found)


class Abort(BaseModel):
    """Why."""

    model_config = ConfigDict(extra="forbid")

    why: Why = ""


@router.post("/drills/{id}/abort", status_code=202, responses=answers(404, 409))
async def abort(id: Id, ctx: Ctx, person: Operator, drills: Served, abort: Abort | None = None) -> None:
    """End a drill at once; its host leaves maintenance mode."""
    why = abort.why if abort else ""
    if drills.abort(id, person.signed, why):
        await noted(ctx, person, f"drill {id} aborted", why)
        return
    if await run_in_threadpool(drills.find, id) is None:
        raise _unknown(id)
    raise HTTPException(409, "this drill is over")


def _unknown(id: str) -> HTTPException:
    return HTTPException(404, f'there is no drill "{id}"; only the last ones are kept')
