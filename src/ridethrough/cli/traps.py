"""`ridethrough ups test-trap`: does a trap of this card reach us?"""

from __future__ import annotations

import asyncio
import errno
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from ridethrough.config import CardConnection, Endpoint
from ridethrough.core.model import Seconds
from ridethrough.core.wording import duration
from ridethrough.ports import Refused, Unreachable
from ridethrough.runtime.lock import is_held
from ridethrough.runtime.status import read_status

from .common import (
    DEFAULT_SITE,
    DEFAULT_STATE,
    FAILED,
    USAGE,
    SecretsDir,
    SiteFile,
    StateDir,
    configuration,
    fail,
    run_async,
)
from .text import say
from .upses import Name, must_be_there

LOOK = 0.1


@dataclass(frozen=True, slots=True)
class Told:
    """What has been heard from the card: how many traps, the last in words, and why something could not be read."""

    heard: int = 0
    last: str = ""
    unread: str = ""


def prove(
    name: Name,
    site: SiteFile = DEFAULT_SITE,
    secrets: SecretsDir = None,
    state: StateDir = DEFAULT_STATE,
    wait: Annotated[float, typer.Option("--wait", min=1, help="Seconds to wait for the trap.")] = 30.0,
) -> None:
    """Prove that this card's traps reach Ridethrough.

    A card that can be told to send a test trap is told so; of another, any trap counts, for example the test trap that
    its own web page can send. Where the controller runs, it is the one that must hear it.
    """
    found = configuration(site, secrets)
    must_be_there(found, name, site)
    ups = found.upses[name]
    if not isinstance(ups, CardConnection):
        fail(f"{name} is read through an upsd, which sends no traps", USAGE)
    if found.traps is None:
        fail(f'{site}: no traps are heard: write a section [traps] with listen = "0.0.0.0:1162"', USAGE)
    if not run_async(_prove(ups, found.traps, state, wait)):
        raise typer.Exit(FAILED)


async def _prove(ups: CardConnection, at: Endpoint, state: Path, wait: Seconds) -> bool:
    from ridethrough.assemble import send_test_trap  # the drivers take half a second to import

    async with _listening(ups, at, state) as told:
        before = told()
        try:
            family = await send_test_trap(ups)
        except Refused as refused:
            say(f"{refused.detail or refused.code}.")
            say(f"Let it send one from its own page within {duration(wait)}; any trap of it counts ...")
        except Unreachable as error:
            say(f"{error}")
            return False
        else:
            say(f"{ups.id} ({family}) is told to send a test trap ...")
        return await _heard(ups, at, told, before, wait)


async def _heard(ups: CardConnection, at: Endpoint, told: Callable[[], Told], before: Told, wait: Seconds) -> bool:
    loop = asyncio.get_running_loop()
    began = loop.time()
    while loop.time() < began + wait:
        now = told()
        if now.heard > before.heard:
            say(f"{ups.id}: {now.last}", "Heard from ")
            say("Its traps reach Ridethrough.")
            return True
        await asyncio.sleep(LOOK)
    say(f"within {duration(wait)} no trap of {ups.id} came to UDP {at}.", "NOT HEARD: ", danger=True)
    if (unread := told().unread) and unread != before.unread:
        say(f"something came from its address that could not be read: {unread}", "  ")
    say("The card's list of trap receivers must name this machine, with a severity that lets all through.", "  ")
    say(f"Cards send to port 162: redirect it to {at.port} (docs/running.md), and let the firewall pass it.", "  ")
    return False


@asynccontextmanager
async def _listening(ups: CardConnection, at: Endpoint, state: Path) -> AsyncIterator[Callable[[], Told]]:
    """Our own ear on the port; where the controller has it, what that one has heard."""
    from ridethrough.assemble import trap_port

    port = trap_port(at, ups)
    try:
        await port.open()
    except OSError as error:
        if error.errno == errno.EADDRINUSE and _runs(state):
            say(f"The controller listens on UDP {at}.")
            yield lambda: _as_the_controller_heard(state, ups.id)
            return
        taken = error.errno == errno.EADDRINUSE
        other = ": a controller of another --state has it, or another program" if taken else ""
        fail(f"UDP {at} cannot be opened ({error.strerror}){other}")
    try:
        heard = port.heard[ups.id]
        yield lambda: Told(heard.traps, heard.last, heard.unread)
    finally:
        port.close()


def _runs(state: Path) -> bool:
    try:
        return is_held(state)
    except OSError:
        return False


def _as_the_controller_heard(state: Path, name: str) -> Told:
    rows: list[dict[str, Any]] = (read_status(state) or {}).get("upses", [])
    row = next((row for row in rows if row["id"] == name), {})
    return Told(row.get("traps", 0), row.get("last_trap", ""), row.get("trap_unread", ""))
