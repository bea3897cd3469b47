"""Times as people write them: 300, "90 s", "5 min"."""

import re

UNITS = {"": 1.0, "s": 1.0, "sec": 1.0, "seconds": 1.0, "min": 60.0, "minute": 60.0, "minutes": 60.0, "h": 3600.0}
SHAPE = re.compile(r"^(\d+(?:\.\d+)?)\s*([a-z]*)$")


def seconds(text: str) -> float:
    """Raises ValueError, which says how to write it."""
    match = SHAPE.match(text.strip().lower())
    if match is None or match.group(2) not in UNITS:
        raise ValueError('"{}" is no time: write seconds, such as 300, or "5 min"'.format(text))
    return float(match.group(1)) * UNITS[match.group(2)]
