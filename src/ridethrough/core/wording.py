"""Quantities as people say them."""

from __future__ import annotations

import math
from collections.abc import Sequence

from .model import Seconds

TIE = 1e-3  # a half is a half, whatever the last digits of a sum say: the same outage reads the same


def duration(seconds: Seconds) -> str:
    """Seconds as people say them: "45 s", "3 min 05 s", "27 min", "2 h 05 min"."""
    if not math.isfinite(seconds):
        return "an unknown time"
    whole = int(seconds + 0.5 - TIE)
    if whole < 120:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 10 and rest:
        return f"{minutes} min {rest:02d} s"
    if minutes < 120:
        return f"{minutes} min"
    return f"{minutes // 60} h {minutes % 60:02d} min"


def listed(names: Sequence[str]) -> str:
    """Names as people list them: "a", "a and b", "a, b and c"."""
    return " and ".join([*([", ".join(names[:-1])] if len(names) > 1 else []), *names[-1:]])
