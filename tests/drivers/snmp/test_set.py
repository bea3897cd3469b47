"""SET against net-snmp's own agent: every version, every way to sign and to keep secret, and every way to say no."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Literal, get_args

import pytest

from ridethrough.drivers.snmp import CardConfig, V3User
from ridethrough.drivers.snmp.session import Session
from ridethrough.drivers.snmp.set import Kind, Put, put
from ridethrough.ports import Refused, Unreachable
from ridethrough.ups.meaning import Value
from ridethrough.ups.snmpv3 import Auth, Privacy

from .agent import SNMPD, Snmpd
from .test_v3 import KEPT, SIGNED, THEIR_PRIVACY, THEIRS

with_snmpd = pytest.mark.skipif(SNMPD is None, reason="net-snmp's agent is not here (Debian package snmpd)")

AT = "1.3.6.1.4.1.99999.1"
OBJECTS: dict[str, int | str] = {
    f"{AT}.1.0": 5,
    f"{AT}.2.0": "timeticks 100",
    f"{AT}.3.0": "uinteger 7",
    f"{AT}.4.0": 'octet_str "as it was"',
    f"{AT}.5.0": "object_id .1.3.6.1",
}
MISSING = f"{AT}.9.0"
READ_ONLY = "1.3.6.1.2.1.1.3.0"  # sysUpTime
Community = Literal["1", "2c"]


@pytest.fixture
async def agent(tmp_path: Path) -> AsyncIterator[Snmpd]:
    users = {"open": "noauth"}
    users |= {f'{auth} {name} "{SIGNED}"': "auth" for auth, name in THEIRS.items()}
    users |= {f'{p} SHA-256 "{SIGNED}" {name} "{KEPT}"': "priv" for p, name in THEIR_PRIVACY.items()}
    users |= {f'short-{p} SHA "{SIGNED}" {name} "{KEPT}"': "priv" for p, name in THEIR_PRIVACY.items()}
    async with Snmpd(tmp_path, users, OBJECTS) as running:
        yield running


def by_community(agent: Snmpd, version: Community, writes_as: str = "writer") -> CardConfig:
    return CardConfig("ups1", agent.address, version, "reader", write_community=writes_as, timeout=1.0)


def by_user(agent: Snmpd, user: V3User) -> CardConfig:
    return CardConfig("ups1", agent.address, "3", user=user, timeout=5.0)


async def read_back(config: CardConfig, oid: str) -> Value:
    session = Session(config)
    try:
        return (await session.get([oid]))[oid]
    finally:
        session.close()


@with_snmpd
@pytest.mark.parametrize("version", get_args(Community))
async def test_a_community_sets_what_is_then_read_back(agent: Snmpd, version: Community) -> None:
    config = by_community(agent, version)
    await put(config, [Put(f"{AT}.1.0", -1)])
    assert await read_back(config, f"{AT}.1.0") == -1


@with_snmpd
@pytest.mark.parametrize(
    ("oid", "kind", "value", "read"),
    [
        (f"{AT}.2.0", "ticks", 12000, 12000),
        (f"{AT}.3.0", "gauge", 4_000_000_000, 4_000_000_000),
        (f"{AT}.4.0", "string", "as it is", b"as it is"),
        (f"{AT}.5.0", "oid", "1.3.6.1.2.1.33", "1.3.6.1.2.1.33"),
    ],
)
async def test_values_go_out_with_the_type_that_the_object_has(
    agent: Snmpd, oid: str, kind: Kind, value: int | str, read: Value
) -> None:
    config = by_community(agent, "2c")
    await put(config, [Put(oid, value, kind)])
    assert await read_back(config, oid) == read


@with_snmpd
async def test_several_objects_in_one_request(agent: Snmpd) -> None:
    config = by_community(agent, "2c")
    await put(config, [Put(f"{AT}.1.0", 8), Put(f"{AT}.4.0", "both", "string")])
    assert (await read_back(config, f"{AT}.1.0"), await read_back(config, f"{AT}.4.0")) == (8, b"both")


@with_snmpd
async def test_every_way_to_sign(agent: Snmpd) -> None:
    for number, auth in enumerate((None, *get_args(Auth)), 10):
        config = by_user(agent, V3User(auth, auth, SIGNED) if auth else V3User("open"))
        await put(config, [Put(f"{AT}.1.0", number)])
        assert await read_back(config, f"{AT}.1.0") == number


@with_snmpd
async def test_every_way_to_keep_secret(agent: Snmpd) -> None:
    for number, privacy in enumerate(get_args(Privacy), 20):
        for added, user in (
            (0, V3User(privacy, "sha256", SIGNED, privacy, KEPT)),
            (100, V3User(f"short-{privacy}", "sha1", SIGNED, privacy, KEPT)),  # its key has to be made longer
        ):
            config = by_user(agent, user)
            await put(config, [Put(f"{AT}.1.0", number + added)])
            assert await read_back(config, f"{AT}.1.0") == number + added


@with_snmpd
@pytest.mark.parametrize(
    ("version", "writes_as", "oid", "kind", "codes"),
    [
        ("2c", "reader", f"{AT}.1.0", "integer", {"noAccess"}),
        ("1", "reader", f"{AT}.1.0", "integer", {"noSuchName", "noAccess"}),
        ("2c", "writer", READ_ONLY, "ticks", {"notWritable", "noAccess"}),
        ("2c", "writer", MISSING, "integer", {"noCreation", "notWritable", "noAccess"}),
        ("1", "writer", MISSING, "integer", {"noSuchName", "noAccess", "notWritable"}),
        ("2c", "writer", f"{AT}.1.0", "string", {"wrongType"}),
    ],
)
async def test_a_card_that_says_no(
    agent: Snmpd, version: Community, writes_as: str, oid: str, kind: Kind, codes: set[str]
) -> None:
    config = by_community(agent, version, writes_as)
    with pytest.raises(Refused) as refused:
        await put(config, [Put(oid, "text" if kind == "string" else 3, kind)])
    assert refused.value.code in codes
    assert oid in refused.value.detail
    if writes_as == "reader":
        assert "this community may not write it" in refused.value.detail
    assert await read_back(config, f"{AT}.1.0") == 5


@with_snmpd
@pytest.mark.parametrize(
    ("user", "code"),
    [
        (V3User("nobody", "sha256", SIGNED, "aes128", KEPT), "unknownUserName"),
        (V3User("aes128", "sha256", "another password", "aes128", KEPT), "wrongDigest"),
        (V3User("aes128", "sha1", SIGNED, "aes128", KEPT), "wrongDigest"),
    ],
    ids=["unknown", "wrong password", "wrong protocol"],
)
async def test_a_user_that_the_card_does_not_take(agent: Snmpd, user: V3User, code: str) -> None:
    with pytest.raises(Refused) as refused:
        await put(by_user(agent, user), [Put(f"{AT}.1.0", 3)])
    assert refused.value.code == code
    assert await read_back(by_community(agent, "2c"), f"{AT}.1.0") == 5


@with_snmpd
async def test_a_card_that_has_restarted_is_set_at_once(agent: Snmpd) -> None:
    """Its boot counter and its time are others then. A message with the old ones is not carried out, so it may be sent
    again with the new."""
    config = by_user(agent, V3User("aes128", "sha256", SIGNED, "aes128", KEPT))
    await put(config, [Put(f"{AT}.1.0", 3)])
    await agent.stop()
    await agent.start()
    await put(config, [Put(f"{AT}.1.0", 4)])
    assert await read_back(config, f"{AT}.1.0") == 4


class Counts(asyncio.DatagramProtocol):
    """A card that takes what comes, and never answers."""

    def __init__(self) -> None:
        self.heard: list[bytes] = []

    def datagram_received(self, datagram: bytes, sender: tuple[str, int]) -> None:
        self.heard.append(datagram)


async def test_an_answer_that_is_lost_is_not_asked_for_again() -> None:
    loop = asyncio.get_running_loop()
    transport, card = await loop.create_datagram_endpoint(Counts, local_addr=("127.0.0.1", 0))
    config = CardConfig(
        "ups1", "127.0.0.1:{}".format(transport.get_extra_info("sockname")[1]), write_community="w", timeout=0.5
    )
    try:
        with pytest.raises(Unreachable, match="may or may not have been carried out"):
            await put(config, [Put(f"{AT}.1.0", 3)])
    finally:
        transport.close()
    assert len(card.heard) == 1


async def test_nothing_is_sent_without_a_community_that_may_write() -> None:
    with pytest.raises(Refused, match="write_community"):
        await put(CardConfig("ups1", "127.0.0.1:9", timeout=0.1), [Put(f"{AT}.1.0", 3)])


def test_the_community_is_not_shown() -> None:
    assert "w-secret" not in repr(CardConfig("ups1", "127.0.0.1", write_community="w-secret"))
