"""A scenario played to a moment, and the files that the controller has written by then, for the pages to show.

The site's clock stands still at that moment.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

from ridethrough.api import Context
from ridethrough.core.events import Armed
from ridethrough.core.model import Seconds
from ridethrough.runtime.clock import SiteClock, Sources
from ridethrough.runtime.journal import DiskJournal
from ridethrough.runtime.loop import Status
from ridethrough.runtime.status import FILE
from ridethrough.sim.memory_journal import MemoryJournal
from ridethrough.sim.scenario import Player, Scenario
from ridethrough.sim.virtual_time import run as run_virtually
from ridethrough.views import island_view, site_view
from tests.api.fakes import Mailbox, OpenGate, context

WALL = 1.78e9  # seconds since 1970


def played(
    story: Scenario, until: Seconds, folder: Path, gate: OpenGate | None = None, mailbox: Mailbox | None = None
) -> Context:
    """The context of the pages, `until` seconds after the scenario's first; `until` is within five seconds."""
    part = replace(story, timeline=tuple(one for one in story.timeline if one.at < until), until=until)
    world, journal, seen = part.site.build(), MemoryJournal(), list[Status]()
    if part.armed:
        journal.entries.append(Armed(0.0, "owner"))
    player = Player(part, world, journal)

    def look() -> bool:
        seen.extend([player.status] if player.status else [])
        return False

    _aside(lambda: run_virtually(world, player.play(look)))
    status = seen[-1]
    made = context(folder, gate, mailbox)
    clock = SiteClock(made.state_dir, status.at, sources=Sources(lambda: "boot", lambda: 0.0, lambda: WALL))
    live = type(made.live)(made.state_dir, clock)
    _aside(lambda: asyncio.run(_keep(made.state_dir, [event for event in journal.entries if event.at <= status.at])))
    view = island_view(status.at, status.seen, status.memory, part.site.site, status.verdict)
    tell(made.state_dir, site_view("Head office", "c1", [view]) | {"written_at": status.at})
    return replace(made, clock=clock, live=live)


def _aside(work: Callable[[], None]) -> None:
    """On a thread of its own: the browser of a test keeps a loop running in this one."""
    with ThreadPoolExecutor(1, "played") as threads:
        threads.submit(work).result()


async def _keep(state: Path, events: list[Any]) -> None:
    journal = DiskJournal(state)
    await journal.append(events)
    await journal.close()


def tell(state: Path, status: Mapping[str, Any]) -> None:
    """The controller's status file."""
    (state / FILE).write_text(json.dumps(status), encoding="utf-8")
