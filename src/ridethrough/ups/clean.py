"""Values that healthy cards really send and that mean nothing, turned into None (facts/ups.md §3.4)."""

from __future__ import annotations

from ridethrough.core.model import Percent, Seconds

LONGEST_RUNTIME: Seconds = 36 * 3600
# "Do not know" as firmware spells it: NetAgent, 16 bits of seconds full, the same told in whole minutes (recording
# simdata-eaton-93e-80), Eaton 9PX G2's cap of 999 minutes.
NO_RUNTIME: frozenset[Seconds] = frozenset({9999.0, 65535.0, 1092 * 60.0, 999 * 60.0})
SPENT: Percent = 20.0  # below this charge a runtime of 0 is believable
# Idle countdowns, counted in 184 NUT dumps: -1 (90), -60 (40), 0 (35), 65535 (19). 32 bits full is Huawei's.
IDLE: frozenset[float] = frozenset({-1.0, -60.0, 0.0, 65535.0, 2.0**31 - 1, 2.0**32 - 1})
LONGEST_COUNTDOWN: Seconds = 24 * 3600
# Degrees Celsius, of a battery, a UPS or its room. None works below -40, and none tells of a part above 100: what lies
# outside is a sensor that is not there. -273 is Tripp Lite PowerAlert's, 255 that of Riello and open-UPS.
COLDEST, HOTTEST = -40.0, 100.0
NO_NAMES = frozenset({"uninitialized"})  # sysDescr of a Liebert card that nobody has set up
LONGEST_DELAY: Seconds = 7 * 24 * 3600  # USHA's client delay may be 10080 minutes


def charge(value: float | None) -> Percent | None:
    """Charge in percent; None outside 0..100 (1000, 255, 120, 102.3 and -143 have been seen)."""
    return value if value is not None and 0 <= value <= 100 else None


def load(value: float | None) -> Percent | None:
    """Load in percent of the UPS's rating; RFC 1628 allows 0..200."""
    return value if value is not None and 0 <= value <= 200 else None


def runtime(value: Seconds | None, on_battery: bool, spent: bool) -> Seconds | None:
    """Runtime in seconds. 0 counts only on battery with the battery low or below `SPENT`: many cards say it always."""
    if value is None or value in NO_RUNTIME or not 0 <= value < LONGEST_RUNTIME:
        return None
    return value if value > 0 or (on_battery and spent) else None


def on_battery_for(value: Seconds | None) -> Seconds | None:
    """Seconds on battery, longer than none: longer than any battery holds is another way to say "do not know"."""
    return value if value is not None and value not in NO_RUNTIME and 0 < value < LONGEST_RUNTIME else None


def delay(value: Seconds | None) -> Seconds | None:
    """A configured shutdown delay in seconds; the spellings of an idle countdown are none."""
    return value if value is not None and value not in IDLE and 0 < value <= LONGEST_DELAY else None


def period(value: Seconds | None) -> Seconds | None:
    """A configured warning period in seconds; 0 means at once."""
    return value if value is not None and 0 <= value <= LONGEST_DELAY else None


def volts(value: float | None) -> float | None:
    """Volts RMS; None for what no input or output carries."""
    return value if value is not None and 0 <= value < 1000 else None


def temperature(value: float | None) -> float | None:
    """Degrees Celsius; None outside `COLDEST`..`HOTTEST`."""
    return value if value is not None and COLDEST <= value <= HOTTEST else None


def low_runtime(value: Seconds | None) -> Seconds | None:
    """Runtime in seconds at which the card calls its battery low. 0 is no threshold, nor is what is no runtime."""
    return value if value is not None and value not in NO_RUNTIME and 0 < value < LONGEST_RUNTIME else None


def low_charge(value: float | None) -> Percent | None:
    """Charge in percent at which the card calls its battery low. 0 is no threshold."""
    return value if value is not None and 0 < value <= 100 else None


def name(value: str) -> str:
    """What a card calls itself; empty for a word that names nothing."""
    return "" if value.casefold() in NO_NAMES else value
