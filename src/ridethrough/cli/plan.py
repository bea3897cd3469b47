"""The live site, played forward."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from ridethrough.core.observation import Power, Snapshot
from ridethrough.sim.forecast import Forecast, forecast
from ridethrough.sim.machines import SimVm
from ridethrough.sim.world import World

from .common import DEFAULT_SITE, FAILED, USAGE, AsJson, SecretsDir, SiteFile, configuration, fail, print_json

PATIENCE = 20.0  # seconds that cards and pools get to answer


def plan(
    lose: Annotated[
        list[str], typer.Option("--lose", metavar="UPS", help="A UPS that loses utility power; may be repeated.")
    ],
    site: SiteFile = DEFAULT_SITE,
    secrets: SecretsDir = None,
    as_json: AsJson = False,
) -> None:
    """Let UPSs lose utility power in a copy of the live site, and print what would happen. Acts on nothing.

    Exit code 1 when a host would crash or a VM would be lost.
    """
    from ridethrough.assemble import look, named_site  # the drivers take half a second to import

    found = configuration(site, secrets)
    unknown = sorted(set(lose) - set(found.upses))
    if unknown:
        fail(f"--lose names {', '.join(unknown)}; known UPSs are {', '.join(sorted(found.upses))}", USAGE)
    seen = asyncio.run(look(found, PATIENCE))
    if not seen.hosts:
        fail("no pool answers: there is nothing to plan with. Try: ridethrough check", FAILED)
    ahead = forecast(named_site(found), seen, lose)
    report = _report(ahead, seen, lose)
    if as_json:
        print_json(report)
    else:
        _print(ahead, report)
    if report["crashed"] or report["lost"]:
        raise typer.Exit(FAILED)


def _report(ahead: Forecast, seen: Snapshot, lose: list[str]) -> dict[str, object]:
    world = ahead.run.world
    return {
        "lose": lose,
        "narrative": ahead.run.narrative.splitlines(),
        "hosts": {h: "up" if host.power else "off" for h, host in sorted(world.hosts.items())},
        "vms": {vm.name: _fate(world, vm.id, seen.vms[vm.id].resident_on or "") for vm in _by_name(world)},
        "crashed": sorted(world.crashed),
        "lost": sorted(world.lost),
        "assumed": list(ahead.assumed),
    }


def _by_name(world: World) -> list[SimVm]:
    return sorted(world.vms.values(), key=lambda v: (v.name, v.id))


def _fate(world: World, vm_id: str, before: str) -> str:
    vm = world.vms[vm_id]
    if vm.name in world.lost:
        return "lost with its host"
    if vm.power_state is not Power.RUNNING:
        return "shut down"
    return f"stays on {before}" if vm.resident_on == before else f"moves to {vm.resident_on}"


def _print(ahead: Forecast, report: dict[str, object]) -> None:
    typer.echo(ahead.run.narrative)
    for title in ("hosts", "vms"):
        rows = report[title]
        if isinstance(rows, dict):
            for name, text in rows.items():
                typer.echo(f"  {name}: {text}")
    for text in ahead.assumed:
        typer.echo(f"Assumed: {text}")
    for word in ("crashed", "lost"):
        names = report[word]
        if isinstance(names, list) and names:
            typer.echo(f"DANGER: {word}: {', '.join(names)}")
