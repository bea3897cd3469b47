"""`ridethrough ups`: one UPS, looked at closely."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ridethrough.config import CardConnection, Configuration, UpsConnection
from ridethrough.core.wording import duration
from ridethrough.ports import Refused, Unreachable
from ridethrough.runtime.status import read_status

from .answer import answered, condition, who
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
from .look import power_in_words
from .text import contradicted, say, table, untold

if TYPE_CHECKING:
    from ridethrough.ups.report import UpsReport

Name = Annotated[str, typer.Argument(help="The UPS's NAME, as in [ups.NAME] of site.toml.")]


def show(
    name: Name,
    site: SiteFile = DEFAULT_SITE,
    secrets: SecretsDir = None,
    state: StateDir = DEFAULT_STATE,
    as_json: AsJson = False,
) -> None:
    """Ask one UPS now, and show everything that it says, with the object that says it.

    What the controller makes of it is shown too, where one has run on the state directory.
    """
    found = configuration(site, secrets)
    must_be_there(found, name, site)
    shown = run_async(asked(found.upses[name]))
    shown["controller"] = _as_the_controller_sees_it(state, name)
    if as_json:
        print_json(shown)
    else:
        _print(shown)
    if shown["trouble"]:
        raise typer.Exit(FAILED)


async def asked(ups: UpsConnection) -> dict[str, Any]:
    """Everything that a UPS says now, and how it can be commanded. `trouble` is not empty when it does not answer."""
    shown = _shown(ups, await _ask(ups))
    return {**shown, "output": await _output(ups) if not shown["trouble"] else ""}


def must_be_there(found: Configuration, name: str, site: Path) -> None:
    """Ends the command where site.toml has no UPS of this name."""
    if name not in found.upses:
        known = ", ".join(sorted(found.upses)) or "none"
        fail(f"{site}: there is no [ups.{name}]; known UPSs are {known}", USAGE)


async def _ask(ups: UpsConnection) -> UpsReport:
    from ridethrough.assemble import read_ups  # the drivers take half a second to import
    from ridethrough.runtime.clock import Stopwatch

    return await read_ups(ups, Stopwatch())


async def _output(ups: UpsConnection) -> str:
    """Whether and how the output can be switched off. Only asks."""
    from ridethrough.assemble import switch
    from ridethrough.runtime.clock import Stopwatch

    output = switch(ups, Stopwatch())
    try:
        can = await output.abilities()
    except (Refused, Unreachable) as error:
        return f"not known: {error}"
    finally:
        output.close()
    cards = isinstance(ups, CardConnection) and ups.user is None and ups.write_community is None
    needs = "; it needs a write_community in site.toml" if cards and (can.off or can.cancel) else ""
    return f"{can.in_words()}{needs}"


def _shown(ups: UpsConnection, report: UpsReport) -> dict[str, Any]:
    return {
        **answered(ups, report),
        "evidence": [asdict(row) for row in report.evidence],
        "trouble": report.seen.trouble,
    }


def _as_the_controller_sees_it(state: Path, name: str) -> dict[str, Any] | None:
    status = read_status(state) or {}
    return next((dict(row) for row in status.get("upses", ()) if row["id"] == name), None)


def _print(shown: dict[str, Any]) -> None:
    typer.echo(f"UPS {shown['id']}")
    if shown["trouble"]:
        say(shown["trouble"], "PROBLEM: ", danger=True)
    else:
        say(who(shown), "  ")
        if shown["why"]:
            say(shown["why"], "  ")
        say(condition(shown), "  ")
    if shown["contradicts_itself"]:
        say(contradicted(shown["contradicts_itself"]), "  ")
    if shown["does_not_tell"]:
        say(untold(shown["does_not_tell"]), "  ")
    if shown["output"]:
        say(f"commands: {shown['output']}", "  ")
    if shown["controller"] is not None:
        row = shown["controller"]
        heard = f", heard {duration(row['answered'])} before" if row["answered"] is not None else ""
        say(f"the controller has it as: {power_in_words(row)}{heard}", "  ")
        if row.get("traps"):
            say(f"its last trap: {row['last_trap']}, {duration(row['last_trap_ago'])} before", "  ")
    if shown["evidence"]:
        typer.echo()
        rows = [(row["what"], row["says"], row["name"], row["raw"]) for row in shown["evidence"]]
        table(("What", "It says", "Object", "Value"), rows)
