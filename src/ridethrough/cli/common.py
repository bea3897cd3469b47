"""Options that many commands share, and how they end."""

from __future__ import annotations

import getpass
import json
import os
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from ridethrough.config import ConfigError, Configuration, Secrets, load

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
    typer.echo(text, err=True)
    raise typer.Exit(code)


def configuration(site: Path, secrets: Path | None) -> Configuration:
    """The site's file, or every problem of it and exit code 2."""
    try:
        return load(site, Secrets.of_process(secrets))
    except ConfigError as error:
        fail("\n".join(error.problems), USAGE)


def print_json(value: Any) -> None:
    """One JSON document on standard output."""
    typer.echo(json.dumps(value, indent=2, sort_keys=False))


def person() -> str:
    """Who asks: the login name, for the journal."""
    return os.environ.get("SUDO_USER") or getpass.getuser()
