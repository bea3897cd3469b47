"""Where `ridethrough run` tells what happens: on standard output, in systemd's journal, or on a syslog server."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass, field
from enum import StrEnum

import typer

from ridethrough.config.quantities import endpoint, quoted
from ridethrough.core.events import Event
from ridethrough.core.model import Seconds
from ridethrough.drivers.notify.fields import Wall, fields_of, one_line
from ridethrough.drivers.notify.journald import Journald
from ridethrough.drivers.notify.syslog import SOCKET, Syslog
from ridethrough.ports import Notifier

PORT = 514


class Log(StrEnum):
    """How each event is told."""

    TEXT = "text"
    JSON = "json"
    JOURNALD = "journald"
    SYSLOG = "syslog"


@dataclass
class WallTime:
    """The local time of a moment in site seconds; `of` is known once the controller has its clock."""

    of: Wall = field(default=lambda at: dt.datetime.fromtimestamp(at, dt.UTC))

    def __call__(self, at: Seconds) -> dt.datetime:
        return self.of(at)


@dataclass
class Printer:
    """Prints each event's sentence with its time; implements ports.Notifier."""

    wall: Wall

    def tell(self, position: int, event: Event, sentence: str) -> None:
        """One line on standard output."""
        typer.echo(f"{self.wall(event.at):%Y-%m-%d %H:%M:%S}  {sentence}")


@dataclass
class JsonLines:
    """Prints each event as a JSON document on a line of its own; implements ports.Notifier."""

    wall: Wall

    def tell(self, position: int, event: Event, sentence: str) -> None:
        """One line on standard output."""
        fields = {"time": self.wall(event.at).isoformat(timespec="milliseconds"), **fields_of(position, event)}
        typer.echo(json.dumps({**fields, "position": position, "message": one_line(sentence)}))


def event_log(kind: Log, server: str, wall: Wall) -> Notifier:
    """The place that was chosen; what a log does not take is printed. Raises ValueError or OSError for a bad server.

    `server`: of syslog, a host with its port if that is not 514, or the path of a socket; empty: /dev/log.
    """
    if server and kind is not Log.SYSLOG:
        raise ValueError("--syslog-server goes with --log syslog")
    match kind:
        case Log.TEXT:
            return Printer(wall)
        case Log.JSON:
            return JsonLines(wall)
        case Log.JOURNALD:
            return Journald(Printer(wall))
        case Log.SYSLOG:
            return Syslog(Printer(wall), wall, _address(server))


def _address(server: str) -> str | tuple[str, int]:
    if not server or server.startswith("/"):
        return server or SOCKET
    wrong = f"--syslog-server {quoted(server)} is no server: write a host, with :PORT if it is not 514, or a path"
    found = endpoint(server, PORT, wrong)
    return found.host, found.port
