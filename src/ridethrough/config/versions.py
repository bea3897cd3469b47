"""Earlier versions of site.toml, kept with who replaced each, when and why."""

from __future__ import annotations

import json
import os
import re
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

KEPT = 50
_NAME = re.compile(r"\d{6,12}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Kept:
    """A version that was replaced. `at` is in seconds since 1970; `version` is the SHA-256 of its bytes."""

    id: str
    version: str
    at: float
    by: str
    why: str
    what: str = ""  # the change that has replaced it


class Versions:
    """The directory `settings` in the state directory: for each version `ID.toml`, its bytes, and `ID.json`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keep(self, raw: bytes, version: str, at: float, by: str, why: str, what: str) -> Kept:
        """Write a version down, and let go of the oldest. Raises OSError."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        last = max((int(id) for id in self._ids()), default=0)
        kept = Kept(f"{last + 1:06d}", version, at, by, why, what)
        # The text first: one without its note is no version yet, and the next takes its place.
        self._write(f"{kept.id}.toml", raw)
        self._write(f"{kept.id}.json", json.dumps(asdict(kept)).encode())
        for id in sorted(self._ids(), key=int)[:-KEPT]:
            for kind in ("json", "toml"):
                with suppress(FileNotFoundError):
                    (self._folder / f"{id}.{kind}").unlink()
        return kept

    def all(self) -> list[Kept]:
        """The newest first. Notes that cannot be read are left out."""
        found = (self.find(id) for id in sorted(self._ids(), key=int, reverse=True))
        return [kept for kept in found if kept is not None]

    def find(self, id: str) -> Kept | None:
        """The note of one version; None when there is none, or none that can be read."""
        if not _NAME.fullmatch(id):
            return None
        try:
            return Kept(**{**json.loads((self._folder / f"{id}.json").read_bytes()), "id": id})
        except (OSError, ValueError, TypeError):
            return None

    def raw(self, id: str) -> bytes | None:
        """A version's bytes."""
        try:
            return (self._folder / f"{id}.toml").read_bytes() if _NAME.fullmatch(id) else None
        except OSError:
            return None

    def _ids(self) -> list[str]:
        try:
            entries = os.listdir(self._folder)
        except FileNotFoundError:
            return []
        return [name[:-5] for name in entries if name.endswith(".json") and _NAME.fullmatch(name[:-5])]

    def _write(self, name: str, raw: bytes) -> None:
        handle = os.open(self._folder / name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with open(handle, "wb") as file:
            file.write(raw)
            file.flush()
            os.fsync(file.fileno())
