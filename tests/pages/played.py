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
from ridethrough.core.events import Armed, Event
from ridethrough.core.model import Seconds
from ridethrough.runtime.clock import SiteClock, Sources
from ridethrough.runtime.journal import DiskJournal
from ridethrough.runtime.journal_file import read_journal
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
    made = context(folder, gate, mailbox)
    status = goes_on(made, story, until)
    clock = SiteClock(made.state_dir, status.at, sources=Sources(lambda: "boot", lambda: 0.0, lambda: WALL))
    return replace(made, clock=clock, live=type(made.live)(made.state_dir, clock))


def goes_on(made: Context, story: Scenario, until: Seconds) -> Status:
    """The same story, `until` seconds after its first: what has happened since stands in the files now."""
    status, events = _play(story, until)
    known = len(list(read_journal(made.state_dir, 0)))
    _aside(lambda: asyncio.run(_keep(made.state_dir, events[known:])))
    view = island_view(status.at, status.seen, status.memory, story.site.site, status.verdict)
    tell(made.state_dir, site_view("Head office", "c1", [view]) | {"written_at": status.at})
    return status


def _play(story: Scenario, until: Seconds) -> tuple[Status, list[Event]]:
    part = replace(story, timeline=tuple(one for one in story.timeline if one.at < until), until=until)
    world, journal, seen = part.site.build(), MemoryJournal(), list[Status]()
    if part.armed:
        journal.entries.append(Armed(0.0, "owner"))
    player = Player(part, world, journal)

    def look() -> bool:
        seen.extend([player.status] if player.status else [])
        return False

    _aside(lambda: run_virtually(world, player.play(look)))
    return seen[-1], [event for event in journal.entries if event.at <= seen[-1].at]


def _aside(work: Callable[[], None]) -> None:
    """On a thread of its own: the browser of a test keeps a loop running in this one."""
    with ThreadPoolExecutor(1, "played") as threads:
        threads.submit(work).result()


async def _keep(state: Path, events: list[Event]) -> None:
    journal = DiskJournal(state)
    await journal.append(events)
    await journal.close()


def tell(state: Path, status: Mapping[str, Any]) -> None:
    """The controller's status file."""
    fresh = state / "status.test"
    fresh.write_text(json.dumps(status), encoding="utf-8")
    fresh.replace(state / FILE)
