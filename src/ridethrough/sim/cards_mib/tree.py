"""A card's objects in their order, and an answer to one SNMP v1 or v2c message from them."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import ip_address
from typing import Any, Literal, TypeAlias

from ridethrough.sim.cards_mib import ber

Oid: TypeAlias = ber.Oid
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
        asked = ber.request(datagram)
    except ber.NoMessage:
        return None
    if asked.community not in (community, writes):
        return None
    names = [name for name, _ in asked.pairs]
    status = index = 0
    found: Sequence[tuple[Oid, bytes]]
    try:
        match asked.kind:
            case ber.SET if asked.community != writes:
                raise _Fails(NO_SUCH_NAME if asked.version == ber.V1 else NO_ACCESS, 1)
            case ber.SET:
                _set(tree(), asked.pairs, asked.version)
                found = asked.pairs
            case ber.GET:
                found = _get(tree(), names, asked.version)
            case ber.GET_NEXT:
                found = _next(tree(), names, asked.version)
            case ber.GET_BULK if asked.version == ber.V2C:
                found = _bulk(tree(), asked, names)
            case _:
                return None
    except _Fails as fails:
        found, status, index = asked.pairs, fails.status, fails.index
    return ber.response(asked, status, index, found)


def _get(tree: Tree, names: Iterable[Oid], version: int) -> list[tuple[Oid, bytes]]:
    found = []
    for index, name in enumerate(names, 1):
        leaf = tree.leaves.get(name)
        if leaf is None and version == ber.V1:
            raise _Fails(NO_SUCH_NAME, index)
        found.append((name, ber.NO_SUCH_OBJECT if leaf is None else _on_the_wire(leaf)))
    return found


def _next(tree: Tree, names: Iterable[Oid], version: int) -> list[tuple[Oid, bytes]]:
    found = []
    for index, name in enumerate(names, 1):
        following = tree.after(name)
        if following is not None:
            found.append((following, _on_the_wire(tree.leaves[following])))
        elif version == ber.V1:
            raise _Fails(NO_SUCH_NAME, index)
        else:
            found.append((name, ber.END_OF_MIB_VIEW))
    return found


def _bulk(tree: Tree, asked: ber.Request, names: list[Oid]) -> list[tuple[Oid, bytes]]:
    once = min(max(asked.first, 0), len(names))
    found = _next(tree, names[:once], ber.V2C)
    column = names[once:]
    for _ in range(max(asked.second, 0)):
        if not column or len(found) + len(column) > MOST_IN_BULK:
            break
        row = _next(tree, column, ber.V2C)
        found += row
        column = [name for name, _ in row]
        if all(value is ber.END_OF_MIB_VIEW for _, value in row):
            break
    return found


def _set(tree: Tree, pairs: Iterable[tuple[Oid, bytes]], version: int) -> None:
    """Carry out a SET, object by object. A refusal leaves the objects before it set: cards do no better."""
    v1 = version == ber.V1
    for index, (name, value) in enumerate(pairs, 1):
        leaf = tree.leaves.get(name)
        if leaf is None:
            raise _Fails(NO_SUCH_NAME if v1 else NO_CREATION, index)
        if leaf.write is None:
            raise _Fails(NO_SUCH_NAME if v1 else NOT_WRITABLE, index)
        try:
            leaf.write(_from_the_wire(leaf, value))
        except (BadValue, ber.NoMessage):
            raise _Fails(BAD_VALUE if v1 else WRONG_VALUE, index) from None


_TAGS = {"integer": ber.INTEGER, "gauge": ber.GAUGE, "counter": ber.COUNTER, "ticks": ber.TICKS}


def _on_the_wire(leaf: Leaf) -> bytes:
    value = leaf.value
    match leaf.kind:
        case "null":
            return ber.tlv(ber.NULL, b"")
        case "string":
            return ber.tlv(ber.OCTETS, value.encode() if isinstance(value, str) else bytes(value or b""))
        case "oid":
            return ber.object_id(parse(str(value)))
        case "address":
            return ber.tlv(ber.ADDRESS, value if isinstance(value, bytes) else ip_address(str(value)).packed)
        case kind:
            return ber.integer(int(value or 0), _TAGS[kind])


def _from_the_wire(leaf: Leaf, value: bytes) -> int | bytes | str:
    match leaf.kind:
        case "string":
            return ber.octets_of(value)
        case "oid":
            return ".".join(str(part) for part in ber.oid_of(value))
        case _:
            return ber.number_of(value)
