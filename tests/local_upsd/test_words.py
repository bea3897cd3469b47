"""What people are told: of a UPS that says little, of a driver that fails, of a port that cannot be opened."""

from __future__ import annotations

import grp
import os
import pwd
from pathlib import Path

import pytest

from ridethrough.local_upsd.advice import is_up, model, untold
from ridethrough.local_upsd.machine import names_of, why_no_port
from ridethrough.local_upsd.remedies import remedy

Q1 = {
    "driver.name": "nutdrv_qx",
    "driver.version.data": "Megatec 0.06",
    "ups.status": "OL",
    "device.mfr": "Maker ",
    "device.model": "1000",
}


def test_a_ups_that_tells_volts_only() -> None:
    charge, runtime = untold(Q1)
    assert "default.battery.voltage.low = 20.8" in charge
    assert "runtimecal = 240,100,720,50" in runtime


def test_a_charge_that_is_worked_out_is_told_as_such_and_one_that_is_told_is_not() -> None:
    guessed = Q1 | {"battery.charge": "90", "battery.voltage.low": "20.80", "battery.voltage.high": "26.00"}
    assert "empty at 20.80 and full at 26.00" in untold(guessed)[0]
    assert len(untold(guessed | {"driver.version.data": "Voltronic 0.06"})) == 1
    calibrated = guessed | {"driver.parameter.runtimecal": "240,100,720,50", "battery.runtime": "700"}
    assert untold(calibrated) == []


def test_other_drivers_have_no_such_lines() -> None:
    texts = untold({"driver.name": "usbhid-ups", "ups.status": "OL"})
    assert texts[:2] == ["It tells no maker and no model.", "It tells no charge."]
    assert texts[2].startswith("It tells no runtime. Without one, ")
    full = {"driver.name": "usbhid-ups", "ups.status": "OL", "ups.mfr": "EATON", "ups.model": "5E"}
    assert untold(full | {"battery.charge": "1", "battery.runtime": "2"}) == []
    assert model(full) == "EATON 5E"


def test_a_shutdown_sign_on_utility_power_is_told() -> None:
    assert "ignoresab" in untold(Q1 | {"ups.status": "OL FSD"})[-1]
    assert "ignoresab" not in untold(Q1 | {"ups.status": "OB FSD"})[-1]


@pytest.mark.parametrize(
    ("variables", "up"),
    [({}, False), ({"ups.status": "WAIT"}, False), ({"ups.status": ""}, False), ({"ups.status": "OB LB"}, True)],
)
def test_when_it_is_up(variables: dict[str, str], up: bool) -> None:
    assert is_up(variables) is up


# As NUT 2.8.0 prints them.
BANNER = "Network UPS Tools - Generic Q* USB/Serial driver 0.32 (2.8.0)\nUSB communication driver (libusb 1.0) 0.43\n"
END = "Driver failed to start (exit status=1)\nNetwork UPS Tools - UPS driver controller 2.8.0\n"


@pytest.mark.parametrize(
    ("printed", "told"),
    [
        ("Device not supported!\nDevice not supported!\n", "Device not supported. It does not answer as this driver"),
        ("tcgetattr(/dev/null): Inappropriate ioctl for device\n", "for device. This is no serial port"),
        ("Unable to open /dev/ttyX: No such file or directory\n\nThings to try:\n", "directory. The port is not there"),
        ("Unable to open /dev/ttyS0: Permission denied\n", "denied. NUT's user may not open the port"),
        ("Can't start /lib/nut/snmp-ups: No such file or directory\n", "directory. This driver is not installed"),
        ("libusb1: Could not open any HID devices: insufficient permissions on everything\n", "may not open the USB"),
        ("No matching HID UPS found\n", "found. It is not on USB, or NUT's user may not open it"),
        ("something new\n", "something new"),
        ("", ""),
    ],
)
def test_what_a_driver_prints_and_what_helps(printed: str, told: str) -> None:
    said = remedy(BANNER + printed + END)
    assert told in said
    assert "Network UPS Tools" not in said
    assert bool(said) is bool(told)


# --- ports


def test_a_port_and_who_may_open_it(tmp_path: Path) -> None:
    me = pwd.getpwuid(os.getuid()).pw_name
    ours, theirs = os.openpty()
    try:
        assert why_no_port(Path(os.ttyname(theirs)), me) == ""
    finally:
        os.close(ours)
        os.close(theirs)
    assert "No such file" in why_no_port(tmp_path / "none", me)
    assert why_no_port(tmp_path, me) == f"{tmp_path} is no serial port"
    assert why_no_port(Path("/dev/null"), "no-such-account") == ""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give a port away")
def test_a_port_that_nut_may_not_open(tmp_path: Path) -> None:
    port = tmp_path / "ttyS0"
    try:
        os.mknod(port, 0o020000)
    except PermissionError:
        pytest.skip("no device can be made in this container")
    os.chown(port, 0, 1)
    group = grp.getgrgid(1).gr_name
    port.chmod(0o660)
    why = why_no_port(port, "nobody")
    assert f"root:{group}, mode 660, and NUT runs as nobody, who may not open it: adduser nobody {group}" in why
    os.chown(port, 0, 0)
    assert why_no_port(port, "nobody").endswith("let udev give it to NUT's group (docs/usb-ups.md)")
    port.chmod(0o666)
    assert why_no_port(port, "nobody") == ""


def test_every_name_of_a_port(tmp_path: Path) -> None:
    (tmp_path / "ttyUSB0").touch()
    names = tmp_path / "by-id"
    names.mkdir()
    (names / "usb-adapter").symlink_to(tmp_path / "ttyUSB0")
    (names / "usb-other").symlink_to(tmp_path / "ttyUSB1")
    known = (str(tmp_path / "ttyUSB0"), str(names / "usb-adapter"))
    assert names_of(str(tmp_path / "ttyUSB0"), names) == known
    assert names_of(str(names / "usb-adapter"), names) == known
