"""What the controller sees and has done."""

from __future__ import annotations

import json
import threading
from typing import Annotated, Any

import typer

from ridethrough.core.budget import in_words
from ridethrough.core.events import Event
from ridethrough.core.narrative import tell
from ridethrough.core.wording import duration
from ridethrough.runtime.clock import SiteClock
from ridethrough.runtime.codec import UnreadableEvent, encode
from ridethrough.runtime.journal_file import FILE, JournalRefused, read_journal
from ridethrough.runtime.lock import is_held
from ridethrough.runtime.status import read_status

from .common import (
    DEFAULT_STATE,
    FAILED,
    NO_CONTROLLER,
    AsJson,
    StateDir,
    fail,
    no_controller_yet,
    not_allowed,
    print_json,
)
from .text import outage, say, table

STALE = 30.0  # seconds after which a status is said to be old

POWER = {"good": "utility power", "off": "output off", "settling": "utility power, not settled"}
SUPPLY = {"assumed": "assumed good", "settling": "full, not settled"}


def status(state: StateDir = DEFAULT_STATE, as_json: AsJson = False) -> None:
    """Show UPSs, hosts, alerts and what is being done."""
    shown = read_status(state)
    if shown is None:
        no_controller_yet(state)
    try:
        running = is_held(state)
    except PermissionError:
        not_allowed(state)
    age = max(SiteClock(state, keep=False).now() - float(shown.get("written_at", 0.0)), 0.0)
    shown |= {"running": running, "age": age}
    if as_json:
        print_json(shown)
    else:
        _print(shown)
    if not running:
        raise typer.Exit(NO_CONTROLLER)
    if shown["alerts"] or shown["journal_trouble"] or age > STALE:
        raise typer.Exit(FAILED)


def _print(shown: dict[str, Any]) -> None:
    mode = "armed" if shown["armed"] else "dry run, it only says what it would do (to let it act: ridethrough arm)"
    say(mode, f"{shown['site']}: ")
    if not shown["running"]:
        say(f"what follows is {duration(shown['age'])} old.", "The controller is not running: ", danger=True)
    elif shown["age"] > STALE:
        say("the controller does not write it.", f"This is {duration(shown['age'])} old: ", danger=True)
    say(shown["verdict"])
    if shown["journal_trouble"]:
        say(f"the journal: {shown['journal_trouble']}", "ALERT ", danger=True)
    if shown.get("traps_trouble"):
        say(shown["traps_trouble"], "Note: ")
    if shown.get("network_ups_trouble"):
        say(shown["network_ups_trouble"], "ALERT ", danger=True)
    for alert in shown["alerts"]:
        say(alert["text"], "ALERT ", danger=True)
    _upses(shown["upses"])
    for pool in shown["pools"]:
        _pool(pool, [row for row in shown["hosts"] if row["pool"] == pool["id"]])
    _storages(shown.get("nas", []))
    if shown["under_way"]:
        typer.echo("\nUnder way:")
    for action in shown["under_way"]:
        say(action, "  ")


def _upses(rows: list[dict[str, Any]]) -> None:
    typer.echo()
    table(
        ("UPS", "Power", "Charge", "Runtime", "Card cuts its output"),
        [(row["id"], power_in_words(row), _charge(row), _runtime(row), _cut(row)) for row in rows],
    )
    for row in rows:
        if row["trouble"]:
            say(row["trouble"], f"{row['id']}: ")


def _storages(rows: list[dict[str, Any]]) -> None:
    if not rows:
        return
    typer.echo()
    table(
        ("Storage", "Supply", "State", "Used by", "VMs", "Told by"),
        [
            (
                row["id"],
                SUPPLY.get(row["supply"], row["supply"]),
                _served(row),
                ", ".join(row["hosts"]),
                str(row["vms"]),
                row["way"],
            )
            for row in rows
        ],
    )


def _served(row: dict[str, Any]) -> str:
    text = row["step"] or ("serves" if row["serves"] else f"does not serve{_trouble(row)}")
    return f"{text}, does not ask for its UPS" if row["logged_in"] is False else str(text)


def _trouble(row: dict[str, Any]) -> str:
    return f" ({row['trouble']})" if row["trouble"] else ""


