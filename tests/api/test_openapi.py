"""The OpenAPI document is true: schemathesis tries every operation, and no input breaks one."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from fastapi.routing import APIRoute
from hypothesis import HealthCheck, given, settings
from schemathesis.specs.openapi.checks import positive_data_acceptance

from ridethrough.api import Context, create_app
from ridethrough.api.evidence import Evidence
from ridethrough.api.history import History
from ridethrough.api.notifications import Notifications
from ridethrough.api.routes import AT_ROOT, ROUTERS
from ridethrough.config import NotifyTarget, Secret
from ridethrough.ports import Unreachable
from ridethrough.sim.scenario import load, play

from .fakes import write_status
from .imagined import InProcess, planning, site_of
from .test_journal import _write

ENDLESS = {"/events"}  # a stream; tests/api/test_events.py reads it
OPERATIONS = sorted(
    (method, f"{prefix}{route.path}")
    for prefix, routers in (("/api/v1", ROUTERS), ("", AT_ROOT))
    for router in routers
    for route in router.routes
    if isinstance(route, APIRoute) and route.path not in ENDLESS
    for method in route.methods or ()
)


@pytest.fixture(scope="module")
def api(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The whole application over the journal of an outage, everyone let in."""
    found = planning(tmp_path_factory.mktemp("api"), site_of(root), InProcess())
    write_status(found.state_dir)
    asyncio.run(_write(found.state_dir, play(load(root / "scenarios" / "case_one.toml")).journal.entries))
    found = asyncio.run(_with_all(found))
    return schemathesis.openapi.from_asgi("/api/v1/openapi.json", create_app(found))


async def _with_all(found: Context) -> Context:
    """With a history, evidence, and somebody to be notified."""

    async def nobody_there(url: str, title: str, text: str, severity: str) -> None:
        raise Unreachable("no route to host")

    async def shown(ups: str) -> dict[str, Any]:
        return {"id": ups, "trouble": "no answer"}

    rows = {"ups1": {"answered_at": found.live.now() - 60.0, "charge": 98.0, "condition": "good"}}
    history = History(found.state_dir, lambda: rows, found.live.now)
    history.take()
    history.write()
    history.close()
    targets = {"mail": NotifyTarget("mail", Secret("", "mailto://example.com"))}
    notifications = Notifications(found.state_dir, lambda: targets, lambda: "x", nobody_there, found.live, str)
    await notifications.step()
    await notifications.settled()
    return replace(found, history=history, evidence=Evidence(shown), notifications=notifications)


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_no_input_breaks_an_operation(api: Any, method: str, path: str) -> None:
    """Answers are those that the document promises, whatever is sent. What a schema cannot tell may be refused."""

    @given(case=api[path][method].as_strategy())
    @settings(max_examples=20, suppress_health_check=list(HealthCheck), deadline=None)
    def tried(case: schemathesis.Case[Any]) -> None:
        case.call_and_validate(excluded_checks=[positive_data_acceptance])

    tried()
