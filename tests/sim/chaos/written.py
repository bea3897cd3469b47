"""A scenario's content as the text of its file, readable: a section for each thing, one line for each happening."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

BARE = re.compile(r"[A-Za-z0-9_-]+")
INLINE = frozenset({"card", "maintenance", "shutdown", "running", "moves", "wlb_advice"})


def written(content: Mapping[str, Any]) -> str:
    """The text; reading it gives `content` again."""
    return "\n".join(_lines(content)) + "\n"


def _lines(content: Mapping[str, Any]) -> Iterator[str]:
    tables = {key: value for key, value in content.items() if isinstance(value, dict)}
    for key, value in content.items():
        if key == "story":
            yield f'story = """\n{value.strip()}\n"""'
        elif key == "timeline":
            yield from ("timeline = [", *(f"    {_value(entry)}," for entry in value), "]")
        elif key not in tables:
            yield f"{_key(key)} = {_value(value)}"
    for key, value in tables.items():
        yield from _section(_key(key), value)


def _section(name: str, table: Mapping[str, Any]) -> Iterator[str]:
    below = {k: v for k, v in table.items() if isinstance(v, dict) and k not in INLINE}
    if len(below) < len(table) or not table:
        yield f"\n[{name}]"
        yield from (f"{_key(key)} = {_value(value)}" for key, value in table.items() if key not in below)
    for key, value in below.items():
        yield from _section(f"{name}.{_key(key)}", value)


def _key(key: str) -> str:
    return key if BARE.fullmatch(key) else json.dumps(key)


def _value(value: object) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{_key(k)} = {_value(v)}" for k, v in value.items()) + " }" if value else "{}"
    if isinstance(value, list):
        return "[" + ", ".join(_value(item) for item in value) + "]"
    return json.dumps(value)
