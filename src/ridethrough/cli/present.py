"""The site as it is now, for commands that imagine something of it: asked, seen last by a controller, or simulated."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ridethrough.config import Configuration
from ridethrough.core.learned import NOTHING_LEARNED, Learned
from ridethrough.core.observation import Snapshot
from ridethrough.core.site import Site
from ridethrough.runtime.seen_file import FILE, read_seen
from ridethrough.sim.glimpse import situation_at
from ridethrough.sim.quantity import seconds
from ridethrough.sim.reading import ScenarioError
from ridethrough.sim.scenario import Scenario, load

from .common import FAILED, USAGE, configuration, fail, run_async
from .stories import scenario_file

PATIENCE = 20.0  # seconds that cards and pools get to answer

SeenIn = Annotated[
    Path | None,
    typer.Option("--state", help="Ask nothing: take what the controller of this state directory saw last."),
]
OfScenario = Annotated[
    str,
    typer.Option("--scenario", metavar="NAME", help="Take the simulated site of a story from scenarios/ instead."),
]


def present(site: Path, secrets: Path | None, state: Path | None, scenario: str) -> tuple[Site, Snapshot]:
    """Site and snapshot, or the reason why there is none, and the end."""
    if scenario:
        s = situation_at(story(scenario))
        return s.site, s.seen
    from ridethrough.assemble import named_site  # the drivers take half a second to import

    found = configuration(site, secrets)
    seen = seen_in(state) if state is not None else _asked(found)
    if not seen.hosts:
        fail("no pool answers: there is nothing to plan with. Try: ridethrough check", FAILED)
    return named_site(found), seen


def story(name: str) -> Scenario:
    """A story from scenarios/, or those that there are, and the end."""
    try:
        return load(scenario_file(name))
    except (ScenarioError, FileNotFoundError) as error:
        fail(str(error), USAGE)


def moment(text: str) -> float:
    """A moment of a story: "75", "2m", "1:30"."""
    try:
        return seconds(text)
    except ValueError as error:
        fail(f"--at {error}", USAGE)


def seen_in(state: Path) -> Snapshot:
    """What the controller of a state directory saw last."""
    found = read_seen(state)
    if found is None:
        fail(f"{state}: no {FILE} that can be read: no controller has seen anything here yet", FAILED)
    return found.snapshot


def learned_in(state: Path | None) -> Learned:
    """What the journal of a state directory has of how long things take; nothing without one."""
    found = read_seen(state) if state is not None else None
    return found.learned if found is not None else NOTHING_LEARNED


def _asked(found: Configuration) -> Snapshot:
    from ridethrough.assemble import look

    return run_async(look(found, PATIENCE))
