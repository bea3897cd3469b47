"""Events as bytes and back: JSON that can be read with any tool, and a version in every row."""

from __future__ import annotations

import math
import typing
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, fields
from functools import cache
from typing import Any, TypeAlias

import msgspec

from ridethrough.core.actions import Action
from ridethrough.core.events import Event

VERSION = 1

Row: TypeAlias = dict[str, Any]
Upgrade: TypeAlias = Callable[[Row], Row]

# From version n to n + 1, by n. A field that was renamed, a type that was split: the old row becomes a new one here.
UPGRADES: Mapping[int, Upgrade] = {}


class UnreadableEvent(Exception):  # noqa: N818 - a state of the file, not a bug
    """A row of the journal that this version cannot read. The message names its position and the remedy."""

    is_newer = False  # a newer version wrote it: it is not damaged


def encode(event: Event) -> bytes:
    """One event as a JSON object: {"v": 1, "type": "UtilityLost", ...}. Never loses a fact, so it refuses no value."""
    row = {"v": VERSION, **_row(event)}
    try:
        return msgspec.json.encode(row)
    except UnicodeEncodeError:
        return msgspec.json.encode(readable(row))


def decode(data: bytes, position: int, *, version: int = VERSION, upgrades: Mapping[int, Upgrade] = UPGRADES) -> Event:
    """The event of a row. Raises UnreadableEvent when the row is damaged or from a newer Ridethrough."""
    try:
        row = msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise _damaged(position, f"it is not JSON ({error})") from error
    if not isinstance(row, dict) or not isinstance(row.get("v"), int) or row["v"] < 1:
        raise _damaged(position, "it has no version")
    written = row.pop("v")
    if written > version:
        raise _newer(position, f"has version {written}, and this Ridethrough reads up to {version}")
    for step in range(written, version):
        row = upgrades[step](row)
    event: Event = _value(row, _shapes(Event), position, "event")
    return event


def _row(value: Any) -> Row:
    """A dataclass with its type's name; an action inside an event likewise."""
    kind: Any = type(value)
    shape = _shape(kind)
    row: Row = {"type": kind.__name__}
    for name in shape.hints:
        row[name] = _plain(getattr(value, name), name in shape.nested)
    return row


def _plain(value: Any, nested: bool = False) -> Any:
    if nested:
        return _row(value)
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)  # JSON knows no infinity: msgspec would write null
    return [_plain(part) for part in value] if isinstance(value, tuple) else value


def readable(value: Any) -> Any:
    """The value with every lone surrogate spelled out: a VM's name from a foreign system may hold some."""
    match value:
        case str():
            return value.encode("utf-8", "backslashreplace").decode()
        case dict():
            return {readable(k): readable(v) for k, v in value.items()}
        case list() | tuple():
            return [readable(v) for v in value]
        case _:
            return value


@dataclass(frozen=True, slots=True)
class _Shape:
    """How to read a type: its fields' types, which must be there, which hold an action."""

    kind: type
    hints: Mapping[str, Any]
    required: frozenset[str]
    nested: frozenset[str]
    plain: Mapping[str, type]  # what JSON reads back just as it was written: most fields


@cache
def _shape(cls: Any) -> _Shape:
    hints = typing.get_type_hints(cls)
    known = {f.name: hints[f.name] for f in fields(cls)}
    required = {f.name for f in fields(cls) if f.default is MISSING and f.default_factory is MISSING}
    nested = {name for name, hint in known.items() if hint == Action}
    plain = {name: hint for name, hint in known.items() if hint in (str, float, bool)}
    return _Shape(cls, known, frozenset(required), frozenset(nested), plain)


@cache
def _shapes(union: Any) -> Mapping[str, _Shape]:
    return {cls.__name__: _shape(cls) for cls in typing.get_args(union)}


def _value(row: Any, shapes: Mapping[str, _Shape], position: int, kind: str) -> Any:
    if not isinstance(row, dict) or not isinstance(row.get("type"), str):
        raise _damaged(position, f"its {kind} has no type")
    name = row.pop("type")
    shape = shapes.get(name)
    if shape is None:
        raise _newer(position, f'holds an {kind} of the unknown type "{name}"')
    if extra := sorted(row.keys() - shape.hints.keys()):
        raise _newer(position, f'holds an {kind} {name} with the unknown field "{extra[0]}"')
    if missing := sorted(shape.required - row.keys()):
        raise _damaged(position, f'its {kind} {name} lacks the field "{missing[0]}"')
    return shape.kind(**{field: _field(shape, field, given, position) for field, given in row.items()})


def _field(shape: _Shape, field: str, given: Any, position: int) -> Any:
    if field in shape.nested:
        return _value(given, _shapes(Action), position, "action")
    if type(given) is shape.plain.get(field):
        return given
    hint = shape.hints[field]
    try:
        # Not strict for numbers: "inf", as `encode` writes it.
        return msgspec.convert(given, hint, strict=not _holds_float(hint))
    except msgspec.ValidationError as error:
        raise _damaged(position, f"{shape.kind.__name__}.{field}: {error}") from error


@cache
def _holds_float(hint: Any) -> bool:
    return hint is float or any(_holds_float(part) for part in typing.get_args(hint))


def _damaged(position: int, what: str) -> UnreadableEvent:
    return UnreadableEvent(
        f"journal.db: the event at position {position} cannot be read: {what}. "
        "Restore journal.db from a backup, or move it aside to start with an empty journal in dry run."
    )


def _newer(position: int, what: str) -> UnreadableEvent:
    newer = UnreadableEvent(
        f"journal.db: the event at position {position} {what}. It was written by a newer Ridethrough: "
        "install that version again, or restore the journal.db from before the upgrade."
    )
    newer.is_newer = True
    return newer
