"""NUT's files: what stands in them, as far as another UPS has to know it (man ups.conf, upsd.conf, upsd.users)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

UPS_CONF, UPSD_CONF, UPSD_USERS, NUT_CONF = "ups.conf", "upsd.conf", "upsd.users", "nut.conf"
NAMES = (UPS_CONF, UPSD_CONF, UPSD_USERS, NUT_CONF)
PORT = 3493
HEAD = re.compile(r"\s*\[([^\]]*)\]")
WORD = re.compile(r'"(?:\\.|[^"\\])*"|[^\s="#]+|=|#.*')
BARE = re.compile(r"[A-Za-z0-9_./:,%@+-]+")


@dataclass(frozen=True, slots=True)
class Section:
    """One section, or with an empty name what stands before the first. A key may be there several times."""

    name: str
    line: int
    pairs: tuple[tuple[str, str], ...] = field(repr=False)  # passwords among them

    def get(self, key: str) -> str | None:
        """The last value of a key, "" for a flag; None when it is not there."""
        found = [value for name, value in self.pairs if name.lower() == key]
        return found[-1] if found else None

    def all(self, key: str) -> tuple[str, ...]:
        return tuple(value for name, value in self.pairs if name.lower() == key)


def sections(text: str) -> list[Section]:
    """The sections of ups.conf or upsd.users, in their order; the first has no name."""
    found: list[tuple[str, int, list[tuple[str, str]]]] = [("", 1, [])]
    for number, line in enumerate(text.splitlines(), start=1):
        if head := HEAD.match(line):
            found.append((head[1].strip(), number, []))
        elif words := _words(line):
            name, *rest = words
            found[-1][2].append((name, " ".join(word for word in rest if word != "=")))
    return [Section(name, number, tuple(pairs)) for name, number, pairs in found]


def listens(text: str) -> list[tuple[str, int]]:
    """The addresses and ports of LISTEN in upsd.conf."""
    found = []
    for words in map(_words, text.splitlines()):
        if words[:1] == ["LISTEN"] and len(words) > 1:
            port = int(words[2]) if len(words) > 2 and words[2].isdecimal() else PORT
            found.append((words[1], port))
    return found


def mode(text: str) -> str:
    """MODE of nut.conf; "" when it is not there."""
    found = [words[2] for words in map(_words, text.splitlines()) if words[:2] == ["MODE", "="] and len(words) > 2]
    return found[-1] if found else ""


def section(name: str, pairs: Sequence[tuple[str, str]]) -> str:
    """The text of one. A pair with an empty value is a flag."""
    return "".join([f"[{name}]\n", *(f"    {key} = {_quoted(v)}\n" if v else f"    {key}\n" for key, v in pairs)])


def behind(text: str, more: str) -> str:
    """The text with more lines behind it, an empty one between them."""
    return f"{text.rstrip(chr(10))}\n\n{more}" if text.strip() else more


def with_mode(text: str, to: str) -> str:
    """nut.conf with this MODE, in the place of the one that stands there."""
    lines = text.splitlines(keepends=True)
    for number, line in reversed([*enumerate(lines)]):
        if _words(line)[:2] == ["MODE", "="]:
            lines[number] = f"MODE={to}\n"
            return "".join(lines)
    return behind(text, f"MODE={to}\n")


def as_mapping(texts: Mapping[str, str | None]) -> dict[str, str]:
    """The files' texts; one that is not there is empty."""
    return {name: texts.get(name) or "" for name in NAMES}


def _words(line: str) -> list[str]:
    """The words of a line, "=" one of them; without quotes, and without a comment."""
    return list(_unquoted(WORD.findall(line)))


def _unquoted(words: Sequence[str]) -> Iterator[str]:
    for word in words:
        if word.startswith("#"):
            return
        yield re.sub(r"\\(.)", r"\1", word[1:-1]) if word.startswith('"') else word


def _quoted(value: str) -> str:
    if BARE.fullmatch(value):
        return value
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
