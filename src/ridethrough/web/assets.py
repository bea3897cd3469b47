"""The static files, read once. Their address holds a digest of them all, so a browser may keep them for ever."""

from __future__ import annotations

import gzip
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

FOLDER = Path(__file__).parent / "static"
KINDS = {
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".webmanifest": "application/manifest+json",
}
_IMPORT = re.compile(
    r"""^\s*(?:import|export)\b[^;]*?from\s+["'](\.[^"']+)["']|^\s*import\s+["'](\.[^"']+)["']""", re.M
)


@dataclass(frozen=True, slots=True)
class Asset:
    """A static file as it is sent."""

    kind: str
    body: bytes
    packed: bytes  # gzip
    etag: str


class Assets:
    """Every static file of a folder, by its path in it."""

    def __init__(self, folder: Path = FOLDER) -> None:
        self.by_name = {name: _asset(path) for name, path in _files(folder)}
        whole = "".join(f"{name} {asset.etag}\n" for name, asset in self.by_name.items())
        self.version = hashlib.sha256(whole.encode()).hexdigest()[:12]

    def url(self, name: str) -> str:
        """The address of a file. Raises KeyError for one that does not exist."""
        self.by_name[name]
        return f"/static/{self.version}/{name}"

    def modules(self, *names: str) -> list[str]:
        """These scripts and all that they import: what a browser may fetch at once instead of one after the other."""
        found: list[str] = []
        wanted = list(names)
        while wanted:
            name = wanted.pop(0)
            if name not in found:
                found.append(name)
                wanted += _imports(name, self.by_name[name].body.decode())
        return found


def _files(folder: Path) -> Iterator[tuple[str, Path]]:
    for path in sorted(folder.rglob("*")):
        if path.suffix in KINDS:
            yield path.relative_to(folder).as_posix(), path


def _asset(path: Path) -> Asset:
    body = path.read_bytes()
    digest = hashlib.sha256(body).hexdigest()[:16]
    return Asset(KINDS[path.suffix], body, gzip.compress(body, mtime=0), f'"{digest}"')


def _imports(name: str, text: str) -> list[str]:
    here = PurePosixPath(name).parent
    return [_joined(here, one or other) for one, other in _IMPORT.findall(text)]


def _joined(here: PurePosixPath, relative: str) -> str:
    parts = list(here.parts)
    for part in PurePosixPath(relative).parts:
        if part == "..":
            parts.pop()
        elif part != ".":
            parts.append(part)
    return "/".join(parts)
