"""Proof that a site is ready, without acting on it."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

import typer

from ridethrough.config import Configuration
from ridethrough.core.advice import Level, advice, outcome
from ridethrough.core.observation import Snapshot

from .common import DEFAULT_SITE, FAILED, AsJson, SecretsDir, SiteFile, configuration, print_json

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
    from ridethrough.runtime.clock import SYSTEM

    started = SYSTEM.ticks()

    def now() -> float:
        return SYSTEM.ticks() - started

    cards, pools = await asyncio.gather(
        asyncio.gather(*(_card(found, ups, now) for ups in sorted(found.upses))),
        asyncio.gather(*(_pool(found, pool, trust) for pool in sorted(found.pools))),
    )
    seen = Snapshot()
    for part in (*(c["seen"] for c in cards), *(p["seen"] for p in pools)):
        seen = seen.joined(part)
    reports = [{k: v for k, v in row.items() if k != "seen"} for row in (*cards, *pools)]
    return {
        "site": found.site.name,
        "upses": reports[: len(cards)],
        "pools": reports[len(cards) :],
        "hosts": [_host_row(found, host) for host in sorted(found.site.hosts)],
        "advice": [{"level": str(a.level), "about": a.about, "text": a.text} for a in advice(found.site, seen)],
        "problems": [row["trouble"] for row in reports if row["trouble"]] + _not_found(found, seen, list(pools)),
    }


async def _card(found: Configuration, ups: str, now: Any) -> dict[str, Any]:
    from ridethrough.drivers.snmp import CardConfig, read_card

    connection = found.upses[ups]
    config = CardConfig(ups, connection.card, connection.version, connection.community.value)
    report = await read_card(config, now)
    reading = report.seen.reading
    return {
        "id": ups,
        "address": connection.card,
        "family": report.family,
        "model": report.model,
        "source": str(reading.source) if reading else None,
        "charge": reading.charge if reading else None,
        "runtime": reading.runtime if reading else None,
        "warning_period": reading.timers.warning_period if reading else None,
        "shutdown_delay": reading.timers.shutdown_delay if reading else None,
        "action": str(reading.timers.action) if reading and reading.timers.action else None,
        "does_not_tell": list(report.missing),
        "trouble": f"{ups}: {report.seen.trouble}" if report.seen.trouble else "",
        "seen": Snapshot(upses={ups: report.seen}),
    }


async def _pool(found: Configuration, pool_id: str, trust: bool) -> dict[str, Any]:
    from ridethrough.assemble import check_pool

    return await check_pool(found, pool_id, trust, PATIENCE)


def _host_row(found: Configuration, host: str) -> dict[str, Any]:
    row = outcome(found.site.policy.of(host))
    return {"id": host, "vms": row.vms, "host": row.host, "crash": row.crash}


def _not_found(found: Configuration, seen: Snapshot, pools: list[dict[str, Any]]) -> list[str]:
    """Hosts of site.toml that their pool, which answers, does not have."""
    answering = {p["id"] for p in pools if not p["trouble"]}
    missing = {h: built.pool for h, built in sorted(found.site.hosts.items()) if built.pool in answering}
    known = ", ".join(sorted(seen.hosts))
    return [
        f"host.{h}: {pool} has no host with this name label, uuid or address; it has {known}"
        for h, pool in missing.items()
        if h not in seen.hosts
    ]


def _print(report: dict[str, Any]) -> None:
    echo = typer.echo
    echo(f"Site {report['site']}")
    for row in report["upses"]:
        if row["trouble"]:
            echo(f"  UPS {row['trouble']}")
            continue
        echo(f"  UPS {row['id']}: {row['model'] or 'unnamed'} at {row['address']} ({row['family']}), {row['source']}")
        if row["does_not_tell"]:
            echo(f"      it does not tell: {', '.join(row['does_not_tell'])}")
    for row in report["pools"]:
        if row["trouble"]:
            echo(f"  Pool {row['trouble']}")
        else:
            echo(f"  Pool {row['id']}: {row['version']}, coordinator {row['coordinator']}, {row['rights']}")
        for line in row["fingerprints"]:
            echo(f"      fingerprint of {line['address']}: {line['fingerprint']}")
    for row in report["hosts"]:
        echo(f"  Host {row['id']}: in an outage its VMs {row['vms']}; the host {row['host']}")
    for problem in report["problems"]:
        echo(f"PROBLEM: {problem}")
    for row in report["advice"]:
        echo(f"{row['level'].upper()}: {row['about']}: {row['text']}")
    if not report["problems"] and not report["advice"]:
        echo("Everything answers, and nothing is to be said.")
