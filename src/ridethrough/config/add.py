"""UPSs added to a site.toml: what stands in it stays, byte for byte, and so does who may read it."""

from __future__ import annotations

import errno
import os
import stat
import tempfile
import tomllib
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from .read import ConfigError, decoded, parse, read
from .secrets import Secrets
from .wording import BARE, toml

Keys = Mapping[str, str]
Chown = Callable[[int, int, int], None]
HASHES = frozenset({"security.ima", "security.evm"})


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
    try:
        found = _File.at(path)
        known = parse(decoded(found.raw, path.name), secrets, path.name)
        names = free_names(sorted(known.upses), len(upses))
        raw = with_upses(found.raw, dict(zip(names, upses, strict=True)))
        _check(raw, secrets, path.name)
        if upses:
            _replace(path, found, raw, chown)
    except ConfigError as error:
        raise AddError(f"nothing was added: {error}") from None
    except OSError as error:
        where = f" ({error.filename})" if error.filename else ""
        raise AddError(f"nothing was added: {error.strerror or error}{where}") from None
    return names


def free_names(taken: Sequence[str], number: int) -> list[str]:
    """That many names that are not taken: ups1, ups2 and so on."""
    found: list[str] = []
    counter = 0
    while len(found) < number:
        counter += 1
        if f"ups{counter}" not in taken:
            found.append(f"ups{counter}")
    return found


@dataclass(frozen=True, slots=True)
class _File:
    """A file as it was found: where it truly stands, what is in it, and who may do what with it."""

    path: str  # behind every symbolic link
    raw: bytes
    owner: int
    group: int
    mode: int
    attributes: Mapping[str, bytes]  # access lists and labels

    @classmethod
    def at(cls, path: Path) -> Self:
        real = os.path.realpath(path, strict=True)
        raw = read(Path(real))
        status = os.stat(real)
        return cls(real, raw, status.st_uid, status.st_gid, stat.S_IMODE(status.st_mode), _attributes(real))


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


def _replace(path: Path, found: _File, raw: bytes, chown: Chown) -> None:
    """Put `raw` in the file's place in one step: after a crash either stands there, whole."""
    if not os.access(found.path, os.W_OK, effective_ids=True):
        raise AddError(f"nothing was added: you may not write {found.path}")
    folder, name = os.path.split(found.path)
    # The name is new each time, so that what a killed run has left behind is in nobody's way.
    handle, new = tempfile.mkstemp(prefix=f".{name}.", suffix=".new", dir=folder)
    try:
        with open(handle, "wb") as file:
            file.write(raw)
            _belong(file.fileno(), found, chown)
            file.flush()
            os.fsync(file.fileno())
        if _File.at(path) != found:
            raise AddError("nothing was added: the file was changed by somebody else just now: try again")
        os.replace(new, found.path)
    except BaseException:
        with suppress(FileNotFoundError):
            os.unlink(new)
        raise
    try:
        _sync(folder)
    except OSError as error:
        raise AddError(f"the UPSs are added, but the disk does not confirm it: {error.strerror}") from None


def _belong(handle: int, found: _File, chown: Chown) -> None:
    """Owner, group, access list and mode as they were. A file that its controller can no longer read is worthless."""
    try:
        chown(handle, found.owner, found.group)
        now = _attributes(handle)
        for name in sorted(now.keys() - found.attributes.keys()):
            os.removexattr(handle, name)
        for name, value in sorted(found.attributes.items()):
            if now.get(name) != value:
                os.setxattr(handle, name, value)
        os.fchmod(handle, found.mode)
    except OSError as error:
        raise AddError(
            f"nothing was added: {found.path} would not keep its owner, group and access list ({error.strerror}), and "
            "the controller might not read it any more. Run this as root"
        ) from None


def _attributes(file: str | int) -> dict[str, bytes]:
    """Access lists and labels. Hashes of the content are none of them."""
    try:
        return {name: os.getxattr(file, name) for name in os.listxattr(file) if name not in HASHES}
    except OSError as error:
        if error.errno != errno.ENOTSUP:
            raise
        return {}  # this file system has none


def _sync(folder: str) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _key(name: str) -> str:
    return name if BARE.fullmatch(name) else toml(name)


__all__ = ["AddError", "add_upses", "free_names", "with_upses"]
