"""Proof that a site is ready, without acting on it."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ridethrough.config import Configuration, UpsConnection
from ridethrough.core.advice import Level
from ridethrough.core.model import CardAction, HostId, PoolId, StorageId
from ridethrough.core.observation import Snapshot
from ridethrough.core.wording import duration
from ridethrough.runtime.own_vm import own_vm
from ridethrough.runtime.status import read_status
from ridethrough.views.findings import Asking, report

from .answer import answered, condition, who
from .common import (
    DEFAULT_SITE,
    DEFAULT_STATE,
    FAILED,
    AsJson,
    SecretsDir,
    SiteFile,
    StateDir,
    configuration,
    print_json,
    run_async,
)
from .present import learned_in
from .text import contradicted, count, no_agent, outage, say, untold

if TYPE_CHECKING:
    from ridethrough.drivers.xapi import Survey
    from ridethrough.ups.report import UpsReport

PATIENCE = 20.0  # seconds that a pool gets to show all of its hosts


def check(
    site: SiteFile = DEFAULT_SITE,
    secrets: SecretsDir = None,
    trust: Annotated[
        bool,
        typer.Option("--trust", help="Accept certificates that are not pinned, once, and print their fingerprints."),
    ] = False,
    state: StateDir = DEFAULT_STATE,
    as_json: AsJson = False,
) -> None:
    """Look at everything, act on nothing, and name each danger.

    Logs in to every pool, asks every card, compares the hosts' timers with the cards' own, and says what an outage
    would do to each host. Ends with a score: 100 means nothing to mend, 80 or more means no danger. The
    controller's state directory tells whether the site is armed, and how long things have taken there.
    """
    found = configuration(site, secrets)
    learned = learned_in(state)
    told = run_async(report(found, asking(trust), armed=_armed(state), own_vm=own_vm(), learned=learned))
    if as_json:
        print_json(told)
    else:
        _print(told, trust)
    if told["problems"] or any(row["level"] == Level.DANGER for row in told["advice"]):
        raise typer.Exit(FAILED)


def _armed(state: Path) -> bool | None:
    """Whether the controller may act; None where none has run there."""
    status = read_status(state)
    return bool(status["armed"]) if status is not None and "armed" in status else None


def asking(trust: bool = False) -> Asking:
    """How the real equipment is asked; with `trust`, certificates that are not pinned are accepted."""
    from ridethrough.assemble import (
        look,
        read_ups,
        survey_pool,
        survey_power_on,
        survey_storage,
    )  # the drivers take half a second to import
    from ridethrough.runtime.clock import Stopwatch

    clock = Stopwatch()
    accept = _accept if trust else None

    async def ups(connection: UpsConnection) -> dict[str, Any]:
        return _ups(connection, await read_ups(connection, clock))

    async def pool(found: Configuration, pool_id: PoolId) -> dict[str, Any]:
        return pool_row(pool_id, await survey_pool(found, pool_id, accept))

    async def seen(found: Configuration) -> Snapshot:
        return await look(found, PATIENCE, accept)

    async def storage(found: Configuration, storage_id: StorageId) -> dict[str, Any]:
        return await survey_storage(found, storage_id)

    async def power_on(found: Configuration, host: HostId) -> dict[str, Any]:
        return await survey_power_on(found, host)

    return Asking(ups, pool, seen, storage, power_on)


def _accept(_address: str, _fingerprint: str) -> bool:
    """--trust: the person compares what is printed with what the hosts' consoles show."""
    return True


def _ups(ups: UpsConnection, answer: UpsReport) -> dict[str, Any]:
    reading = answer.seen.reading
    return {
        **answered(ups, answer),
        "warning_period": reading.timers.warning_period if reading else None,
        "shutdown_delay": reading.timers.shutdown_delay if reading else None,
        "action": str(reading.timers.action) if reading and reading.timers.action else None,
        "troubles": [answer.seen.trouble] if answer.seen.trouble else [],
    }


def pool_row(pool_id: str, survey: Survey) -> dict[str, Any]:
    return {
        "id": pool_id,
        "name": survey.name,
        "members": [asdict(member) for member in survey.members],
        "guests": survey.guests,
        "missing_rights": list(survey.missing_rights),
        "ha_enabled": survey.ha_enabled,
        "wlb_enabled": survey.wlb_enabled,
        "local_storage": list(survey.local_storage),
        "claim": survey.claim,
        "fingerprints": list(survey.fingerprints),
        "troubles": list(survey.troubles),
    }


