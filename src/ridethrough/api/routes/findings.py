"""What is wrong with the site, with remedies."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, HTTPException, Query
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, Field

from ridethrough.api.access import Operator, Viewer
from ridethrough.api.context import Ctx
from ridethrough.api.findings import Findings
from ridethrough.api.job_row import JobRow
from ridethrough.api.jobs import TooMany
from ridethrough.api.problems import answers, served

router = APIRouter(tags=["findings"])


def _findings(ctx: Ctx) -> Findings:
    return served(ctx.findings, "nothing is looked for here")


Served = Annotated[Findings, Depends(_findings)]


class Counts(BaseModel):
    """How many of each level; `ok`: UPSs, pools and hosts of which nothing worse than a note is said."""

    ok: int
    danger: int
    warning: int
    note: int
    score: int = Field(description="How safe the site is by its findings, 0 to 100.")


class Finding(BaseModel):
    """One sentence, with its remedy."""

    level: Literal["danger", "warning", "note"]
    about: str = Field(description="The place in site.toml: host.h1.")
    text: str = Field(description="Sentence and remedy.")
    sentence: str
    remedy: str = Field(description='What to do; "" where the sentence says it.')


class Seen(BaseModel):
    """What follows from site.toml and from what the controller saw last, at `at`, without asking anything."""

    at: float | None
    trouble: str = Field(description="Why nothing can be told, or only what site.toml shows by itself.")
    counts: Counts | None
    findings: list[Finding]


class Asked(BaseModel):
    """What was found when everything was asked last. `upses`, `pools`, `hosts`: as `ridethrough check --json`."""

    at: float
    by: str
    counts: Counts
    findings: list[Finding]
    upses: list[dict[str, Any]]
    pools: list[dict[str, Any]]
    hosts: list[dict[str, Any]]


class Found(BaseModel):
    """Both kinds of findings. `running`: the id of the job that asks now."""

    live: Seen
    asked: Asked | None
    running: str | None


@router.get("/findings")
async def look(_: Viewer, findings: Served) -> Found:
    """What is known to be wrong."""
    return Found.model_validate(await run_in_threadpool(findings.shown))


@router.post("/findings", status_code=202, response_model=JobRow, responses=answers(429))
async def ask(
    person: Operator,
    findings: Served,
    wait: Annotated[float, Query(ge=0.0, le=30.0, description="Seconds to wait for the end.")] = 0.0,
) -> dict[str, Any]:
    """Log in to every pool, ask every card, act on nothing. Progress comes over the event stream as `job`; any
    `state` but "running" says that it has ended.
    """
    try:
        job = findings.begin(person.signed)
    except TooMany as error:
        raise HTTPException(429, str(error)) from error
    if wait and job.task is not None:
        await asyncio.wait({job.task}, timeout=wait)
    return job.shown()
