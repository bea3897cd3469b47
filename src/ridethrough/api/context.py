"""What the routes work with. Made once by whoever serves the application."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from fastapi import Depends, Request

from ridethrough.config import Secrets
from ridethrough.core.events import Ask
from ridethrough.runtime.clock import SiteClock
from ridethrough.runtime.mailbox import Answer
from ridethrough.views.outages import Outages

from .access import Gate
from .live import Live

Post = Callable[[Ask, str, str, str], Answer]


@dataclass(frozen=True, slots=True)
class Context:
    """`site_file` may not exist yet: then the pages begin with the wizard.

    `post(ask, subject, by, says)` hands a request to the controller and blocks until it is answered; raises
    NoController or NoAnswer (runtime.mailbox).
    """

    state_dir: Path
    site_file: Path
    secrets: Secrets
    secrets_dir: Path | None
    clock: SiteClock
    live: Live
    gate: Gate
    post: Post
    past: Outages = field(default_factory=Outages)


def _context(request: Request) -> Context:
    found: Context = request.app.state.context
    return found


Ctx = Annotated[Context, Depends(_context)]