def power_in_words(row: dict[str, Any]) -> str:
    """What feeds a UPS of the status: "on battery for 2 min, low"."""
    text: str = POWER.get(row["condition"], row["condition"])
    if row["condition"] == "good" and row["source"] not in (None, "utility"):
        text += f" ({row['source']})"
    if row["condition"] == "on battery" and row["on_battery_for"] is not None:
        text += f" for {duration(row['on_battery_for'])}"
    return text + "".join(f", {word}" for word in ("silent", "low", "testing") if row[word])


def _charge(row: dict[str, Any]) -> str:
    return f"{row['charge']:.0f} %" if row["charge"] is not None else "not told"


def _runtime(row: dict[str, Any]) -> str:
    return duration(row["runtime"]) if row["runtime"] is not None else "not told"


def _cut(row: dict[str, Any]) -> str:
    if row["countdown"] is not None and row["countdown"] > 0:
        return f"in {duration(row['countdown'])}, it counts down"
    if row["off_in"] is not None:
        return f"in {duration(row['off_in'])}" if row["off_in"] > 0 else f"{duration(-row['off_in'])} ago"
    if row["action"] == "client and ups" and row["warning_period"] is not None and row["shutdown_delay"] is not None:
        return f"{duration(row['warning_period'] + row['shutdown_delay'])} after a failure"
    return "no" if row["action"] and row["action"] != "client and ups" else "not known"


def _pool(pool: dict[str, Any], hosts: list[dict[str, Any]]) -> None:
    state = "connected" if pool["connected"] else "not connected"
    trouble = f": {pool['trouble']}" if pool["trouble"] else ""
    claim = f", controller {pool['claim']} is in charge" if pool["claim"] else ""
    typer.echo()
    say(f"{state}{claim}{trouble}", f"{pool['id']}: ")
    table(
        ("Host", "Connection", "Powered by", "Product", "Supply", "Step", "VMs"),
        [_host(row) for row in hosts],
    )
    for row in hosts:
        if row["seconds_left"] is not None and row["step"] != "down":
            say(in_words(row["seconds_left"], row["seconds_needed"] or 0.0), f"{row['id']}: ")
        if row["row"]["crash"]:
            say(f"in an outage {outage(row['row'])}", f"{row['id']}: ")


def _host(row: dict[str, Any]) -> tuple[str, ...]:
    supply = SUPPLY.get(row["supply"], row["supply"])
    if row["on_battery_for"] is not None:
        supply += f" for {duration(row['on_battery_for'])}"
    return (
        row["id"],
        "connected" if row["connected"] else "not connected",
        ", ".join(row["powered_by"]) or "no UPS named",
        "Coordinator (XenCenter)" if row["coordinator"] else "XenServer",
        supply,
        ", ".join(word for word in (row["step"], _held(row)) if word) or "-",
        str(len(row["vms"])),
    )


def _held(row: dict[str, Any]) -> str:
    if not row["held"]:
        return ""
    return f"held, {duration(row['held_for'])} left" if row.get("held_for") is not None else "held"


def journal(
    state: StateDir = DEFAULT_STATE,
    after: Annotated[int, typer.Option(help="Only events with a higher number.")] = 0,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on and print new events as they come.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object per line, for scripts.")] = False,
) -> None:
    """Print what was seen, decided, asked and done, oldest first."""
    if not (state / FILE).exists():
        no_controller_yet(state)
    clock = SiteClock(state, keep=False)
    try:
        while True:
            for position, event in read_journal(state, after):
                after = position
                _print_event(clock, position, event, as_json)
            if not follow:
                return
            _pause()
    except (JournalRefused, UnreadableEvent) as error:
        fail(str(error))
    except KeyboardInterrupt:
        return


def _print_event(clock: SiteClock, position: int, event: Event, as_json: bool) -> None:
    if as_json:
        time = clock.wall(event.at).isoformat(timespec="seconds")
        row = {"position": position, "time": time, "text": tell(event).strip(), "event": json.loads(encode(event))}
        typer.echo(json.dumps(row))
        return
    text = tell(event)
    inner = " " * (len(text) - len(text.lstrip()))
    say(text.lstrip(), f"{position:>6}  {clock.wall_text(event.at)}  {inner}")


def _pause() -> None:
    threading.Event().wait(0.5)  # until Ctrl-C
