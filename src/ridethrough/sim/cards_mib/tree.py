"""A card's objects in their order, and an answer to one SNMP v1 or v2c message from them."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal, TypeAlias

from pyasn1.codec.ber import decoder, encoder  # type: ignore[import-untyped]
from pyasn1.error import PyAsn1Error  # type: ignore[import-untyped]
from pysnmp.proto import api, rfc1905  # type: ignore[import-untyped]

Oid: TypeAlias = tuple[int, ...]
Kind: TypeAlias = Literal["integer", "string", "oid", "gauge", "counter", "ticks", "address", "null"]
Write: TypeAlias = Callable[[Any], None]

NO_SUCH_NAME, BAD_VALUE = 2, 3  # SNMP v1
NO_ACCESS, WRONG_VALUE, NO_CREATION, NOT_WRITABLE = 6, 10, 11, 17  # v2c
MOST_IN_BULK = 100


class BadValue(Exception):  # noqa: N818 - what the wire calls badValue
    """A SET that the card does not take."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """One object. `write` carries out a SET of an int, or of bytes; it raises BadValue to refuse."""

    kind: Kind
    value: int | str | bytes | None
    write: Write | None = None


def _of_one_kind(kind: Kind, root: str, values: Mapping[str, int | str]) -> dict[str, Leaf]:
    """Objects of one kind, by the ends of their names below `root`."""
    return {f"{root}.{end}": Leaf(kind, value) for end, value in values.items()}


def integers(root: str, values: Mapping[str, int]) -> dict[str, Leaf]:
    return _of_one_kind("integer", root, values)


def gauges(root: str, values: Mapping[str, int]) -> dict[str, Leaf]:
    return _of_one_kind("gauge", root, values)


def strings(root: str, values: Mapping[str, str]) -> dict[str, Leaf]:
    return _of_one_kind("string", root, values)


class Tree:
    """Objects in numeric order, as GETNEXT walks them."""

    def __init__(self, leaves: Mapping[str, Leaf]) -> None:
        self.leaves: dict[Oid, Leaf] = {parse(oid): leaf for oid, leaf in leaves.items()}
        self._order = sorted(self.leaves)

    def after(self, oid: Oid) -> Oid | None:
        """The next object's name; None at the end."""
        place = bisect_right(self._order, oid)
        return self._order[place] if place < len(self._order) else None


@lru_cache(16384)
def parse(oid: str) -> Oid:
    return tuple(int(part) for part in oid.strip(".").split("."))


class _Fails(Exception):  # noqa: N818
    """The whole request fails: error-status and the place of the varbind that caused it."""

    def __init__(self, status: int, index: int) -> None:
        super().__init__(status, index)
        self.status, self.index = status, index


def answer(datagram: bytes, community: bytes, tree: Callable[[], Tree], writes: bytes | None = None) -> bytes | None:
    """The answer to one request; None for what a card drops: no SNMP, v3, a foreign community.

    `writes`: the community that may write, and read as well; without one `community` may. To a SET with a community
    that may only read the answer is net-snmp's: noSuchName in v1, noAccess in v2c. `tree` is asked for once the request
    is known to deserve an answer.
    """
    if writes is None:
        writes = community
    try:
        version = int(api.decodeMessageVersion(datagram))
        proto: Any = api.PROTOCOL_MODULES[version]
        request, _ = decoder.decode(datagram, asn1Spec=proto.Message())
        asks = bytes(proto.apiMessage.get_community(request))
        if asks not in (community, writes):
            return None
        response = proto.apiMessage.get_response(request)
        asked = proto.apiMessage.get_pdu(request)
    except Exception:  # pyasn1 lets TypeError and more out on garbage, and a card says nothing to it
        return None
    pdu = proto.apiMessage.get_pdu(response)
    pairs = proto.apiPDU.get_varbinds(asked)
    names = [tuple(name) for name, _ in pairs]
    try:
        if asked.isSameTypeWith(proto.SetRequestPDU()):
            if asks != writes:
                raise _Fails(NO_SUCH_NAME if version == api.SNMP_VERSION_1 else NO_ACCESS, 1)
            _set(tree(), pairs, version)
            found = pairs
        elif asked.isSameTypeWith(proto.GetRequestPDU()):
            found = _get(tree(), names, proto, version)
        elif asked.isSameTypeWith(proto.GetNextRequestPDU()):
            found = _next(tree(), names, proto, version)
        elif version == api.SNMP_VERSION_2C and asked.isSameTypeWith(proto.GetBulkRequestPDU()):
            found = _bulk(tree(), asked, names, proto)
        else:
            return None
    except _Fails as fails:
        found = pairs
        proto.apiPDU.set_error_status(pdu, fails.status)
        proto.apiPDU.set_error_index(pdu, fails.index)
    proto.apiPDU.set_varbinds(pdu, found)
    return bytes(encoder.encode(response))


