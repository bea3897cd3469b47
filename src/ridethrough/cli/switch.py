"""`ridethrough ups off` and `ups cancel`: a person switches a UPS's output off, and nobody else does."""

from __future__ import annotations

from collections.abc import Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from ridethrough.config import Configuration
from ridethrough.core.events import Ask
from ridethrough.core.wording import duration
from ridethrough.ports import Refused, Unreachable
from ridethrough.runtime.status import read_status
from ridethrough.ups.switching import LONGEST, SHORTEST, Abilities, Switched

from .common import (
    DEFAULT_SITE,
    DEFAULT_STATE,
    FAILED,
    USAGE,
    AsJson,
    SecretsDir,
    SiteFile,
    StateDir,
    configuration,
    fail,
    print_json,
    run_async,
)
from .people import Confirmed, confirm, requested
from .text import say
from .upses import Name, must_be_there

if TYPE_CHECKING:
    from ridethrough.ups.switching import Switch

T = TypeVar("T")
SOON = 60  # seconds: below that a person cannot look, think and cancel


def off(
    name: Name,
    after: Annotated[
        int,
        typer.Option(
            "--after", metavar="SECONDS", min=SHORTEST, max=LONGEST, help="Cut the output in so many seconds."
        ),
    ],
    soon: Annotated[bool, typer.Option("--soon", help=f"Allow less than {SOON} seconds.")] = False,
    yes: Confirmed = "",
    site: SiteFile = DEFAULT_SITE,
    secrets: SecretsDir = None,
    state: StateDir = DEFAULT_STATE,
    as_json: AsJson = False,
) -> None:
    """Switch a UPS's output off, so that it comes back with utility power. Asks for the UPS's name once more.

    Every host that it feeds loses that feed. The controller must run and be armed, and writes down who asked. What the
    UPS is told is read back; no more than one command is sent.
    """
    if after < SOON and not soon:
        fail(f"--after {after} leaves no time to look and cancel: give {SOON} or more, or say --soon", USAGE)
    found = _known(name, site, secrets)
    can = _done(_abilities(found, name))
    if not can.off:
        fail(f"{name}: its output cannot be switched off: {can.why}")
    if not as_json:
        _warn(found, name, after, can, state)
    confirm(name, yes)
    requested(Ask.SWITCH_OFF_UPS, name, state)
    _report(name, _done(_off(found, name, after)), as_json)


def cancel(
    name: Name,
    yes: Confirmed = "",
    site: SiteFile = DEFAULT_SITE,
    secrets: SecretsDir = None,
    state: StateDir = DEFAULT_STATE,
    as_json: AsJson = False,
) -> None:
    """Cancel a UPS's countdown to switching its output off. Asks for the UPS's name once more.

    The controller must run and be armed, and writes down who asked. The countdown is read before and after.
    """
    found = _known(name, site, secrets)
    can = _done(_abilities(found, name))
    if not can.cancel:
        fail(f"{name}: nothing can be cancelled: {can.why or can.note}")
    confirm(name, yes)
    requested(Ask.CANCEL_UPS_OFF, name, state)
    _report(name, _done(_cancel(found, name)), as_json)


def _known(name: str, site: Path, secrets: Path | None) -> Configuration:
    found = configuration(site, secrets)
    must_be_there(found, name, site)
    return found


def _done(work: Coroutine[Any, Any, T]) -> T:
    try:
        return run_async(work)
    except (Refused, Unreachable) as error:
        fail(error.detail if isinstance(error, Refused) and error.detail else str(error), FAILED)


async def _abilities(found: Configuration, name: str) -> Abilities:
    ups = _switch(found, name)
    try:
        return await ups.abilities()
    finally:
        ups.close()


async def _off(found: Configuration, name: str, after: int) -> Switched:
    ups = _switch(found, name)
    try:
        return await ups.off_and_restart(after)
    finally:
        ups.close()


async def _cancel(found: Configuration, name: str) -> Switched:
    ups = _switch(found, name)
    try:
        return await ups.cancel()
    finally:
        ups.close()


def _switch(found: Configuration, name: str) -> Switch:
    from ridethrough.assemble import switch  # the drivers take half a second to import
    from ridethrough.runtime.clock import Stopwatch

    return switch(found.upses[name], Stopwatch())


def _warn(found: Configuration, name: str, after: int, can: Abilities, state: Path) -> None:
    """What the person is about to do, and to whom."""
    say(f"its output will be cut in {duration(after)} ({can.by}).", f"{name}: ")
    if can.note:
        say(can.note, "  ")
    status = {row["id"]: row for row in (read_status(state) or {}).get("hosts", ())}
    fed = [host for _, host in sorted(found.site.hosts.items()) if name in host.powered_by]
    if not fed:
        say("site.toml names no host that it feeds", "  ")
    for host in fed:
        others = [feed for feed in host.powered_by if feed != name]
        feeds = f"also fed by {', '.join(others)}" if others else "fed by nothing else"
        up = _is_up(status.get(host.id))
        say(f"{up}, {feeds}", f"  {host.id}: ", danger=up != "is down" and not others)


def _is_up(row: dict[str, Any] | None) -> str:
    if row is None:
        return "nobody knows whether it is up"
    if row["step"] == "down":
        return "is down"
    return "is up" if row["connected"] else "does not answer"


def _report(name: str, done: Switched, as_json: bool) -> None:
    if as_json:
        print_json({"id": name, "steps": list(done.steps), "countdown": done.countdown})
        return
    for step in done.steps:
        say(step, "  ")
    if done.countdown is not None:
        say(f"it cuts its output in {duration(done.countdown)}, as it shows itself", f"{name}: ")
