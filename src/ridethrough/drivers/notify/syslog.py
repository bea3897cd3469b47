"""Events to a syslog server, with their fields as structured data (RFC 5424; RFC 5426 over UDP)."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping

from ridethrough.core.events import Event
from ridethrough.ports import Notifier

from .datagrams import Address, Datagrams
from .fields import Wall, fields_of, one_line, priority_of

SOCKET = "/dev/log"
FACILITY = 3  # system daemons
# A name without a registered one needs an enterprise number; this one is for whoever has none (RFC 5612).
STRUCTURE = "ridethrough@32473"
LONGEST = 2048  # bytes that every server takes whole (RFC 5424, 6.1)


class Syslog:
    """Implements ports.Notifier. A line that cannot be sent is told to `otherwise`; UDP loses lines unseen."""

    def __init__(self, otherwise: Notifier, wall: Wall, to: Address = SOCKET) -> None:
        """Raises OSError when the server's name is not known."""
        self._otherwise, self._wall, self._datagrams = otherwise, wall, Datagrams(to)
        self._host, self._process = _header(socket.gethostname()), os.getpid()

    def tell(self, position: int, event: Event, sentence: str) -> None:
        """One line; the event's kind is its MSGID."""
        fields = fields_of(position, event)
        at = self._wall(event.at).isoformat(timespec="milliseconds")
        head = f"<{8 * FACILITY + priority_of(event)}>1 {at} {self._host} ridethrough {self._process} {fields['event']}"
        line = f"{head} {structured(fields)} \ufeff{one_line(sentence)}"
        if not self._datagrams.send(_cut(line.encode())):
            self._otherwise.tell(position, event, sentence)


def structured(fields: Mapping[str, str]) -> str:
    """The fields as one element of structured data."""
    parts = [f'{key}="{_escaped(one_line(value))}"' for key, value in fields.items() if key != "event"]
    return f"[{STRUCTURE} {' '.join(parts)}]"


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("]", "\\]")


def _header(name: str) -> str:
    """A field of the header: printable ASCII without spaces; "-" where there is none."""
    return "".join(char for char in name if "!" <= char <= "~")[:255] or "-"


def _cut(line: bytes) -> bytes:
    """No longer than `LONGEST`, and no character cut through."""
    return line if len(line) <= LONGEST else line[:LONGEST].decode(errors="ignore").encode()
