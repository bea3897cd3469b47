"""The OpenAPI document is true: schemathesis tries every operation, and no input breaks one."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from fastapi import FastAPI
from fastapi.routing import APIRoute
from hypothesis import HealthCheck, given, settings
from schemathesis.specs.openapi.checks import ignored_auth, positive_data_acceptance

from ridethrough.api import Context, Person, Role, create_app
from ridethrough.api.evidence import Evidence
from ridethrough.api.history import History
from ridethrough.api.notifications import Notifications
from ridethrough.api.routes import AT_ROOT, ROUTERS
from ridethrough.config import NotifyTarget, Secret
from ridethrough.ports import Unreachable
from ridethrough.sim.scenario import load, play

from .fakes import Mailbox, write_status
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


OPEN_TO_ALL = {("POST", "/api/v1/session"), ("GET", "/api/v1/setup"), ("POST", "/api/v1/setup")}
TRIED = 20  # cases of each operation


@dataclass
class Gated:
    """An application that lets in whom the accounts let in: Vera's `token` may look."""

    context: Context
    mailbox: Mailbox
    app: FastAPI = field(init=False)
    token: str = field(init=False)

    def __post_init__(self) -> None:
        accounts = self.context.accounts
        accounts.add("vera", Role.VIEW, "look but do not touch", "the test")
        self.token = accounts.tokens.make(Person("vera", Role.VIEW), "wall", Role.VIEW, 86400.0).value
        accounts.audit.hand_on(self.mailbox.post)
        self.context = replace(self.context, gate=accounts)
        self.app = create_app(self.context)

    def kept(self) -> dict[str, object]:
        """All that a request could change; of the accounts all but when the token was used. Readers write "-shm"."""
        accounts, folder = self.context.accounts, self.context.site_file.parent
        known = [path for path in folder.rglob("*") if path.is_file() and not path.name.endswith("-shm")]
        paths = [path for path in known if not path.name.startswith("accounts.db")]
        return {str(path): path.read_bytes() for path in sorted(paths)} | {
            "posted": tuple(self.mailbox.posted),
            "jobs": tuple(self.context.jobs._jobs),
            "accounts": accounts.all(),
            "tokens": tuple(replace(one, used_at=None) for one in accounts.tokens.all()),
            "sessions": accounts.sessions.all(),
            "audit": [(row.by, row.says) for row in accounts.audit.all()],
        }


@dataclass
class Api:
    """The document of an application that lets everyone in, and another one that does not."""

    schema: Any
    gated: Gated


@pytest.fixture(scope="module")
def api(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Api:
    """Both work over the journal of an outage."""
    events = play(load(root / "scenarios" / "case_one.toml")).journal.entries

    def made(name: str, mailbox: Mailbox) -> Context:
        found = planning(tmp_path_factory.mktemp(name), site_of(root), InProcess(), mailbox=mailbox)
        write_status(found.state_dir)
        asyncio.run(_write(found.state_dir, events))
        return asyncio.run(_with_all(found))

    mailbox = Mailbox()
    schema = schemathesis.openapi.from_asgi("/api/v1/openapi.json", create_app(made("open", Mailbox())))
    return Api(schema, Gated(made("gated", mailbox), mailbox))


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
def test_no_input_breaks_an_operation(api: Api, method: str, path: str) -> None:
    """Answers are those that the document promises, whatever is sent. What a schema cannot tell may be refused.

    The first case is sent first where only the accounts let somebody in: nobody gets in without a credential, or with
    one that is made up, and who may only look changes nothing.
    """
    is_first = True

    @given(case=api.schema[path][method].as_strategy())
    @settings(max_examples=TRIED, suppress_health_check=list(HealthCheck), deadline=None)
    def tried(case: schemathesis.Case[Any]) -> None:
        nonlocal is_first
        if is_first:
            is_first = False
            _tried_at_the_gate(api, case, (method, path) in OPEN_TO_ALL)
        case.call_and_validate(excluded_checks=[positive_data_acceptance, ignored_auth])

    tried()


def _tried_at_the_gate(api: Api, case: schemathesis.Case[Any], is_open: bool) -> None:
    before = api.gated.kept()
    nobody = case.call(app=api.gated.app)
    looker = case.call(app=api.gated.app, headers={"Authorization": f"Bearer {api.gated.token}"})
    for answer in (nobody, looker):
        case.validate_response(answer, excluded_checks=[positive_data_acceptance, ignored_auth])
    assert is_open or (nobody.status_code, looker.status_code == 401) in ((401, False), (403, False))
    assert api.gated.kept() == before
