"""The agent's file: every error names file, section, key and remedy, and then nothing of the file holds."""

from __future__ import annotations

from pathlib import Path

import pytest

from ridethrough_agent import config

PIN = "ab" * 32


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "token").write_text("the-token\n")
    (tmp_path / "token").chmod(0o600)
    (tmp_path / "open").write_text("everybody's\n")
    (tmp_path / "open").chmod(0o644)
    return tmp_path / "agent.ini"


def read(file: Path, text: str) -> config.Config:
    file.write_text(text.replace("@/", f"{file.parent}/"))
    return config.read(str(file))


def test_everything_that_can_be_written(file: Path) -> None:
    (file.parent / "inventory").write_text("PRODUCT_BRAND='XCP-ng'\nINSTALLATION_UUID='the-uuid'\n")
    found = read(
        file,
        f"""
        [agent]
        armed = yes
        after = 2 min
        low_battery = no
        warning_interval = 30 s
        needs = 2
        wall = /usr/bin/wall -n
        [stop]
        command = sh -c 'echo "going down"'
        command_time = 30
        stop_host = 1 min
        [xenserver]
        inventory = @/inventory
        stop_guests = 3 min
        [ups usb]
        upsd = ups@nas.example
        [ups card]
        snmp = 192.0.2.11:1161
        version = 3
        user = monitor
        auth = SHA-256
        auth_password_file = @/token
        privacy = AES
        privacy_password_file = @/token
        warning_period = 900
        shutdown_delay = 120
        [controller]
        url = https://ups.example:8443/
        name = xenserver1
        token_file = @/token
        fingerprint = SHA256:{PIN.upper()}
        """.replace("        ", ""),
    )
    rules = found.rules
    assert (found.armed, rules.after, rules.low_battery, rules.warning_interval, rules.needs) == (
        True,
        120,
        False,
        30,
        2,
    )
    assert rules.stop == 180 + 30 + 60, "the guests, the command, and the host itself"
    assert found.command == ("sh", "-c", 'echo "going down"')
    assert found.xenserver is not None
    assert (found.xenserver.uuid, found.xenserver.socket) == ("the-uuid", "/var/lib/xcp/xapi")
    usb, card = found.upses
    assert usb.upsd is not None
    assert usb.upsd[:3] == ("ups", "nas.example", 3493)
    assert card.card is not None
    assert (card.card.host, card.card.port, card.card.version, card.feed.off_after) == ("192.0.2.11", 1161, "3", 1020.0)
    assert 'defAuthPassphrase "the-token"' in card.card.secrets
    assert found.controller is not None
    assert (found.controller.host, found.controller.port, found.controller.pin) == ("ups.example", 8443, PIN)
    assert "the-token" not in repr(found)


UPS = "[ups a]\nupsd = ups@localhost\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "nothing is watched: write [ups NAME] with upsd or snmp"),
        ("no section", "it cannot be read: File contains no section headers"),
        ("[agent]\nafter = 5\nafter = 6\n", "it cannot be read: "),
        (UPS + "[agnet]\n", "[agnet] is no section of this file; there are [agent], [stop]"),
        (UPS + "[agent x]\n", "[agent x] is no section"),
        ("[ups]\nupsd = a@b\n", "[ups] is no section"),
        (UPS + "[agent]\naftre = 5\n", "[agent] aftre: there is no such key; there are after, armed, "),
        (UPS + "[agent]\nafter = soon\n", '[agent] after: "soon" is no time: write seconds, such as 300, or "5 min"'),
        (UPS + "[agent]\narmed = maybe\n", '[agent] armed: "maybe" is neither yes nor no'),
        (UPS + "[agent]\nneeds = 2\n", "[agent] needs: 2 is not between 1 and 1"),
        (UPS + "[agent]\nwall = 'wall\n", "[agent] wall: No closing quotation; write it as in a shell"),
        (UPS + "[stop]\nstop_host = 1\n", "[stop] stop_host: 1 s is not between 5 s and 86400 s"),
        ("[ups a]\n", "[ups a] upsd: write either upsd = NAME@HOST or snmp = HOST"),
        ("[ups a]\nupsd = a@b\nsnmp = c\n", "[ups a] upsd: write either upsd"),
        ("[ups a]\nupsd = localhost\n", '[ups a] upsd: "localhost" is not of the form NAME@HOST'),
        ("[ups a]\nupsd = a@b:port\n", '[ups a] upsd: "b:port" is no address: write HOST or HOST:PORT'),
        ("[ups a]\nupsd = a@b\ntls_fingerprint = 1234\n", "[ups a] tls_fingerprint: a fingerprint is sha256: and 64"),
        ("[ups a]\nsnmp = b\nversion = 4\n", '[ups a] version: "4" is none of 1, 2c and 3'),
        ("[ups a]\nsnmp = b\nversion = 3\n", "[ups a] user: is missing; version 3 asks in a user's name"),
        ("[ups a]\nsnmp = b\ncommunity_file = @/none\n", "community_file: @/none cannot be read"),
        ("[ups a]\nsnmp = b\ncommunity_file = @/open\n", "community_file: others may read @/open: chmod 600 @/open"),
        ('[ups a]\nsnmp = b\ncommunity = a"b\n', "[ups a] community: snmpget takes none with"),
        (UPS + "[controller]\nname = x\n", "[controller] url: is missing; write url = https://HOST:8443"),
        (UPS + "[controller]\nurl = http://192.0.2.1\n", "[controller] url: must begin with https://"),
        (UPS + "[controller]\nurl = https://a\n", "[controller] fingerprint: is missing; the manager prints"),
        (UPS + "[xenserver]\ninventory = @/none\n", "[xenserver] inventory: @/none cannot be read"),
        (UPS + "[xenserver]\ninventory = @/token\n", "[xenserver] inventory: @/token names no INSTALLATION_UUID"),
    ],
)
def test_what_is_wrong_is_told_with_its_remedy(file: Path, text: str, said: str) -> None:
    with pytest.raises(config.ConfigError) as told:
        read(file, text)
    assert str(told.value).startswith(f"{file}: ")
    assert said.replace("@/", f"{file.parent}/") in str(told.value)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(config.ConfigError, match="No such file or directory; `ridethrough-agent install` writes one"):
        config.read(str(tmp_path / "none.ini"))


def test_the_file_that_install_writes_is_told_to_lack_a_ups_only(file: Path) -> None:
    text = (Path(config.__file__).parent / "ridethrough-agent.ini").read_text()
    with pytest.raises(config.ConfigError, match="nothing is watched"):
        read(file, text)
    read(file, text.replace("#[ups usb]\n#upsd", "[ups usb]\nupsd"))
