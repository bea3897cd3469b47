"""For the agents that stand on machines (docs/coordinator-card.md)."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import BaseModel, Field

from ridethrough.api.access import Viewer
from ridethrough.api.agents import Present, told_host, told_storage
from ridethrough.api.context import Ctx
from ridethrough.api.problems import answers

from .site import row

router = APIRouter(tags=["agents"])


class FeedingUps(BaseModel):
    """A UPS that feeds the machine, as the controller judges it. Times are seconds; null where nothing is known."""

    id: str
    address: str
    condition: str = Field(description="good, on battery, settling, off or unknown.")
    on_battery_for: float | None
    low: bool
    silent: bool
    runtime: float | None
    cuts_in: float | None = Field(description="It counts down to cutting its output, so long from now.")


class Warning(BaseModel):
    """To be shown on the machine's consoles for as long as it stands here."""

    who: str
    what: str


class ShutDownNow(BaseModel):
    """The plan wants the machine down now. `within`: the power that is left, in seconds."""

    why: str
    within: float | None


class Told(BaseModel):
    """What the agent on a machine is told. Every time is relative to this answer.

    `handled`: the controller shuts the machine down in time, and the agent may rely on that for `lease` seconds from
    now, whatever becomes of the controller; `why` says why not. The lease is longer than a restart of the controller.
    `withdrawn`: what was said before does not hold any more.
    """

    id: str
    kind: str = Field(description="host, or storage")
    handled: bool
    why: str
    withdrawn: bool
    lease: float
    supply: str
    upses: list[FeedingUps]
    warnings: list[Warning]
    shutdown: ShutDownNow | None


@router.get("/agents/{id}", responses=answers(404))
async def told(id: str, ctx: Ctx, _: Viewer) -> Told:
    """What the agent on a host, or on a NAS, is told, by its key in site.toml; a host's comes first."""
    live = ctx.live
    upses, pools, armed = live.tables["upses"], live.tables["pools"], bool(live.rest.get("armed"))
    present = Present(upses, pools, live.now(), live.age(), live.running, armed)
    if id in live.tables["nas"] and id not in live.tables["hosts"]:
        return Told.model_validate(told_storage(live.tables["nas"][id], present))
    return Told.model_validate(told_host(row(ctx, "hosts", "host", id), present))
