"""One host or VM: why it is as it is."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from ridethrough.core.situation import Situation
from ridethrough.core.why import Why
from ridethrough.core.why import why as explained
from ridethrough.runtime.codec import UnreadableEvent
from ridethrough.runtime.journal_file import JournalRefused
from ridethrough.runtime.remembered import situation
from ridethrough.runtime.seen_file import read_seen
from ridethrough.sim.glimpse import situation_at

from .common import (
    DEFAULT_SITE,
    DEFAULT_STATE,
    USAGE,
    AsJson,
    SecretsDir,
    SiteFile,
    StateDir,
    configuration,
    fail,
    no_controller_yet,
    print_json,
)
from .present import OfScenario, moment, story
from .text import say


def why(
    name: Annotated[
        str, typer.Argument(metavar="HOST|VM", help="A host, by its key or name; or a VM, by its name or uuid.")
    ],
    site: SiteFile = DEFAULT_SITE,
    secrets: SecretsDir = None,
    state: StateDir = DEFAULT_STATE,
    scenario: OfScenario = "",
    at: Annotated[
        str, typer.Option("--at", metavar="TIME", help="With --scenario: the moment of the story, such as 75 or 1:15.")
    ] = "0",
    as_json: AsJson = False,
) -> None:
    """Say why a host or a VM is as it is now.

    From what the controller saw last and from its journal; nothing is asked. It also
    tells what would change that, and in peace what a failure of its UPSs would do.
    """
    s = situation_at(story(scenario), moment(at)) if scenario else _live(site, secrets, state)
    found = explained(s, name)
    if not found:
        hosts = ", ".join(sorted(s.seen.hosts)) or "none"
        fail(f'no host and no VM is named "{name}"; hosts are {hosts}', USAGE)
    if as_json:
        print_json({"name": name, "found": [asdict(one) | {"text": one.text} for one in found]})
    else:
        _print(found)


def _live(site: SiteFile, secrets: SecretsDir, state: StateDir) -> Situation:
    from ridethrough.assemble import named_site  # the drivers take half a second to import

    found = configuration(site, secrets)
    seen = read_seen(state)
    if seen is None:
        no_controller_yet(state)
    try:
        return situation(state, named_site(found), seen)
    except (JournalRefused, UnreadableEvent) as error:
        fail(str(error))


def _print(found: list[Why]) -> None:
    for one in found:
        lead = f"{one.id}: " if len(found) > 1 else ""
        say(one.text, lead)
