"""The simulator: outages that somebody makes up, on a copy of the live site or on a simulated one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Annotated, Any, Literal, TypeVar

import msgspec
from fastapi import APIRouter, Depends, HTTPException, Query, Request, Response
from fastapi import Path as PathOf
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, ConfigDict, Field

from ridethrough.api.access import Onlooker, Operator, Viewer
from ridethrough.api.context import Ctx
from ridethrough.api.event_stream import gone
from ridethrough.api.foresight import WAITS, NothingSeen, Simulations, Story
from ridethrough.api.foresight.comparison import compared
from ridethrough.api.job_row import JobRow
from ridethrough.api.jobs import TooMany
from ridethrough.api.noted import noted
from ridethrough.api.problems import answers, served
from ridethrough.api.why import WhyAsked
from ridethrough.runtime.worker import JobFailed, JobRefused, JobTooLong

router = APIRouter(tags=["simulations"])

T = TypeVar("T")
Id = Annotated[str, PathOf(max_length=64)]
Name = Annotated[str, Field(min_length=1, max_length=200)]
SETTINGS = ("site", "host", "vm", "world")  # nothing that may hold a secret; world: of simulated sites
LARGEST = 64 * 1024  # bytes of settings
DEEPEST = 8


def _simulations(ctx: Ctx) -> Simulations:
    return served(ctx.simulations, "nothing is simulated here")


Served = Annotated[Simulations, Depends(_simulations)]


class OfSite(BaseModel):
    """A simulated site, by name."""

    model_config = ConfigDict(extra="forbid")

    site: Name


class OfScenario(BaseModel):
    """A scenario, by name, with its site."""

    model_config = ConfigDict(extra="forbid")

    scenario: Name


class Happening(BaseModel):
    """One thing that happens: `do` as GET /simulations/timeline-words tells, and the keys that it takes."""

    model_config = ConfigDict(extra="allow")

    at: float | str = Field(description='Seconds from the beginning, or as "5m" or "1:30".')
    do: Name
    __pydantic_extra__: dict[str, str | float] = Field(init=False)


class Wanted(BaseModel):
    """A story. Without a timeline a scenario's own is played."""

    model_config = ConfigDict(extra="forbid")

    source: Literal["live"] | OfSite | OfScenario = "live"
    title: str = Field("", max_length=200)
    timeline: list[Happening] | None = Field(None, max_length=200)
    settings: dict[str, Any] = Field(
        default_factory=dict,
        description='Tables of site.toml laid over the site\'s own: {"host": {"h1": {"shutdown": {"after": 60}}}}.',
    )
    until: float | str | None = Field(None, description="The end, in seconds; at most four hours.")
    armed: bool | None = Field(None, description="Whether Ridethrough is armed in it; it is unless said otherwise.")


class Head(BaseModel):
    """A simulation that is kept."""

    id: str
    by: str
    at: float
    title: str
    source: Literal["live"] | OfSite | OfScenario
    settings: dict[str, Any]
    until: float
    summary: dict[str, Any] = Field(description="As the summary of a plan.")


class Word(BaseModel):
    """Something that can happen. `actor`: the world, a person, or the controller's machine does it."""

    do: str
    actor: Literal["world", "person", "machine"]
    subject: str = Field(description="The key that names what it happens to: feeder, ups, host, vm, pool; or none.")
    takes: dict[str, float | str] = Field(description="Further keys, with their defaults.")


class Case(BaseModel):
    """One of the manual's test cases: POST its `scenario` to play it."""

    scenario: str
    story: str
    until: float


class Sources(BaseModel):
    """What stories can be played on besides the live site."""

    sites: list[str]
    scenarios: list[str]


class Figure(BaseModel):
    """A figure of the summary in which two simulations differ."""

    name: str
    a: float | None
    b: float | None


class Difference(BaseModel):
    """A host or a VM that ends otherwise."""

    kind: Literal["host", "vm"]
    name: str
    a: str
    b: str
    text: str


class Comparison(BaseModel):
    """Two simulations, side by side."""

    figures: list[Figure]
    differences: list[Difference]


@router.post("/simulations", status_code=202, response_model=JobRow, responses=answers(429))
async def play(
    request: Request,
    wanted: Wanted,
    person: Operator,
    simulations: Served,
    wait: Annotated[float, Query(ge=0.0, le=30.0, description="Seconds to wait for the end.")] = 0.0,
) -> dict[str, Any]:
    """Play a story with the controller's own decisions, in virtual time; nothing real is touched. Its end comes over
    the event stream as `job`, whose id is the simulation's; a `state` of "failed" has its reason in `trouble`. Whoever
    does not `wait` to the end of their time has cancelled it.
    """
    try:
        job = simulations.begin(_story(wanted), person.signed)
    except TooMany as error:
        raise HTTPException(429, str(error)) from error
    if wait and job.task is not None:
        leaving = asyncio.create_task(gone(request.receive))
        await asyncio.wait({job.task, leaving}, timeout=wait, return_when=asyncio.FIRST_COMPLETED)
        if leaving.done():
            await simulations.cancel(job.id)
        leaving.cancel()
    return job.shown()


@router.get("/simulations")
async def kept(_: Onlooker, simulations: Served) -> list[Head]:
    """The last twenty, the latest first."""
    return [Head.model_validate(row) for row in await run_in_threadpool(simulations.kept)]


@router.get("/simulations/timeline-words", responses=answers(504))
async def words(_: Viewer, simulations: Served) -> list[Word]:
    """What can happen in a timeline."""
    return [Word.model_validate(row) for row in await _looked_up(simulations.words)]


