"""The live site, played forward."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any

import typer

from ridethrough.core.model import Seconds
from ridethrough.core.topology import losing
from ridethrough.core.wording import duration
from ridethrough.sim.outlook import outlook
from ridethrough.sim.quantity import clock
from ridethrough.sim.sweep import WORKERS, sweep

from .common import DEFAULT_SITE, FAILED, USAGE, AsJson, SecretsDir, SiteFile, fail, print_json
from .present import OfScenario, SeenIn, learned_in, present
from .text import narrative, say, table

SHOWN = 20  # weak points


def plan(
    lose: Annotated[
        list[str] | None,
        typer.Option(
            "--lose",
            metavar="UPS",
            help="A UPS that loses utility power, or a feeder with all UPSs on it; may be repeated.",
        ),
    ] = None,
    is_sweep: Annotated[
        bool,
        typer.Option(
            "--sweep",
            help="Let every UPS and every pair fail, also with a host in maintenance mode; tell the weakest points.",
        ),
    ] = False,
    seconds: Annotated[
        float, typer.Option("--seconds", min=0.0, max=3600.0, help="How long --sweep may play. The rest is told.")
    ] = 60.0,
    workers: Annotated[
        int, typer.Option("--workers", min=1, max=16, help="Processes that play for --sweep.")
    ] = WORKERS,
    site: SiteFile = DEFAULT_SITE,
    secrets: SecretsDir = None,
    state: SeenIn = None,
    scenario: OfScenario = "",
    as_json: AsJson = False,
) -> None:
    """Play the loss of UPSs forward, in a copy of the live site.

    Acts on nothing. Tells what becomes of each VM and each host, and when, how many seconds were left, what stopping
    each tier would gain, and what had to be assumed.
    """
    if bool(lose) == is_sweep:
        fail("Name the UPSs that fail with --lose, or use --sweep: one of the two", USAGE)
    (_sweep if is_sweep else _lose)(lose or [], seconds, workers, (site, secrets, state, scenario), as_json)


Where = tuple[Path, Path | None, Path | None, str]


def _lose(lose: list[str], _seconds: float, _workers: int, where: Where, as_json: bool) -> None:
    site, seen = present(*where)
    try:
        lost = losing(site, lose)
    except ValueError as error:
        fail(f"--lose {error}", USAGE)
    report = outlook(site, seen, lost, learned_in(where[2]))
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
    heads = ("Host", "State", "Since", "Begins", "Left", "Needed", "Spare", "Power ends", "Margin")
    table(heads, map(_host_row, report["hosts"]), 2)
    typer.echo()
    table(("VM", "From", "What becomes of it", "At", "Tier", "Why"), map(_vm_row, report["vms"]), 2)
    if report["tiers"]:
        typer.echo("\nTime gained if a tier were stopped when it begins")
        table(("Tier", "VMs", "UPS", "Gained", "With those above it", ""), _tier_rows(report["tiers"]), 2)
    typer.echo("\nAssumed")
    _each(report["assumed"], "  ")
    typer.echo()
    _dangers("crash", report["crashed"])
    _dangers("crash with their host", report["lost"])
    if report["first_loss"] is None:
        typer.echo("No host and no VM crashes.")
    else:
        say(f"at {_time(report['first_loss']['at'])} {report['first_loss']['text']}", "First loss: ", danger=True)


def _host_row(row: dict[str, Any]) -> tuple[str, ...]:
    left, needed, spare = (_length(row[key]) for key in ("left", "needed", "spare"))
    supply, margin = _time(row["supply_ends_at"]), _length(row["margin"])
    return row["id"], row["end"], _time(row["at"]), _time(row["begins_at"]), left, needed, spare, supply, margin


def _vm_row(row: dict[str, Any]) -> tuple[str, ...]:
    ends = {"moves": f"moves to {row['host']}", "stays": "stays", "lost": "crashes", "shut down": "is shut down"}
    return row["name"], row["from"] or "", ends[row["end"]], _time(row["at"]), str(row["tier"]), row["why"]


def _tier_rows(tiers: list[dict[str, Any]]) -> Iterable[tuple[str, ...]]:
    for row in tiers:
        for gain in row["gains"]:
            gained = (_gained(gain["seconds"]), _gained(gain["together"]))
            yield str(row["tier"]), str(len(row["vms"])), gain["ups"], *gained, gain["why"]


def _gained(seconds: Seconds | None) -> str:
    return duration(seconds) if seconds is not None else "not known"


def _length(seconds: Seconds | None) -> str:
    if seconds is None:
        return ""
    return duration(seconds) if seconds >= 0 else f"-{duration(-seconds)}"


def _time(at: Seconds | None) -> str:
    return clock(at) if at is not None else ""


def _each(lines: Iterable[str], lead: str) -> None:
    for text in lines:
        say(text, lead)


def _dangers(what: str, names: list[str]) -> None:
    if names:
        say(f"{', '.join(names)}: {what}", "DANGER: ", danger=True)


# --- the sweep ---------------------------------------------------------------------------------------------------


def _sweep(_lose: list[str], seconds: float, workers: int, where: Where, as_json: bool) -> None:
    report = sweep(*present(*where), seconds, workers, learned_in(where[2]))
    if as_json:
        print_json(report)
    else:
        _print_sweep(report)
    if any(row["crashed"] or row["lost"] for row in report["rows"]):
        raise typer.Exit(FAILED)


def _print_sweep(report: dict[str, Any]) -> None:
    say(f"{report['site']}: every UPS and every pair, also while a host is in maintenance mode")
    typer.echo()
    weak = [row for row in report["rows"] if row["adds"]]
    for number, row in enumerate(weak[:SHOWN], start=1):
        say(row["why"], f"{number:>4}. ", danger=bool(row["crashed"] or row["lost"]))
    if len(weak) > SHOWN:
        say(f"{len(weak) - SHOWN} more that do less harm; --json has them", "      ")
    if not weak:
        say("nothing that was played stops a VM or loses anything")
    typer.echo()
    _each(report["left_out"], "Left out: ")
    same = len(report["rows"]) - len(weak)
    if same:
        say(f"{same} of them stop nothing, or no more than their parts do by themselves; --json has them")
    rest = report["of"] - report["played"]
    say(f"{report['played']} of {report['of']} cases were played" + ("." if not rest else ""))
    if rest:
        say(
            f"{rest} were not, for want of time: by the memory of the hosts they look less bad than those that were. "
            "Give it more with --seconds. The next would have been:"
        )
        _each(report["not_played"], "  ")
