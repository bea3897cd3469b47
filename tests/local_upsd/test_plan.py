"""What is written for one more UPS, and what forbids it."""

from __future__ import annotations

import re

import pytest

from ridethrough.local_upsd.files import listens, mode, section, sections
from ridethrough.local_upsd.plan import ConflictError, Plan, Wish, planned

PORT = ("port", "/dev/ttyS0")
SERIAL = Wish("ups1", "nutdrv_qx", (PORT,), password="p4ss")
USB = Wish("ups1", "nutdrv_qx", (("port", "auto"), ("vendorid", "0665"), ("productid", "5161")), password="p4ss")
DEBIAN = {
    "ups.conf": "# maxretry: OPTIONAL.\nmaxretry = 3\n",
    "upsd.conf": "# LISTEN 127.0.0.1 3493\n",
    "upsd.users": "#  [admin]\n#    password = mypass\n",
    "nut.conf": "# MODE=standalone\nMODE=none\n",
}


def new(plan: Plan) -> dict[str, str]:
    return {change.file: change.new for change in plan.changes}


def text(plan: Plan, file: str) -> str:
    return next(change.text for change in plan.changes if change.file == file)


def test_on_debians_files_as_they_are_installed() -> None:
    plan = planned(SERIAL, DEBIAN)
    assert text(plan, "ups.conf") == DEBIAN["ups.conf"] + "\n[ups1]\n    driver = nutdrv_qx\n    port = /dev/ttyS0\n"
    assert text(plan, "upsd.conf") == DEBIAN["upsd.conf"] + "\nLISTEN 127.0.0.1 3493\n"
    assert text(plan, "nut.conf") == "# MODE=standalone\nMODE=standalone\n"
    assert "password = p4ss" in text(plan, "upsd.users")
    assert "p4ss" not in new(plan)["upsd.users"]
    assert "p4ss" not in repr(plan)
    assert (plan.source, plan.user, plan.listens_anew) == ("nut://127.0.0.1/ups1", "", True)


def test_where_nothing_is_there() -> None:
    plan = planned(SERIAL, {})
    assert text(plan, "nut.conf") == "MODE=standalone\n"
    assert text(plan, "ups.conf").startswith("[ups1]\n")
    assert [one.name for one in sections(text(plan, "upsd.users"))] == ["", "ridethrough"]


def test_what_was_written_is_not_written_again() -> None:
    first = planned(SERIAL, DEBIAN)
    written = {change.file: change.text for change in first.changes}
    again = planned(Wish("ups1", "nutdrv_qx", (PORT,), password="another"), written)
    assert again.changes == ()
    assert again.password == "p4ss"
    second = planned(Wish("ups2", "nutdrv_qx", (("port", "/dev/ttyS1"),)), written)
    assert [change.file for change in second.changes] == ["ups.conf"]


def test_the_user_under_which_drivers_run_is_read() -> None:
    assert planned(SERIAL, {"ups.conf": "user = root # of all\n"}).user == "root"


@pytest.mark.parametrize(
    ("wish", "ups_conf", "why"),
    [
        (SERIAL, '[ups1]\ndriver = usbhid-ups\nport = "auto"\n', r"line 1: \[ups1\] is there already"),
        (SERIAL, "[cellar]\n driver=blazer_ser\n port=/dev/ttyS0\n", r"\[cellar\] reads this device already"),
        (USB, "\n[cellar]\n driver=usbhid-ups\n port=auto\n", r"line 2: \[cellar\] reads this device already, or may"),
        (USB, "[c]\nport=auto\nvendorid=0665\n", r"\[c\] reads this device"),
    ],
)
def test_a_section_that_is_there_is_never_changed(wish: Wish, ups_conf: str, why: str) -> None:
    with pytest.raises(ConflictError, match=rf"ups\.conf, .*{why}"):
        planned(wish, {"ups.conf": ups_conf})


def test_the_same_port_by_another_of_its_names() -> None:
    wish = Wish("ups1", "nutdrv_qx", (("port", "/dev/serial/by-id/x"),), aliases=("/dev/ttyUSB0",))
    with pytest.raises(ConflictError, match=r"\[cellar\] reads this device"):
        planned(wish, {"ups.conf": "[cellar]\nport = /dev/ttyUSB0\n"})


@pytest.mark.parametrize("other", ["vendorid = 0463", "vendorid = 0665\nproductid = 0001"])
def test_another_device_on_usb_is_in_nobodys_way(other: str) -> None:
    assert planned(USB, {"ups.conf": f"[c]\nport = auto\n{other}\n"}).changes


