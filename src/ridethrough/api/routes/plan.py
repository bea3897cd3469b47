"""What would happen if utility power failed now."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Query
from pydantic import BaseModel, Field

from ridethrough.api.access import Operator, Viewer
from ridethrough.api.context import Ctx
from ridethrough.api.foresight import WAITS, NothingSeen, Plans, WeakPoints
from ridethrough.api.job_row import JobRow
from ridethrough.api.jobs import TooMany
from ridethrough.api.problems import answers, served
from ridethrough.runtime.worker import JobFailed, JobRefused, JobTooLong

router = APIRouter(tags=["plan"])

NOT_SERVED: dict[int | str, dict[str, Any]] = {503: {"description": "Nothing is seen of the site yet."}}
TOO_LATE: dict[int | str, dict[str, Any]] = {504: {"description": "It could not be worked out in time."}}


def _plans(ctx: Ctx) -> Plans:
    return served(ctx.plans, "nothing is planned here")


Served = Annotated[Plans, Depends(_plans)]


def _weak_points(ctx: Ctx) -> WeakPoints:
    return served(ctx.weak_points, "nothing is planned here")


Sweeps = Annotated[WeakPoints, Depends(_weak_points)]


class LastOff(BaseModel):
    """The host that is off last, and how many seconds after the failure."""

    host: str
    after: float


class WeakestUps(BaseModel):
    """The shortest runtime that a UPS with hosts on it tells, in seconds."""

    ups: str
    runtime: float


class Harm(BaseModel):
    """What an outage does, in counts; `margin`: the smallest of a host, in seconds."""

    crashed: int
    lost: int
    stopped: int
    hosts_off: int
    moved: int
    margin: float | None


class Failure(Harm):
    """What one failure of utility power would do, in counts and in words: at one UPS alone, or on a feeder that
    site.toml names, with all UPSs on it that feed a host. `ups` or `feeder` is null.
    """

    ups: str | None
    feeder: str | None
    upses: list[str] = Field(description="The UPSs that lose utility power.")
    why: str


class Failures(BaseModel):
    """Each UPS alone and each feeder, the most harmful first. On a large site there is time for `looked_at` of `of`."""

    looked_at: int
    of: int
    rows: list[Failure]


class CrashRow(BaseModel):
    """A host whose options let it crash when its UPS stops: its row of the action table."""

    id: str
    vms: str
    host: str


class Summary(BaseModel):
    """An outage in figures. Times are seconds."""

    moved: int = Field(description="VMs that move to another host.")
    stopped: int = Field(description="VMs that are shut down.")
    lost: int = Field(description="VMs that die with their host.")
    stay: int = Field(description="VMs to which nothing happens.")
    crashed: int = Field(description="Hosts that lose their power while they run.")
    hosts_off: int = Field(description="Hosts that are shut down in time.")
    hosts_up: int
    last_off: LastOff | None
    margin: float | None = Field(
        description="From a host's shutdown to the moment its UPSs stop, the shortest of all hosts; null: none stops."
    )
    margin_host: str | None


class Plan(Summary):
    """Every UPS loses utility power at once and does not get it back."""

    lose: list[str]
    weakest_ups: WeakestUps | None
    weakest_failure: Failure | None = Field(description="The worst of `alone`; null while that is worked out.")
    alone: Failures | None
    crash_rows: list[CrashRow]
    crashed_hosts: list[str]
    lost_vms: list[str]
    assumed: list[str] = Field(description="What nobody tells, and what was taken instead.")


class PlanNow(BaseModel):
    """The last plan that was worked out. `stale`: the site has changed since; a new one is on its way."""

    computed_at: float | None
    took: float | None = Field(description="Seconds that it took to work it out.")
    stale: bool
    computing: bool
    trouble: str = Field(description="Why there is none, or none that is newer; empty when all is well.")
    plan: Plan | None


class HostEnd(BaseModel):
    """What becomes of a host: it is up, off or has crashed in the end. Times are seconds after the failure.

    `begins_at`, `left`, `needed`, `spare`, `why`: when its way down begins, with how many seconds of power left, how
    many the plan needs for the rest, the difference, and why; null where it does not begin, or nothing limits it.
    """

    id: str
    end: str
    at: float | None = Field(description="Since when it is off; null when it is up or was off before.")
    off: list[tuple[float, float | None]] = Field(description="Each time without power, from and to.")
    supply_ends_at: float | None
    margin: float | None
    begins_at: float | None
    left: float | None
    needed: float | None
    spare: float | None
    why: str


class VmEnd(BaseModel):
    """What becomes of a VM: it stays, moves, is shut down or lost; and why it is moved or stopped."""

    id: str
    name: str
    from_host: str | None = Field(alias="from")
    end: str
    host: str | None
    at: float | None
    tier: int
    why: str


class FirstLoss(BaseModel):
    """The first crash: its hosts, and the VMs that die with them."""

    at: float | None
    hosts: list[str]
    vms: list[str]
    text: str


class Gain(BaseModel):
    """Seconds that a UPS carries its load longer without a tier, and without every tier that goes before it too; null
    where that cannot be known, `why` says why.
    """

    ups: str
    seconds: float | None
    together: float | None
    why: str


class TierGain(BaseModel):
    """A tier with VMs on hosts of the UPSs that fail, and what stopping it at once would gain at each."""

    tier: int
    vms: list[str]
    gains: list[Gain]


class Report(BaseModel):
    """A loss of UPSs, played forward by the controller's own decisions in a copy of the site."""

    site: str
    lose: list[str]
    summary: Summary
    narrative: list[str]
    hosts: list[HostEnd]
    vms: list[VmEnd]
    crashed: list[str]
    lost: list[str]
    assumed: list[str]
    crash_rows: list[CrashRow]
    weakest_ups: WeakestUps | None
    first_loss: FirstLoss | None
    tiers: list[TierGain]


