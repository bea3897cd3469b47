"""The simulated cards' own message layer says what pysnmp's says, and drops what is no request."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyasn1.codec.ber import decoder, encoder  # type: ignore[import-untyped]
from pysnmp.proto import api  # type: ignore[import-untyped]

from ridethrough.sim.cards_mib import ber
from ridethrough.sim.cards_mib.tree import Kind, Leaf, Tree, answer

NAME = "1.3.6.1.4.1.4294967295.0.127.128.16384.1"
INTEGERS, UNSIGNED = st.integers(-(2**31), 2**31 - 1), st.integers(0, 2**32 - 1)
VALUES: dict[Kind, st.SearchStrategy[Any]] = {
    "integer": INTEGERS,
    "gauge": UNSIGNED,
    "counter": UNSIGNED,
    "ticks": UNSIGNED,
    "string": st.binary(max_size=300),
    "oid": st.lists(UNSIGNED, max_size=9).map(lambda rest: ".".join(map(str, (1, 3, *rest)))),
    "address": st.ip_addresses(v=4).map(str),
    "null": st.none(),
}


def asked_by_pysnmp(version: int, kind: str, number: int, value: Any = None) -> bytes:
    proto = api.PROTOCOL_MODULES[version]
    pdu = getattr(proto, kind)()
    proto.apiPDU.set_defaults(pdu)
    proto.apiPDU.set_request_id(pdu, number)
    proto.apiPDU.set_varbinds(pdu, [(NAME, proto.Null("") if value is None else value)])
    message = proto.Message()
    proto.apiMessage.set_defaults(message)
    proto.apiMessage.set_community(message, "public")
    proto.apiMessage.set_pdu(message, pdu)
    return bytes(encoder.encode(message))


@pytest.mark.parametrize("version", [0, 1])
@pytest.mark.parametrize("kind", VALUES)
def test_pysnmp_reads_the_value_that_the_card_has(kind: Kind, version: int) -> None:
    @given(VALUES[kind], INTEGERS)
    def holds(value: Any, number: int) -> None:
        datagram = answer(
            asked_by_pysnmp(version, "GetRequestPDU", number), b"public", lambda: Tree({NAME: Leaf(kind, value)})
        )
        assert datagram is not None
        proto = api.PROTOCOL_MODULES[version]
        message, rest = decoder.decode(datagram, asn1Spec=proto.Message())
        pdu = proto.apiMessage.get_pdu(message)
        ((name, found),) = proto.apiPDU.get_varbinds(pdu)
        assert (rest, str(name), int(proto.apiPDU.get_request_id(pdu))) == (b"", NAME, number)
        match kind:
            case "string":
                assert bytes(found) == value
            case "oid":
                assert str(found) == value
            case "address":
                assert found.prettyPrint() == value
            case "null":
                assert found.prettyPrint() == ""
            case _:
                assert int(found) == value
                assert found.tagSet[-1].tagId == {"integer": 2, "counter": 1, "gauge": 2, "ticks": 3}[kind]

    holds()


@given(INTEGERS)
def test_the_card_reads_the_value_that_pysnmp_sets(value: int) -> None:
    written: list[int] = []
    proto = api.PROTOCOL_MODULES[1]
    tree = Tree({NAME: Leaf("integer", 0, written.append)})
    answer(asked_by_pysnmp(1, "SetRequestPDU", 1, proto.Integer(value)), b"public", lambda: tree)
    assert written == [value]


@given(st.binary(max_size=80))
def test_what_is_no_request_is_dropped(garbage: bytes) -> None:
    assert answer(garbage, b"public", lambda: Tree({})) is None


@given(st.integers(0, 60), st.integers(0, 255))
def test_a_request_with_a_wrong_byte_is_answered_or_dropped(at: int, byte: int) -> None:
    good = bytearray(asked_by_pysnmp(1, "GetRequestPDU", 7))
    good[at % len(good)] = byte
    datagram = answer(bytes(good), b"public", lambda: Tree({NAME: Leaf("integer", 1)}))
    assert datagram is None or datagram[0] == ber.SEQUENCE
