"""An application over a state directory that the test writes itself."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from argon2 import PasswordHasher

from ridethrough.api import Context, Doors, Jobs, Live, NotAdmitted, Person, Role
from ridethrough.api.access import Gate
from ridethrough.api.accounts import Accounts
from ridethrough.api.doors import Found, Trust
from ridethrough.api.hosts import Hosts
from ridethrough.config import Endpoint, PoolConnection, Secrets
from ridethrough.core.events import Ask
from ridethrough.ports import Unreachable
from ridethrough.runtime.clock import SiteClock
from ridethrough.runtime.mailbox import Answer
from ridethrough.runtime.status import FILE as STATUS


@dataclass
class OpenGate:
    """Lets everyone in, as whom the test says; nobody when `person` is None."""

    person: Person | None = field(default_factory=lambda: Person("anna", Role.ADMINISTER))

    def admit(self, session: str, csrf: str, bearer: str, address: str, writes: bool, counts: bool = True) -> Person:
        if self.person is None:
            raise NotAdmitted(401, "log in first")
        return self.person

    def become(self, role: Role) -> None:
        self.person = Person("anna", role)


@dataclass
class Mailbox:
    """Keeps what was posted, and answers as the test says."""

    answer: Callable[[Ask, str], Answer] = lambda ask, subject: Answer(True, f"{ask}: done")
    posted: list[tuple[Ask, str, str, str]] = field(default_factory=list)
    seconds: list[float | None] = field(default_factory=list)

    def post(self, ask: Ask, subject: str, by: str, says: str, seconds: float | None = None) -> Answer:
        self.posted.append((ask, subject, by, says))
        self.seconds.append(seconds)
        return self.answer(ask, subject)


CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


async def _no_search(
    addresses: Sequence[str], ways: Sequence[Any], told: Callable[[int, int], None]
) -> Sequence[Found]:
    return []


async def _no_upsd(at: Endpoint) -> Sequence[Found]:
    raise Unreachable(f"{at} does not answer")


async def _no_pool(connection: PoolConnection, trust: Trust) -> dict[str, Any]:
    return {"members": [], "troubles": [f"{connection.addresses[0]} does not answer"]}


NOBODY = Doors(_no_search, _no_upsd, _no_pool)


def context(
    tmp_path: Path,
    gate: Gate | None = None,
    mailbox: Mailbox | None = None,
    doors: Doors = NOBODY,
    accounts: Accounts | None = None,
) -> Context:
    """A context whose state directory is `tmp_path/state`, and whose site.toml may be written by the test."""
    state = tmp_path / "state"
    state.mkdir(exist_ok=True)
    secrets = tmp_path / "secrets"
    secrets.mkdir(exist_ok=True)
    clock = SiteClock(state)
    live = Live(state, clock)
    return Context(
        state_dir=state,
        site_file=tmp_path / "site.toml",
        secrets=Secrets.of_process(secrets),
        secrets_dir=secrets,
        clock=clock,
        live=live,
        gate=gate or OpenGate(),
        accounts=accounts or Accounts(state, hasher=CHEAP),
        post=(mailbox or Mailbox()).post,
        doors=doors,
        jobs=Jobs(live.publish),
        hosts=Hosts("testserver"),
    )


STATUS_OF_TWO: dict[str, Any] = {
    "site": "Head office",
    "controller": "c1",
    "armed": True,
    "verdict": "nothing to do",
    "journal_trouble": "",
    "traps_listen": None,
    "traps_trouble": "",
    "upses": [{"id": "ups1", "condition": "good", "charge": 98.0, "answered": 2.0, "answered_at": 8.0}],
    "pools": [{"id": "pool1", "coordinator": "h1", "connected": True}],
    "hosts": [
        {"id": "h1", "pool": "pool1", "coordinator": True, "powered_by": ["ups1"]},
        {"id": "h2", "pool": "pool1", "coordinator": False, "powered_by": ["ups1"]},
    ],
    "vms": [{"id": "v1", "name": "web1", "pool": "pool1", "host": "h1"}],
    "storage": [{"id": "sr", "hosts": ["h1", "h2"], "vms": 1}],
    "alerts": [],
    "under_way": [],
    "written_at": 10.0,
}


def write_status(state: Path, **changes: Any) -> None:
    """The controller's status file, with these changes."""
    (state / STATUS).write_text(json.dumps(STATUS_OF_TWO | changes), encoding="utf-8")


__all__ = ["STATUS_OF_TWO", "Mailbox", "OpenGate", "Role", "context", "write_status"]
