"""The live site, played forward."""

from __future__ import annotations

from typing import Annotated

import typer

from .common import DEFAULT_SITE, AsJson, SecretsDir, SiteFile


def plan(
    lose: Annotated[
        list[str], typer.Option("--lose", metavar="UPS", help="A UPS that loses utility power; repeatable.")
    ],
    site: SiteFile = DEFAULT_SITE,
    secrets: SecretsDir = None,
    as_json: AsJson = False,
) -> None:
    """Read the live site, let UPSs lose utility power in a copy of it, and print what would happen. Acts on nothing."""
    raise NotImplementedError
