"""`ridethrough ups add`, as far as it comes without NUT. With NUT: tests/wire/test_ups_add.py."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import Result

from .live import ridethrough


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """A folder with programs that say that they fail, named as NUT's are."""
    found = tmp_path / "bin"
    found.mkdir()
    for name in ("upsd", "upsdrvctl", "nut-scanner"):
        (found / name).write_text("#!/bin/sh\nexit 1\n")
        (found / name).chmod(0o755)
    (tmp_path / "nut").mkdir()
    return found


def add(tmp_path: Path, *arguments: str, typed: str | None = None) -> Result:
    none = ("--site", str(tmp_path / "none.toml"), "--nut-dir", str(tmp_path / "nut"))
    return ridethrough("ups", "add", "ups1", *arguments, *none, typed=typed, PATH=str(tmp_path / "bin"))


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ((), 2, "say where the UPS is: --usb, or --serial DEVICE"),
        (("--usb", "--serial", "/dev/null"), 2, "say where the UPS is"),
        (("--serial", "/dev/null", "--listen", "cellar"), 2, '"cellar" is no IP address'),
        (("--serial", "/dev/null", "--listen", "0.0.0.0"), 2, "name one address, by which the controller reaches"),
        (("--serial", "/dev/null", "--set", "port=x"), 2, '"port=x" is no line for ups.conf'),
        (("--serial", "/dev/null", "--set", "a b"), 2, '"a b" is no line for ups.conf'),
        (("--usb", "--id", "0665"), 2, '--id: "0665" is none'),
        (("--usb", "--id", "fffe:fffe"), 1, "no UPS that NUT has a driver for is on USB"),
        (("--serial", "/dev/ttyNONE"), 1, "ups1: nothing was done: /dev/ttyNONE: No such file or directory"),
        (("--serial", "/tmp"), 1, "/tmp is no serial port"),
    ],
)
def test_what_it_does_not_take(
    tmp_path: Path, programs: Path, arguments: tuple[str, ...], code: int, said: str
) -> None:
    result = add(tmp_path, *arguments)
    assert (result.exit_code, said in result.stderr) == (code, True), result.stderr
    assert list((tmp_path / "nut").iterdir()) == []


def test_it_shows_what_it_will_write_and_nothing_is_done_without_the_name(tmp_path: Path, programs: Path) -> None:
    result = add(
        tmp_path, "--serial", "/dev/null", "--set", "ignoresab", "--set", "runtimecal=240,100,720,50", typed="no\n"
    )
    assert result.exit_code == 1
    for text in (
        f"{tmp_path / 'nut' / 'ups.conf'}:\n    [ups1]\n        driver = nutdrv_qx\n        port = /dev/null\n"
        "        ignoresab\n        runtimecal = 240,100,720,50\n",
        "    LISTEN 127.0.0.1 3493\n",
        '    [ridethrough]\n        password = "********"\n',
        "    MODE=standalone\n",
        'there is none here):\n    [ups.ups1]\n    source = "nut://127.0.0.1/ups1"\n    action = "disabled"\n',
    ):
        assert text in result.stdout, result.stdout
    assert '"no" is not "ups1": nothing was done' in result.stderr
    assert list((tmp_path / "nut").iterdir()) == []


ON_USB = (
    'USB:driver="nutdrv_qx",port="auto",vendorid="0665",productid="5161",bus="003"\n'
    'USB:driver="usbhid-ups",port="auto",vendorid="0463",productid="FFFF",product="5E",vendor="EATON",serial="G7"\n'
)


def scans(programs: Path, output: str) -> None:
    (programs / "nut-scanner").write_text(f"#!/bin/sh\nprintf '%s' '{output}'\n")


def test_one_of_two_on_usb_is_chosen(tmp_path: Path, programs: Path) -> None:
    scans(programs, ON_USB)
    both = add(tmp_path, "--usb")
    assert (both.exit_code, "there are 2: say which with --id" in both.stderr) == (2, True)
    assert "0463:ffff (EATON 5E, serial number G7)  " in both.stdout
    for chosen, lines in (
        ("0665:5161", "driver = nutdrv_qx\n        port = auto\n        vendorid = 0665\n        productid = 5161\n\n"),
        ("0463:FFFF", "driver = usbhid-ups\n        port = auto\n        vendorid = 0463\n        productid = ffff\n"),
    ):
        one = add(tmp_path, "--usb", "--id", chosen, typed="no\n")
        assert lines in one.stdout, one.stdout
    assert "        serial = G7\n" in one.stdout
    other = add(tmp_path, "--usb", "--id", "0463:ffff/G8")
    assert "no UPS that NUT has a driver for is on USB" in other.stderr
    assert list((tmp_path / "nut").iterdir()) == []


def test_two_alike_on_usb_are_not_guessed_between(tmp_path: Path, programs: Path) -> None:
    scans(programs, 2 * ON_USB.splitlines(keepends=True)[0])
    result = add(tmp_path, "--usb", "--id", "0665:5161")
    assert (result.exit_code, "cannot be told apart" in result.stderr) == (2, True)


def test_a_driver_that_fails_leaves_nothing_behind(tmp_path: Path, programs: Path) -> None:
    result = add(tmp_path, "--serial", "/dev/null", "--yes", "ups1")
    assert result.exit_code == 1
    assert "the driver did not start: it ended with 1 and said nothing; NUT's files are as they were" in result.stderr
    assert list((tmp_path / "nut").iterdir()) == []
