"""An outage on a simulated site: real SNMP, real XenAPI, the real controller."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
import tempfile
from collections.abc import Coroutine, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ridethrough.core.events import Ask
from ridethrough.core.model import Seconds
from ridethrough.core.narrative import tell
from ridethrough.sim.quantity import clock
from ridethrough.sim.reading import ScenarioError
from ridethrough.sim.scenario import Scenario, failures, load
from ridethrough.sim.site_file import SimSite, load_site
from ridethrough.sim.timeline import ASKS, BREAK_JOURNAL, CRASH, FORGE_TRAP, MEND_JOURNAL, Happening
from ridethrough.sim.world import World

from .common import FAILED, USAGE, fail
from .prompt import HELP, obey_lines
from .stories import scenario_file, site_file
from .text import narrative, say

if TYPE_CHECKING:
    from .wire import Daemon, WireSite

PATIENCE = 60.0  # seconds of the wall until the controller must see the whole site
LOOK = 0.05
NAME, PASSWORD = "demo", "pull-the-plug"  # of the pages' account


def demo(
    scenario: Annotated[
        str, typer.Option("--scenario", help="A story from scenarios/, by name. Without it: a prompt.", metavar="NAME")
    ] = "",
    site: Annotated[
        str, typer.Option("--site", help="The simulated site for the prompt.", metavar="NAME")
    ] = "two_hosts",
    speed: Annotated[float, typer.Option("--speed", min=0.1, max=20.0, help="Site seconds per second.")] = 12.0,
    keep: Annotated[bool, typer.Option("--keep", help="Keep the folder with site.toml, journal and log.")] = False,
) -> None:
    """Pull the plug on a simulated site, and watch.

    Starts simulated cards (SNMP) and a simulated pool (XenAPI over TLS) on loopback addresses, and the unmodified
    controller as a process of its own.
    """
    from .wire import WireSite

    folder = Path(tempfile.mkdtemp(prefix="ridethrough-demo-"))
    try:
        story = load(scenario_file(scenario)) if scenario else None
        found = story.site if story else load_site(site_file(site))
        assert isinstance(found, SimSite)  # a story from a file stands on a site from a file
        missed = asyncio.run(_until_ended(_play(WireSite(found, folder, speed, writes=True, pages=True), story)))
    except (ScenarioError, FileNotFoundError) as error:
        fail(str(error), USAGE)
    except TimeoutError as error:
        fail(str(error), FAILED)
    finally:
        _tidy(folder, keep)
    if missed:
        raise typer.Exit(FAILED)


def _tidy(folder: Path, keep: bool) -> None:
    if keep:
        typer.echo(f"kept: {folder}")
        return
    for path in sorted(folder.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    folder.rmdir()


async def _until_ended(play: Coroutine[Any, Any, tuple[str, ...]]) -> tuple[str, ...]:
    """Play until it is over, or until SIGTERM or Ctrl-C: then everything that was started is ended in order."""
    playing = asyncio.ensure_future(play)
    told = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, told.set)
    ending = asyncio.ensure_future(told.wait())
    await asyncio.wait((playing, ending), return_when=asyncio.FIRST_COMPLETED)
    ending.cancel()
    if not playing.done():
        playing.cancel()  # once: who presses Ctrl-C again does not interrupt the end
        await asyncio.wait((playing,))
    return () if playing.cancelled() else playing.result()


async def _play(wire: WireSite, story: Scenario | None) -> tuple[str, ...]:
    from .compose import VARIABLE
    from .plugs import FILE, Plugs
    from .wire import Daemon, is_ready

    await wire.start()
    daemon, plugs = Daemon(wire.folder, wire.speed), Plugs(wire, wire.folder / FILE)
    daemon.variables[VARIABLE] = str(wire.folder / FILE)
    await plugs.start()
    try:
        _introduce(wire, story)
        _make_account(daemon.state)
        await daemon.start()
        await daemon.until(is_ready, PATIENCE)
        await _until_served(wire.pages)
        if story is None or story.armed:
            await daemon.ask(Ask.ARM)
        teller = Teller(wire, daemon)
        if story is None:
            await _prompt(wire, daemon, teller)
            return ()
        missed = await _tell_story(wire, daemon, teller, story)
        if sys.stdin.isatty():
            await _stay(daemon, teller)
        return missed
    finally:
        await daemon.stop()
        await plugs.stop()
        await wire.stop()


async def _until_served(pages: str) -> None:
    """Wait for the pages: what they take to start is no part of the story. Without them it is told all the same."""
    host, port = pages.split(":")
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(PATIENCE):
            while True:
                try:
                    _, writer = await asyncio.open_connection(host, int(port))
                except OSError:
                    await asyncio.sleep(LOOK)
                else:
                    writer.close()
                    return


def _make_account(state: Path) -> None:
    """The account with which visitors log in."""
    from ridethrough.api.accounts import Accounts

    accounts = Accounts(state)
    try:
        if (token := accounts.setup_token()) is not None:
            accounts.set_up(token, NAME, PASSWORD, "", "ridethrough demo")
    finally:
        accounts.close()


async def _stay(daemon: Daemon, teller: Teller) -> None:
    """The pages may be looked at until Ctrl-C."""
    typer.echo("The pages and their plugs stay until Ctrl-C.")
    while daemon.running:
        teller.look()
        await asyncio.sleep(LOOK)


def _introduce(wire: WireSite, story: Scenario | None) -> None:
    if story:
        say(" ".join(story.story.split()))
        typer.echo()
    hosts = ", ".join(f"{h} on {' and '.join(host.fed_by)}" for h, host in wire.world.hosts.items())
    feeders = ", ".join(f"{u.id} on feeder {u.feeder}" for u in wire.world.upses.values())
    say(hosts, "Hosts: ")
    say(feeders, "UPSs:  ")
    say(f"http://{wire.pages}, where you log in as {NAME} with the password {PASSWORD}", "Pages: ")
    say(f"Time runs {wire.speed:g} times as fast as on the wall. Waiting for the controller to see the site ...")


class Teller:
    """Prints what truly happens on the site and what the controller writes in its journal, as it happens."""

    def __init__(self, wire: WireSite, daemon: Daemon) -> None:
        self._wire, self._daemon = wire, daemon
        self.began = wire.now()
        self._told = len(wire.world.story)
        self.lines: list[str] = []
        daemon.news()  # what came before the story

    def look(self) -> None:
        """Print what is new."""
        self._wire.pace.step()
        new = self._wire.world.story[self._told :]
        self._told += len(new)
        lines = [(line.at, 0, n, "site", line.text) for n, line in enumerate(new)]
        events = self._daemon.news()
        if events:
            ahead = self._wire.now() - self._daemon.now()  # the two clocks differ by a constant
            lines += [(event.at + ahead, 1, n, "ridethrough", tell(event)) for n, (_, event) in enumerate(events)]
        for at, _, _, who, text in sorted(lines):
            line = f"{clock(max(at - self.began, 0.0)):>6}  {who:<11}  {text}"
            self.lines.append(line)
            narrative([line])

    async def until(self, at: Seconds) -> None:
        """Tell on until the story's second `at`."""
        while self._wire.now() < self.began + at:
            self.look()
            await asyncio.sleep(LOOK)