class WeakPoint(Harm):
    """One case: these UPSs fail, or `feeder` with all of them, while `maintenance`, if any, is in maintenance mode.

    `adds`: it loses or stops more than its parts do by themselves.
    """

    upses: list[str]
    feeder: str | None
    maintenance: str | None
    adds: bool
    why: str


class Swept(BaseModel):
    """Every UPS, every feeder and every pair, the worst first. Of `of` cases there was time for `played`."""

    at: float
    by: str
    site: str
    of: int
    played: int
    rows: list[WeakPoint]
    more_rows: int = Field(description="Rows that are left out here, the least bad ones.")
    not_played: list[str] = Field(description="The next that would have been played.")
    left_out: list[str] = Field(description="What is not in it, and why.")


class SweptNow(BaseModel):
    """The last sweep; null until somebody wants one. `running`: the id of the job that plays now."""

    swept: Swept | None
    running: str | None


@router.get("/plan/sweep")
async def swept(_: Viewer, sweeps: Sweeps) -> SweptNow:
    """The weakest points, as they were when somebody had them played last."""
    return SweptNow.model_validate(sweeps.shown())


@router.post("/plan/sweep", status_code=202, response_model=JobRow, responses=answers(429))
async def sweep(
    person: Operator,
    sweeps: Sweeps,
    seconds: Annotated[float, Query(ge=1.0, le=600.0, description="How long it may play.")] = 60.0,
    wait: Annotated[float, Query(ge=0.0, le=30.0, description="Seconds to wait for the end.")] = 0.0,
) -> dict[str, Any]:
    """Play the loss of every UPS and every pair in copies of the site. Its end comes over the event stream as `job`."""
    try:
        job = sweeps.begin(seconds, person.signed)
    except TooMany as error:
        raise HTTPException(429, str(error)) from error
    if wait and job.task is not None:
        await asyncio.wait({job.task}, timeout=wait)
    return job.shown()


@router.get("/plan/now", responses=NOT_SERVED)
async def now(_: Viewer, plans: Served) -> PlanNow:
    """The card "If utility power failed now". Kept up to date; a new one is told on the event stream as `plan`."""
    return PlanNow.model_validate(plans.shown())


@router.get("/plan", responses=NOT_SERVED | TOO_LATE)
async def plan(
    _: Viewer,
    plans: Served,
    lose: Annotated[
        list[str] | None,
        Query(description="UPSs, or feeders with all UPSs on them, that lose utility power; everything when left out."),
    ] = None,
) -> Report:
    """These UPSs and feeders lose utility power now, in a copy of the site as it is. Worked out when asked for."""
    try:
        return Report.model_validate(await WAITS(plans.outlook, lose))
    except JobRefused as error:
        raise HTTPException(422, str(error)) from error
    except JobTooLong as error:
        raise HTTPException(504, str(error)) from error
    except (NothingSeen, JobFailed) as error:
        raise HTTPException(503, str(error)) from error
