"""What the routes work with. Made once by whoever serves the application."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Protocol

from fastapi import Depends, Request

from ridethrough.config import Secrets
from ridethrough.config.desk import Desk
from ridethrough.runtime.clock import SiteClock
from ridethrough.views.outages import Outages

from .access import Gate
from .accounts import Accounts
from .doors import Doors
from .drills import Drills
from .evidence import Evidence
from .findings import Findings
from .foresight import Plans, Present, Simulations, WeakPoints
from .history import History
from .hosts import Hosts
from .jobs import Jobs
from .live import Live
from .metrics import Counted
from .notifications import Notifications
from .post import Bounded, Post
from .tls import Tls


class Service(Protocol):
    """What runs beside the routes for as long as the application does."""

    async def run(self) -> None:
        """Work until cancelled."""


Plugs = Callable[[dict[str, str]], Awaitable[dict[str, Any]]]  # of a simulated site; raises OSError, ValueError


@dataclass(frozen=True, slots=True)
class Context:
    """`site_file` may not exist yet: then the pages begin with the wizard.

    `services` run as long as the application does.
    """

    state_dir: Path
    site_file: Path
    secrets: Secrets
    secrets_dir: Path | None
    clock: SiteClock
    live: Live
    gate: Gate
    accounts: Accounts
    post: Post
    doors: Doors
    jobs: Jobs
    past: Outages = field(default_factory=Outages)
    counted: Counted = field(default_factory=Counted)
    history: History | None = None
    evidence: Evidence | None = None
    hosts: Hosts = field(default_factory=Hosts)
    tls: Tls | None = None  # None: served without, on loopback only
    plans: Plans | None = None
    weak_points: WeakPoints | None = None
    notifications: Notifications | None = None
    findings: Findings | None = None
    simulations: Simulations | None = None
    drills: Drills | None = None
    services: tuple[Service, ...] = ()
    plugs: Plugs | None = None  # None: the site is a real one
    desk: Desk = field(init=False)  # where site.toml is edited
    present: Present = field(init=False)  # site.toml and what was seen, read again when they have changed

    def __post_init__(self) -> None:
        desk = Desk(self.site_file, self.secrets, self.secrets_dir, self.state_dir)
        object.__setattr__(self, "desk", desk)
        object.__setattr__(self, "post", Bounded(self.post))
        object.__setattr__(self, "present", Present(self.site_file, self.secrets, self.state_dir))


def _context(request: Request) -> Context:
    found: Context = request.app.state.context
    return found


Ctx = Annotated[Context, Depends(_context)]
