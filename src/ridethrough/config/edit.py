"""One setting of a site.toml changed in its text: every line that it does not concern stays, byte for byte."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from functools import reduce
from typing import Any, TypeAlias

from .places import Pair, Path, Section, comments_in, sections
from .wording import BARE, key, toml

Value: TypeAlias = Any  # what TOML and JSON share: text, numbers, true and false, lists and tables of these

# How many names lead to a section: [site], but [host.NAME].
DEPTHS = {
    **dict.fromkeys(("site", "controller", "traps", "manager", "network_ups"), 1),
    **dict.fromkeys(("notify", "ups", "pool", "host", "vm", "storage", "switch"), 2),
}
SECTIONS = 2  # that of the kinds of which there may be many
DEEPEST = 2  # below a section: host.NAME.maintenance.after


class EditError(Exception):
    """Why this cannot be changed here, and what to do."""


@dataclass(frozen=True, slots=True)
class Set:
    """Give a key this value, or a section these keys; what is not there yet is added."""

    path: Path
    value: Value


@dataclass(frozen=True, slots=True)
class Remove:
    """Take a key or a whole section out. What is not there is no error."""

    path: Path


Operation: TypeAlias = Set | Remove


def edited(text: str, operations: Sequence[Operation]) -> str:
    """The text after all operations, in order. Raises EditError; a change that went wrong is never returned."""
    for operation in operations:
        _check(operation)
    try:
        wanted: dict[str, Any] = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise EditError(f"the file is not TOML ({error}): mend it first") from None
    done = 0
    while done < len(operations):
        fresh = _new_sections(operations[done:], wanted)
        run = operations[done : done + max(1, len(fresh))]
        for operation in run:
            _do(wanted, operation)
        changed = _with_sections(text, _merged(fresh)) if len(fresh) > 1 else None
        if changed is None or not _means(changed, wanted):
            try:
                changed = reduce(_edited, run, text)
            except (ValueError, IndexError, RecursionError, StopIteration):
                changed = ""
        if not _means(changed, wanted):
            raise EditError(f"{key(run[-1].path)} stands in a place that cannot be changed here: edit the file itself")
        text, done = changed, done + len(run)
    return text


def _new_sections(operations: Sequence[Operation], table: Mapping[str, Value]) -> Sequence[Set]:
    """The first operations, as far as they make new sections of one kind, each with its keys: a search finds hundreds.

    They are written all at once: one by one, each would take the time to read the whole file.
    """
    found: list[Set] = []
    kind = operations[0].path[:1]
    there = table.get(kind[0], {})
    for operation in operations:
        path = operation.path
        is_section = len(path) == SECTIONS and DEPTHS[path[0]] == SECTIONS
        is_key_of_last = bool(found) and len(path) == SECTIONS + 1 and path[:SECTIONS] == found[-1].path[:SECTIONS]
        if not isinstance(operation, Set) or path[:1] != kind or not (is_section or is_key_of_last):
            break
        if is_section and (not isinstance(there, dict) or path[1] in there or path in [one.path for one in found]):
            break
        found.append(operation)
    return found


def _merged(operations: Sequence[Set]) -> dict[Path, dict[str, Value]]:
    """The keys of each new section, by its path."""
    found: dict[Path, dict[str, Value]] = {}
    for operation in operations:
        path = operation.path
        if len(path) == SECTIONS:
            found[path] = dict(operation.value)
        else:
            found[path[:SECTIONS]][path[-1]] = operation.value
    return found


def _means(text: str, wanted: Value) -> bool:
    try:
        return _is_same(tomllib.loads(text), wanted)
    except (ValueError, RecursionError):
        return False


def line_end(text: str) -> str:
    """The line end that most of the lines have."""
    return "\r\n" if 2 * text.count("\r\n") > text.count("\n") else "\n"


def _check(operation: Operation) -> None:
    path = operation.path
    depth = DEPTHS.get(path[0]) if path else None
    if depth is None:
        raise EditError(f"a path begins with one of {', '.join(DEPTHS)}")
    if not depth <= len(path) <= depth + DEEPEST or not all(path):
        raise EditError(f"{key(path)} is neither a section nor a key of one")
    if isinstance(operation, Set):
        if len(path) == depth and not isinstance(operation.value, Mapping):
            raise EditError(f"{key(path)} is a section: give it keys")
        if not _is_plain(operation.value):
            raise EditError(f"{key(path)} cannot have this value: write text, a number, true, false, or a list of them")
    if not _is_plain("".join(path)):
        raise EditError("a name in the path is no text")


def _is_plain(value: Value) -> bool:
    match value:
        case bool() | int():
            return abs(value) < 2**63
        case float():
            return math.isfinite(value)
        case str():
            return not any("\ud800" <= c <= "\udfff" for c in value)
        case list():
            return all(_is_plain(part) for part in value)
        case dict():
            return all(isinstance(name, str) and _is_plain(name) and _is_plain(part) for name, part in value.items())
        case _:
            return False


def _do(table: dict[str, Any], operation: Operation) -> None:
    """The same change in the table that the text means."""
    *outer, last = operation.path
    for name in outer:
        inner = table.get(name)
        if not isinstance(inner, dict):
            if isinstance(operation, Remove):
                return
            inner = table[name] = {}
        table = inner
    if isinstance(operation, Set):
        table[last] = deepcopy(operation.value)  # what follows may change it here, not there
    else:
        table.pop(last, None)


def _is_same(one: Value, other: Value) -> bool:
    """Equal, where true is not 1; a table without keys may as well be absent."""
    if isinstance(one, dict) and isinstance(other, dict):
        ones, others = ({k: v for k, v in table.items() if not _is_empty(v)} for table in (one, other))
        return ones.keys() == others.keys() and all(_is_same(ones[k], others[k]) for k in ones)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_is_same, one, other))
    return bool(one == other) and isinstance(one, bool) == isinstance(other, bool)


def _is_empty(value: Value) -> bool:
    return isinstance(value, dict) and all(map(_is_empty, value.values()))


def _edited(text: str, operation: Operation) -> str:
    if isinstance(operation, Remove):
        return _removed(text, operation.path)
    return _set(text, operation.path, operation.value)


def _found(text: str, path: Path) -> tuple[bool, Value]:
    value: Value = tomllib.loads(text)
    for name in path:
        if not isinstance(value, dict) or name not in value:
            return False, None
        value = value[name]
    return True, value


# --- setting


def _set(text: str, path: Path, value: Value) -> str:
    known, old = _found(text, path)
    if known and _is_same(old, value) and not _is_empty(value):
        return text
    pair = next((pair for pair in _pairs(sections(text)) if pair.path == path), None)
    if pair is not None:
        return _with_value(text, pair, value)
    if not known:
        return _added(text, path, value)
    if not isinstance(value, dict):
        return _added(_removed(text, path), path, value)
    for name in [name for name in old if name not in value]:
        text = _removed(text, (*path, name))
    for name, inner in value.items():
        text = _set(text, (*path, name), inner)
    return text


def _with_value(text: str, pair: Pair, value: Value) -> str:
    begin, end = pair.value
    changed = text[:begin] + written(value) + text[end:]
    # A list's lines go, and the comments on them come to stand above.
    outer = next(p for s in sections(text) for p in s.pairs if p.start <= begin < p.end)
    return changed[: outer.start] + _as_lines(text, outer, comments_in(text, begin)) + changed[outer.start :]


def _as_lines(text: str, beside: Pair, comments: Sequence[str]) -> str:
    return "".join(f"{_indent(text, beside)}#{comment}{line_end(text)}" for comment in comments)


def _indent(text: str, pair: Pair) -> str:
    line = text[pair.start :]
    return line[: len(line) - len(line.lstrip(" \t"))]


def _added(text: str, path: Path, value: Value) -> str:
    """What is not there yet, where it belongs."""
    *outer, last = path
    parent, depth = tuple(outer), DEPTHS[path[0]]
    found = sections(text)
    pairs = list(_pairs(found))
    there = next((pair for pair in pairs if pair.path == parent), None)
    if there is not None and there.inside is None:  # no table yet
        return _with_value(text, there, {last: value})
    if there is not None:
        return _into(text, there, f"{_name(last)} = {written(value)}")
    if len(path) == depth:
        return _with_section(text, path, value)
    home = next((s for s in found if s.head and s.path == parent and not s.head.of_list), None)
    if home is not None:
        indent = _indent(text, home.pairs[-1]) if home.pairs else ""
        return _with_line(text, home.end, f"{indent}{_name(last)} = {written(value)}")
    dotted = [p for p in pairs if p.path[: len(parent)] == parent and len(p.path) - len(p.own) < len(parent)]
    if dotted:
        beside = dotted[-1]
        own = (*beside.own[: len(beside.own) - (len(beside.path) - len(parent))], last)
        line = f"{'.'.join(map(_name, own))} = {written(value)}"
        if beside.inline:
            return text[: beside.end] + ", " + line + text[beside.end :]
        return _with_line(text, beside.end, _indent(text, beside) + line)
    # A table that only tables below it speak of has no place of its own yet.
    return (_with_section if _found(text, parent)[0] else _added)(text, parent, {last: value})


def _into(text: str, pair: Pair, written_pair: str) -> str:
    """Into an inline table, behind its last key."""
    begin, end = pair.value
    if not pair.inside:
        return f"{text[:begin]}{{ {written_pair} }}{text[end:]}"
    behind = pair.inside[-1].end
    return f"{text[:behind]}, {written_pair}{text[behind:]}"


def _with_line(text: str, at: int, line: str) -> str:
    end = line_end(text)
    before = text[:at] if not at or text[:at].endswith("\n") else text[:at] + end
    return before + line + end + text[at:]


def _with_section(text: str, path: Path, keys: Mapping[str, Value]) -> str:
    return _with_sections(text, {path: keys})


def _with_sections(text: str, wanted: Mapping[Path, Mapping[str, Value]]) -> str:
    """Sections of one kind, behind the last of their kind; of the first of a kind, at the end."""
    end = line_end(text)
    path = next(iter(wanted))
    kin = [s for s in sections(text) if (s.head and DEPTHS.get(s.path[0]) == len(path) == 1) or s.path[:1] == path[:1]]
    at = kin[-1].end if kin else len(text)
    before, after = text[:at], text[at:]
    if before and not before.endswith("\n"):
        before += end
    apart = end if before and not before.endswith(("\n\n", "\n\r\n")) else ""
    told = [
        end.join([f"[{'.'.join(map(_name, path))}]", *(f"{_name(k)} = {written(v)}" for k, v in keys.items()), ""])
        for path, keys in wanted.items()
    ]
    behind = end if after and not after.startswith(("\n", "\r\n")) else ""
    return before + apart + end.join(told) + behind + after


# --- removing


def _removed(text: str, path: Path) -> str:
    while (less := _without_one(text, path)) is not None:
        text = less
    return text


def _without_one(text: str, path: Path) -> str | None:
    """Without the first thing at this path or below; None when there is none."""
    for section in sections(text):
        if section.head is not None and section.path[: len(path)] == path:
            return _without_section(text, section.head.start, section.end)
        for pair in section.pairs:
            if pair.path[: len(path)] == path:
                return text[: pair.start] + _as_lines(text, pair, pair.comments) + text[pair.end :]
            for holder in pair.all():
                for number, inner in enumerate(holder.inside or ()):
                    if inner.path[: len(path)] == path:
                        return _without_inner(text, holder, number)
    return None


def _without_section(text: str, start: int, end: int) -> str:
    before, after = text[:start], text[end:]
    if not before or before.endswith(("\n\n", "\n\r\n")):
        while after.startswith(("\n", "\r\n")):
            after = after[after.index("\n") + 1 :]
    if not after and before.endswith(("\n\n", "\n\r\n")):  # the blank line stood between it and the one before
        before = before.removesuffix("\n").removesuffix("\r")
    return before + after


def _without_inner(text: str, holder: Pair, number: int) -> str:
    inside = holder.inside or ()
    if len(inside) == 1:
        begin, end = holder.value
        return text[:begin] + "{}" + text[end:]
    if number:
        return text[: inside[number - 1].end] + text[inside[number].end :]
    return text[: inside[0].start] + text[inside[1].start :]


def _pairs(found: Sequence[Section]) -> Iterator[Pair]:
    for section in found:
        for pair in section.pairs:
            yield from pair.all()


def written(value: Value) -> str:
    """A value in TOML; a whole number without a dot, as people write it."""
    match value:
        case float() if value.is_integer() and abs(value) < 1e15:
            return str(int(value))
        case list():
            return "[" + ", ".join(map(written, value)) + "]"
        case dict():
            return "{ " + ", ".join(f"{_name(k)} = {written(v)}" for k, v in value.items()) + " }" if value else "{}"
        case _:
            return toml(value)


def _name(name: str) -> str:
    return name if BARE.fullmatch(name) else toml(name)
