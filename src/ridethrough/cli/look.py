"""What the controller sees and has done."""

from __future__ import annotations

import threading
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from ridethrough.core.narrative import duration, tell
from ridethrough.runtime.clock import SiteClock
from ridethrough.runtime.codec import encode
from ridethrough.runtime.journal_file import JournalRefused, read_journal
from ridethrough.runtime.lock import is_held
from ridethrough.runtime.status import read_status

from .common import DEFAULT_STATE, FAILED, NO_CONTROLLER, AsJson, StateDir, fail, print_json

STALE = 30.0  # seconds after which a status is said to be old


def status(state: StateDir = DEFAULT_STATE, as_json: AsJson = False) -> None:
    """Show UPSs, hosts, alerts and what is being done.

    Exit code 1 when something needs attention, 3 without a controller.
    """
    shown = read_status(state)
    if shown is None:
        fail(
            f"{state}: no controller has run here. Start one: ridethrough run --site FILE --state {state}",
            NO_CONTROLLER,
        )
    running = is_held(state)
    age = max(SiteClock(state, keep=False).now() - float(shown.get("written_at", 0.0)), 0.0)
    shown |= {"running": running, "age": age}
    if as_json:
        print_json(shown)
    else:
        _print(shown)
    if not running:
        raise typer.Exit(NO_CONTROLLER)
    if shown["alerts"] or age > STALE:
        raise typer.Exit(FAILED)


def _print(shown: dict[str, Any]) -> None:
    console = Console(highlight=False)
    state = "armed" if shown["armed"] else "DRY RUN: it only says what it would do (ridethrough arm)"
    console.print(f"[bold]{shown['site']}[/bold]  {state}")
    if not shown["running"]:
        console.print(f"[bold red]The controller is not running[/bold red]; this is {duration(shown['age'])} old.")
    elif shown["age"] > STALE:
        console.print(f"[bold red]This is {duration(shown['age'])} old[/bold red]: the controller does not write it.")
    console.print(shown["verdict"])
    if shown["journal_trouble"]:
        console.print(f"[bold red]ALERT[/bold red] the journal: {shown['journal_trouble']}")
    for alert in shown["alerts"]:
        console.print(f"[bold red]ALERT[/bold red] {alert['text']}")
    console.print(_upses(shown["upses"]))
    console.print(_hosts(shown["hosts"]))
    for action in shown["under_way"]:
        console.print(f"under way: {action}")


def _upses(rows: list[dict[str, Any]]) -> Table:
    table = Table("UPS", "Power", "Charge", "Runtime", "Card cuts its output", "Trouble")
    for row in rows:
        power = row["condition"] + (", silent" if row["silent"] else "") + (", low" if row["low"] else "")
        if row["on_battery_for"] is not None:
            power += f" for {duration(row['on_battery_for'])}"
        charge = f"{row['charge']:.0f} %" if row["charge"] is not None else "-"
        runtime = duration(row["runtime"]) if row["runtime"] is not None else "-"
        table.add_row(row["id"], power, charge, runtime, _cut(row), row["trouble"])
    return table


def _cut(row: dict[str, Any]) -> str:
    if row["countdown"] is not None:
        return f"counting down: in {duration(max(row['countdown'], 0.0))}"
    if row["off_in"] is not None:
        return f"in {duration(max(row['off_in'], 0.0))}"
    if row["action"] == "client and ups" and row["warning_period"] is not None and row["shutdown_delay"] is not None:
        return f"{duration(row['warning_period'] + row['shutdown_delay'])} after a failure"
    return "no" if row["action"] else "unknown"


def _hosts(rows: list[dict[str, Any]]) -> Table:
    table = Table("Host", "Pool", "Connection", "Powered by", "Product", "Supply", "Step", "VMs")
    for row in rows:
        connection = "connected" if row["connected"] else "not connected"
        product = "Coordinator (XenCenter)" if row["coordinator"] else "XenServer"
        supply = row["supply"]
        if row["on_battery_for"] is not None:
            supply += f" for {duration(row['on_battery_for'])}"
        powered = ", ".join(row["powered_by"]) or "no UPS named"
        step = row["step"] + (" (held)" if row["held"] else "")
        table.add_row(row["id"], row["pool"], connection, powered, product, supply, step, str(len(row["vms"])))
    return table


def journal(
    state: StateDir = DEFAULT_STATE,
    after: Annotated[int, typer.Option(help="Only events with a higher number.")] = 0,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on and print new events as they come.")] = False,
    as_json: AsJson = False,
) -> None:
    """Print what was observed, decided, asked and answered, oldest first."""
    clock = SiteClock(state, keep=False)
    try:
        while True:
            for position, event in read_journal(state, after):
                after = position
                if as_json:
                    typer.echo(f'{{"position": {position}, "event": {encode(event).decode()}}}')
                else:
                    typer.echo(f"{position:>6}  {clock.wall_text(event.at)}  {tell(event)}")
            if not follow:
                return
            _pause()
    except JournalRefused as error:
        fail(str(error))
    except KeyboardInterrupt:
        return


def _pause() -> None:
    threading.Event().wait(0.5)  # until Ctrl-C
