"""The site as it is now."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, HTTPException

from ridethrough.api.access import Viewer
from ridethrough.api.context import Context, Ctx
from ridethrough.api.problems import answers

router = APIRouter(tags=["site"])


@router.get("/site")
async def site(ctx: Ctx, _: Viewer) -> dict[str, Any]:
    """Name, mode, verdict, alerts, what is under way, the controller's own machine, and how old that is."""
    return ctx.live.site()


@router.get("/state")
async def state(ctx: Ctx, _: Viewer) -> dict[str, Any]:
    """Everything at once: the site and all of its UPSs, pools, hosts, VMs, storage repositories, NAS and SAN,
    and switches."""
    return ctx.live.whole()


@router.get("/upses")
async def upses(ctx: Ctx, _: Viewer) -> list[dict[str, Any]]:
    """Every UPS."""
    return list(ctx.live.tables["upses"].values())


@router.get("/upses/{id}", responses=answers(404))
async def ups(id: str, ctx: Ctx, _: Viewer) -> dict[str, Any]:
    """One UPS, by its key in site.toml."""
    return row(ctx, "upses", "UPS", id)


@router.get("/pools")
async def pools(ctx: Ctx, _: Viewer) -> list[dict[str, Any]]:
    """Every pool."""
    return list(ctx.live.tables["pools"].values())


@router.get("/pools/{id}", responses=answers(404))
async def pool(id: str, ctx: Ctx, _: Viewer) -> dict[str, Any]:
    """One pool, by its key in site.toml."""
    return row(ctx, "pools", "pool", id)


@router.get("/hosts")
async def hosts(ctx: Ctx, _: Viewer, pool: str | None = None) -> list[dict[str, Any]]:
    """Every host, or those of one pool."""
    return [found for found in ctx.live.tables["hosts"].values() if pool is None or found["pool"] == pool]


@router.get("/hosts/{id}", responses=answers(404))
async def host(id: str, ctx: Ctx, _: Viewer) -> dict[str, Any]:
    """One host, by its key in site.toml."""
    return row(ctx, "hosts", "host", id)


@router.get("/vms")
async def vms(ctx: Ctx, _: Viewer, host: str | None = None) -> list[dict[str, Any]]:
    """Every VM, or those on one host."""
    return [found for found in ctx.live.tables["vms"].values() if host is None or found["host"] == host]


@router.get("/storage")
async def storage(ctx: Ctx, _: Viewer) -> list[dict[str, Any]]:
    """Every storage repository, with the hosts and the number of VMs that use it."""
    return list(ctx.live.tables["storage"].values())


@router.get("/nas")
async def nas(ctx: Ctx, _: Viewer) -> list[dict[str, Any]]:
    """Every NAS and SAN of site.toml: what feeds it, who uses it, whether it serves, and what is being done to it."""
    return list(ctx.live.tables["nas"].values())


@router.get("/nas/{id}", responses=answers(404))
async def one_nas(id: str, ctx: Ctx, _: Viewer) -> dict[str, Any]:
    """One NAS or SAN, by its key in site.toml."""
    return row(ctx, "nas", "storage", id)


@router.get("/switches")
async def switches(ctx: Ctx, _: Viewer) -> list[dict[str, Any]]:
    """Every network switch of site.toml: what feeds it, how long that holds, and what is reached through it."""
    return list(ctx.live.tables["switches"].values())


@router.get("/switches/{id}", responses=answers(404))
async def switch(id: str, ctx: Ctx, _: Viewer) -> dict[str, Any]:
    """One switch, by its key in site.toml."""
    return row(ctx, "switches", "switch", id)


def row(ctx: Context, table: str, kind: str, id: str) -> dict[str, Any]:
    """A row of one of Live's tables by its id; where there is none, the answer is 404."""
    found = ctx.live.tables[table].get(id)
    if found is None:
        known = ", ".join(sorted(ctx.live.tables[table])) or "none"
        raise HTTPException(404, f'no {kind} is named "{id}"; known are {known}')
    return found
