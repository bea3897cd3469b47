"""Forged, damaged and foolish answers never become a reading."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from pyasn1.codec.ber import decoder, encoder  # type: ignore[import-untyped]
from pysnmp.proto import api  # type: ignore[import-untyped]

from ridethrough.drivers.snmp import read_card
from ridethrough.drivers.snmp.card import Card
from ridethrough.ports import Refused, Unreachable
from ridethrough.sim.cards_mib.tree import Leaf, Tree, answer

from .own_cards import EPPC_CARD, RFC_CARD
from .replay import EPPC, RFC, ReplayCard

Mangle = Callable[[bytes, bytes], list[bytes]]


def now() -> float:
    return 100.0


def rewritten(message: bytes, change: Callable[[object, object], None]) -> bytes:
    """The message with its PDU changed by `change(protocol module, pdu)`."""
    proto = api.PROTOCOL_MODULES[int(api.decodeMessageVersion(message))]
    decoded, _ = decoder.decode(message, asn1Spec=proto.Message())
    change(proto, proto.apiMessage.get_pdu(decoded))
    return bytes(encoder.encode(decoded))


def set_request_id(proto: object, pdu: object) -> None:
    proto.apiPDU.set_request_id(pdu, 12345)  # type: ignore[attr-defined]


def set_general_error(proto: object, pdu: object) -> None:
    """As RFC 1157 wants it: the names of the request, without values. gufo-snmp hides the error-status."""
    pairs = proto.apiPDU.get_varbinds(pdu)  # type: ignore[attr-defined]
    proto.apiPDU.set_varbinds(pdu, [(name, proto.Null("")) for name, _ in pairs])  # type: ignore[attr-defined]
    proto.apiPDU.set_error_status(pdu, 5)  # type: ignore[attr-defined]
    proto.apiPDU.set_error_index(pdu, 1)  # type: ignore[attr-defined]


def name_others(proto: object, pdu: object) -> None:
    pairs = proto.apiPDU.get_varbinds(pdu)  # type: ignore[attr-defined]
    others = [((1, 3, 6, 1, 4, 1, 99, i, 0), value) for i, (_, value) in enumerate(pairs)]
    proto.apiPDU.set_varbinds(pdu, others)  # type: ignore[attr-defined]


def drop_all(proto: object, pdu: object) -> None:
    proto.apiPDU.set_varbinds(pdu, [])  # type: ignore[attr-defined]


def foreign_community(request: bytes, response: bytes) -> list[bytes]:
    return [response.replace(b"public", b"puBlic", 1)]


HOSTILE: dict[str, Mangle] = {
    "garbage": lambda request, response: [b"\x30\x05abcde"],
    "empty": lambda request, response: [b""],
    "zeros": lambda request, response: [bytes(200)],
    "truncated": lambda request, response: [response[:-5]],
    "half": lambda request, response: [response[: len(response) // 2]],
    "the request sent back": lambda request, response: [request],
    "wrong request id": lambda request, response: [rewritten(response, set_request_id)],
    "genErr": lambda request, response: [rewritten(response, set_general_error)],
    "other objects": lambda request, response: [rewritten(response, name_others)],
    "no objects": lambda request, response: [rewritten(response, drop_all)],
    "another community": foreign_community,
    "another version": lambda request, response: [response.replace(b"\x02\x01\x01\x04", b"\x02\x01\x00\x04", 1)],
    "a flood of old answers": lambda request, response: [rewritten(response, set_request_id)] * 20,
}


@pytest.mark.parametrize("kind", HOSTILE)
async def test_nothing_hostile_becomes_a_reading(kind: str) -> None:
    async with ReplayCard(RFC_CARD) as card:
        card.mangle = HOSTILE[kind]
        report = await read_card(card.config(timeout=0.05), now)
    assert report.seen.reading is None
    assert report.seen.trouble


@pytest.mark.parametrize("kind", HOSTILE)
async def test_a_known_card_that_turns_hostile_gives_no_reading_and_recovers(kind: str) -> None:
    async with ReplayCard(EPPC_CARD) as replay:
        card = Card(replay.config(timeout=0.05), now)
        await card.poll()
        replay.mangle = HOSTILE[kind]
        with pytest.raises((Unreachable, Refused)):
            await card.poll()
        replay.mangle = None
        assert (await card.poll()).charge == 100
        card.close()


async def test_one_forged_packet_costs_one_attempt() -> None:
    forged = [b"\x30\x05abcde"]

    def forge_once(request: bytes, response: bytes) -> list[bytes]:
        return [forged.pop(), response] if forged else [response]

    async with ReplayCard(RFC_CARD) as replay:
        replay.mangle = forge_once
        reading = (await read_card(replay.config(), now)).seen.reading
    assert reading is not None
    assert not forged


@pytest.mark.parametrize(
    ("oid", "leaf"),
    [
        pytest.param(f"{EPPC}.2.1.0", Leaf("integer", 99), id="status outside its enumeration"),
        pytest.param(f"{EPPC}.2.1.0", Leaf("string", "on line"), id="status as text"),
        pytest.param(f"{EPPC}.2.1.0", Leaf("null", None), id="status NULL"),
        pytest.param(f"{EPPC}.3.1.0", Leaf("null", None), id="battery status NULL"),
        pytest.param(f"{EPPC}.3.1.0", Leaf("oid", "1.3.6"), id="battery status an OID"),
    ],
)
async def test_a_required_object_without_meaning_is_no_answer(oid: str, leaf: Leaf) -> None:
    rows = {o: row for o, row in EPPC_CARD.items() if not o.startswith(f"{RFC}.")}
    async with ReplayCard({**rows, oid: leaf}) as card:
        report = await read_card(card.config(timeout=0.05), now)
    assert report.seen.reading is None
    assert report.seen.trouble


async def test_alarms_in_circles_end() -> None:
    def circles(request: bytes, response: bytes) -> list[bytes]:
        names = (f"{RFC}.6.2.1.2.1", f"{RFC}.6.2.1.2.2")
        if bytes([0xA1]) not in request[:40]:  # only GETNEXT
            return [response]
        turn[0] = 1 - turn[0]

        def name_one(proto: object, pdu: object) -> None:
            row = tuple(int(part) for part in names[turn[0]].split("."))
            alarm = proto.ObjectIdentifier(f"{RFC}.6.3.2")  # type: ignore[attr-defined]
            proto.apiPDU.set_varbinds(pdu, [(row, alarm)])  # type: ignore[attr-defined]

        return [rewritten(response, name_one)]

    turn = [0]
    rows = {**RFC_CARD, f"{RFC}.6.1.0": Leaf("gauge", 2), f"{RFC}.6.2.1.2.1": Leaf("oid", f"{RFC}.6.3.2")}
    async with ReplayCard(rows) as replay:
        replay.mangle = circles
        reading = (await read_card(replay.config(), now)).seen.reading
    assert reading is not None
    assert replay.asked < 60


async def test_damaged_answers_raise_nothing_unexpected() -> None:
    """Bit flips that damage the message lose the answer; those that hit a value alone cannot be told from one."""
    dice = random.Random(1628)

    def flip(request: bytes, response: bytes) -> list[bytes]:
        damaged = bytearray(response)
        for _ in range(dice.randint(1, 3)):
            damaged[dice.randrange(len(damaged))] ^= 1 << dice.randrange(8)
        return [bytes(damaged)]

    async with ReplayCard(EPPC_CARD) as replay:
        card = Card(replay.config(timeout=0.01), now)
        await card.poll()
        replay.mangle = flip
        for _ in range(100):
            try:
                await card.poll()
            except (Unreachable, Refused):
                continue
        replay.mangle = None
        assert (await card.poll()).charge == 100
        card.close()


def test_the_agent_itself_survives_garbage() -> None:
    dice = random.Random(1628)
    for _ in range(500):
        answer(dice.randbytes(dice.randrange(80)), b"public", lambda: Tree(RFC_CARD))