@router.get("/simulations/cases", responses=answers(504))
async def cases(_: Viewer, simulations: Served) -> list[Case]:
    """The manual's test cases one, two and three."""
    return [Case.model_validate(row) for row in await _looked_up(simulations.cases)]


@router.get("/simulations/sources")
async def sources(_: Viewer, simulations: Served) -> Sources:
    """The simulated sites and the scenarios, by name."""
    return Sources.model_validate(await run_in_threadpool(simulations.sources))


@router.post("/simulations/things", responses=answers(504))
async def things(wanted: Wanted, _: Operator, simulations: Served) -> dict[str, Any]:
    """What a timeline may name on this source: the names of its feeders (`feeder`), UPSs, hosts, VMs and pools;
    `fed_by`, the feeder of each UPS; `hosts` with their UPSs and options; `nas`, `switches` and the controller's
    `machine` with what feeds them; `start`, the first of its frames; and the
    `timeline`, `until` and `story` that it has by itself.
    """
    found: dict[str, Any] = await _looked_up(lambda: simulations.things(_story(wanted)))
    return found


@router.get("/simulations/compare", responses=answers(404))
async def compare(
    _: Viewer,
    simulations: Served,
    a: Annotated[str, Query(max_length=64)],
    b: Annotated[str, Query(max_length=64)],
) -> Comparison:
    """What ends otherwise in the one than in the other."""
    return Comparison.model_validate(compared(await _found(simulations, a), await _found(simulations, b)))


@router.get("/simulations/{id}", responses=answers(404))
async def look(id: Id, _: Viewer, simulations: Served) -> dict[str, Any]:
    """One simulation: `lines` of its narrative, `outcome`, `things` that are on its site, `timeline`, `assumed`."""
    return await _found(simulations, id)


@router.get("/simulations/{id}/frames", responses=answers(404))
async def frames(id: Id, _: Viewer, simulations: Served) -> Response:
    """Every state of it: `t`, and the rows of `upses`, `hosts`, `vms`, `nas`, `switches`, `machine` (the controller's)
    and `steps` that are new then, by id. The first has all of them. The columns of a row are named by `columns` of the
    simulation; a step is a text.
    """
    return Response(await _file(simulations, id, "frames.json"), media_type="application/json")


@router.get("/simulations/{id}/scenario", responses=answers(404))
async def scenario(id: Id, _: Viewer, simulations: Served) -> Response:
    """It as a file that `ridethrough simulate` plays."""
    named = {"content-disposition": f'attachment; filename="{id}.toml"'}
    return Response(await _file(simulations, id, "toml"), media_type="application/toml", headers=named)


@router.delete("/simulations/{id}", status_code=204, responses=answers(404))
async def drop(id: Id, ctx: Ctx, person: Operator, simulations: Served, why: WhyAsked = "") -> None:
    """Forget a simulation; one that is being played is cancelled."""
    cancelled = await simulations.cancel(id)
    if not cancelled and not await run_in_threadpool(simulations.drop, id):
        raise _unknown(id)
    await noted(ctx, person, f"simulation {id} {'cancelled' if cancelled else 'forgotten'}", why)


def _story(wanted: Wanted) -> Story:
    if other := sorted(wanted.settings.keys() - set(SETTINGS)):
        raise HTTPException(422, f"settings: {other[0][:100]} cannot be laid over; {', '.join(SETTINGS)} can")
    if not _plain(wanted.settings):
        raise HTTPException(422, "settings: write texts, numbers, true, false, lists and tables of them")
    return Story(
        live=wanted.source == "live",
        site=wanted.source.site if isinstance(wanted.source, OfSite) else "",
        scenario=wanted.source.scenario if isinstance(wanted.source, OfScenario) else "",
        title=wanted.title,
        timeline=tuple(one.model_dump() for one in wanted.timeline) if wanted.timeline is not None else None,
        settings=wanted.settings,
        until=wanted.until,
        armed=wanted.armed,
    )


def _plain(settings: Any) -> bool:
    """Whether it is what a site.toml could say."""
    try:
        return _has_no_null(settings, DEEPEST) and len(msgspec.json.encode(settings)) <= LARGEST
    except (OverflowError, UnicodeEncodeError):
        return False


def _has_no_null(value: Any, deep: int) -> bool:
    if isinstance(value, dict | list):
        parts = value.values() if isinstance(value, dict) else value
        return deep > 0 and all(_has_no_null(part, deep - 1) for part in parts)
    return value is not None and value == value and value not in (float("inf"), float("-inf"))


async def _looked_up(look: Callable[[], T]) -> T:
    try:
        return await WAITS(look)
    except JobRefused as error:
        raise HTTPException(422, str(error)) from error
    except JobTooLong as error:
        raise HTTPException(504, str(error)) from error
    except (NothingSeen, JobFailed) as error:
        raise HTTPException(503, str(error)) from error


async def _found(simulations: Simulations, id: str) -> dict[str, Any]:
    if (found := await run_in_threadpool(simulations.find, id)) is None:
        raise _unknown(id)
    return found


async def _file(simulations: Simulations, id: str, ending: str) -> bytes:
    if (found := await run_in_threadpool(simulations.file, id, ending)) is None:
        raise _unknown(id)
    return found


def _unknown(id: str) -> HTTPException:
    return HTTPException(404, f'there is no simulation "{id}"; only the last ones are kept')