async def _tell_story(wire: WireSite, daemon: Daemon, teller: Teller, story: Scenario) -> tuple[str, ...]:
    restarts: list[tuple[Seconds, Happening]] = []
    for happening in story.timeline:
        await _restart_due(daemon, teller, restarts, happening.at)
        await teller.until(happening.at)
        await _happen(wire, daemon, happening, restarts)
    await _restart_due(daemon, teller, restarts, story.until)
    await teller.until(story.until)
    teller.look()
    missed = failures(story.expect, wire.world)
    typer.echo(_summary(wire.world, missed))
    return missed


async def _restart_due(
    daemon: Daemon, teller: Teller, restarts: list[tuple[Seconds, Happening]], before: Seconds
) -> None:
    while restarts and restarts[0][0] <= before:
        at, _ = restarts.pop(0)
        await teller.until(at)
        await daemon.start()


async def _happen(
    wire: WireSite, daemon: Daemon, happening: Happening, restarts: list[tuple[Seconds, Happening]]
) -> None:
    wire.pace.step()
    if happening.do == CRASH:
        await daemon.kill()
        wire.world.tell("the controller is killed")
        restarts.append((happening.at + happening.lasts, happening))
    elif happening.do in ASKS:
        ask, subject = ASKS[happening.do]
        await daemon.ask(ask, happening.arguments.get(subject, ""), happening.lasts or None)
    elif happening.do == FORGE_TRAP:
        wire.forge_trap(happening.arguments["ups"])
    elif happening.do in (BREAK_JOURNAL, MEND_JOURNAL):
        typer.echo("(the journal's disk cannot be broken here; see `ridethrough simulate`)")
    else:
        happening.happen(wire.world)


def _summary(world: World, missed: Iterable[str]) -> str:
    up = [h for h, host in world.hosts.items() if host.power]
    running = [v.name for v in world.vms.values() if v.alive and v.resident_on]
    moved = sum(world.moves.values())
    lines = [
        "",
        f"Hosts up: {', '.join(up) or 'none'}. VMs running: {len(running)} of {len(world.vms)}; moved live: {moved}.",
        f"Crashed hosts: {', '.join(world.crashed) or 'none'}. Lost VMs: {', '.join(world.lost) or 'none'}.",
    ]
    lines += [f"NOT AS IT MUST BE: {text}" for text in missed] or ["The story ended as it must."]
    return "\n".join(lines)


# --- the prompt --------------------------------------------------------------------------------------------------


async def _prompt(wire: WireSite, daemon: Daemon, teller: Teller) -> None:
    """People fail and restore feeders themselves."""
    from .wire import CARDS

    folder = wire.folder
    typer.echo(
        f"\nIn another terminal, for the other commands (ridethrough status, ups show NAME, ups discover {CARDS}"
    )
    typer.echo(f"--port {wire.port}), until this demo ends:")
    typer.echo(f"  export RIDETHROUGH_SITE={folder}/site.toml RIDETHROUGH_SECRETS={folder}/secrets")
    typer.echo(f"  export RIDETHROUGH_STATE={folder}/state")
    typer.echo(f"\n{HELP}\nFeeders: {', '.join(sorted(wire.world.feeders))}")
    lines = asyncio.create_task(obey_lines(wire))
    while not lines.done() and daemon.running:
        teller.look()
        await asyncio.sleep(LOOK)
    lines.cancel()
    await asyncio.gather(lines, return_exceptions=True)
