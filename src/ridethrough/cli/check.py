"""Proof that a site is ready, without acting on it."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ridethrough.config import Configuration
from ridethrough.core.advice import Level, advice, outcome
from ridethrough.core.narrative import duration
from ridethrough.core.observation import Snapshot

from .common import DEFAULT_SITE, FAILED, AsJson, SecretsDir, SiteFile, configuration, print_json

if TYPE_CHECKING:
    from ridethrough.drivers.snmp import CardConfig, CardReport
    from ridethrough.drivers.xapi import Survey

PATIENCE = 20.0  # seconds that a pool gets to show all of its hosts


def check(
    site: SiteFile = DEFAULT_SITE,
    secrets: SecretsDir = None,
    trust: Annotated[
        bool,
        typer.Option("--trust", help="Accept certificates that are not pinned, once, and print their fingerprints."),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Log in everywhere, compare timers with the cards, name each host's row of the action table and each danger.

    Acts on nothing. Exit code 1 when something does not answer or a danger was found.
    """
    found = configuration(site, secrets)
    report = asyncio.run(_report(found, trust))
    if as_json:
        print_json(report)
    else:
        _print(report)
    if report["problems"] or any(row["level"] == Level.DANGER for row in report["advice"]):
        raise typer.Exit(FAILED)


async def _report(found: Configuration, trust: bool) -> dict[str, Any]:
    from ridethrough.assemble import look, survey_pool  # the drivers take half a second to import
    from ridethrough.drivers.snmp import CardConfig, read_card
    from ridethrough.runtime.clock import Stopwatch

    clock = Stopwatch()
    accept = _accept if trust else None
    configs = [CardConfig(u.id, u.card, u.version, u.community.value) for _, u in sorted(found.upses.items())]
    cards, surveys, seen = await asyncio.gather(
        asyncio.gather(*(read_card(config, clock.now) for config in configs)),
        asyncio.gather(*(survey_pool(found, p, accept) for p in sorted(found.pools))),
        look(found, PATIENCE, accept),
    )
    upses = [_card(config, report) for config, report in zip(configs, cards, strict=True)]
    pools = [_pool(p, survey) for p, survey in zip(sorted(found.pools), surveys, strict=True)]
    troubles = [f"{row['id']}: {text}" for row in (*upses, *pools) for text in row["troubles"]]
    return {
        "site": found.site.name,
        "upses": upses,
        "pools": pools,
        "hosts": [_host_row(found, host) for host in sorted(found.site.hosts)],
        "advice": [{"level": str(a.level), "about": a.about, "text": a.text} for a in advice(found.site, seen)],
        "problems": troubles + _not_found(found, seen, pools),
    }


def _accept(_address: str, _fingerprint: str) -> bool:
    """--trust: the person compares what is printed with what the hosts' consoles show."""
    return True


def _card(config: CardConfig, report: CardReport) -> dict[str, Any]:
    reading = report.seen.reading
    return {
        "id": config.ups,
        "address": config.address,
        "family": report.family,
        "model": report.model,
        "source": str(reading.source) if reading else None,
        "charge": reading.charge if reading else None,
        "runtime": reading.runtime if reading else None,
        "warning_period": reading.timers.warning_period if reading else None,
        "shutdown_delay": reading.timers.shutdown_delay if reading else None,
        "action": str(reading.timers.action) if reading and reading.timers.action else None,
        "does_not_tell": list(report.missing),
        "troubles": [report.seen.trouble] if report.seen.trouble else [],
    }


def _pool(pool_id: str, survey: Survey) -> dict[str, Any]:
    return {
        "id": pool_id,
        "name": survey.name,
        "members": [asdict(member) for member in survey.members],
        "guests": survey.guests,
        "missing_rights": list(survey.missing_rights),
        "claim": survey.claim,
        "fingerprints": list(survey.fingerprints),
        "troubles": list(survey.troubles),
    }


def _host_row(found: Configuration, host: str) -> dict[str, Any]:
    row = outcome(found.site.policy.of(host))
    return {"id": host, "vms": row.vms, "host": row.host, "crash": row.crash}


def _not_found(found: Configuration, seen: Snapshot, pools: list[dict[str, Any]]) -> list[str]:
    """Hosts of site.toml that their pool, which answers, does not have."""
    answering = {row["id"] for row in pools if row["members"]}
    missing = {h: built.pool for h, built in sorted(found.site.hosts.items()) if built.pool in answering}
    known = ", ".join(sorted(seen.hosts))
    return [
        f"host.{h}: {pool} has no host with this name label, uuid or address; it has {known}"
        for h, pool in missing.items()
        if h not in seen.hosts
    ]


def _print(report: dict[str, Any]) -> None:
    typer.echo(f"Site {report['site']}")
    for row in report["upses"]:
        _print_ups(row)
    for row in report["pools"]:
        _print_pool(row)
    for row in report["hosts"]:
        typer.echo(f"  Host {row['id']}: in an outage its VMs {row['vms']}; the host {row['host']}")
    for problem in report["problems"]:
        typer.echo(f"PROBLEM: {problem}")
    for row in report["advice"]:
        typer.echo(f"{row['level'].upper()}: {row['about']}: {row['text']}")
    if not report["problems"] and not report["advice"]:
        typer.echo("Everything answers, and there is nothing to advise.")


def _print_ups(row: dict[str, Any]) -> None:
    if row["source"] is None:
        return  # told among the problems
    charge = f", charge {row['charge']:.0f} %" if row["charge"] is not None else ""
    runtime = f", {duration(row['runtime'])} of runtime" if row["runtime"] is not None else ""
    name = row["model"] or "unnamed card"
    typer.echo(f"  UPS {row['id']}: {name} at {row['address']} ({row['family']}), {row['source']}{charge}{runtime}")
    if row["warning_period"] is not None and row["shutdown_delay"] is not None:
        off = duration(row["warning_period"] + row["shutdown_delay"])
        typer.echo(f'      its card: action "{row["action"]}", {off} from a failure to the cut')
    if row["does_not_tell"]:
        typer.echo(f"      it does not tell: {', '.join(row['does_not_tell'])}")


def _print_pool(row: dict[str, Any]) -> None:
    if not row["members"]:
        return
    typer.echo(f"  Pool {row['id']} ({row['name'] or 'no name label'}): {row['guests']} guests run")
    for member in row["members"]:
        role = "coordinator" if member["is_coordinator"] else "member"
        mode = "enabled" if member["enabled"] else "in maintenance mode"
        typer.echo(f"      {member['name']} at {member['address']}: {role}, {mode}, {member['version']}")
        if member["fingerprint"]:
            typer.echo(f"          {member['fingerprint']}")
    rights = (
        f"the account lacks {', '.join(row['missing_rights'])}" if row["missing_rights"] else "the account may do all"
    )
    typer.echo(f"      {rights}")
