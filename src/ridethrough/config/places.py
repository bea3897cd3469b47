"""Where each section, key and value stands in a TOML text, so that one of them can be changed and the rest stays."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

Path: TypeAlias = tuple[str, ...]

_BLANK = re.compile(r"[ \t]*")
_BETWEEN = re.compile(r"(?:[ \t\r\n,]+|#[^\n]*)*")  # in a list or an inline table
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)
_PLAIN = re.compile(r"[^\s,\]}#]+(?: \d\d:\d\d[^\s,\]}#]*)?")  # a number, true, a date
_COMMENT = re.compile(r"#[^\r\n]*")


@dataclass(frozen=True, slots=True)
class Head:
    """A line `[path]` or `[[path]]`. `start` is the line's first character; `end` is behind its line end."""

    path: Path
    start: int
    end: int
    of_list: bool = False


@dataclass(frozen=True, slots=True)
class Pair:
    """A key with its value. `path` is from the root; `own` as it is written here, after the section's.

    `start` to `end` is the line or lines, line end included; in an inline table, from the key to the value's end.
    `inside`: the pairs of an inline table. `comments`: those in the value and behind it on the line, without their #.
    """

    path: Path
    own: Path
    start: int
    value: tuple[int, int]
    end: int
    inline: bool = False
    inside: tuple[Pair, ...] | None = None
    comments: tuple[str, ...] = ()

    def all(self) -> Iterator[Pair]:
        """This pair and all in it."""
        yield self
        for pair in self.inside or ():
            yield from pair.all()


@dataclass(frozen=True, slots=True)
class Section:
    """A head with the pairs below it. The first of a text has no head: its pairs stand before every head."""

    head: Head | None
    pairs: tuple[Pair, ...]

    @property
    def path(self) -> Path:
        return self.head.path if self.head else ()

    @property
    def end(self) -> int:
        """Behind its last line that says something."""
        return self.pairs[-1].end if self.pairs else self.head.end if self.head else 0


def sections(text: str) -> list[Section]:
    """The sections of a text that tomllib reads, in order. Raises RecursionError where values are nested too deep."""
    found: list[Section] = []
    head: Head | None = None
    pairs: list[Pair] = []
    at = 0
    while at < len(text):
        begin, at = at, _blank(text, at)
        if text.startswith(("\n", "\r\n", "#"), at):
            at = _line_end(text, at)
        elif text.startswith("[", at):
            found.append(Section(head, tuple(pairs)))
            of_list = text.startswith("[[", at)
            path, at = _key(text, _blank(text, at + 1 + of_list))
            at = _line_end(text, at)
            head, pairs = Head(path, begin, at, of_list), []
        elif at < len(text):
            pair = _pair(text, at, head.path if head else ())
            at = _line_end(text, pair.end)
            told = _COMMENT.search(text, pair.end, at)
            comments = pair.comments + ((told[0][1:],) if told else ())
            pairs.append(Pair(pair.path, pair.own, begin, pair.value, at, False, pair.inside, comments))
    found.append(Section(head, tuple(pairs)))
    return found


def _pair(text: str, at: int, outer: Path) -> Pair:
    """The key at `at`, and its value, without what stands behind it."""
    start = at
    own, at = _key(text, at)
    begin = _blank(text, at + 1)  # behind the =
    path = outer + own
    inside = _inside(text, begin, path) if text.startswith("{", begin) else None
    comments: list[str] = []
    end = _value_end(text, begin, comments)
    return Pair(path, own, start, (begin, end), end, True, inside, tuple(comments))


def _inside(text: str, at: int, path: Path) -> tuple[Pair, ...]:
    found: list[Pair] = []
    at = _between(text, at + 1)
    while not text.startswith("}", at):
        found.append(_pair(text, at, path))
        at = _between(text, found[-1].end)
    return tuple(found)


def _key(text: str, at: int) -> tuple[Path, int]:
    """A key with dots, and where the next thing behind it stands."""
    parts: list[str] = []
    while True:
        if bare := _BARE_KEY.match(text, at):
            parts.append(bare[0])
            at = bare.end()
        else:
            end = _value_end(text, at, [])
            parts.append(str(tomllib.loads(f"key = {text[at:end]}")["key"]))
            at = end
        at = _blank(text, at)
        if not text.startswith(".", at):
            return tuple(parts), at
        at = _blank(text, at + 1)


def _value_end(text: str, at: int, comments: list[str]) -> int:
    """Behind the value at `at`; the comments in it are put into `comments`."""
    for quotes in ('"""', "'''"):
        if text.startswith(quotes, at):
            return _long_string_end(text, at, quotes)
    match text[at : at + 1]:
        case '"':
            at += 1
            while text[at] != '"':
                at += 2 if text[at] == "\\" else 1
            return at + 1
        case "'":
            return text.index("'", at + 1) + 1
        case "[" | "{" as opening:
            return _list_end(text, at, opening, comments)
        case _:
            plain = _PLAIN.match(text, at)
            if plain is None:
                raise ValueError(f"no value at {at}")
            return plain.end()


def _long_string_end(text: str, at: int, quotes: str) -> int:
    at += 3
    while not text.startswith(quotes, at):
        at += 2 if text[at] == "\\" and quotes == '"""' else 1
    at += 3
    while text.startswith(quotes[0], at):  # up to two more belong to it
        at += 1
    return at


def _list_end(text: str, at: int, opening: str, comments: list[str]) -> int:
    closing = "]" if opening == "[" else "}"
    at = _between(text, at + 1, comments)
    while not text.startswith(closing, at):
        if opening == "{":
            _, at = _key(text, at)
            at = _blank(text, at + 1)
        at = _between(text, _value_end(text, at, comments), comments)
    return at + 1


def _between(text: str, at: int, comments: list[str] | None = None) -> int:
    match = _BETWEEN.match(text, at)
    end = match.end() if match else at
    if comments is not None:
        comments += [found[0][1:] for found in _COMMENT.finditer(text, at, end)]
    return end


def _blank(text: str, at: int) -> int:
    match = _BLANK.match(text, at)
    return match.end() if match else at


def _line_end(text: str, at: int) -> int:
    """Behind the end of the line."""
    end = text.find("\n", at)
    return len(text) if end < 0 else end + 1


def comments_in(text: str, at: int) -> tuple[str, ...]:
    """The comments in the value at `at`, without their #."""
    comments: list[str] = []
    _value_end(text, at, comments)
    return tuple(comments)
