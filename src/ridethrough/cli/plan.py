"""The live site, played forward."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any

import typer

from ridethrough.core.actions import ForceStopVm, MoveVm, StopVm
from ridethrough.core.events import ActionFinished
from ridethrough.core.model import HostId, PoolId, Seconds
from ridethrough.core.observation import Power, Snapshot
from ridethrough.core.site import Site
from ridethrough.sim.forecast import Forecast, forecast
from ridethrough.sim.machines import SimVm
from ridethrough.sim.quantity import clock
from ridethrough.sim.scenario import LEAD_IN

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
        list[str], typer.Option("--lose", metavar="UPS", help="A UPS that loses utility power; may be repeated.")
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
    unknown = sorted(set(lose) - set(found.upses))
    if unknown:
        fail(f"--lose names {', '.join(unknown)}; known UPSs are {', '.join(sorted(found.upses))}", USAGE)
    seen = run_async(look(found, PATIENCE))
    if not seen.hosts:
        fail("no pool answers: there is nothing to plan with. Try: ridethrough check", FAILED)
    lost = sorted(set(lose))
    report = _report(forecast(named_site(found), seen, lost), found.site, seen, lost)
    if as_json:
        print_json(report)
    else:
        _print(report)
    if report["crashed"] or report["lost"]:
        raise typer.Exit(FAILED)


def _report(ahead: Forecast, site: Site, seen: Snapshot, lose: list[str]) -> dict[str, Any]:
    world = ahead.run.world
    silent = [p for p in sorted(site.pools) if not seen.members(p)]
    return {
        "site": site.name,
        "lose": lose,
        "narrative": ahead.run.narrative.splitlines(),
        "hosts": [_host(ahead, host) for host in sorted(world.hosts)],
        "vms": [_vm(ahead, vm, seen) for vm in sorted(world.vms.values(), key=lambda v: (v.name, v.id))],
        "crashed": sorted(world.crashed),
        "lost": sorted(world.lost),
        "assumed": [*(_left_out(pool) for pool in silent), *ahead.assumed],
    }


def _left_out(pool: PoolId) -> str:
    return f"{pool} does not answer: none of its hosts and VMs is in this plan"


def _host(ahead: Forecast, host: HostId) -> dict[str, Any]:
    """What becomes of a host; `at` is when it is off, None when it stays up or was off before."""
    crashed = host in ahead.run.world.crashed
    end = "crashed" if crashed else "up" if ahead.run.world.hosts[host].power else "off"
    return {"id": host, "end": end, "at": _went_off(ahead, host) if end != "up" else None}


def _went_off(ahead: Forecast, host: HostId) -> Seconds | None:
    """The world tells it in words only: "h1 is off", "h1 loses power while it runs: crash; ..."."""
    times = [
        line.at - LEAD_IN
        for line in ahead.run.world.story
        if line.text == f"{host} is off" or line.text.startswith(f"{host} loses power")
    ]
    return times[-1] if times else None


def _vm(ahead: Forecast, vm: SimVm, seen: Snapshot) -> dict[str, Any]:
    """What becomes of a VM; `host` is where it then runs, `at` when it got there or stopped."""
    before = seen.vms[vm.id].resident_on
    row = {"id": vm.id, "name": vm.name, "from": before, "end": "stays", "host": vm.resident_on, "at": None}
    if vm.name in ahead.run.world.lost:
        return row | {"end": "lost", "host": None, "at": _went_off(ahead, before or "")}
    if vm.power_state is not Power.RUNNING:
        return row | {"end": "shut down", "host": None, "at": _done(ahead, vm, (StopVm, ForceStopVm))}
    if vm.resident_on != before:
        return row | {"end": "moves", "at": _done(ahead, vm, (MoveVm,))}
    return row


def _done(ahead: Forecast, vm: SimVm, kinds: tuple[type, ...]) -> Seconds | None:
    """When the last action of these kinds on a VM was done."""
    times = [
        event.at - LEAD_IN
        for event in ahead.run.journal.entries
        if isinstance(event, ActionFinished) and event.error is None
        if isinstance(event.action, kinds) and getattr(event.action, "vm", "") == vm.id
    ]
    return times[-1] if times else None


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
    _dangers("are lost with their host", report["lost"])
    if not report["crashed"] and not report["lost"]:
        typer.echo("No host crashes and no VM is lost.")


def _vm_row(row: dict[str, Any]) -> tuple[str, ...]:
    ends = {"moves": f"moves to {row['host']}", "stays": "stays", "lost": "is lost", "shut down": "is shut down"}
    return row["name"], row["from"] or "", ends[row["end"]], _time(row["at"])


def _time(at: Seconds | None) -> str:
    return clock(at) if at is not None else ""


def _each(lines: Iterable[str], lead: str) -> None:
    for text in lines:
        say(text, lead)


def _dangers(what: str, names: list[str]) -> None:
    if names:
        say(f"{', '.join(names)}: {what}", "DANGER: ", danger=True)
