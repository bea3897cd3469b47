"""`ridethrough ups off` and `ups cancel`: a person switches a UPS's output off, and nobody else does."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from ridethrough.config import Configuration
from ridethrough.core.events import Ask
from ridethrough.core.wording import duration
from ridethrough.ports import Refused, Unreachable
from ridethrough.runtime.lock import is_held
from ridethrough.runtime.status import read_status
from ridethrough.ups.switching import LONGEST, SHORTEST, Abilities, Switched

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
    print_json,
    run_async,
)
from .people import Confirmed, confirm, requested, written_down
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

    Every host that it feeds loses that feed. The controller must run and be armed, and writes down who asked, and what
    came of it. What must be set first is set and read back; then one command is sent, and what the UPS shows is read.
    Ends with 1 when it was refused, or when it is not known whether the UPS obeys.
    """
    if after < SOON and not soon:
        fail(f"--after {after} leaves no time to look and cancel: give {SOON} or more, or say --soon", USAGE)
    found = _known(name, site, secrets)
    running = _same_site(found, name, state, must_know=True)
    can = _done(_told(found, name, lambda ups: ups.abilities()))
    if not can.off:
        fail(f"{name}: its output cannot be switched off: {can.why}")
    if not as_json:
        _warn(found, name, after, can, running or {})
    confirm(name, yes)
    requested(Ask.SWITCH_OFF_UPS, name, state, says=f"in {after} s")
    _carry_out(found, name, state, as_json, lambda ups: ups.off_and_restart(after))


def cancel(
    name: Name,
    yes: Confirmed = "",
    site: SiteFile = DEFAULT_SITE,
    secrets: SecretsDir = None,
    state: StateDir = DEFAULT_STATE,
    as_json: AsJson = False,
) -> None:
    """Cancel a UPS's countdown to switching its output off. Asks for the UPS's name once more.

    The controller writes down who asked, and what came of it; it need not be armed, and where none answers, that is
    said, and the UPS is told all the same. Ends with 0 only when the UPS then shows that nothing counts down and its
    output is not off; with 1 when it is off, still counts down, or that is not known.
    """
    found = _known(name, site, secrets)
    _same_site(found, name, state, must_know=False)
    can = _done(_told(found, name, lambda ups: ups.abilities()))
    if not can.cancel:
        fail(f"{name}: nothing can be cancelled: {can.why or can.note}")
    confirm(name, yes)
    written_down(Ask.CANCEL_UPS_OFF, name, state)
    _carry_out(found, name, state, as_json, lambda ups: ups.cancel())


def _known(name: str, site: Path, secrets: Path | None) -> Configuration:
    found = configuration(site, secrets)
    must_be_there(found, name, site)
    return found


def _same_site(found: Configuration, name: str, state: Path, must_know: bool) -> dict[str, Any] | None:
    """The status of the controller that runs, if one does. Ends the command where it has another UPS of this name."""
    try:
        status = read_status(state) if is_held(state) else None
    except PermissionError:
        return None
    if status is None:
        return None
    row: dict[str, Any] = next((row for row in status.get("upses", ()) if row["id"] == name), {})
    here, there = str(found.upses[name].at), row.get("address")
    if there is None and must_know:
        fail(f"{state}: its controller does not say at which address it has {name}: is it one of another site?")
    if there not in (None, here):
        fail(f"{name} is at {here} in the file, and at {there} for the controller of {state}: nothing was done")
    return status


def _carry_out(
    found: Configuration, name: str, state: Path, as_json: bool, what: Callable[[Switch], Coroutine[Any, Any, Switched]]
) -> None:
    """Tell the UPS, have what came of it written down, and show it."""
    try:
        done = run_async(_told(found, name, what))
    except (Refused, Unreachable) as error:
        written_down(Ask.WRITE_DOWN, name, state, f"failed, {_why(error)}")
        fail(_why(error))
    shows = [f"it cuts its output in {duration(done.countdown)}, as it shows itself"] if done.countdown else []
    _report(name, done, as_json)
    written_down(Ask.WRITE_DOWN, name, state, "; ".join((*done.steps, *shows)))


def _done(work: Coroutine[Any, Any, T]) -> T:
    try:
        return run_async(work)
    except (Refused, Unreachable) as error:
        fail(_why(error))


def _why(error: Refused | Unreachable) -> str:
    return error.detail if isinstance(error, Refused) and error.detail else str(error)


async def _told(found: Configuration, name: str, what: Callable[[Switch], Coroutine[Any, Any, T]]) -> T:
    ups = _switch(found, name)
    try:
        return await what(ups)
    finally:
        ups.close()


def _switch(found: Configuration, name: str) -> Switch:
    from ridethrough.assemble import switch  # the drivers take half a second to import
    from ridethrough.runtime.clock import Stopwatch

    return switch(found.upses[name], Stopwatch())


def _warn(found: Configuration, name: str, after: int, can: Abilities, running: dict[str, Any]) -> None:
    """What the person is about to do, and to whom."""
    say(f"its output will be cut in {duration(after)} ({can.by}).", f"{name}: ")
    if can.note:
        say(can.note, "  ")
    status = {row["id"]: row for row in running.get("hosts", ())}
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
