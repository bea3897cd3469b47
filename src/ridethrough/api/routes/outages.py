"""Outages: what happened to each UPS, host and VM, and what was done about it."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Path

from ridethrough.api.access import Onlooker, Viewer
from ridethrough.api.context import Ctx
from ridethrough.api.explain import explanations, next_steps
from ridethrough.api.guests import ahead, guests
from ridethrough.api.problems import answers
from ridethrough.views.outages import Outage

router = APIRouter(tags=["outages"])


@router.get("/outages")
async def outages(ctx: Ctx, _: Onlooker) -> list[dict[str, Any]]:
    """Every outage that is remembered, the latest first."""
    found: list[dict[str, Any]] = ctx.live.for_people([o.summary() for o in reversed(ctx.past.all)])
    return found


@router.get("/outages/current")
async def current(ctx: Ctx, _: Onlooker) -> dict[str, Any] | None:
    """The outage that goes on now, null when there is none.

    `next`: what comes, by time; `why`: each host, in words; `guests`: each VM and how far its move is; `ahead`: how
    many hosts and VMs are still to go.
    """
    outage = ctx.past.current
    return _whole(ctx, outage) if outage is not None else None


@router.get("/outages/{id}", responses=answers(404))
async def outage(id: Annotated[int, Path(ge=0, le=2**53)], ctx: Ctx, _: Viewer) -> dict[str, Any]:
    """One outage, by its number."""
    found = ctx.past.find(id)
    if found is None:
        raise HTTPException(404, f"there is no outage {id}")
    return _whole(ctx, found)


def _whole(ctx: Ctx, outage: Outage) -> dict[str, Any]:
    whole: dict[str, Any] = ctx.live.for_people(outage.whole())
    rows = list(ctx.live.tables["hosts"].values())
    is_now = outage.ended_at is None
    whole["next"] = next_steps(rows, ctx.live.now()) if is_now else []
    whole["why"] = explanations(rows, ctx.live.now()) if is_now else []
    whole["guests"] = guests(whole, ctx.live.tables["vms"].values(), rows) if is_now else []
    whole["ahead"] = ahead(rows, whole["guests"]) if is_now else None
    return whole
