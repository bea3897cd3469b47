"""SNMP answers from memory: a question asked before gets its first answer again, under its own request id."""

from __future__ import annotations

from collections.abc import Callable

Parts = tuple[bytes, int, bytes, bytes]  # version and community, PDU tag, request id, the rest of the PDU


class Remembered:
    """Answers of cards whose values stand still; v1 and v2c, where only the request id tells two questions apart."""

    def __init__(self) -> None:
        self._known: dict[tuple[bytes, int, bytes], Parts] = {}

    def answer(self, question: bytes, ask: Callable[[bytes], bytes | None]) -> bytes | None:
        """The answer; `ask` is used for a question that is new."""
        head, tag, request_id, rest = _taken_apart(question)
        known = self._known.get((head, tag, rest))
        if known is None:
            first = ask(question)
            if first is None:
                return None
            known = self._known[head, tag, rest] = _taken_apart(first)
        head, tag, _, rest = known
        return _block(0x30, head + _block(tag, request_id + rest))


def _taken_apart(message: bytes) -> Parts:
    at, _ = _inside(message, 0)
    start = at
    for _ in range(2):  # version, community
        inner, length = _inside(message, at)
        at = inner + length
    pdu, _ = _inside(message, at)
    inner, length = _inside(message, pdu)
    return message[start:at], message[at], message[pdu : inner + length], message[inner + length :]


def _inside(message: bytes, at: int) -> tuple[int, int]:
    """Where the content of the block at `at` begins, and its length."""
    first = message[at + 1]
    if first < 0x80:
        return at + 2, first
    count = first & 0x7F
    return at + 2 + count, int.from_bytes(message[at + 2 : at + 2 + count], "big")


def _block(tag: int, content: bytes) -> bytes:
    length = len(content)
    if length < 0x80:
        return bytes((tag, length)) + content
    size = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(size))) + size + content
