"""SNMPv3 against net-snmp's own agent: every way to sign and to keep secret, wrong users, and a restart."""

from __future__ import annotations

from collections.abc import AsyncIterator
from itertools import product
from pathlib import Path
from typing import get_args

import pytest

from ridethrough.core.observation import Source
from ridethrough.drivers.snmp import CardConfig, V3User, read_card
from ridethrough.drivers.snmp.card import Card
from ridethrough.ports import Unreachable
from ridethrough.ups.snmpv3 import Auth, Privacy

from .agent import SNMPD, Snmpd
from .replay import RFC

pytestmark = pytest.mark.skipif(SNMPD is None, reason="net-snmp's agent is not here (Debian package snmpd)")

OBJECTS = {f"{RFC}.4.1.0": 3, f"{RFC}.2.1.0": 2, f"{RFC}.2.3.0": 20, f"{RFC}.2.4.0": 99}
SIGNED, KEPT = "a password to sign", "a password to keep"
THEIRS = {
    "md5": "MD5",
    "sha1": "SHA",
    "sha224": "SHA-224",
    "sha256": "SHA-256",
    "sha384": "SHA-384",
    "sha512": "SHA-512",
}
THEIR_PRIVACY = {"des": "DES", "aes128": "AES", "aes192": "AES-192", "aes256": "AES-256"}
THEIR_PRIVACY |= {"aes192-cisco": "AES-192-C", "aes256-cisco": "AES-256-C"}


def now() -> float:
    return 100.0


def config(agent: Snmpd, user: V3User) -> CardConfig:
    return CardConfig("ups1", agent.address, "3", user=user, timeout=1.0)


@pytest.fixture
async def agent(tmp_path: Path) -> AsyncIterator[Snmpd]:
    users = {"open": "noauth"}
    users |= {f'{auth} {name} "{SIGNED}"': "auth" for auth, name in THEIRS.items()}
    for (auth, signs), (privacy, keeps) in product(THEIRS.items(), THEIR_PRIVACY.items()):
        users[f'{auth}-{privacy} {signs} "{SIGNED}" {keeps} "{KEPT}"'] = "priv"
    async with Snmpd(tmp_path, users, OBJECTS) as running:
        yield running


async def test_no_security_at_all(agent: Snmpd) -> None:
    report = await read_card(config(agent, V3User("open")), now)
    assert report.seen.reading is not None, report.seen.trouble
    assert (report.seen.reading.source, report.seen.reading.runtime) == (Source.UTILITY, 1200)


async def test_every_way_to_sign(agent: Snmpd) -> None:
    for auth in get_args(Auth):
        report = await read_card(config(agent, V3User(auth, auth, SIGNED)), now)
        assert report.seen.reading is not None, (auth, report.seen.trouble)


async def test_every_way_to_sign_with_every_way_to_keep_secret(agent: Snmpd) -> None:
    """MD5 and SHA-1 give keys that have to be made longer for AES-192 and AES-256."""
    for auth, privacy in product(get_args(Auth), get_args(Privacy)):
        user = V3User(f"{auth}-{privacy}", auth, SIGNED, privacy, KEPT)
        report = await read_card(config(agent, user), now)
        assert report.seen.reading is not None, (user.name, report.seen.trouble)
        assert report.seen.reading.runtime == 1200


@pytest.mark.parametrize(
    "user",
    [
        V3User("nobody", "sha256", SIGNED, "aes128", KEPT),
        V3User("sha256-aes128", "sha256", "another password", "aes128", KEPT),
        V3User("sha256-aes128", "sha1", SIGNED, "aes128", KEPT),
        V3User("sha256-aes128", "sha256", SIGNED),  # let in with privacy only
    ],
    ids=["unknown", "wrong password", "wrong protocol", "too little security"],
)
async def test_a_user_that_the_card_does_not_take(agent: Snmpd, user: V3User) -> None:
    report = await read_card(config(agent, user), now)
    assert report.seen.reading is None
    assert agent.address in report.seen.trouble


async def test_a_card_that_restarts_is_read_again_within_one_poll(agent: Snmpd) -> None:
    """Its boot counter and its time are others then; a message with the old ones is refused."""
    card = Card(config(agent, V3User("sha256-aes128", "sha256", SIGNED, "aes128", KEPT)), now)
    assert (await card.poll()).source is Source.UTILITY
    await agent.stop()
    with pytest.raises(Unreachable):
        await card.poll()
    await agent.start()
    assert (await card.poll()).source is Source.UTILITY
    card.close()


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"name": ""}, "needs the name of a user"),
        ({"privacy": "aes128", "privacy_password": KEPT}, "privacy needs auth"),
        ({"auth": "sha256", "auth_password": "short"}, "8 characters"),
    ],
)
def test_what_no_card_would_take_is_refused_at_once(values: dict[str, str], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        V3User(**{"name": "reader", **values})  # type: ignore[arg-type]


def test_passwords_are_not_shown() -> None:
    assert "password" not in repr(V3User("reader", "sha256", SIGNED, "aes128", KEPT)).replace("auth_password", "")
