"""An event's fields, for logs that can be searched by them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping

from ridethrough.core import events as e
from ridethrough.core.model import Seconds
from ridethrough.core.notice import Severity, notice

PRIORITIES: Mapping[Severity, int] = {Severity.INFO: 6, Severity.WARNING: 4, Severity.DANGER: 2}  # RFC 5424 table 2
SUBJECTS = ("ups", "host", "storage", "pool", "name", "by")
Wall = Callable[[Seconds], dt.datetime]


def fields_of(position: int, event: e.Event) -> dict[str, str]:
    """Its kind, position, class, severity; and where it has one: subject, ups, host, pool, vm, action, error, by."""
    told = notice(event)
    found = {"event": type(event).__name__, "position": str(position)}
    if told is not None:
        found |= {"class": str(told.about), "severity": str(told.severity)}
        if told.subject:
            found["subject"] = told.subject
    action = getattr(event, "action", None)
    if action is not None:
        found["action"] = type(action).__name__
    if isinstance(event, e.ActionFinished) and event.error is not None:
        found["error"] = event.error
    for key in SUBJECTS:
        value = getattr(event, key, "") or getattr(action, key, "")
        if isinstance(value, str) and value:
            found["vm" if key == "name" else key] = value
    return found


def priority_of(event: e.Event) -> int:
    """Its severity, as syslog counts."""
    told = notice(event)
    return PRIORITIES[told.severity if told is not None else Severity.INFO]


def one_line(text: str) -> str:
    """Text that fits a line of a log, whatever stood in a name."""
    plain = text.encode("utf-8", "backslashreplace").decode()
    return "".join(char if char.isprintable() else " " for char in plain).strip()
