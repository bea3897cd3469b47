"""Forged, damaged and foolish answers never become a reading."""

from __future__ import annotations

import asyncio
import random
import socket
from collections.abc import Callable
from contextlib import AsyncExitStack

import pytest
from pyasn1.codec.ber import decoder, encoder  # type: ignore[import-untyped]
from pysnmp.proto import api  # type: ignore[import-untyped]

from ridethrough.core.observation import Source
from ridethrough.drivers.snmp import Cards, read_card
from ridethrough.drivers.snmp.card import Card
from ridethrough.ports import Refused, Unreachable
from ridethrough.sim.cards_mib.tree import Leaf, Tree, answer

from .own_cards import EPPC_CARD, RFC_CARD
from .replay import EPPC, RFC, ReplayCard, is_next, on_battery

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


def set_error(status: int) -> Callable[[object, object], None]:
    """As RFC 1157 wants it: the names of the request, without values. gufo-snmp hides the error-status."""

    def change(proto: object, pdu: object) -> None:
        pairs = proto.apiPDU.get_varbinds(pdu)  # type: ignore[attr-defined]
        proto.apiPDU.set_varbinds(pdu, [(name, proto.Null("")) for name, _ in pairs])  # type: ignore[attr-defined]
        proto.apiPDU.set_error_status(pdu, status)  # type: ignore[attr-defined]
        proto.apiPDU.set_error_index(pdu, 1)  # type: ignore[attr-defined]

    return change


def set_values(kind: str, value: object) -> Callable[[object, object], None]:
    """Every object answered with this value."""

    def change(proto: object, pdu: object) -> None:
        pairs = proto.apiPDU.get_varbinds(pdu)  # type: ignore[attr-defined]
        wrong = getattr(proto, kind)(value)
        proto.apiPDU.set_varbinds(pdu, [(name, wrong) for name, _ in pairs])  # type: ignore[attr-defined]

    return change


