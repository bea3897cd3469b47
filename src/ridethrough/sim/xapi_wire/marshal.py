"""Values of the API as XML-RPC and JSON-RPC carry them.

On JSON-RPC a value travels as it is. On XML-RPC an int is text, a moment is a dateTime.iso8601, nothing is ""
(xen-api doc/content/xen-api/wire-protocol.md; recordings/xapi 09, 19c).
"""

from __future__ import annotations

import xmlrpc.client
from collections.abc import Callable, Mapping
from html import escape
from typing import Any, TypeAlias

Value: TypeAlias = Any  # str, int, float, bool, list or dict of values

NULL = "OpaqueRef:NULL"
NEVER = "19700101T00:00:00Z"


class BadArgument(Exception):  # noqa: N818 - becomes INTERNAL_ERROR on the wire
    """An argument that cannot be read as what the message takes; the text is xapi's."""


def empty(kind: str) -> Value:
    """What a field of this kind holds when nobody has set it."""
    if kind.startswith("set-"):
        return []
    if kind.startswith("map-"):
        return {}
    return {"text": "", "int": 0, "float": 0.0, "bool": False, "time": NEVER}[kind]


def argument(kind: str, given: object) -> Value:
    """An argument as the other side sent it, read as `kind`. Raises BadArgument."""
    try:
        return _ARGUMENTS[kind.split("-")[0]](kind, given)
    except (KeyError, TypeError, ValueError) as error:
        raise BadArgument(f'Failure("Expected {kind}, got {_letter(given)}")') from error


def default(kind: str, text: str) -> Value:
    """A default from the table, read as `kind`."""
    return argument(kind, text) if text or kind == "text" else empty(kind)


def _text(kind: str, given: object) -> str:
    if isinstance(given, str):
        return given
    raise BadArgument(f"Failure(\"Expected string, got '{_letter(given)}'\")")


def _bool(kind: str, given: object) -> bool:
    if isinstance(given, bool):
        return given
    return {"true": True, "false": False, "1": True, "0": False}[str(given)]


def _int(given: Any) -> int:
    try:
        return int(given)
    except ValueError as error:
        raise BadArgument('Failure("Int64.of_string")') from error


def _set(kind: str, given: object) -> list[Value]:
    if not isinstance(given, list | tuple):
        raise TypeError
    return [argument(kind.partition("-")[2], each) for each in given]


def _map(kind: str, given: object) -> dict[str, Value]:
    if not isinstance(given, Mapping):
        raise TypeError
    return {str(key): argument(kind.partition("-")[2], value) for key, value in given.items()}


_ARGUMENTS: dict[str, Callable[[str, Any], Value]] = {
    "text": _text,
    "int": lambda kind, given: _int(given),
    "float": lambda kind, given: float(given),
    "bool": _bool,
    "time": lambda kind, given: str(given),
    "set": _set,
    "map": _map,
    "record": lambda kind, given: dict(given),
}


def _letter(given: object) -> str:
    """xapi's one-letter name of a wire type, as its messages show it (recordings/xapi 01: nil is N)."""
    if given is None:
        return "N"
    return {str: "S", int: "I", float: "F", bool: "B", list: "E", dict: "D"}.get(type(given), "?")


Kinds: TypeAlias = Callable[[str, str], str]  # class, field -> kind


def as_xml(kind: str, value: Value, kinds: Kinds) -> str:
    """`value` as the inside of an XML-RPC <value>; `kinds` tells the fields of the records in it.

    Beyond the kinds of the table there are `record-CLASS`, `batch` (what event.from answers) and `count`.
    """
    outer, _, inner = kind.partition("-")
    match outer:
        case "set":
            return _array([as_xml(inner, each, kinds) for each in value])
        case "map":
            return _struct({key: as_xml(inner, each, kinds) for key, each in value.items()})
        case "record":
            return _struct({field: as_xml(kinds(inner, field), each, kinds) for field, each in value.items()})
        case "batch":
            return _batch_as_xml(value, kinds)
        case "count":
            return f"<i4>{value}</i4>"
        case "bool":
            return f"<boolean>{int(value)}</boolean>"
        case "float":
            return f"<double>{value:.16g}</double>"
        case "time":
            return f"<dateTime.iso8601>{value}</dateTime.iso8601>"
        case _:
            return "" if value is None else escape(str(value), quote=False)


def _batch_as_xml(batch: Mapping[str, Value], kinds: Kinds) -> str:
    events = []
    for event in batch["events"]:
        snapshot = f"record-{event['class']}"
        events.append(_struct({k: as_xml(snapshot if k == "snapshot" else "text", v, kinds) for k, v in event.items()}))
    counts = {name: as_xml("count", n, kinds) for name, n in batch["valid_ref_counts"].items()}
    return _struct({"events": _array(events), "valid_ref_counts": _struct(counts), "token": batch["token"]})


def _struct(members: dict[str, str]) -> str:
    inside = (f"<member><name>{escape(k, quote=False)}</name><value>{v}</value></member>" for k, v in members.items())
    return f"<struct>{''.join(inside)}</struct>"


def _array(values: list[str]) -> str:
    return f"<array><data>{''.join(f'<value>{v}</value>' for v in values)}</data></array>"


def success_as_xml(inside: str) -> str:
    """The answer to a call that succeeded."""
    return _answer(_struct({"Status": "Success", "Value": inside}))


def failure_as_xml(error: list[str]) -> str:
    """The answer to a call that failed: HTTP 200 all the same."""
    described = _array([escape(each, quote=False) for each in error])
    return _answer(_struct({"Status": "Failure", "ErrorDescription": described}))


def _answer(inside: str) -> str:
    head = '<?xml version="1.0"?><methodResponse><params><param><value>'
    return f"{head}{inside}</value></param></params></methodResponse>"


def request_from_xml(body: bytes) -> tuple[str, list[object]]:
    """The name and the parameters of an XML-RPC request. Raises ValueError when it is none."""
    try:
        parameters, name = xmlrpc.client.loads(body, use_builtin_types=False)
    except Exception as error:  # expat, the unmarshaller and the codecs each have their own
        raise ValueError(str(error)) from error
    if name is None:
        raise ValueError("no methodName")
    return name, [_plain(each) for each in parameters]


def _plain(value: object) -> object:
    if isinstance(value, xmlrpc.client.DateTime):
        return str(value)
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    return value
