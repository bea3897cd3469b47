"""Moments on the site's clock as seconds since 1970, wherever they stand in plain values."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from ridethrough.runtime.codec import readable

RELATIVE = {"on_battery_for", "off_in", "countdown", "answered", "seconds_left", "margin", "holds_for", "held_for"}
RELATIVE |= {"last_trap_ago", "serves_ago", "counts_for"}
ENDS = ("_at", "_since", "_until")


def is_moment(key: str) -> bool:
    """Whether a value under this key is a moment: `at`, `since` and what ends so."""
    return key in ("at", "since") or key.endswith(ENDS)


def for_people(value: Any, wall: Callable[[float], float], key: str = "") -> Any:
    """The same values with every moment put through `wall`; what is relative to a round is left out.

    A number that JSON does not know becomes None, a text that is none is spelled out.
    """
    if isinstance(value, dict):
        return {readable(k): for_people(v, wall, k) for k, v in value.items() if k not in RELATIVE}
    if isinstance(value, list | tuple):
        return [for_people(part, wall, key) for part in value]
    if isinstance(value, float):
        if not math.isfinite(value):
            return None
        return wall(value) if is_moment(key) else round(value, 2)
    return readable(value) if isinstance(value, str) else value
