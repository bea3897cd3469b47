"""The controller."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Coroutine
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ridethrough.config import Configuration, Secrets, load
from ridethrough.config.whole_file import NotWrittenError, UnconfirmedError, create_file
from ridethrough.runtime.clock import SYSTEM
from ridethrough.runtime.companion import Companion
from ridethrough.runtime.journal_file import FILE as JOURNAL
from ridethrough.runtime.pace import FastEventLoop, fast_sources

from .common import DEFAULT_SITE, DEFAULT_STATE, FAILED, USAGE, SecretsDir, SiteFile, StateDir, configuration, fail
from .event_log import Log, Out, WallTime, event_log
from .lines import as_json, as_text, telling
from .text import count

if TYPE_CHECKING:
    from ridethrough.controller import Controller

SPEED = "RIDETHROUGH_SPEED"  # only for demos and tests against the simulated site
NEW_SITE = """# Everything else can be entered on the pages; docs/site.toml.md explains every key.

[site]
name = "New site"

[manager]
listen = "0.0.0.0:8443"
"""


def begin_site(site: Path, out: Out) -> None:
    """A site.toml with which the pages can be opened, and everything else be entered there."""
    try:
        create_file(site, NEW_SITE.encode(), 0o640)
    except (OSError, NotWrittenError, UnconfirmedError) as error:
        why = error.strerror if isinstance(error, OSError) else str(error)
        fail(
            f"{site} is not there, and could not be written ({why}): give the path of the site's file with --site",
            USAGE,
        )
    out(f"{site} was not there: it is written, and holds nothing yet but where the pages are")


def manager_program(site: Path, state: Path, secrets: Path | None) -> tuple[str, ...]:
    """The command that serves the pages beside a controller, for as long as that lives."""
    kept = ("--secrets", str(secrets)) if secrets is not None else ()
    where = ("--site", str(site), "--state", str(state), *kept)
    return (sys.executable, "-m", "ridethrough.cli", "manager", *where, "--with-parent")


def run(
    site: SiteFile = DEFAULT_SITE,
    state: StateDir = DEFAULT_STATE,
    secrets: SecretsDir = None,
    log: Annotated[Log, typer.Option("--log", help="Where and how each event is told.")] = Log.TEXT,
    syslog_server: Annotated[
        str, typer.Option("--syslog-server", help="HOST, HOST:PORT or a socket's path, instead of /dev/log.")
    ] = "",
) -> None:
    """Watch the site and protect it. A new site is in dry run until `ridethrough arm`.

    At the very first start, where there is no site.toml yet, one is written that holds nothing but the address of the
    pages, and the link that is printed leads on from there.
    """
    with telling(as_json if log is Log.JSON else as_text) as lines:
        protect(site, state, secrets, log, syslog_server, lines.put)


def protect(site: Path, state: Path, secrets: Path | None, log: Log, syslog_server: str, out: Out) -> None:
    """Run the controller until it is told to end. `out` takes the lines that would be printed, and never waits."""
    from ridethrough.controller import Controller  # the drivers take half a second to import
    from ridethrough.runtime.codec import UnreadableEvent
    from ridethrough.runtime.journal_file import JournalRefused
    from ridethrough.runtime.lock import StateDirInUse

    if not os.path.lexists(site) and not (state / JOURNAL).exists():  # a path mistyped later must not empty the site
        begin_site(site, out)
    found = configuration(site, secrets)
    speed = float(os.environ.get(SPEED, "1"))
    sources = fast_sources(speed) if speed != 1.0 else SYSTEM
    wall = WallTime()
    try:
        told = event_log(log, syslog_server, wall, out)
    except (ValueError, OSError) as error:
        fail(f"the syslog server {syslog_server}: {error}" if isinstance(error, OSError) else str(error), USAGE)

    def program(settings: Configuration) -> tuple[str, ...]:
        return manager_program(site, state, secrets) if settings.manager is not None else ()

    async def main() -> None:
        manager = Companion("the manager", program(found))

        def renew(settings: Configuration) -> None:
            manager.renew(program(settings))

        again = partial(load, site, Secrets.of_process(secrets))
        controller = Controller(found, state, [told], sources, speed, again, renew)
        wall.of = controller.clock.wall
        what = f"{count(len(controller.site.upses), 'UPS')}, {count(len(controller.site.pools), 'pool')}"
        out(f"Ridethrough watches {controller.site.name}: {what}")
        await _until_signalled(_to_the_end(controller, manager))

    try:
        with asyncio.Runner(loop_factory=(lambda: FastEventLoop(speed)) if speed != 1.0 else None) as runner:
            runner.run(main())
    except (JournalRefused, UnreadableEvent, StateDirInUse) as error:
        fail(str(error))
    except OSError as error:
        fail(f"{state}: {error.strerror or error}: the state directory must be writable", FAILED)


async def _to_the_end(controller: Controller, manager: Companion) -> None:
    await _beside(controller.run(), manager)
    if controller.goes_down:
        fail(await controller.shut_machine_down())  # whoever restarts it has it try again


async def _beside(work: Coroutine[Any, Any, None], companion: Companion) -> None:
    running = asyncio.create_task(companion.run())
    try:
        await work
    finally:
        running.cancel()
        await asyncio.wait({running})


async def _until_signalled(work: Coroutine[Any, Any, None]) -> None:
    """Run until SIGTERM or SIGINT; then close everything in order."""
    task = asyncio.create_task(work)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        with contextlib.suppress(NotImplementedError):  # Windows: Ctrl-C arrives as KeyboardInterrupt
            loop.add_signal_handler(number, task.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await task
