"""Outages: what happened to each UPS, host and VM, and what was done about it."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Path

from ridethrough.api.access import Onlooker, Viewer
from ridethrough.api.afterwards import losses, stayed_up
from ridethrough.api.context import Context, Ctx
from ridethrough.api.explain import explanations, next_steps
from ridethrough.api.guests import ahead, guests
from ridethrough.api.problems import answers
from ridethrough.views.outages import Outage

router = APIRouter(tags=["outages"])


@router.get("/outages")
async def outages(ctx: Ctx, _: Onlooker) -> list[dict[str, Any]]:
    """Every outage that is remembered, the latest first. `hosts_lost`: how many hosts went down with their supply."""
    rows = list(ctx.live.tables["hosts"].values())
    told = [{**o.summary(), "hosts_lost": len(losses(o, rows, {}))} for o in reversed(ctx.past.all)]
    found: list[dict[str, Any]] = ctx.live.for_people(told)
    return found


@router.get("/outages/current")
async def current(ctx: Ctx, _: Onlooker) -> dict[str, Any] | None:
    """The outage that goes on now, null when there is none.

    `next`: what comes, by time, in dry run what would; `why`: each host, in words; `guests`: each VM and how far its
    move is; `ahead`: how many hosts and VMs are still to go.
    """
    outage = ctx.past.current
    return _whole(ctx, outage) if outage is not None else None


@router.get("/outages/{id}", responses=answers(404))
async def outage(id: Annotated[int, Path(ge=0, le=2**53)], ctx: Ctx, _: Viewer) -> dict[str, Any]:
    """One outage, by its number. `lost`: each host that went down with its supply, when, and the VMs that ran on it.
    `nas`: each NAS and SAN that went down or had to, and when it served again.

    Of one that is over, `why` tells of each host to which nothing happened why that was so. Both go by the UPSs that
    feed a host now.
    """
    found = ctx.past.find(id)
    if found is None:
        raise HTTPException(404, f"there is no outage {id}")
    return _whole(ctx, found)


def _whole(ctx: Context, outage: Outage) -> dict[str, Any]:
    rows, now = list(ctx.live.tables["hosts"].values()), ctx.live.now()
    lost = losses(outage, rows, {id: row.get("name", "") for id, row in ctx.live.tables["vms"].items()})
    told = {**outage.whole(), "lost": lost, "hosts_lost": len(lost)}
    whole: dict[str, Any] = ctx.live.for_people(told)
    if outage.ended_at is not None:
        return whole | {"next": [], "why": stayed_up(outage, rows, lost), "guests": [], "ahead": None}
    armed = bool(ctx.live.rest.get("armed", True))
    off = {pool["id"] for pool in ctx.live.tables["pools"].values() if pool.get("wanted_off")}
    listed = guests(whole, ctx.live.tables["vms"].values(), rows, armed)
    whole |= {"next": next_steps(rows, now), "why": explanations(rows, now, armed), "guests": listed}
    return whole | {"ahead": ahead(rows, listed, off, armed)}
