"""UPSs on this machine's USB, as nut-scanner lists them, or as the kernel does."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from .usb_ids import CHIPS, DRIVERS

ID = re.compile(r"[0-9a-f]{4}:[0-9a-f]{4}")
PAIR = re.compile(r'(\w+)="([^"]*)"')
SPECIAL = re.compile(r"[^A-Za-z0-9_ -]")  # NUT takes a serial number as a regular expression: any one of these is any
TOLD = ("manufacturer", "product", "serial")
# What nutdrv_qx has taken the place of; nut-scanner may still name it.
REPLACED = {"blazer_usb": "nutdrv_qx", "blazer_ser": "nutdrv_qx"}


@dataclass(frozen=True, slots=True)
class UsbUps:
    """One device, and the driver that reads it."""

    id: str  # vendor:product, as lsusb has it
    driver: str
    maker: str = ""
    product: str = ""
    serial: str = ""

    @property
    def name(self) -> str:
        """For people."""
        told = " ".join(part for part in (self.maker, self.product) if part) or CHIPS.get(self.id, "it tells no name")
        serial = f", serial number {self.serial}" if self.serial else ""
        return f"{self.id} ({told}{serial})"


def scanned(output: str) -> list[UsbUps]:
    """What `nut-scanner -U -P` prints: USB:driver="nutdrv_qx",port="auto",vendorid="0665",productid="5161",..."""
    found = []
    for line in output.splitlines():
        kind, _, rest = line.partition(":")
        told = {key: value.strip() for key, value in PAIR.findall(rest)}
        device = f"{told.get('vendorid', '')}:{told.get('productid', '')}".lower()
        if kind.strip() == "USB" and ID.fullmatch(device) and told.get("driver"):
            driver = REPLACED.get(told["driver"], told["driver"])
            found.append(
                UsbUps(device, driver, *(_plain(told.get(key, "")) for key in ("vendor", "product", "serial")))
            )
    return found


def listed(devices: Iterable[Mapping[str, str]], driver: str = "") -> list[UsbUps]:
    """Those of the kernel's devices (/sys/bus/usb/devices) that NUT has a driver for; all of them for a `driver`."""
    found = []
    for told in devices:
        device = f"{told.get('idVendor', '')}:{told.get('idProduct', '')}".lower()
        reads = driver or DRIVERS.get(device)
        if reads and ID.fullmatch(device):
            found.append(UsbUps(device, reads, *(_plain(told.get(key, "")) for key in TOLD)))
    return found


def options(ups: UsbUps) -> list[tuple[str, str]]:
    """The lines of ups.conf by which this device is known from others."""
    vendor, product = ups.id.split(":")
    lines = [("port", "auto"), ("vendorid", vendor), ("productid", product)]
    return [*lines, ("serial", SPECIAL.sub(".", ups.serial))] if ups.serial else lines


def how_to_choose(found: Sequence[UsbUps]) -> str:
    """How a person says which of several is meant."""
    if len({ups.id for ups in found}) > 1:
        return "say which with --id"
    first = found[0]
    if len({ups.serial for ups in found}) == len(found):
        return f"say which with its serial number, --id {first.id}/{first.serial or 'NUMBER'}"
    return "alike and without serial numbers they cannot be told apart. Connect all but one to other machines"


def _plain(text: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:60]
