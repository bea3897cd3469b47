"""Options that many commands share, and how they end."""

from __future__ import annotations

import asyncio
import getpass
import json
import os
from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated, Any, NoReturn, TypeVar

import typer

from ridethrough.config import ConfigError, Configuration, Secrets, load

from .text import say

T = TypeVar("T")
GOODBYE = 0.1  # seconds

FAILED, USAGE, NO_CONTROLLER, NO_ANSWER = 1, 2, 3, 4

StateDir = Annotated[
    Path,
    typer.Option("--state", envvar="RIDETHROUGH_STATE", help="The controller's state directory: journal and status."),
]
SiteFile = Annotated[Path, typer.Option("--site", envvar="RIDETHROUGH_SITE", help="The site's file, site.toml.")]
SecretsDir = Annotated[
    Path | None,
    typer.Option("--secrets", envvar="RIDETHROUGH_SECRETS", help="A directory with one file for each secret."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for scripts.")]

DEFAULT_STATE = Path("/var/lib/ridethrough")
DEFAULT_SITE = Path("/etc/ridethrough/site.toml")


def fail(text: str, code: int = FAILED) -> NoReturn:
    """Say what went wrong on standard error, and end."""
    for line in text.splitlines():
        say(line, err=True)
    raise typer.Exit(code)


def configuration(site: Path, secrets: Path | None) -> Configuration:
    """The site's file, or every problem of it and exit code 2."""
    try:
        return load(site, Secrets.of_process(secrets))
    except ConfigError as error:
        # The reader of the file knows its name only; people have several of that name.
        fail("\n".join(f"{site}{problem.removeprefix(site.name)}" for problem in error.problems), USAGE)


def no_controller_yet(state: Path) -> NoReturn:
    """Nothing was ever kept in this state directory, or not where this user may look."""
    if state.is_dir() and not os.access(state, os.R_OK | os.X_OK):
        not_allowed(state)
    fail(
        f"{state}: no controller has run here. Start one with `ridethrough run --site FILE --state {state}`, "
        "or name its state directory with --state.",
        NO_CONTROLLER,
    )


def not_allowed(state: Path) -> NoReturn:
    """The state directory belongs to somebody else."""
    fail(f"{state}: permission denied. Run this as the user that the controller runs as.", FAILED)


def run_async(work: Coroutine[Any, Any, T]) -> T:
    """Run to the end, and let connections end too: a TLS connection that is closed says goodbye in later rounds."""

    async def whole() -> T:
        try:
            return await work
        finally:
            await asyncio.sleep(GOODBYE)

    return asyncio.run(whole())


def print_json(value: Any) -> None:
    """One JSON document on standard output."""
    typer.echo(json.dumps(value, indent=2))


def person() -> str:
    """Who asks: the login name, for the journal."""
    return os.environ.get("SUDO_USER") or getpass.getuser()
