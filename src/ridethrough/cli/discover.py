"""`ridethrough ups discover`: which UPSs are there, and site.toml with them."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from ridethrough.config import CardConnection, Configuration, Endpoint, Secrets, UpsConnection, quantities
from ridethrough.config.add import AddError, add_upses
from ridethrough.config.sections import keys, source
from ridethrough.ports import Refused, Unreachable
from ridethrough.ups.ranges import addresses

from . import ways
from .answer import fed_by
from .common import (
    DEFAULT_SITE,
    FAILED,
    USAGE,
    AsJson,
    SecretsDir,
    SiteFile,
    configuration,
    fail,
    print_json,
    run_async,
)
from .text import count, say, table
from .ways import SHAPE

if TYPE_CHECKING:
    from ridethrough.ups.report import UpsReport

Rows = list[tuple[UpsConnection, "UpsReport"]]


def discover(
    ranges: Annotated[
        list[str] | None, typer.Argument(help="Addresses to ask: 192.0.2.1-192.0.2.254, 192.0.2.0/24 or 192.0.2.7.")
    ] = None,
    nut: Annotated[
        list[str] | None,
        typer.Option("--nut", help="An upsd whose UPSs are listed: ADDRESS, with :PORT if it is not 3493."),
    ] = None,
    community: Annotated[
        list[str] | None,
        typer.Option(
            "--community",
            help="A community to try: secret:NAME, or public, the default where no --v3 and no --like is given.",
        ),
    ] = None,
    version: Annotated[str, typer.Option("--version", help="The SNMP version of these communities: 1 or 2c.")] = "2c",
    v3: Annotated[
        list[str] | None,
        typer.Option(
            "--v3",
            help=f"A user of SNMP version 3 to try: {SHAPE}, or less of it. For a secret that is left out you are "
            "asked. AUTH and PRIVACY are as in site.toml: sha256, aes128.",
        ),
    ] = None,
    like: Annotated[
        list[str] | None, typer.Option("--like", help="A UPS of site.toml whose version, community or user is tried.")
    ] = None,
    port: Annotated[int, typer.Option("--port", min=1, max=65535, help="The cards' UDP port.")] = 161,
    add: Annotated[
        list[str] | None, typer.Option("--add", help="Add the UPS found at this ADDRESS to site.toml; all adds all.")
    ] = None,
    site: SiteFile = DEFAULT_SITE,
    secrets: SecretsDir = None,
    as_json: AsJson = False,
) -> None:
    """Search addresses for network cards, and upsds for UPSs; add what was found to site.toml.

    Each of --community, --v3 and --like may be given several times; a card that takes several is written down with the
    first of the users, else of the communities, else of the others. Nothing is changed on a card. Ctrl-C ends the
    search: what was found by then is listed, nothing is added, and the exit code is 1, as where an upsd is silent.
    """
    if not ranges and not nut:
        fail("name addresses to ask, or an upsd with --nut", USAGE)
    known = configuration(site, secrets) if site.exists() or like or add else None
    places = Secrets.of_process(secrets)
    try:
        asked = addresses(",".join(ranges)) if ranges else []
        users = ways.users(v3 or [], port, places, ways.typed)
        tried = community if community is not None else [] if like or users else ["public"]
        asks = [*users, *ways.communities(tried, version, port, places), *ways.alike(known, like or [], port)]
        servers = [quantities.upsd(text) for text in nut or ()]
    except ValueError as error:
        fail(str(error), USAGE)
    if add and any(map(ways.has_unkept, asks)):
        fail(f"site.toml names secrets only: to --add, give every password as one, --v3 {SHAPE}", USAGE)
    rows, troubles, whole = run_async(_search(asked, asks, servers))
    found = [_row(known, connection, report) for connection, report in rows]
    if as_json:
        print_json({"found": found, "troubles": troubles})
    else:
        _print(found, troubles)
    if add and known is not None and whole:
        _add(site, places, known, rows, add)
    if troubles:
        raise typer.Exit(FAILED)


async def _search(
    asked: Sequence[str], asks: Sequence[CardConnection], servers: Sequence[Endpoint]
) -> tuple[Rows, list[str], bool]:
    """What was found, what went wrong, and whether the search came to its end."""
    from ridethrough.assemble import search, search_upsd  # the drivers take half a second to import
    from ridethrough.runtime.clock import Stopwatch

    clock, rows, troubles = Stopwatch(), cast("Rows", []), []
    for number, server in enumerate(servers):
        try:
            rows += await search_upsd(server, clock)
        except (Unreachable, Refused) as error:
            troubles.append(str(error))
        except asyncio.CancelledError:
            left = f"{number} of {count(len(servers), 'upsd')}, and no address, were asked"
            return rows, [*troubles, f"the search was ended early: {left}"], False
    shown, answered = sys.stderr.isatty(), 0

    def told(done: int, found: int) -> None:
        nonlocal answered
        answered = done
        if shown:
            typer.echo(f"\r{done} of {count(len(asked), 'address')} asked, {found} found", err=True, nl=False)

    if asked:
        rows += await search(asked, asks, clock, told)
        if shown:
            typer.echo(err=True)
    if answered < len(asked):
        troubles.append(f"the search was ended early: {answered} of {count(len(asked), 'address')} were asked")
    return rows, troubles, answered == len(asked)


def _row(known: Configuration | None, connection: UpsConnection, report: UpsReport) -> dict[str, Any]:
    reading = report.seen.reading
    names = [u.id for u in known.upses.values() if str(u.at) == str(connection.at)] if known is not None else []
    return {
        "address": str(connection.at),
        "source": source(connection),
        "vendor": report.vendor,
        "model": report.model,
        "serial": report.serial,
        "family": report.family,
        "condition": fed_by(str(reading.source)) if reading else None,
        "trouble": report.seen.trouble,
        "in_site": names[0] if names else None,
    }


def _print(found: list[dict[str, Any]], troubles: list[str]) -> None:
    for trouble in troubles:
        say(trouble, "PROBLEM: ", danger=True)
    good = [row for row in found if row["condition"] is not None]
    if good:
        heads = ("Address", "Vendor", "Model", "Serial number", "Family", "Condition", "In site.toml as")
        keys = ("address", "vendor", "model", "serial", "family", "condition", "in_site")
        table(heads, [tuple(row[key] or "" for key in keys) for row in good])
    for row in found:
        if row["condition"] is None:
            say(row["trouble"], "no UPS that can be read: ")
    typer.echo(f"Found {count(len(good), 'UPS')}." if good else "No UPS was found.")


def _add(site: Path, places: Secrets, known: Configuration, rows: Rows, wanted: Sequence[str]) -> None:
    """Those that were asked for, can be read and are not in the file yet."""
    new = [
        connection
        for connection, report in rows
        if report.seen.reading is not None
        and ("all" in wanted or str(connection.at) in wanted or _host(connection) in wanted)
        and str(connection.at) not in {str(ups.at) for ups in known.upses.values()}
    ]
    missing = [text for text in wanted if text != "all" and not any(text in (str(c.at), _host(c)) for c, _ in rows)]
    if missing:
        fail(f"nothing was found at {', '.join(missing)}; nothing was added")
    try:
        names = add_upses(site, [keys(connection) for connection in new], places)
    except AddError as error:
        fail(f"{site}: {error}")
    for name, connection in zip(names, new, strict=True):
        typer.echo(f"added [ups.{name}], {source(connection)}", err=True)
    if not new:
        typer.echo("nothing is new", err=True)


def _host(connection: UpsConnection) -> str:
    return connection.at.host if isinstance(connection, CardConnection) else str(connection.at)
