"""Which of NUT's drivers reads which USB device, by its vendor and product: facts of NUT's own tables (2.8.0)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

# driver -> vendor -> products
_READ: Final[Mapping[str, Mapping[str, str]]] = {
    "usbhid-ups": {
        "03f0": "0001 1f06 1f08 1f09 1f0a 1fe0 1fe1 1fe2 1fe3 1fe5 1fe6 1fe7 1fe8",
        "0463": "0001 ffff",
        "047c": "ffff",
        "0483": "a113",
        "04b3": "0001",
        "04d8": "d004 d005",
        "050d": "0375 0551 0750 0751 0900 0910 0912 0980 0f51 1100",
        "051d": "0000 0002 0003",
        "0592": "0004",
        "05dd": "041b a011",
        "06da": "ffff",
        "075d": "0300",
        "0764": "0005 0501 0601",
        "09ae": "1003 1007 1008 1009 1010 1330 2005 2007 2008 2009 2010 2011 2012 2013 2014 3008 3009 3010 "
        "3011 3012 3013 3014 3015 3016 3024 4001 4002 4003 4004 4005 4006 4007 4008",
        "0d9f": "0001 0004 00a2 00a3 00a4 00a5 00a6",
        "10af": "0001 0004 0008",
        "1cb0": "0032 0038",
        "2341": "0036 8036",
        "2a03": "0036 0040 8036 8040",
        "2b2d": "ffff",
        "2e51": "0000 ffff",
        "2e66": "0201 0202 0203 0300",
        "4234": "0002",
    },
    "nutdrv_qx": {
        "0001": "0000",
        "0483": "0035",
        "05b8": "0000",
        "0665": "5161",
        "06da": "0002 0003 0004 0005 0201 0601",
        "0f03": "0001",
        "14f0": "00c9",
        "1cb0": "0035",
        "ffff": "0000",
    },
    "bcmxcp_usb": {
        "03f0": "1f01 1f02",
        "0592": "0002",
    },
    "riello_usb": {
        "04b4": "5500",
    },
    "richcomm_usb": {
        "0925": "1234",
    },
    "tripplite_usb": {
        "09ae": "0001",
    },
}

DRIVERS: Final[Mapping[str, str]] = {
    f"{vendor}:{product}": driver
    for driver, vendors in _READ.items()
    for vendor, products in vendors.items()
    for product in products.split()
}

# Chips that many makers put in front of a UPS that speaks Megatec or a dialect; who sold it is not in them.
CHIPS: Final[Mapping[str, str]] = {
    "0001:0000": "a chip that says nothing of its maker",
    "0665:5161": "Cypress, as in UPSs of Voltronic, Salicru, Belkin and many others",
    "06da:0002": "Phoenixtec",
    "06da:0003": "Mustek, Ippon",
    "06da:0004": "Phoenixtec",
    "06da:0005": "Phoenixtec",
}
