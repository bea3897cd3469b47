"""The OpenAPI document is true: schemathesis tries every operation, and no input breaks one."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from fastapi.routing import APIRoute
from hypothesis import HealthCheck, given, settings
from schemathesis.specs.openapi.checks import positive_data_acceptance

from ridethrough.api import create_app
from ridethrough.api.routes import ROUTERS
from ridethrough.sim.scenario import load, play

from .fakes import write_status
from .imagined import InProcess, planning, site_of
from .test_journal import _write

ENDLESS = {"/events"}  # a stream; tests/api/test_events.py reads it
OPERATIONS = sorted(
    (method, f"/api/v1{route.path}")
    for router in ROUTERS
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
    return schemathesis.openapi.from_asgi("/api/v1/openapi.json", create_app(found))


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_no_input_breaks_an_operation(api: Any, method: str, path: str) -> None:
    """Answers are those that the document promises, whatever is sent. What a schema cannot tell may be refused."""

    @given(case=api[path][method].as_strategy())
    @settings(max_examples=20, suppress_health_check=list(HealthCheck), deadline=None)
    def tried(case: schemathesis.Case[Any]) -> None:
        case.call_and_validate(excluded_checks=[positive_data_acceptance])

    tried()
