"""SNMPv3 answers that were changed, kept back and sent again, or signed by nobody, never become a reading."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ridethrough.core.observation import Source
from ridethrough.drivers.snmp import CardConfig, V3User
from ridethrough.drivers.snmp.card import Card
from ridethrough.drivers.snmp.signed import is_report, is_signed, read
from ridethrough.ports import Unreachable

from .agent import SNMPD, Snmpd
from .test_v3 import KEPT, OBJECTS, SIGNED

USERS = {
    "signed": V3User("signed", "sha256", SIGNED),
    "secret": V3User("secret", "sha256", SIGNED, "aes128", KEPT),
}


class Between(asyncio.DatagramProtocol):
    """Stands between one client and an agent. `change` says what the client gets instead of an answer."""

    def __init__(self) -> None:
        self.change: Callable[[bytes], bytes] = lambda answer: answer
        self.last = b""  # answer that went through
        self._client = ("", 0)

    @asynccontextmanager
    async def before(self, agent: int) -> AsyncIterator[str]:
        loop = asyncio.get_running_loop()
        self._front, _ = await loop.create_datagram_endpoint(lambda: self, local_addr=("127.0.0.1", 0))
        self._back, _ = await loop.create_datagram_endpoint(lambda: _Back(self), remote_addr=("127.0.0.1", agent))
        try:
            yield f"127.0.0.1:{self._front.get_extra_info('sockname')[1]}"
        finally:
            self._front.close()
            self._back.close()

    def datagram_received(self, datagram: bytes, sender: tuple[str, int]) -> None:
        self._client = sender
        self._back.sendto(datagram)

    def answered(self, datagram: bytes) -> None:
        changed = self.change(datagram)
        self.last = datagram
        self._front.sendto(changed, self._client)


class _Back(asyncio.DatagramProtocol):
    def __init__(self, between: Between) -> None:
        self._between = between

    def datagram_received(self, datagram: bytes, sender: tuple[str, int]) -> None:
        self._between.answered(datagram)


def bent(datagram: bytes, place: int) -> bytes:
    changed = bytearray(datagram)
    changed[place] ^= 1
    return bytes(changed)


def unsigned(between: Between, answer: bytes) -> bytes:
    """The flags of msgGlobalData say that nothing is signed or secret: 04 01 flags 02 01 03."""
    for flags in (1, 3):
        answer = answer.replace(bytes((4, 1, flags, 2, 1, 3)), b"\x04\x01\x00\x02\x01\x03", 1)
    return answer


def reported(between: Between, answer: bytes) -> bytes:
    """Nothing is signed, and the answer calls itself a report."""
    at = answer.rindex(b"\xa2")  # the PDU's tag, where it is to be read
    return unsigned(between, answer[:at] + b"\xa8" + answer[at + 1 :])


CHANGES: dict[str, Callable[[Between, bytes], bytes]] = {
    "a bent value": lambda between, answer: bent(answer, -1),
    "a bent byte in the middle": lambda between, answer: bent(answer, len(answer) // 2),
    "the answer before": lambda between, answer: between.last,
    "truncated": lambda between, answer: answer[:-4],
    "garbage": lambda between, answer: b"\x30\x05abcde",
    "not signed any more": unsigned,
    "values in a report": lambda between, answer: reported(between, answer) if b"\xa2" in answer else b"",
}


@pytest.mark.skipif(SNMPD is None, reason="net-snmp's agent is not here (Debian package snmpd)")
@pytest.mark.parametrize("user", USERS)
async def test_a_changed_answer_is_none(tmp_path: Path, user: str) -> None:
    lines = {f'signed SHA-256 "{SIGNED}"': "auth", f'secret SHA-256 "{SIGNED}" AES "{KEPT}"': "priv"}
    between = Between()
    async with Snmpd(tmp_path, lines, OBJECTS) as agent, between.before(agent.port) as address:
        card = Card(CardConfig("ups1", address, "3", user=USERS[user], timeout=0.5), lambda: 100.0)
        assert (await card.poll()).source is Source.UTILITY
        for what, change in CHANGES.items():
            between.change = lambda answer, change=change: change(between, answer)  # type: ignore[misc]
            with pytest.raises(Unreachable):
                pytest.fail(f"{what}: {await card.poll()}")
            between.change = lambda answer: answer
            reading = await card.poll()
            assert (reading.source, reading.charge) == (Source.UTILITY, 99), what
        card.close()


def part(tag: int, *contents: bytes) -> bytes:
    content = b"".join(contents)
    return bytes((tag, len(content))) + content


def octets(content: bytes) -> bytes:
    return part(4, content)


def number(value: int) -> bytes:
    return part(2, value.to_bytes(2, "big"))


ENGINE, KEY = b"\x80\x00\x1f\x88\x04test", bytes(range(32))


def report(oid: bytes, tag: int = 0xA8) -> bytes:
    """As an agent sends it before anything can be signed."""
    header = part(0x30, number(7), number(1500), octets(b"\x00"), number(3))
    security = part(0x30, octets(ENGINE), number(1), number(2), octets(b""), octets(bytes(24)), octets(b""))
    pdu = part(tag, number(7), number(0), number(0), part(0x30, part(0x30, part(6, oid), number(999))))
    return part(0x30, number(3), header, octets(security), part(0x30, octets(ENGINE), octets(b""), pdu))


UNKNOWN_ENGINES = bytes.fromhex("2b060106030f01010400")  # usmStatsUnknownEngineIDs.0
OUTPUT_SOURCE = bytes.fromhex("2b0601020121010401" + "00")  # upsOutputSource.0


def test_only_a_report_of_a_cards_counters_may_come_unsigned() -> None:
    message = read(report(UNKNOWN_ENGINES))
    assert (message.number, message.flags, message.engine_id) == (7, 0, ENGINE)
    assert is_report(report(UNKNOWN_ENGINES), message)
    for other in (report(OUTPUT_SOURCE), report(UNKNOWN_ENGINES, tag=0xA2)):
        assert not is_report(other, read(other))


REPORT = report(UNKNOWN_ENGINES)


@given(st.binary(max_size=200))
def test_no_bytes_raise_anything_else(datagram: bytes) -> None:
    look_at(datagram)


@given(st.integers(0, len(REPORT) - 1), st.binary(min_size=1, max_size=4))
def test_nor_do_damaged_messages(place: int, damage: bytes) -> None:
    look_at(REPORT[:place] + damage + REPORT[place + len(damage) :])
    look_at(REPORT[:place] + damage)


def look_at(datagram: bytes) -> None:
    try:
        message = read(datagram)
    except ValueError:
        return
    is_report(datagram, message)
    assert not is_signed(datagram, message, KEY, "sha256")