@pytest.mark.parametrize(
    ("there", "listen", "port", "added", "source"),
    [
        ("", "127.0.0.1", None, "LISTEN 127.0.0.1 3493\n", "nut://127.0.0.1/ups1"),
        ("", "192.0.2.5", None, "LISTEN 127.0.0.1 3493\nLISTEN 192.0.2.5 3493\n", "nut://192.0.2.5/ups1"),
        ("LISTEN 0.0.0.0\n", "192.0.2.5", None, None, "nut://192.0.2.5/ups1"),
        ("LISTEN * 4000\n", "192.0.2.5", None, None, "nut://192.0.2.5:4000/ups1"),
        ("LISTEN localhost\n", "127.0.0.1", None, None, "nut://127.0.0.1/ups1"),
        ("LISTEN ::\n", "2001:db8::5", None, None, "nut://[2001:db8::5]/ups1"),
        ("LISTEN ::\n", "192.0.2.5", None, "LISTEN 192.0.2.5 3493\n", "nut://192.0.2.5/ups1"),
        ("LISTEN 127.0.0.1 4000\n", "127.0.0.1", 5000, "LISTEN 127.0.0.1 5000\n", "nut://127.0.0.1:5000/ups1"),
        ("LISTEN 127.0.0.1\n", "192.0.2.5", None, "LISTEN 192.0.2.5 3493\n", "nut://192.0.2.5/ups1"),
    ],
)
def test_where_upsd_listens(there: str, listen: str, port: int | None, added: str | None, source: str) -> None:
    plan = planned(Wish("ups1", "nutdrv_qx", (PORT,), listen, port), {"upsd.conf": there})
    assert new(plan).get("upsd.conf") == added
    assert plan.source == source
    assert plan.listens_anew is (added is not None)


@pytest.mark.parametrize(
    ("there", "listen", "becomes"),
    [
        ("", "127.0.0.1", "MODE=standalone\n"),
        ("MODE=none\n", "192.0.2.5", "MODE=netserver\n"),
        ('MODE="none"\nX=1\n', "127.0.0.1", "MODE=standalone\nX=1\n"),
        ("MODE=netserver\n", "127.0.0.1", None),
        ("MODE=standalone # here\n", "192.0.2.5", None),
    ],
)
def test_the_mode(there: str, listen: str, becomes: str | None) -> None:
    plan = planned(Wish("ups1", "nutdrv_qx", (PORT,), listen), {"nut.conf": there})
    assert next((change.text for change in plan.changes if change.file == "nut.conf"), None) == becomes


def test_a_machine_that_only_watches_another_upsd_is_its_owners_affair() -> None:
    with pytest.raises(ConflictError, match=r"nut\.conf: MODE=netclient: .* Write MODE=netserver"):
        planned(SERIAL, {"nut.conf": "MODE=netclient\n"})


def test_a_user_without_a_password() -> None:
    with pytest.raises(ConflictError, match=r"upsd\.users, line 1: \[ridethrough\] has no password"):
        planned(SERIAL, {"upsd.users": "[ridethrough]\nactions = SET\n"})


@pytest.mark.parametrize("name", ["", "a b", "-a", "a]", "ups@1", "x" * 42, "ü"])
def test_names_that_some_file_could_not_hold(name: str) -> None:
    with pytest.raises(ConflictError, match="is no name for a UPS"):
        planned(Wish(name, "nutdrv_qx", (PORT,)), {})


def test_how_nuts_files_are_read() -> None:
    found = sections(
        'maxretry = 3\n[a] # x\n  driver=x\nport = "/dev/a b" # c\n  desc = "say \\"#1\\""\nignoresab\n'
        "[b]\ninstcmds = x\ninstcmds = y\n"
    )
    assert [(one.name, one.line) for one in found] == [("", 1), ("a", 2), ("b", 7)]
    a, b = found[1:]
    assert (a.get("driver"), a.get("port"), a.get("desc")) == ("x", "/dev/a b", 'say "#1"')
    assert (a.get("ignoresab"), a.get("serial")) == ("", None)
    assert b.all("instcmds") == ("x", "y")
    assert listens("LISTEN 127.0.0.1\n# LISTEN 1.2.3.4\nLISTEN ::1 4000\nMAXAGE 5\n") == [
        ("127.0.0.1", 3493),
        ("::1", 4000),
    ]
    assert [mode(text) for text in ("", "MODE=none", "#MODE=x", "MODE=a\nMODE=b\n")] == ["", "none", "", "b"]


def test_what_is_written_reads_back() -> None:
    pairs = [("driver", "nutdrv_qx"), ("desc", 'a "b" \\ #c'), ("ignoresab", ""), ("runtimecal", "240,100,720,50")]
    (_, back) = sections(section("ups1", pairs))
    assert list(back.pairs) == pairs
    assert re.search(r"^    ignoresab$", section("ups1", pairs), re.MULTILINE)
