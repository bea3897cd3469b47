"""Composition of the manager: its application with its files and its doors to real equipment."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ridethrough.api import Context, Doors, Jobs, Live
from ridethrough.api.accounts import Accounts
from ridethrough.api.context import Plugs
from ridethrough.api.doors import Found, Trust
from ridethrough.api.drills import Drills
from ridethrough.api.evidence import Evidence
from ridethrough.api.findings import Findings
from ridethrough.api.foresight import Plans, Present, Simulations, WeakPoints
from ridethrough.api.history import History
from ridethrough.api.hosts import Hosts
from ridethrough.api.notifications import Notifications, Targets
from ridethrough.api.own_certificate import host_name
from ridethrough.api.tls import Tls, looking
from ridethrough.assemble import search, search_upsd, survey_pool
from ridethrough.config import (
    CardConnection,
    Configuration,
    Endpoint,
    ManagerSettings,
    PoolConnection,
    Secrets,
    load,
)
from ridethrough.core.events import Ask
from ridethrough.core.site import Site
from ridethrough.drivers.notify.by_url import send
from ridethrough.runtime.clock import SYSTEM, SiteClock, Stopwatch
from ridethrough.runtime.mailbox import Answer, post
from ridethrough.runtime.own_vm import own_vm
from ridethrough.runtime.pace import fast_sources
from ridethrough.runtime.worker import Worker
from ridethrough.views.findings import report

from .check import asking, pool_row
from .run import SPEED
from .stories import folder
from .upses import asked

VARIABLE = "RIDETHROUGH_PLUGS"  # set by `ridethrough demo`: the socket at which its simulated site holds out its plugs
PLUGS_ANSWER_WITHIN = 5.0
LARGEST = 1024 * 1024  # bytes of such an answer
IMAGINE = (sys.executable, "-m", "ridethrough.sim.imagine")  # what a worker process runs
NEW_SITE = Configuration(Site("new", {}, {}, {}), {}, {})


def context(site: Path, state: Path, secrets_dir: Path | None, settings: ManagerSettings) -> Context:
    """Everything that the application works with. Raises AccountsRefused, CertificateRefused or OSError."""
    speed = float(os.environ.get(SPEED, "1"))
    clock = SiteClock(state, keep=False, sources=fast_sources(speed) if speed != 1.0 else SYSTEM)
    secrets = Secrets.of_process(secrets_dir)
    live = Live(state, clock)
    accounts = Accounts(state, idle=settings.idle)

    def ask(ask: Ask, subject: str, by: str, says: str, seconds: float | None = None) -> Answer:
        return post(state, ask, subject, by, says=says, seconds=seconds)

    async def show(ups: str) -> dict[str, Any]:
        return await asked((await asyncio.to_thread(load, site, secrets)).upses[ups])

    tls = None
    if not settings.http:
        look = looking(state, settings.certificate, settings.key, settings.names, SYSTEM.wall)
        tls = Tls(look, SYSTEM.wall, lambda says: accounts.audit.note("the manager", says))

    async def check(found: Configuration, told: Callable[[str], None]) -> dict[str, Any]:
        return await report(found, asking(), told, own_vm=own_vm())

    present = Present(site, secrets, state)
    asked_for = Worker(IMAGINE)  # by people, who do not wait for what is kept fresh
    plans = Plans(present, Worker(IMAGINE), asked_for, live)
    jobs = Jobs(live.publish)
    weak_points = WeakPoints(present, Worker(IMAGINE), live, jobs)
    findings = Findings(present, check, live, jobs)
    simulations = Simulations(present, asked_for, folder(), state, live, jobs)
    drills = Drills(state / "drills", live, jobs, ask, findings, simulations, accounts.audit.note)
    history = History(state, lambda: live.tables["upses"], live.now)
    targets = Targets(site, secrets)
    notifications = Notifications(state, targets.now, lambda: targets.site, send, live, _local_time)
    return Context(
        state_dir=state,
        site_file=site,
        secrets=secrets,
        secrets_dir=secrets_dir,
        clock=clock,
        live=live,
        gate=accounts,
        accounts=accounts,
        post=ask,
        doors=Doors(_search, _search_upsd, _survey),
        jobs=jobs,
        history=history,
        evidence=Evidence(show),
        notifications=notifications,
        hosts=Hosts(host_name(), settings.names, lambda: tls.certificate.names if tls else (), tls is not None),
        tls=tls,
        plugs=plugs_at(Path(os.environ[VARIABLE])) if VARIABLE in os.environ else None,
        services=(history, notifications, plans, weak_points, drills, *((tls,) if tls is not None else ())),
        plans=plans,
        weak_points=weak_points,
        findings=findings,
        simulations=simulations,
        drills=drills,
    )


def _local_time(at: float) -> str:
    """Seconds since 1970 as people read them."""
    return dt.datetime.fromtimestamp(at, dt.UTC).astimezone().strftime("%Y-%m-%d %H:%M:%S")


async def _search(
    addresses: Sequence[str], ways: Sequence[CardConnection], told: Callable[[int, int], None]
) -> Sequence[Found]:
    return [(found, report) for found, report in await search(addresses, ways, Stopwatch(), told)]


async def _search_upsd(at: Endpoint) -> Sequence[Found]:
    return [(found, report) for found, report in await search_upsd(at, Stopwatch())]


async def _survey(connection: PoolConnection, trust: Trust) -> dict[str, Any]:
    asked = replace(NEW_SITE, pools={connection.id: connection})
    return pool_row(connection.id, await survey_pool(asked, connection.id, trust))


def plugs_at(path: Path) -> Plugs:
    """The plugs of the simulated site that a demo holds out at this socket."""

    async def pulled(asked: dict[str, str]) -> dict[str, Any]:
        async with asyncio.timeout(PLUGS_ANSWER_WITHIN):
            reader, writer = await asyncio.open_unix_connection(path, limit=LARGEST)
            try:
                writer.write(json.dumps(asked).encode() + b"\n")
                answer: dict[str, Any] = json.loads(await reader.readline())
                return answer
            finally:
                writer.close()

    return pulled
