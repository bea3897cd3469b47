"""The simulated site on the wire, for any client."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ridethrough.sim.megatec import Quirks
from ridethrough.sim.reading import ScenarioError
from ridethrough.sim.site_file import load_site

from .common import FAILED, USAGE, fail
from .prompt import obey_lines
from .stories import site_file

if TYPE_CHECKING:
    from .wire import WireSite


def serve(
    site: Annotated[str, typer.Argument(metavar="SITE", help="A site from scenarios/sites/, by name or path.")],
    folder: Annotated[Path, typer.Option("--to", help="Where site.toml and secrets/ are written.")] = Path(),
    speed: Annotated[float, typer.Option("--speed", min=0.1, max=20.0, help="Site seconds per second.")] = 1.0,
    serial: Annotated[
        list[str] | None,
        typer.Option(
            "--serial",
            help="A UPS of the site that has no card: it speaks Megatec's Q1 on a pseudo-terminal, NAME.tty in the "
            "folder. May be given several times.",
            metavar="UPS",
        ),
    ] = None,
    quirk: Annotated[
        list[str] | None,
        typer.Option(
            "--quirk",
            help="What these UPSs do otherwise: no-rating (F is not answered), no-vendor (nor is I), "
            "shutdown-bit-stuck, online.",
        ),
    ] = None,
) -> None:
    """Serve a simulated site over SNMP and XenAPI.

    Writes the site.toml that reaches it, prints where its equipment answers, and serves until it is stopped.
    Lines on standard input fail and restore feeders: "fail a", "restore a".
    """
    from .wire import WireSite

    try:
        found = load_site(site_file(site))
    except (ScenarioError, FileNotFoundError) as error:
        fail(str(error), USAGE)
    unknown = sorted({*(serial or ())} - {*found.site.upses})
    if unknown:
        fail(f"{found.file} has no UPS {', '.join(unknown)}; it has {', '.join(sorted(found.site.upses))}", USAGE)
    on_ports = dict.fromkeys(serial or (), _quirks(quirk or ()))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        asyncio.run(_serve(WireSite(found, folder, speed, writes=True, serial=on_ports)))
    except OSError as error:
        fail(f"the simulated site cannot be served: {error}", FAILED)


def _quirks(words: Sequence[str]) -> Quirks:
    known = {field.name.replace("_", "-"): field.name for field in fields(Quirks)}
    if unknown := sorted({*words} - known.keys()):
        fail(f"no quirk is named {', '.join(unknown)}; there are {', '.join(known)}", USAGE)
    return Quirks(**{known[word]: True for word in words})


async def _serve(wire: WireSite) -> None:
    from .wire import CARDS, PASSWORD, WRITE_COMMUNITY

    await wire.start()
    for host, (address, port, fingerprint) in wire.server.endpoints.items():
        typer.echo(f"{host}: https://{address}:{port}  {fingerprint}")
    for ups, serial in wire.ports.items():
        typer.echo(f"{ups}: {wire.folder / f'{ups}.tty'} -> {serial.path}  Megatec, for NUT's nutdrv_qx")
    for ups in sorted(wire.world.upses.keys() - wire.ports.keys()):
        address, port = wire.agent.address(ups)
        typer.echo(f"{ups}: snmp://{address}:{port}  community public, to set {WRITE_COMMUNITY}")
    typer.echo(f"search for the cards: ridethrough ups discover {CARDS} --port {wire.port}")
    typer.echo(f'user root, password "{PASSWORD}"; {wire.folder / "site.toml"} is written')
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        with contextlib.suppress(NotImplementedError):
            loop.add_signal_handler(number, stopped.set)
    lines = asyncio.create_task(obey_lines(wire))
    lines.add_done_callback(lambda task: stopped.set() if _quits(task) else None)
    await stopped.wait()
    lines.cancel()
    await asyncio.gather(lines, return_exceptions=True)
    await wire.stop()


def _quits(lines: asyncio.Task[bool]) -> bool:
    """Whether a person typed "quit"; the end of standard input alone ends nothing."""
    return not lines.cancelled() and lines.exception() is None and lines.result()
