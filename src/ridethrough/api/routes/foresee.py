"""What a host's options would do in an outage, told while they are being chosen. Nothing is kept."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException
from pydantic import BaseModel, ConfigDict, Field

from ridethrough.api.access import Viewer
from ridethrough.api.context import Context, Ctx
from ridethrough.api.foresight import NothingSeen
from ridethrough.core.advice import is_protected, of_host, outcome
from ridethrough.core.learned import Learned
from ridethrough.core.model import Host
from ridethrough.core.observation import Snapshot
from ridethrough.core.policy import HostPolicy, Timer
from ridethrough.core.site import Site
from ridethrough.core.timetable import MAINTENANCE, SHUTDOWN, shortest, step, steps, timers
from ridethrough.runtime.seen_file import Seen

router = APIRouter(tags=["settings"])

Name = Annotated[str, Field(min_length=1, max_length=200)]
WEEK = 604800.0
MOST = 1000  # hosts


class Option(BaseModel):
    """One option of a host; `after` in seconds on battery."""

    model_config = ConfigDict(extra="forbid")

    enabled: bool = False
    after: float = Field(0.0, ge=0, le=WEEK)


class Wanted(BaseModel):
    """A host's Shutdown Settings (manual 2.2.3), as they are being chosen."""

    model_config = ConfigDict(extra="forbid")

    powered_by: list[Name] = Field(default_factory=list, max_length=16)
    needs: int = Field(1, ge=1, le=16)
    maintenance: Option = Field(default_factory=lambda: Option(after=0.0))
    shutdown: Option = Field(default_factory=lambda: Option(after=0.0))


class Question(BaseModel):
    """Hosts by their key in site.toml, or by the name that they have in their pool."""

    model_config = ConfigDict(extra="forbid")

    hosts: dict[Name, Wanted] = Field(min_length=1, max_length=MOST)


class Row(BaseModel):
    """The row of the action table (manual 3.1)."""

    vms: str
    host: str
    crash: bool


class Card(BaseModel):
    """A card's own timers in seconds since utility power failed; `off_after`: when it cuts the output."""

    ups: str
    warning_period: float | None
    shutdown_delay: float | None
    action: str | None
    off_after: float | None


class Part(BaseModel):
    """A share of a step's work, and its seconds."""

    what: str
    takes: float


class StepTold(BaseModel):
    """A step, in seconds on battery."""

    option: str
    begins: float
    ends: float
    parts: list[Part]


class Latest(BaseModel):
    """The longest timers with which each step is done within the shortest warning period; null: none, or not known."""

    maintenance: int | None
    shutdown: int | None


class AdviceTold(BaseModel):
    """A danger, a warning or a note, with its remedy."""

    level: str
    text: str


class Foreseen(BaseModel):
    """What an outage would do to a host."""

    row: Row
    cards: list[Card]
    steps: list[StepTold]
    latest: Latest
    advice: list[AdviceTold]
    vms: int
    coordinator: bool
    protected: bool = Field(description="A coordinator without timers, which is shut down last all the same.")


class Answer(BaseModel):
    """By the names that were asked for."""

    hosts: dict[str, Foreseen]


NOT_YET: dict[int | str, dict[str, Any]] = {503: {"description": "There is no site.toml yet, or a wrong one."}}


@router.post("/hosts/foresee", responses=NOT_YET)
def foresee(question: Question, ctx: Ctx, _: Viewer) -> Answer:
    """The row of the action table, the steps and warnings that these settings would make. Changes nothing."""
    site, seen = _with(_site(ctx), question, ctx), _seen(ctx)
    return Answer(hosts={id: _told(site.hosts[id], site, seen.snapshot, seen.learned) for id in question.hosts})


def _site(ctx: Context) -> Site:
    try:
        return ctx.present.configuration().site
    except NothingSeen as error:
        raise HTTPException(503, f"the site's file cannot be used: {error}") from None


def _seen(ctx: Context) -> Seen:
    """What was seen last; nothing where no controller has looked yet."""
    try:
        return ctx.present.seen()
    except NothingSeen:
        return Seen(0.0, Snapshot())


def _with(site: Site, question: Question, ctx: Context) -> Site:
    """The site with the hosts as they are being chosen."""
    for id, wanted in question.hosts.items():
        strangers = sorted(set(wanted.powered_by) - set(site.upses))
        if strangers:
            known = ", ".join(sorted(site.upses)) or "none"
            raise HTTPException(422, f'{id} is powered by "{strangers[0]}", which is no UPS here; known are {known}')
    hosts = {id: _host(id, wanted, site, ctx) for id, wanted in question.hosts.items()}
    options = {id: _policy(wanted) for id, wanted in question.hosts.items()}
    policy = replace(site.policy, hosts={**site.policy.hosts, **options})
    return replace(site, hosts={**site.hosts, **hosts}, policy=policy)


def _host(id: str, wanted: Wanted, site: Site, ctx: Context) -> Host:
    known = site.hosts.get(id)
    pool = known.pool if known else str(ctx.live.tables["hosts"].get(id, {}).get("pool", ""))
    switch = known.switch if known else ""
    return Host(id, pool, tuple(dict.fromkeys(wanted.powered_by)), wanted.needs, switch)


def _policy(wanted: Wanted) -> HostPolicy:
    def timer(option: Option) -> Timer:
        return Timer(option.enabled, option.after)

    return HostPolicy(timer(wanted.maintenance), timer(wanted.shutdown))


def _told(host: Host, site: Site, seen: Snapshot, learned: Learned) -> Foreseen:
    options = site.policy.of(host.id)
    row = outcome(options)
    pool = seen.pools.get(host.pool)
    coordinator = pool is not None and pool.coordinator == host.id
    return Foreseen(
        row=Row(vms=row.vms, host=row.host, crash=row.crash),
        cards=[_card(ups, site, seen) for ups in host.powered_by],
        steps=[
            StepTold(
                option=s.option,
                begins=s.begins,
                ends=s.ends,
                parts=[Part(what=what, takes=takes) for what, takes in s.parts.items()],
            )
            for s in steps(host.id, site, seen, learned)
        ],
        latest=Latest(**dict(_latest(host, site, seen, learned))),
        advice=[AdviceTold(level=a.level, text=a.text) for a in of_host(host, site, seen, learned)],
        vms=len(seen.guests(host.id)),
        coordinator=coordinator,
        protected=is_protected(host, site, seen),
    )


def _latest(host: Host, site: Site, seen: Snapshot, learned: Learned) -> Iterator[tuple[str, int | None]]:
    card = shortest(host, site, seen)
    for option in (MAINTENANCE, SHUTDOWN):
        yield option, card and step(host.id, option, Timer(), site, seen, learned).latest(card[2])


def _card(ups: str, site: Site, seen: Snapshot) -> Card:
    told = timers(ups, site, seen)
    return Card(
        ups=ups,
        warning_period=told.warning_period,
        shutdown_delay=told.shutdown_delay,
        action=str(told.action) if told.action else None,
        off_after=told.off_after,
    )
