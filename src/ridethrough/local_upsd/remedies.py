"""What NUT's drivers say when they cannot read a UPS, and what to do."""

from __future__ import annotations

import re

LONGEST = 400  # characters of what a program printed
# Banners, and what says no more than that it failed.
NOISE = re.compile(r"Network UPS Tools|USB communication driver|Things to try|- Check |Driver failed to start|\(man 8")
# What a driver of NUT 2.8 prints, and what helps. The first that is found counts.
REMEDIES: tuple[tuple[str, str], ...] = (
    (r"can't start \S+: no such file", "This driver is not installed; NUT may have it in a package of its own"),
    (
        r"insufficient permissions|LIBUSB_ERROR_ACCESS|could not detach kernel driver",
        "NUT's user may not open the USB device: unplug its cable, and plug it in again: udev then applies its rule",
    ),
    (
        r"/dev/\S+: permission denied",
        "NUT's user may not open the port: put it into the port's group (adduser nut dialout)",
    ),
    (
        r"no matching hid ups|no supported devices|no usb buses",
        "It is not on USB, or NUT's user may not open it: unplug its cable, plug it in again, and look at lsusb",
    ),
    (r"/dev/\S+: no such file", "The port is not there: ls /dev/serial/by-id shows those of USB adapters"),
    (r"inappropriate ioctl", "This is no serial port"),
    (r"resource (temporarily )?(unavailable|busy)|already locked", "Another program has the port open"),
    (
        r"device not supported",
        "It does not answer as this driver expects. Is the UPS switched on, and is this its own cable? One of another "
        "make does not fit. Else name its protocol (--set protocol=megatec), or another --driver",
    ),
)


def remedy(output: str) -> str:
    """The last lines of what was printed, and what helps where that is known; "" when nothing was printed."""
    lines = [line.strip() for line in output.splitlines() if line.strip() and not NOISE.search(line)]
    said = " / ".join(dict.fromkeys(lines))[-LONGEST:].rstrip(".! ")
    found = next((text for pattern, text in REMEDIES if re.search(pattern, output, re.IGNORECASE)), "")
    return f"{said}. {found}" if said and found else said
