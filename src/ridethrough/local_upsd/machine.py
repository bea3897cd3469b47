"""What this machine says of its ports: devices on USB, and who may open what."""

from __future__ import annotations

import grp
import os
import pwd
import stat
from pathlib import Path

USB = Path("/sys/bus/usb/devices")
TOLD = ("idVendor", "idProduct", "manufacturer", "product", "serial")
SERIAL_NAMES = Path("/dev/serial/by-id")
USER = "nut"  # as which distributions run drivers and upsd


def usb_devices(root: Path = USB) -> list[dict[str, str]]:
    """What the kernel tells of each device on USB, but of hubs."""
    found = []
    for folder in sorted(root.glob("*")):
        told = {name: text for name in TOLD if (text := _text(folder / name))}
        if "idVendor" in told and _text(folder / "bDeviceClass") != "09":
            found.append(told)
    return found


def names_of(device: str, names: Path = SERIAL_NAMES) -> tuple[str, ...]:
    """Every path that leads to a serial device: its true one, and those that stay when it is plugged in elsewhere."""
    real = os.path.realpath(device)
    known = [str(path) for path in sorted(names.glob("*")) if os.path.realpath(path) == real]
    return tuple(dict.fromkeys([real, *known]))


def why_no_port(device: Path, user: str = USER) -> str:
    """Why drivers cannot open a serial device, and what to do; "" when nothing speaks against it."""
    try:
        status = device.stat()
    except OSError as error:
        return f"{device}: {error.strerror}. ls /dev/serial/by-id shows the ports of USB adapters, dmesg the others"
    if not stat.S_ISCHR(status.st_mode):
        return f"{device} is no serial port"
    try:
        account = pwd.getpwnam(user or USER)
    except KeyError:
        return ""  # not known under which user they run
    groups = os.getgrouplist(account.pw_name, account.pw_gid)
    if _may(status, account.pw_uid, groups):
        return ""
    owner, group = _name_of(status)
    mode = f"{owner}:{group}, mode {stat.S_IMODE(status.st_mode):o}"
    remedy = "let udev give it to NUT's group (docs/usb-ups.md)"
    if status.st_mode & 0o060 == 0o060 and group != "root":
        remedy = f"adduser {account.pw_name} {group}"
    return f"{device} belongs to {mode}, and NUT runs as {account.pw_name}, who may not open it: {remedy}"


def nut_group() -> int | None:
    """The group that reads NUT's files; None where there is none of this name."""
    try:
        return grp.getgrnam(USER).gr_gid
    except KeyError:
        return None


def _may(status: os.stat_result, user: int, groups: list[int]) -> bool:
    if user in (0, status.st_uid):
        return user == 0 or status.st_mode & 0o600 == 0o600
    bits = 0o060 if status.st_gid in groups else 0o006
    return status.st_mode & bits == bits


def _name_of(status: os.stat_result) -> tuple[str, str]:
    try:
        return pwd.getpwuid(status.st_uid).pw_name, grp.getgrgid(status.st_gid).gr_name
    except KeyError:
        return str(status.st_uid), str(status.st_gid)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""