def _get(tree: Tree, names: Iterable[Oid], proto: Any, version: int) -> list[tuple[Oid, Any]]:
    found = []
    for index, name in enumerate(names, 1):
        leaf = tree.leaves.get(name)
        if leaf is None and version == api.SNMP_VERSION_1:
            raise _Fails(NO_SUCH_NAME, index)
        found.append((name, rfc1905.noSuchObject if leaf is None else _on_the_wire(leaf, proto)))
    return found


def _next(tree: Tree, names: Iterable[Oid], proto: Any, version: int) -> list[tuple[Oid, Any]]:
    found = []
    for index, name in enumerate(names, 1):
        following = tree.after(name)
        if following is not None:
            found.append((following, _on_the_wire(tree.leaves[following], proto)))
        elif version == api.SNMP_VERSION_1:
            raise _Fails(NO_SUCH_NAME, index)
        else:
            found.append((name, rfc1905.endOfMibView))
    return found


def _bulk(tree: Tree, asked: Any, names: list[Oid], proto: Any) -> list[tuple[Oid, Any]]:
    once = min(max(int(proto.apiBulkPDU.get_non_repeaters(asked)), 0), len(names))
    times = max(int(proto.apiBulkPDU.get_max_repetitions(asked)), 0)
    found = _next(tree, names[:once], proto, api.SNMP_VERSION_2C)
    column = names[once:]
    for _ in range(times):
        if not column or len(found) + len(column) > MOST_IN_BULK:
            break
        row = _next(tree, column, proto, api.SNMP_VERSION_2C)
        found += row
        column = [name for name, _ in row]
        if all(value is rfc1905.endOfMibView for _, value in row):
            break
    return found


def _set(tree: Tree, pairs: Iterable[tuple[Any, Any]], version: int) -> None:
    """Carry out a SET, object by object. A refusal leaves the objects before it set: cards do no better."""
    v1 = version == api.SNMP_VERSION_1
    for index, (name, value) in enumerate(pairs, 1):
        leaf = tree.leaves.get(tuple(name))
        if leaf is None:
            raise _Fails(NO_SUCH_NAME if v1 else NO_CREATION, index)
        if leaf.write is None:
            raise _Fails(NO_SUCH_NAME if v1 else NOT_WRITABLE, index)
        try:
            leaf.write(_from_the_wire(leaf, value))
        except (BadValue, ValueError, TypeError, PyAsn1Error):
            raise _Fails(BAD_VALUE if v1 else WRONG_VALUE, index) from None


def _on_the_wire(leaf: Leaf, proto: Any) -> Any:
    match leaf.kind:
        case "integer":
            return proto.Integer(leaf.value)
        case "string":
            value = leaf.value
            return proto.OctetString(value.encode() if isinstance(value, str) else value)
        case "oid":
            return proto.ObjectIdentifier(leaf.value)
        case "gauge":
            return (proto.Gauge if hasattr(proto, "Gauge") else proto.Gauge32)(leaf.value)
        case "counter":
            return (proto.Counter if hasattr(proto, "Counter") else proto.Counter32)(leaf.value)
        case "ticks":
            return proto.TimeTicks(leaf.value)
        case "address":
            return proto.IpAddress(leaf.value)
        case "null":
            return proto.Null("")


def _from_the_wire(leaf: Leaf, value: Any) -> int | bytes | str:
    match leaf.kind:
        case "string":
            return bytes(value)
        case "oid":
            return str(value)
        case _:
            return int(value)
