"""The live site, played forward."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any

import typer

from ridethrough.core.model import Seconds
from ridethrough.core.topology import losing
from ridethrough.sim.outlook import outlook
from ridethrough.sim.quantity import clock

from .common import (
    DEFAULT_SITE,
    FAILED,
    USAGE,
    AsJson,
    SecretsDir,
    SiteFile,
    configuration,
    fail,
    print_json,
    run_async,
)
from .text import narrative, say, table

PATIENCE = 20.0  # seconds that cards and pools get to answer


def plan(
    lose: Annotated[
        list[str],
        typer.Option(
            "--lose",
            metavar="UPS",
            help="A UPS that loses utility power, or a feeder with all UPSs on it; may be repeated.",
        ),
    ],
    site: SiteFile = DEFAULT_SITE,
    secrets: SecretsDir = None,
    as_json: AsJson = False,
) -> None:
    """Play the loss of UPSs forward, in a copy of the live site.

    Acts on nothing. Tells what becomes of each VM and each host, and when, and what had to be assumed.
    """
    from ridethrough.assemble import look, named_site  # the drivers take half a second to import

    found = configuration(site, secrets)
    try:
        lost = losing(found.site, lose)
    except ValueError as error:
        fail(f"--lose {error}", USAGE)
    seen = run_async(look(found, PATIENCE))
    if not seen.hosts:
        fail("no pool answers: there is nothing to plan with. Try: ridethrough check", FAILED)
    report = outlook(named_site(found), seen, lost)
    if as_json:
        print_json(report)
    else:
        _print(report)
    if report["crashed"] or report["lost"]:
        raise typer.Exit(FAILED)


def _print(report: dict[str, Any]) -> None:
    lost = " and ".join(report["lose"])
    say(f"{report['site']}: if {lost} lost utility power now, and did not get it back")
    typer.echo()
    narrative(report["narrative"])
    typer.echo("\nIn the end")
    table(("Host", "State", "Since"), [(row["id"], row["end"], _time(row["at"])) for row in report["hosts"]], 2)
    typer.echo()
    table(("VM", "From", "What becomes of it", "At"), map(_vm_row, report["vms"]), 2)
    typer.echo("\nAssumed")
    _each(report["assumed"], "  ")
    typer.echo()
    _dangers("crash", report["crashed"])
    _dangers("crash with their host", report["lost"])
    if not report["crashed"] and not report["lost"]:
        typer.echo("No host and no VM crashes.")


def _vm_row(row: dict[str, Any]) -> tuple[str, ...]:
    ends = {"moves": f"moves to {row['host']}", "stays": "stays", "lost": "crashes", "shut down": "is shut down"}
    return row["name"], row["from"] or "", ends[row["end"]], _time(row["at"])


def _time(at: Seconds | None) -> str:
    return clock(at) if at is not None else ""


def _each(lines: Iterable[str], lead: str) -> None:
    for text in lines:
        say(text, lead)


def _dangers(what: str, names: list[str]) -> None:
    if names:
        say(f"{', '.join(names)}: {what}", "DANGER: ", danger=True)
