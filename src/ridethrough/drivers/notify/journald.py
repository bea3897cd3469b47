"""Events to systemd's journal, with their fields (systemd.io, "Native Journal Protocol")."""

from __future__ import annotations

import struct
from collections.abc import Mapping

from ridethrough.core.events import Event
from ridethrough.ports import Notifier

from .datagrams import Datagrams
from .fields import fields_of, one_line, priority_of

SOCKET = "/run/systemd/journal/socket"


class Journald:
    """Implements ports.Notifier. A line that the journal does not take is told to `otherwise`."""

    def __init__(self, otherwise: Notifier, to: str = SOCKET) -> None:
        self._otherwise, self._datagrams = otherwise, Datagrams(to)

    def tell(self, position: int, event: Event, sentence: str) -> None:
        """One entry; fields of the event begin with RIDETHROUGH_."""
        fields = {
            "MESSAGE": one_line(sentence),
            "PRIORITY": str(priority_of(event)),
            "SYSLOG_IDENTIFIER": "ridethrough",
            **{f"RIDETHROUGH_{key.upper()}": one_line(value) for key, value in fields_of(position, event).items()},
        }
        if not self._datagrams.send(entry(fields)):
            self._otherwise.tell(position, event, sentence)


def entry(fields: Mapping[str, str]) -> bytes:
    """One entry as a datagram: a value with a line end in it goes with its length."""
    parts = []
    for key, value in fields.items():
        raw = value.encode()
        if b"\n" in raw:
            parts.append(key.encode() + b"\n" + struct.pack("<Q", len(raw)) + raw + b"\n")
        else:
            parts.append(key.encode() + b"=" + raw + b"\n")
    return b"".join(parts)
