"""Which UPS is on USB, by nut-scanner or by the kernel, and how ups.conf names it."""

from __future__ import annotations

from pathlib import Path

import pytest

from ridethrough.local_upsd.machine import usb_devices
from ridethrough.local_upsd.usb import UsbUps, how_to_choose, listed, options, scanned
from ridethrough.local_upsd.usb_ids import CHIPS, DRIVERS

SCANNED = """\
Scanning USB bus.
USB:driver="nutdrv_qx",port="auto",vendorid="0665",productid="5161",product="USB to Serial",vendor="INNO TECH",bus="003"
USB:driver="blazer_usb",port="auto",vendorid="06DA",productid="0003",bus="001"
USB:driver="usbhid-ups",port="auto",vendorid="0463",productid="FFFF",product="5E",serial="G0(1)",vendor="EATON",bus="1"
SNMP:driver="snmp-ups",port="192.0.2.7"
USB:driver="",vendorid="0463",productid="ffff"
"""


def test_what_nut_scanner_prints() -> None:
    assert scanned(SCANNED) == [
        UsbUps("0665:5161", "nutdrv_qx", "INNO TECH", "USB to Serial"),
        UsbUps("06da:0003", "nutdrv_qx"),  # its older name has been replaced
        UsbUps("0463:ffff", "usbhid-ups", "EATON", "5E", "G0(1)"),
    ]
    assert scanned("Cannot load USB library (libusb-1.0.so) : file not found. USB search disabled.\n") == []


def device(id_: str, **told: str) -> dict[str, str]:
    vendor, product = id_.split(":")
    return {"idVendor": vendor, "idProduct": product, **told}


@pytest.mark.parametrize(
    ("id_", "driver"),
    [
        ("0665:5161", "nutdrv_qx"),
        ("06da:0002", "nutdrv_qx"),
        ("06da:0003", "nutdrv_qx"),
        ("06da:0004", "nutdrv_qx"),
        ("06da:ffff", "usbhid-ups"),
        ("0463:ffff", "usbhid-ups"),
        ("051d:0002", "usbhid-ups"),
        ("0764:0501", "usbhid-ups"),
        ("09ae:0001", "tripplite_usb"),
        ("1d6b:0002", None),
    ],
)
def test_what_the_kernel_lists_is_looked_up_in_nuts_table(id_: str, driver: str | None) -> None:
    found = listed([device(id_, manufacturer="Maker\x00\n")])
    assert [(ups.driver, ups.maker) for ups in found] == ([(driver, "Maker")] if driver else [])
    assert [ups.driver for ups in listed([device(id_)], "usbhid-ups")] == ["usbhid-ups"]  # a person's word counts


def test_the_tables_hold_ids_that_lsusb_would_print() -> None:
    assert len(DRIVERS) == 120
    assert all(listed([device(id_)]) for id_ in DRIVERS)
    assert CHIPS.keys() <= DRIVERS.keys()


def test_how_ups_conf_names_it() -> None:
    plain = UsbUps("0665:5161", "nutdrv_qx")
    numbered = UsbUps("0463:ffff", "usbhid-ups", serial="G0(1)")
    assert options(plain) == [("port", "auto"), ("vendorid", "0665"), ("productid", "5161")]
    assert options(numbered)[-1] == ("serial", "G0.1.")


def test_which_of_several() -> None:
    plain, one, other = (UsbUps("0463:ffff", "usbhid-ups", serial=serial) for serial in ("", "1", "2"))
    assert how_to_choose([one, UsbUps("0665:5161", "nutdrv_qx")]) == "say which with --id"
    assert how_to_choose([one, other]).endswith("--id 0463:ffff/1")
    assert "cannot be told apart" in how_to_choose([plain, plain])
    assert "cannot be told apart" in how_to_choose([one, one])


def test_what_people_read() -> None:
    assert "Cypress" in UsbUps("0665:5161", "nutdrv_qx").name
    assert UsbUps("0463:ffff", "usbhid-ups", "EATON", "5E", "7").name == "0463:ffff (EATON 5E, serial number 7)"


def test_the_kernels_list(tmp_path: Path) -> None:
    for name, files in {
        "1-1": {
            "idVendor": "0665",
            "idProduct": "5161",
            "bDeviceClass": "00",
            "busnum": "1",
            "product": "USB to Serial",
        },
        "usb1": {"idVendor": "1d6b", "idProduct": "0002", "bDeviceClass": "09"},
        "1-1:1.0": {"bInterfaceClass": "03"},
    }.items():
        (tmp_path / name).mkdir()
        for file, text in files.items():
            (tmp_path / name / file).write_text(text + "\n")
    assert usb_devices(tmp_path) == [device("0665:5161", product="USB to Serial")]
    assert usb_devices(tmp_path / "none") == []
