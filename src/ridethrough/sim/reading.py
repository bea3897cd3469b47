"""Strict reading of the tables of scenarios and sites: an unknown key is an error that names file and key."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from ridethrough.core.model import Seconds

from .quantity import seconds

T = TypeVar("T")


class ScenarioError(Exception):
    """What is wrong in a scenario's or a site's file, with file and key."""


def read_toml(path: Path) -> dict[str, Any]:
    """Raises ScenarioError when the file is missing or no TOML."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ScenarioError(f"{path.name}: cannot be read: {error.strerror}") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ScenarioError(f"{path.name}: is not TOML: {error}") from error


def merged(base: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """`base` with `changes` laid over it, table by table."""
    found = dict(base)
    for key, value in changes.items():
        below = found.get(key)
        found[key] = merged(below, value) if isinstance(below, dict) and isinstance(value, dict) else value
    return found


class Table:
    """One table, taken apart key by key. `end` complains about what nobody took."""

    def __init__(self, content: object, file: str, place: str) -> None:
        if not isinstance(content, dict):
            raise ScenarioError(f"{file}: {place} must be a table")
        self._left: dict[str, Any] = dict(content)
        self._known: list[str] = []
        self.file = file
        self.place = place

    def key(self, name: str) -> str:
        return f"{self.place}.{name}" if self.place else name

    def wrong(self, name: str, text: str) -> ScenarioError:
        return ScenarioError(f"{self.file}: {self.key(name)} {text}")

    def has(self, name: str) -> bool:
        return name in self._left

    def take(self, name: str, kind: type[T], default: T | None = None) -> T:
        """The key's value; missing without a default is an error."""
        self._known.append(name)
        if name not in self._left:
            if default is None:
                raise self.wrong(name, "is missing")
            return default
        value = self._left.pop(name)
        if kind is float and isinstance(value, int) and not isinstance(value, bool):
            value = float(value)
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            raise self.wrong(name, f"must be {_KINDS.get(kind, kind.__name__)}, not {value!r}")
        return value

    def time(self, name: str, default: Seconds | None = None) -> Seconds:
        self._known.append(name)
        if name not in self._left:
            if default is None:
                raise self.wrong(name, "is missing")
            return default
        try:
            return seconds(self._left.pop(name))
        except ValueError as error:
            raise self.wrong(name, str(error)) from error

    def names(self, name: str, known: object = None) -> list[str]:
        """A list of texts, empty when missing; with `known`, each must be one of those."""
        found = self.take(name, list, [])
        for item in found:
            if not isinstance(item, str):
                raise self.wrong(name, f"must be a list of names, not {item!r}")
            if known is not None:
                self.one_of(name, item, known)
        return found

    def one_of(self, name: str, value: str, known: object) -> str:
        choices = sorted(str(k) for k in known)  # type: ignore[attr-defined]
        if value not in choices:
            raise self.wrong(name, f'names "{value}"; known are {", ".join(choices)}')
        return value

    def table(self, name: str) -> Table:
        """A table below this one; empty when missing."""
        self._known.append(name)
        return Table(self._left.pop(name, {}), self.file, self.key(name))

    def tables(self, name: str) -> dict[str, Table]:
        """A table of tables, by their names."""
        below = self.table(name)
        return {key: Table(value, self.file, below.key(key)) for key, value in below._left.items()}

    def list_of_tables(self, name: str, default: list[object] | None = None) -> list[Table]:
        """An array of tables; missing without a default is an error."""
        found = self.take(name, list, default)
        return [Table(one, self.file, f"{self.key(name)}[{i}]") for i, one in enumerate(found)]

    def rest(self) -> dict[str, Any]:
        """Everything not taken yet."""
        left, self._left = self._left, {}
        return left

    def end(self) -> None:
        """Raises ScenarioError when a key is left that nobody knows."""
        if self._left:
            unknown = sorted(self._left)[0]
            raise self.wrong(unknown, f"is unknown; known are {', '.join(sorted(set(self._known)))}")


_KINDS: dict[type, str] = {
    str: "a text",
    float: "a number",
    int: "a whole number",
    bool: "true or false",
    list: "a list",
}
