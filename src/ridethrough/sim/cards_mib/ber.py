"""SNMP v1 and v2c messages as bytes (X.690, RFC 1157, RFC 3416): only what a card needs to answer one, and quickly.

pysnmp's message layer takes some ten milliseconds for a request of ten objects: twenty cards could not keep up with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

Oid: TypeAlias = tuple[int, ...]

INTEGER, OCTETS, NULL, OBJECT_ID, SEQUENCE = 0x02, 0x04, 0x05, 0x06, 0x30
ADDRESS, COUNTER, GAUGE, TICKS = 0x40, 0x41, 0x42, 0x43
NUMBERS = (INTEGER, COUNTER, GAUGE, TICKS)
NO_SUCH_OBJECT, END_OF_MIB_VIEW = b"\x80\x00", b"\x82\x00"
GET, GET_NEXT, RESPONSE, SET, GET_BULK = 0xA0, 0xA1, 0xA2, 0xA3, 0xA5
V1, V2C = 0, 1


class NoMessage(ValueError):  # noqa: N818 - what a card drops
    """These bytes are no request of v1 or v2c."""


@dataclass(frozen=True, slots=True)
class Request:
    """One request. In a GETBULK `first` is non-repeaters and `second` max-repetitions; in others they say nothing.

    `pairs` are the objects' names and their values, tag and all.
    """

    version: int
    community: bytes
    kind: int
    number: int
    first: int
    second: int
    pairs: tuple[tuple[Oid, bytes], ...]


def request(datagram: bytes) -> Request:
    """The request in a datagram. Raises NoMessage."""
    try:
        tag, body, _ = _take(datagram, 0)
        _must(tag == SEQUENCE)
        tag, version, at = _take(body, 0)
        _must(tag == INTEGER)
        tag, community, at = _take(body, at)
        _must(tag == OCTETS)
        kind, pdu, _ = _take(body, at)
        _must(signed(version) in (V1, V2C))
        number, first, second, bindings = _pdu(pdu)
        return Request(signed(version), community, kind, number, first, second, tuple(_pairs(bindings)))
    except IndexError as error:
        raise NoMessage("it ends too soon") from error


def response(to: Request, status: int, index: int, pairs: Iterable[tuple[Oid, bytes]]) -> bytes:
    """The datagram that answers a request."""
    bindings = b"".join(tlv(SEQUENCE, object_id(name) + value) for name, value in pairs)
    pdu = integer(to.number) + integer(status) + integer(index) + tlv(SEQUENCE, bindings)
    return tlv(SEQUENCE, integer(to.version) + tlv(OCTETS, to.community) + tlv(RESPONSE, pdu))


# --- writing


def tlv(tag: int, content: bytes) -> bytes:
    """Tag, length, content."""
    size = len(content)
    if size < 0x80:
        return bytes((tag, size)) + content
    digits = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(digits))) + digits + content


def integer(value: int, tag: int = INTEGER) -> bytes:
    """A number, in as few bytes as it needs. Those of the unsigned kinds must not be below 0."""
    if tag != INTEGER and not 0 <= value < 2**32:
        raise ValueError(f"{value} does not fit in 32 bits")
    return tlv(tag, value.to_bytes(value.bit_length() // 8 + 1, "big", signed=True))


@lru_cache(16384)
def object_id(oid: Oid) -> bytes:
    """The bytes of an object's name."""
    numbers = (40 * oid[0] + oid[1], *oid[2:])
    return tlv(OBJECT_ID, b"".join(_base_128(number) for number in numbers))


def _base_128(number: int) -> bytes:
    found = [number & 0x7F]
    while number := number >> 7:
        found.append(0x80 | (number & 0x7F))
    return bytes(reversed(found))


# --- reading


def signed(content: bytes) -> int:
    _must(0 < len(content) <= 9)
    return int.from_bytes(content, "big", signed=True)


def number_of(value: bytes) -> int:
    """The number in a value. Raises NoMessage when it is none."""
    tag, content, _ = _take(value, 0)
    _must(tag in NUMBERS)
    return signed(content)


def octets_of(value: bytes) -> bytes:
    """The octets of a value. Raises NoMessage when it has none."""
    tag, content, _ = _take(value, 0)
    _must(tag == OCTETS)
    return content


def oid_of(value: bytes) -> Oid:
    """The name in a value. Raises NoMessage when it is none."""
    tag, content, _ = _take(value, 0)
    _must(tag == OBJECT_ID)
    return _oid(content)


@lru_cache(16384)
def _oid(content: bytes) -> Oid:
    numbers, number = [], 0
    for byte in content:
        number = number << 7 | byte & 0x7F
        if not byte & 0x80:
            numbers.append(number)
            number = 0
    _must(bool(numbers) and not content[-1] & 0x80)
    first = min(numbers[0] // 40, 2)
    return (first, numbers[0] - 40 * first, *numbers[1:])


def _take(data: bytes, at: int) -> tuple[int, bytes, int]:
    """Tag and content of what stands at `at`, and where the next begins."""
    tag, size, at = data[at], data[at + 1], at + 2
    if size & 0x80:
        digits = size & 0x7F
        _must(0 < digits <= 4)
        size, at = int.from_bytes(data[at : at + digits], "big"), at + digits
    _must(at + size <= len(data))
    return tag, data[at : at + size], at + size


def _pdu(pdu: bytes) -> tuple[int, int, int, bytes]:
    numbers: list[int] = []
    at = 0
    for _ in range(3):
        tag, content, at = _take(pdu, at)
        _must(tag == INTEGER)
        numbers.append(signed(content))
    tag, bindings, _end = _take(pdu, at)
    _must(tag == SEQUENCE)
    return numbers[0], numbers[1], numbers[2], bindings


def _pairs(bindings: bytes) -> Sequence[tuple[Oid, bytes]]:
    found, at = [], 0
    while at < len(bindings):
        tag, pair, at = _take(bindings, at)
        _must(tag == SEQUENCE)
        tag, name, value_at = _take(pair, 0)
        _must(tag == OBJECT_ID)
        _, _, end = _take(pair, value_at)
        found.append((_oid(name), pair[value_at:end]))
    return found


def _must(is_so: bool) -> None:
    if not is_so:
        raise NoMessage("it is no SNMP message of v1 or v2c")
