"""`ridethrough ups discover --v3`: cards whose users are given by hand, against net-snmp's own agent."""

from __future__ import annotations

import asyncio
import os
import pty
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from typer.testing import Result

from ridethrough.config import CardConnection, Secrets, load
from tests.drivers.snmp.agent import SNMPD, Snmpd
from tests.drivers.snmp.replay import RFC

from .live import as_json, ridethrough

SIGNED, KEPT = "a password to sign", "a password to keep"
OBJECTS: dict[str, int | str] = {
    f"{RFC}.1.1.0": "octet_str Maker",
    f"{RFC}.4.1.0": 3,
    f"{RFC}.2.1.0": 2,
    f"{RFC}.2.3.0": 20,
}
SECRETS: dict[str, Any] = {
    "RIDETHROUGH_SECRET_SIGN": SIGNED,
    "RIDETHROUGH_SECRET_KEEP": KEPT,
    "RIDETHROUGH_SECRET_SHORT": "short",
}
BOTH = "reader,sha256,secret:sign,aes128,secret:keep"
FILE = '# Our cellar.\n[site]\nname = "Cellar"\n'

with_agent = pytest.mark.skipif(SNMPD is None, reason="net-snmp's agent is not here (Debian package snmpd)")


@pytest.fixture
async def agent(tmp_path: Path) -> AsyncIterator[Snmpd]:
    users = {"open": "noauth", f'signer SHA "{SIGNED}"': "auth", f'reader SHA-256 "{SIGNED}" AES "{KEPT}"': "priv"}
    async with Snmpd(tmp_path, users, OBJECTS) as running:
        yield running


async def search(agent: Snmpd, site: Path, *options: str) -> Result:
    at = ("127.0.0.1", "--port", str(agent.port), "--site", str(site))
    return await asyncio.to_thread(partial(ridethrough, "ups", "discover", *at, *options, **SECRETS))


@with_agent
@pytest.mark.parametrize("user", ["open", "signer,sha1,secret:sign", BOTH])
async def test_each_level_of_security(agent: Snmpd, user: str, tmp_path: Path) -> None:
    (card,) = as_json(await search(agent, tmp_path / "none", "--v3", user, "--json"))["found"]
    assert (card["vendor"], card["condition"]) == ("Maker", "utility power")


@with_agent
async def test_it_is_added_as_site_toml_wants_it(agent: Snmpd, tmp_path: Path) -> None:
    """Several users and a community, of which the agent takes the last user and the community: the user counts."""
    site = tmp_path / "site.toml"
    site.write_text(FILE)
    ways = ("--community", "secret:reader", "--v3", "nobody,md5,secret:sign", "--v3", BOTH)
    run = partial(ridethrough, **SECRETS, RIDETHROUGH_SECRET_READER="reader")
    at = ("127.0.0.1", "--port", str(agent.port), "--site", str(site))
    result = await asyncio.to_thread(run, "ups", "discover", *at, *ways, "--add", "all")
    assert result.exit_code == 0, result.stderr
    added = site.read_text().removeprefix(FILE)
    assert added.split("\n") == [
        "",
        "[ups.ups1]",
        f'source = "snmp://127.0.0.1:{agent.port}"',
        'version = "3"',
        'username = "reader"',
        'auth = "sha256"',
        'auth_password = "secret:sign"',
        'privacy = "aes128"',
        'privacy_password = "secret:keep"',
        "",
    ]
    ups = load(site, Secrets(environment=SECRETS)).upses["ups1"]
    assert isinstance(ups, CardConnection)
    assert ups.user is not None
    # What was written is enough to find it again.
    (card,) = as_json(await search(agent, site, "--like", "ups1", "--json"))["found"]
    assert card["in_site"] == "ups1"


@with_agent
async def test_a_user_that_no_card_takes_finds_nothing(agent: Snmpd, tmp_path: Path) -> None:
    result = await search(agent, tmp_path / "none", "--v3", "nobody,sha256,secret:sign")
    assert (result.exit_code, result.stdout.strip()) == (0, "No UPS was found.")


@with_agent
async def test_a_password_is_asked_for_and_not_shown(agent: Snmpd, tmp_path: Path) -> None:
    at = ("127.0.0.1", "--port", str(agent.port), "--site", str(tmp_path / "none"))
    options = ("--v3", "reader,sha256,aes128", "--json")
    shown, printed = await asyncio.to_thread(_type, [SIGNED, KEPT], "ups", "discover", *at, *options)
    assert "The password with which reader signs: " in shown
    assert "The password with which reader keeps secret: " in shown
    assert SIGNED not in shown
    assert KEPT not in shown
    assert '"condition": "utility power"' in printed


def _type(answers: list[str], *arguments: str) -> tuple[str, str]:
    """What a terminal shows while each question is answered, and what goes to standard output."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "ridethrough.cli", *arguments]
    process = subprocess.Popen(command, stdin=theirs, stdout=subprocess.PIPE, stderr=theirs, start_new_session=True)
    os.close(theirs)
    shown, asked = b"", 0
    with suppress(OSError):  # the other side has hung up
        while part := os.read(ours, 4096):
            shown += part
            while asked < min(shown.count(b": "), len(answers)):
                os.write(ours, answers[asked].encode() + b"\n")
                asked += 1
    os.close(ours)
    printed, _ = process.communicate(timeout=30)
    return shown.decode(), printed.decode()


@pytest.mark.parametrize(
    ("user", "told"),
    [
        ("", "a user is written as --v3 USER,AUTH,secret:NAME,PRIVACY,secret:NAME"),
        ("reader,sha3,secret:sign", "AUTH is md5, sha1,"),
        ("reader,aes128,secret:keep", "AUTH is md5, sha1,"),  # nothing is kept secret that is not signed
        (f"reader,sha256,{SIGNED}", "a password is never written there"),
        (f"{BOTH},more", "or less of it"),
        ("reader,sha256,secret:none", "secret:none was not found"),
        ("reader,sha256,secret:short", "shorter than 8 characters"),
        ("reader,sha256", "there is no terminal to ask for the password with which reader signs"),
    ],
)
def test_users_that_cannot_be_tried(user: str, told: str, tmp_path: Path) -> None:
    at = ("192.0.2.1", "--site", str(tmp_path / "none"))
    result = ridethrough("ups", "discover", *at, "--v3", user, **SECRETS)
    assert result.exit_code == 2
    assert told in " ".join(result.stderr.split())
    assert SIGNED not in result.stderr
