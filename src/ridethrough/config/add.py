"""UPSs added to a site.toml: what stands in it stays, byte for byte, and so does who may read it."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from .read import ConfigError, decoded, parse
from .secrets import Secrets
from .whole_file import Chown, FoundFile, NotWrittenError, UnconfirmedError, replace_file
from .wording import BARE, toml

Keys = Mapping[str, str]


class AddError(Exception):
    """Why nothing was added, and what to do. The file is as it was, unless the text says otherwise."""


def with_upses(raw: bytes, upses: Mapping[str, Keys]) -> bytes:
    """The file's bytes with these sections behind them, name -> key -> value, in its own line ends."""
    end = "\r\n" if 2 * raw.count(b"\r\n") > raw.count(b"\n") else "\n"
    sections = [
        end.join([f"[ups.{_key(name)}]", *(f"{_key(k)} = {toml(value)}" for k, value in keys.items()), ""])
        for name, keys in upses.items()
    ]
    whole_lines = raw if raw.endswith(b"\n") else raw + end.encode()
    apart = b"" if whole_lines.endswith((b"\n\n", b"\n\r\n")) else end.encode()
    return whole_lines + apart + end.join(sections).encode() if sections else raw


def add_upses(path: Path, upses: Sequence[Keys], secrets: Secrets, chown: Chown = os.fchown) -> list[str]:
    """Write these UPSs into the file, under names that are free in it, which are returned. Raises AddError."""
    named: dict[str, Keys] = {}

    def with_free_names(taken: Sequence[str]) -> Mapping[str, Keys]:
        named.update(zip(free_names(taken, len(upses)), upses, strict=True))
        return named

    _add(path, with_free_names, secrets, chown)
    return list(named)


def add_named(path: Path, name: str, keys: Keys, secrets: Secrets, chown: Chown = os.fchown) -> None:
    """Write one UPS into the file, under this name. Raises AddError, too, where the name is taken."""

    def if_free(taken: Sequence[str]) -> Mapping[str, Keys]:
        if name in taken:
            raise AddError(f"nothing was added: there is a [ups.{_key(name)}] already: choose another name")
        return {name: keys}

    _add(path, if_free, secrets, chown)


def _add(path: Path, choose: Callable[[Sequence[str]], Mapping[str, Keys]], secrets: Secrets, chown: Chown) -> None:
    try:
        found = FoundFile.at(path)
        known = parse(decoded(found.raw, path.name), secrets, path.name)
        upses = choose(sorted(known.upses))
        raw = with_upses(found.raw, upses)
        _check(raw, secrets, path.name)
        if upses:
            replace_file(path, found, raw, chown)
    except (ConfigError, NotWrittenError) as error:
        raise AddError(f"nothing was added: {error}") from None
    except UnconfirmedError as error:
        raise AddError(f"the UPSs are added, but {error}") from None
    except OSError as error:
        where = f" ({error.filename})" if error.filename else ""
        raise AddError(f"nothing was added: {error.strerror or error}{where}") from None


def free_names(taken: Sequence[str], number: int) -> list[str]:
    """That many names that are not taken: ups1, ups2 and so on."""
    found: list[str] = []
    counter = 0
    while len(found) < number:
        counter += 1
        if f"ups{counter}" not in taken:
            found.append(f"ups{counter}")
    return found


def _check(raw: bytes, secrets: Secrets, name: str) -> None:
    """Raise ConfigError unless a file that was right is right with the new sections too."""
    text = decoded(raw, name)
    try:
        tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        inline = (
            "its UPSs stand in an inline table, ups = {...}, which takes no more: write each as a section [ups.NAME]"
        )
        raise ConfigError([f"{name}: {inline}"]) from None
    parse(text, secrets, name)


def _key(name: str) -> str:
    return name if BARE.fullmatch(name) else toml(name)


__all__ = ["AddError", "add_named", "add_upses", "free_names", "with_upses"]
