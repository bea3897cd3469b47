"""Times as a scenario writes them: 90, "90 s", "5m", "1:30", "20 min"."""

from __future__ import annotations

import re

from ridethrough.core.model import Seconds

UNITS = {"": 1.0, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0}
TEXT = re.compile(r"\s*(?:(\d+):(\d\d)|(\d+(?:\.\d+)?)\s*(s|min|m|h|))\s*")


def seconds(value: object) -> Seconds:
    """Seconds from a number or a text. Raises ValueError with the remedy."""
    if isinstance(value, int | float) and not isinstance(value, bool) and value >= 0:
        return float(value)
    if isinstance(value, str) and (match := TEXT.fullmatch(value)):
        minutes, rest, number, unit = match.groups()
        return float(minutes) * 60 + float(rest) if minutes else float(number) * UNITS[unit]
    raise ValueError(f'{value!r} is no time: write 90, "90 s", "5m" or "1:30"')


def clock(at: Seconds) -> str:
    """m:ss, as the first column of a narrative."""
    sign, whole = ("-", -int(at // 1)) if at < 0 else ("", int(at))
    return f"{sign}{whole // 60}:{whole % 60:02d}"
