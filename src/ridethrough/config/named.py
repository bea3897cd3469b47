"""Which secrets a site.toml names, and as what."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator

from .read import ConfigError, decoded
from .secrets import PREFIX


def named(raw: bytes, key: str = "") -> frozenset[str]:
    """The names behind "secret:" in this file, or only those that stand at such a `key`. None of them where it is no
    TOML.
    """
    try:
        table = tomllib.loads(decoded(raw, ""))
        return frozenset(name for at, name in _named("", table) if key in ("", at))
    except (ConfigError, ValueError, RecursionError):
        return frozenset()


def _named(key: str, value: object) -> Iterator[tuple[str, str]]:
    match value:
        case dict():
            for inner, below in value.items():
                yield from _named(inner, below)
        case list():
            for below in value:
                yield from _named(key, below)
        case str() if value.startswith(PREFIX):
            yield key, value.removeprefix(PREFIX)
