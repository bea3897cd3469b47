"""Values as devices send them: what cannot be is taken for nothing said."""

from typing import Optional

ODD = (9999.0, 65535.0, 59940.0, 3932100.0, 2.0**31 - 1, 2.0**32 - 1)  # seen on healthy UPSs; 59940 s are 999 min
LONGEST = 36 * 3600.0
DEAD_VOLTS = 50.0


def number(text: Optional[str]) -> Optional[float]:
    """The number that a text begins with; None: none."""
    try:
        return float((text or "").strip().strip('"').split(" ")[0])
    except ValueError:
        return None


def runtime(seconds: Optional[float], told: Optional[float] = None) -> Optional[float]:
    """Seconds; `told` is the number as it was sent, where that was none of seconds."""
    if seconds is None or not 0 < seconds < LONGEST or seconds in ODD or told in ODD:
        return None
    return seconds


def charge(percent: Optional[float]) -> Optional[float]:
    """Percent."""
    return percent if percent is not None and 0 <= percent <= 100 else None


def countdown(seconds: Optional[float]) -> Optional[float]:
    """Until the output is cut; 0: none runs, which devices spell -1, -60, 0 and 65535."""
    if seconds is None:
        return None
    return seconds if 0 < seconds < 65535 else 0.0
