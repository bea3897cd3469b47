"""UPSs added to a site.toml: everything that stands in it stays as it was written."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from .read import ConfigError, parse
from .secrets import Secrets
from .wording import key


def with_upses(text: str, upses: Mapping[str, Mapping[str, str]]) -> str:
    """The file's text with these sections behind it: name -> key -> value."""
    parts = [text.rstrip("\n") + "\n"] if text.strip() else []
    for name, values in upses.items():
        lines = [f"[{key(['ups', name])}]", *(f"{k} = {_quoted(v)}" for k, v in values.items())]
        parts.append("\n".join(lines) + "\n")
    return "\n".join(parts)


def add_upses(path: Path, upses: Mapping[str, Mapping[str, str]], secrets: Secrets) -> None:
    """Write them into the file. Raises ConfigError when it would be wrong then, or OSError; it is then as it was."""
    text = with_upses(path.read_text(encoding="utf-8-sig"), upses)
    parse(text, secrets, path.name)
    new = path.with_name(f".{path.name}.new")
    try:
        with open(new, "x", encoding="utf-8") as file:
            os.fchmod(file.fileno(), path.stat().st_mode & 0o777)
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(new, path)
    except BaseException:
        new.unlink(missing_ok=True)
        raise


def free_names(taken: Sequence[str], number: int) -> list[str]:
    """That many names that are not taken: ups1, ups2 and so on."""
    found: list[str] = []
    counter = 0
    while len(found) < number:
        counter += 1
        if f"ups{counter}" not in taken:
            found.append(f"ups{counter}")
    return found


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


__all__ = ["ConfigError", "add_upses", "free_names", "with_upses"]
