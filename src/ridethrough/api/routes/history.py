"""One UPS more closely: its charts, and what it says when it is asked now."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, HTTPException
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, Field

from ridethrough.api.access import Onlooker, Viewer
from ridethrough.api.context import Ctx
from ridethrough.api.history import Point, Span
from ridethrough.api.history.spans import SERIES, Range
from ridethrough.api.problems import answers
from ridethrough.config import ConfigError

from .site import row

router = APIRouter(tags=["history"])


class OverTime(BaseModel):
    """A series over one step. The mean is weighted by how long each value held."""

    min: float
    mean: float
    max: float


class ChartPoint(BaseModel):
    """One step, from `at` on. A series that the card did not tell is null."""

    at: float
    condition: str = Field(description="The worst in this step: good, settling, unknown, off, on battery.")
    charge: OverTime | None
    load: OverTime | None
    runtime: OverTime | None = Field(description="Seconds, as the card told it.")
    input_volts: OverTime | None


class Chart(BaseModel):
    """A UPS's past. There is no point for a step in which its card was silent, or nobody listened."""

    ups: str
    span: Span
    step: float = Field(description="Seconds between two points.")
    from_at: float
    until_at: float
    points: list[ChartPoint]


@router.get("/upses/{id}/history", responses=answers(404))
async def history(id: str, ctx: Ctx, _: Onlooker, span: Span = Span.DAY) -> Chart:
    """Charge, load, runtime and input: of an hour or a day from every reading, of a week or a quarter from least, mean
    and most of ten minutes each.
    """
    row(ctx, "upses", "UPS", id)
    if ctx.history is None:
        raise HTTPException(503, "no history is kept here: ask the manager that `ridethrough run` starts")
    start, end, points = await run_in_threadpool(ctx.history.chart, id, span)
    shown = [_shown(point) for point in points]
    return Chart(ups=id, span=span, step=span.step, from_at=start, until_at=end, points=shown)


@router.get("/upses/{id}/evidence", responses=answers(404, 409, 504))
async def evidence(id: str, ctx: Ctx, _: Viewer) -> dict[str, Any]:
    """The UPS is asked now: everything that it says, with the object that says it, as `ridethrough ups show` tells it.

    `trouble` is not empty when it does not answer. An answer is given again for five seconds.
    """
    row(ctx, "upses", "UPS", id)
    if ctx.evidence is None:
        raise HTTPException(503, "no UPS is asked from here: use `ridethrough ups show` on the controller")
    try:
        return await ctx.evidence.of(id)
    except TimeoutError:
        raise HTTPException(504, f"{id} did not answer in time: try again") from None
    except KeyError:
        raise HTTPException(404, f"{id} stands no longer in {ctx.site_file.name}") from None
    except ConfigError as error:
        raise HTTPException(409, str(error)) from None


def _shown(point: Point) -> ChartPoint:
    ranges = {name: _range(found) for name, found in zip(SERIES, point.ranges, strict=True)}
    return ChartPoint(at=point.at, condition=point.condition, **ranges)


def _range(found: Range | None) -> OverTime | None:
    return OverTime(min=found.min, mean=round(found.mean, 2), max=found.max) if found is not None else None
