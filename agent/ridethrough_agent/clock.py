"""Time: seconds that nobody sets and that count while the machine sleeps; and which boot they belong to."""

import time

_BOOTTIME = 7  # CLOCK_BOOTTIME of Linux, which Python names from 3.7 on


def now() -> float:
    """Seconds since the machine was switched on."""
    try:
        return time.clock_gettime(_BOOTTIME)
    except OSError:
        return time.monotonic()


def boot() -> str:
    """Changes with each boot; "" where nobody tells."""
    try:
        with open("/proc/sys/kernel/random/boot_id") as file:
            return file.read().strip()
    except OSError:
        return ""
