"""The simulated site on the wire, for any client."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from pathlib import Path
from typing import Annotated

import typer

from ridethrough.sim.reading import ScenarioError
from ridethrough.sim.site_file import load_site

from .common import USAGE, fail
from .stories import site_file
from .wire import PASSWORD, WireSite


def serve(
    site: Annotated[str, typer.Argument(metavar="SITE", help="A site from scenarios/sites/, by name or path.")],
    folder: Annotated[Path, typer.Option("--to", help="Where site.toml and secrets/ are written.")] = Path(),
    speed: Annotated[float, typer.Option("--speed", min=0.1, max=20.0, help="Site seconds per second.")] = 1.0,
) -> None:
    """Serve a simulated site over SNMP and XenAPI until stopped, and write the site.toml that reaches it.

    Lines on standard input fail and restore feeders: "fail a", "restore a".
    """
    try:
        wire = WireSite(load_site(site_file(site)), folder, speed)
    except (ScenarioError, FileNotFoundError) as error:
        fail(str(error), USAGE)
    asyncio.run(_serve(wire))


async def _serve(wire: WireSite) -> None:
    from .demo import obey_lines

    await wire.start()
    for host, (address, port, fingerprint) in wire.server.endpoints.items():
        typer.echo(f"{host}: https://{address}:{port}  {fingerprint}")
    for ups in sorted(wire.world.upses):
        address, port = wire.agent.address(ups)
        typer.echo(f"{ups}: snmp://{address}:{port}  community public")
    typer.echo(f'user root, password "{PASSWORD}"; {wire.folder / "site.toml"} is written')
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        with contextlib.suppress(NotImplementedError):
            loop.add_signal_handler(number, stopped.set)
    lines = asyncio.create_task(obey_lines(wire))
    await stopped.wait()
    lines.cancel()
    await asyncio.gather(lines, return_exceptions=True)
    await wire.stop()
