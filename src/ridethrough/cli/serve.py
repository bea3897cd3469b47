"""The simulated site on the wire, for any client."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

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
    try:
        folder.mkdir(parents=True, exist_ok=True)
        asyncio.run(_serve(WireSite(found, folder, speed, writes=True)))
    except OSError as error:
        fail(f"the simulated site cannot be served: {error}", FAILED)


async def _serve(wire: WireSite) -> None:
    from .wire import CARDS, PASSWORD, WRITE_COMMUNITY

    await wire.start()
    for host, (address, port, fingerprint) in wire.server.endpoints.items():
        typer.echo(f"{host}: https://{address}:{port}  {fingerprint}")
    for ups in sorted(wire.world.upses):
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