def drop_half(proto: object, pdu: object) -> None:
    pairs = proto.apiPDU.get_varbinds(pdu)  # type: ignore[attr-defined]
    proto.apiPDU.set_varbinds(pdu, pairs[len(pairs) // 2 + 1 :])  # type: ignore[attr-defined]


def name_others(proto: object, pdu: object) -> None:
    pairs = proto.apiPDU.get_varbinds(pdu)  # type: ignore[attr-defined]
    others = [((1, 3, 6, 1, 4, 1, 99, i, 0), value) for i, (_, value) in enumerate(pairs)]
    proto.apiPDU.set_varbinds(pdu, others)  # type: ignore[attr-defined]


def drop_all(proto: object, pdu: object) -> None:
    proto.apiPDU.set_varbinds(pdu, [])  # type: ignore[attr-defined]


def foreign_community(request: bytes, response: bytes) -> list[bytes]:
    return [response.replace(b"public", b"puBlic", 1)]


def other_version(request: bytes, response: bytes) -> list[bytes]:
    one, two = b"\x02\x01\x00\x04", b"\x02\x01\x01\x04"
    return [response.replace(one, two, 1) if one in response else response.replace(two, one, 1)]


HOSTILE: dict[str, Mangle] = {
    "garbage": lambda request, response: [b"\x30\x05abcde"],
    "empty": lambda request, response: [b""],
    "zeros": lambda request, response: [bytes(200)],
    "truncated": lambda request, response: [response[:-5]],
    "half": lambda request, response: [response[: len(response) // 2]],
    "the request sent back": lambda request, response: [request],
    "wrong request id": lambda request, response: [rewritten(response, set_request_id)],
    "genErr": lambda request, response: [rewritten(response, set_error(5))],
    "tooBig": lambda request, response: [rewritten(response, set_error(1))],
    "text for numbers": lambda request, response: [rewritten(response, set_values("OctetString", "on line"))],
    "huge texts": lambda request, response: [rewritten(response, set_values("OctetString", "9" * 6000))],
    "an OID for everything": lambda request, response: [rewritten(response, set_values("ObjectIdentifier", "1.3.6"))],
    "NULL for everything": lambda request, response: [rewritten(response, set_values("Null", ""))],
    "numbers out of every range": lambda request, response: [
        rewritten(response, set_values("Integer", -(2**31))),
    ],
    "without the first objects": lambda request, response: [rewritten(response, drop_half)],
    "other objects": lambda request, response: [rewritten(response, name_others)],
    "no objects": lambda request, response: [rewritten(response, drop_all)],
    "another community": foreign_community,
    "another version": other_version,
    "a flood of old answers": lambda request, response: [rewritten(response, set_request_id)] * 20,
}


@pytest.mark.parametrize("version", ["1", "2c"])
@pytest.mark.parametrize("kind", HOSTILE)
async def test_nothing_hostile_becomes_a_reading(kind: str, version: str) -> None:
    async with ReplayCard(RFC_CARD) as card:
        card.mangle = HOSTILE[kind]
        report = await read_card(card.config(version, timeout=0.05), now)
    assert report.seen.reading is None
    assert report.seen.trouble


@pytest.mark.parametrize("version", ["1", "2c"])
@pytest.mark.parametrize("kind", HOSTILE)
async def test_a_known_card_that_turns_hostile_gives_no_reading_and_recovers(kind: str, version: str) -> None:
    async with ReplayCard(EPPC_CARD) as replay:
        card = Card(replay.config(version, timeout=0.05), now)
        await card.poll()
        replay.mangle = HOSTILE[kind]
        with pytest.raises((Unreachable, Refused)):
            await card.poll()
        replay.mangle = None
        assert (await card.poll()).charge == 100
        card.close()


CHARGE = f"{EPPC}.3.4.0"


async def test_an_answer_from_another_source_is_none() -> None:
    async with ReplayCard(EPPC_CARD) as replay:
        card = Card(replay.config(timeout=0.05), now)
        await card.poll()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:

            def from_elsewhere(request: bytes, response: bytes) -> list[bytes]:
                other.sendto(response, replay.sender)
                return []

            replay.mangle = from_elsewhere
            with pytest.raises(Unreachable):
                await card.poll()
        replay.mangle = None
        assert (await card.poll()).charge == 100
        card.close()


async def test_answers_that_come_twice_are_not_taken_for_the_next() -> None:
    async with ReplayCard(EPPC_CARD) as replay:
        replay.mangle = lambda request, response: [response, response]
        card = Card(replay.config(), now)
        for charge in range(100, 60, -1):
            replay.rows[CHARGE] = Leaf("integer", charge)
            assert (await card.poll()).charge == charge
        card.close()


@pytest.mark.parametrize("version", ["1", "2c"])
async def test_a_network_that_loses_a_fifth_of_all_loses_few_polls_and_no_values(version: str) -> None:
    dice, polls, missed = random.Random(1), 60, 0

    def lossy(request: bytes, response: bytes) -> list[bytes]:
        return [response] if dice.random() > 1 / 5 else []

    async with ReplayCard(EPPC_CARD) as replay:
        card = Card(replay.config(version, timeout=0.03), now)
        await card.poll()
        replay.mangle = lossy
        for poll in range(polls):
            replay.rows[CHARGE] = Leaf("integer", 100 - poll)
            try:
                assert (await card.poll()).charge == 100 - poll
            except Unreachable:
                missed += 1
        card.close()
    assert missed < polls / 10


async def test_a_slow_card_is_waited_for_and_not_asked_twice() -> None:
    async with ReplayCard(EPPC_CARD) as replay:
        card = Card(replay.config(timeout=5.0), now)
        for _ in range(2):
            await card.poll()
        replay.late, asked = lambda request: 0.3, replay.asked
        assert (await card.poll()).charge == 100
        assert replay.asked - asked == 1
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


async def test_an_answer_that_comes_too_late_is_not_taken_for_a_later_one() -> None:
    async with ReplayCard(RFC_CARD) as replay:
        card = Card(replay.config(timeout=0.2), now)
        await card.poll()
        replay.rows, replay.late = on_battery(RFC_CARD), lambda request: 0.3
        with pytest.raises(Unreachable):
            await card.poll()
        replay.rows, replay.late = dict(RFC_CARD), lambda request: 0.0
        while True:  # on a slow machine the true answer may be late as well
            try:
                reading = await card.poll()
            except Unreachable:
                continue
            break
        assert (reading.source, reading.input_dead) == (Source.UTILITY, False)
        card.close()


async def test_a_flood_around_an_answer_does_not_hide_it() -> None:
    async with ReplayCard(EPPC_CARD) as replay:
        card = Card(replay.config(timeout=1.0), now)
        await card.poll()
        old: list[bytes] = []

        def flood(request: bytes, response: bytes) -> list[bytes]:
            old[:] = old or [rewritten(response, set_request_id)]
            return [*old * 50, response, *old * 50, *old * 50]

        replay.mangle = flood
        for _ in range(5):
            assert (await card.poll()).charge == 100
        card.close()


def alarm_walk(name: Callable[[int], str]) -> Mangle:
    """The alarm table as an endless one: the n-th GETNEXT is answered with row `name(n)`."""
    asked = [0]

    def mangle(request: bytes, response: bytes) -> list[bytes]:
        if not is_next(request):
            return [response]
        asked[0] += 1

        def name_one(proto: object, pdu: object) -> None:
            row = tuple(int(part) for part in name(asked[0]).split("."))
            alarm = proto.ObjectIdentifier(f"{RFC}.6.3.1")  # type: ignore[attr-defined]
            proto.apiPDU.set_varbinds(pdu, [(row, alarm)])  # type: ignore[attr-defined]

        return [rewritten(response, name_one)]

    return mangle


ALARMED = {**RFC_CARD, f"{RFC}.6.1.0": Leaf("gauge", 2), f"{RFC}.6.2.1.2.1": Leaf("oid", f"{RFC}.6.3.2")}


@pytest.mark.parametrize(
    ("name", "most"),
    [
        pytest.param(lambda n: f"{RFC}.6.2.1.2.{n}", 34, id="without end"),
        pytest.param(lambda n: f"{RFC}.6.2.1.2.1", 3, id="the same row for ever"),
        pytest.param(lambda n: f"{RFC}.6.2.1.2.{1 + n % 2}", 4, id="in circles"),
        pytest.param(lambda n: f"{RFC}.6.2.1.2.{1000 - n}", 34, id="backwards"),
        pytest.param(lambda n: f"{RFC}.1.{n}.0", 2, id="out of the table"),
    ],
)
async def test_a_walk_ends(name: Callable[[int], str], most: int) -> None:
    async with ReplayCard(ALARMED) as replay:
        reading = (await read_card(replay.config(), now)).seen.reading
        without = replay.asked
        replay.asked, replay.mangle = 0, alarm_walk(name)
        hostile = (await read_card(replay.config(), now)).seen.reading
        assert replay.asked <= without + 3 * most
    assert reading is not None
    assert hostile is not None
    assert hostile.source is Source.UTILITY


async def test_rows_that_drip_delay_a_poll_no_longer_than_a_silent_card_does() -> None:
    """Each row just before its deadline: 32 of them would keep the poll for half a minute and more."""
    walked = 0

    def late(request: bytes) -> float:
        nonlocal walked
        walked += is_next(request)
        return 0.1 if is_next(request) else 0.0

    async with ReplayCard(ALARMED) as replay:
        replay.mangle, replay.late = alarm_walk(lambda n: f"{RFC}.6.2.1.2.{n}"), late
        reading = (await read_card(replay.config(timeout=0.3), now)).seen.reading
    assert reading is not None
    assert walked <= 10


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


async def test_a_good_card_among_hostile_ones_is_watched_on_and_nothing_else_is_believed() -> None:
    async with AsyncExitStack() as stack:
        good = await stack.enter_async_context(ReplayCard(RFC_CARD))
        configs = [good.config(ups="good")]
        for number, mangle in enumerate(HOSTILE.values()):
            hostile = await stack.enter_async_context(ReplayCard(on_battery(RFC_CARD, low=True)))
            hostile.mangle = mangle
            configs.append(hostile.config(timeout=0.05, ups=f"hostile{number:02}"))
        loop = asyncio.get_running_loop()
        cards = Cards(configs, loop.time, pace=0.1)
        await cards.start(lambda: None)
        async with asyncio.timeout(60):
            while not await _all_heard(cards, since=loop.time()):  # noqa: ASYNC110 - nothing tells when it becomes so
                await asyncio.sleep(0.05)
        seen = cards.observe(urgent=False).upses
        async with asyncio.timeout(10):
            await cards.stop()
    assert all(s.reading is None and s.trouble for ups, s in seen.items() if ups != "good")
    assert seen["good"].reading is not None
    assert seen["good"].reading.source is Source.UTILITY


async def _all_heard(cards: Cards, since: float) -> bool:
    """Whether every hostile card was given up, and the good one answered after `since` less a second."""
    seen = cards.observe(urgent=False).upses
    good = seen["good"].answered_at
    return good is not None and good > since - 1 and all(s.trouble for ups, s in seen.items() if ups != "good")
