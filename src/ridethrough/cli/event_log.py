"""Where `ridethrough run` tells what happens: on standard output, in systemd's journal, or on a syslog server."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

from ridethrough.config.quantities import endpoint, quoted
from ridethrough.core.events import Event
from ridethrough.core.model import Seconds
from ridethrough.drivers.notify.fields import Wall, fields_of, one_line
from ridethrough.drivers.notify.journald import Journald
from ridethrough.drivers.notify.syslog import SOCKET, Syslog
from ridethrough.ports import Notifier

PORT = 514
Out = Callable[[str], None]  # takes a line; it must not wait


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
    out: Out

    def tell(self, position: int, event: Event, sentence: str) -> None:
        """One line, whatever a person or a name has brought into the sentence."""
        self.out(f"{self.wall(event.at):%Y-%m-%d %H:%M:%S}  {one_line(sentence)}")


@dataclass
class JsonLines:
    """Prints each event as a JSON document on a line of its own; implements ports.Notifier."""

    wall: Wall
    out: Out

    def tell(self, position: int, event: Event, sentence: str) -> None:
        """One line."""
        fields = {"time": self.wall(event.at).isoformat(timespec="milliseconds"), **fields_of(position, event)}
        self.out(json.dumps({**fields, "position": position, "message": one_line(sentence)}))


def event_log(kind: Log, server: str, wall: Wall, out: Out) -> Notifier:
    """The place that was chosen; what a log does not take goes to `out`. Raises ValueError or OSError for a bad server.

    `server`: of syslog, a host with its port if that is not 514, or the path of a socket; empty: /dev/log.
    """
    if server and kind is not Log.SYSLOG:
        raise ValueError("--syslog-server goes with --log syslog")
    match kind:
        case Log.TEXT:
            return Printer(wall, out)
        case Log.JSON:
            return JsonLines(wall, out)
        case Log.JOURNALD:
            return Journald(Printer(wall, out))
        case Log.SYSLOG:
            return Syslog(Printer(wall, out), wall, _address(server))


def _address(server: str) -> str | tuple[str, int]:
    if not server or server.startswith("/"):
        return server or SOCKET
    wrong = f"--syslog-server {quoted(server)} is no server: write a host, with :PORT if it is not 514, or a path"
    found = endpoint(server, PORT, wrong)
    return found.host, found.port
