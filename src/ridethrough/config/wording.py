"""What is wrong in a site.toml, in words: the key, the trouble and the remedy."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Mapping, Sequence
from types import UnionType
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from .form import SiteFile
from .quantities import quoted
from .secrets import Secret

BARE = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)

KINDS = {
    "string_type": "text in quotes",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "list_type": "a list",
    "dict_type": "a table",
    "model_type": "a table",
    "model_attributes_type": "a table",
}
LIMITS = {
    "greater_than": ("gt", "more than"),
    "greater_than_equal": ("ge", "at least"),
    "less_than": ("lt", "less than"),
    "less_than_equal": ("le", "at most"),
}


def sentence(error: ErrorDetails) -> str:
    """One error of the form, as `KEY TROUBLE: REMEDY`."""
    where, kind = error["loc"], error["type"]
    found = field_at(where)
    named = where[:-2] if where[-1] == "[key]" else where  # the trouble is with a name that the owner gave
    return f"{key(named)} {_trouble(kind, where, found, error)}"


def _trouble(kind: str, where: Sequence[str | int], found: FieldInfo | None, error: ErrorDetails) -> str:
    context = error.get("ctx", {})
    shown = _is_shown(found)
    if kind == "missing":
        return f"is missing: write {_example(where, found)}"
    if kind == "extra_forbidden":
        return _unknown(where, error["input"])
    if kind == "value_error":
        return str(context["error"])
    if kind == "too_short":
        return f"is empty: write {_example(where, found)}"
    if kind in KINDS:
        value = f"is {_value(error['input'])}; it" if shown else "has a value that"
        return f"{value} must be {KINDS[kind]}, for example {_example(where, found)}"
    if kind in LIMITS:
        name, words = LIMITS[kind]
        return f"is {_value(error['input'])}; it must be {words} {context[name]:g}"
    if kind in ("enum", "literal_error"):
        return f"is {_value(error['input'])}; it must be {context['expected']}"
    return (
        f"is {_value(error['input'])}; for example {_example(where, found)}" if shown else "has a value that is wrong"
    )


def _unknown(where: Sequence[str | int], value: object) -> str:
    """A key that does not exist, with the nearest that does."""
    *outer, name = where
    table = _model_at(outer)
    known = sorted(table.model_fields) if table else []
    near = difflib.get_close_matches(str(name)[:100], known, n=1)
    if near:
        return f"is not known: did you mean {near[0]}?"
    if isinstance(value, dict) and len(where) > 2:  # [host.192.0.2.1] is a table in a table in a table
        return f'is not known: if it is part of a name with dots, quote the name: [{where[0]}."NAME"]'
    return f"is not known: the keys here are {', '.join(known)}"


def key(where: Sequence[str | int]) -> str:
    """A place in the file: `host."xen 1".powered_by`, with the number of a list's entry in words."""
    names = [p if BARE.fullmatch(p) else quoted(p) for p in where if isinstance(p, str)]
    entries = [f" (entry {p + 1})" for p in where if isinstance(p, int)]
    return ".".join(names) + "".join(entries)


def field_at(where: Sequence[str | int]) -> FieldInfo | None:
    """The form's field at a place in the file; None where the form has none."""
    *outer, last = [part for part in where if isinstance(part, str)] or [""]
    table = _model_at(outer)
    return table.model_fields.get(last) if table else None


def _model_at(where: Sequence[str | int]) -> type[BaseModel] | None:
    table: type[BaseModel] | None = SiteFile
    names = [part for part in where if isinstance(part, str)]
    while names and table:
        field = table.model_fields.get(names.pop(0))
        kind = field.annotation if field else None
        if get_origin(kind) is dict:
            names = names[1:]  # the name that the owner gave
            kind = get_args(kind)[1]
        options = get_args(kind) if get_origin(kind) in (Union, UnionType) else (kind,)
        table = next((o for o in options if isinstance(o, type) and issubclass(o, BaseModel)), None)
    return table


def _example(where: Sequence[str | int], found: FieldInfo | None) -> str:
    if found is None or not found.examples:
        return f"a section [{key(where)}]"
    example = found.examples[0]
    if len(where) == 1:
        return str(example)
    name = [part for part in where if isinstance(part, str)][-1]
    return f"{name} = {toml(example)}"


def _is_shown(found: FieldInfo | None) -> bool:
    """Whether a wrong value may be repeated: never what stands where a secret belongs."""
    return found is not None and found.annotation is not Secret


def toml(value: object) -> str:
    """A small value as it is written in TOML."""
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{name} = {toml(inner)}" for name, inner in value.items()) + " }"
    # JSON lets one character through that TOML does not.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _value(value: Any) -> str:
    """A wrong value, shortened."""
    match value:
        case str():
            return quoted(value)
        case bool():
            return "true" if value else "false"
        case float():
            return f"{value:g}"
        case int() if abs(value) < 10**15:
            return str(value)
        case int():
            return "a huge number"
        case list():
            return "a list"
        case dict():
            return "a table"
        case _:
            return "a date or time"