def _print(report: dict[str, Any], trust: bool) -> None:
    typer.echo(f"Site {report['site']}")
    for row in report["upses"]:
        _print_ups(row)
    for row in report["pools"]:
        _print_pool(row, trust)
    for row in report["nas"]:
        _print_storage(row)
    for row in report["power_on"]:
        typer.echo(f"\nHost {row['id']}")
        say(f"switched on by {', '.join(row['ways'])}", "  ")
        if row["says"]:
            say(row["says"], "  ")
    typer.echo("\nIn an outage")
    for row in report["hosts"]:
        say(outage(row), f"  {row['id']}: ")
    typer.echo()
    for problem in report["problems"]:
        say(problem, "PROBLEM: ", danger=True)
    for row in report["advice"]:
        say(f"{row['about']}: {row['text']}", f"{row['level'].upper()}: ", danger=row["level"] == Level.DANGER)
    say(f"Score: {report['score']} of 100. {_summary(report)}")


def _summary(report: dict[str, Any]) -> str:
    levels = [row["level"] for row in report["advice"]]
    found = [(len(report["problems"]), "problem"), *((levels.count(level), str(level)) for level in Level)]
    told = ", ".join(count(number, what) for number, what in found if number)
    return f"Found: {told}." if told else "Everything answers, and there is nothing to advise."


def _print_ups(row: dict[str, Any]) -> None:
    if row["source"] is None:
        return  # told among the problems
    typer.echo(f"\nUPS {row['id']}")
    say(who(row), "  ")
    say(condition(row), "  ")
    if row["action"] is not None:
        cuts = row["action"] == CardAction.CLIENT_AND_UPS and None not in (row["warning_period"], row["shutdown_delay"])
        off = f": {duration(row['warning_period'] + row['shutdown_delay'])} from a failure to the cut" if cuts else ""
        say(f'its card\'s action is "{row["action"]}"{off}', "  ")
    if row["contradicts_itself"]:
        say(contradicted(row["contradicts_itself"]), "  ")
    if row["does_not_tell"]:
        say(untold(row["does_not_tell"]), "  ")


def _print_storage(row: dict[str, Any]) -> None:
    typer.echo(f"\nStorage {row['id']}")
    say(f"{row['address']}, {'serves' if row['serves'] else 'does not serve'} {', '.join(row['services'])}", "  ")
    say(f"told to go down: {row['way']}", "  ")
    if row["says"]:
        say(row["says"], "  ")


def _print_pool(row: dict[str, Any], trust: bool) -> None:
    if not row["members"]:
        return  # told among the problems
    rights = f"lacks {', '.join(row['missing_rights'])}" if row["missing_rights"] else "has every right it needs"
    claim = f"; controller {row['claim']} is in charge of it" if row["claim"] else ""
    name = f" ({row['name']})" if row["name"] not in ("", row["id"]) else ""
    typer.echo(f"\nPool {row['id']}{name}")
    say(f"{count(row['guests'], 'VM')} running; the account {rights}{claim}", "  ")
    for member in row["members"]:
        role = "coordinator" if member["is_coordinator"] else "member"
        mode = "enabled" if member["enabled"] else "in maintenance mode"
        say(f"{role}, {mode}, {member['version']}, at {member['address']}", f"  {member['name']}: ")
        if trust and member["fingerprint"]:
            typer.echo(f"    {member['fingerprint']}")
    if lacking := no_agent(row["members"]):
        say(lacking, "  ")
    if row["ha_enabled"]:
        say("HA is on: in an outage it is lowered, or switched off, where it stands in the way, and restored", "  ")
    if row["wlb_enabled"]:
        say("WLB is in use: its advice is taken when it comes in time and names powered hosts", "  ")
    if row["local_storage"]:
        say(f"not shared, so VMs on it cannot move: {', '.join(row['local_storage'])}", "  ")
    if trust and row["fingerprints"]:
        say(f"Compare these with the hosts' consoles, then write under [pool.{row['id']}] in site.toml:", "  ")
        typer.echo("  fingerprints = [" + "".join(f'\n    "{text}",' for text in row["fingerprints"]) + "\n  ]")
