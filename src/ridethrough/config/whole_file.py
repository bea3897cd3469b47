"""A file replaced in one step: who may do what with it stays so, and nobody's edit is undone."""

from __future__ import annotations

import errno
import os
import stat
import tempfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from .read import read

Chown = Callable[[int, int, int], None]
HASHES = frozenset({"security.ima", "security.evm"})


class NotWrittenError(Exception):
    """Why the file is as it was, and what to do."""


class ChangedError(NotWrittenError):
    """Somebody else has changed it meanwhile."""


class UnconfirmedError(Exception):
    """It is written, but the disk does not confirm it."""


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file as it was found: where it truly stands, what is in it, and who may do what with it."""

    path: str  # behind every symbolic link
    raw: bytes
    owner: int
    group: int
    mode: int
    attributes: Mapping[str, bytes]  # access lists and labels

    @classmethod
    def at(cls, path: Path) -> Self:
        """Raises OSError, and ConfigError where it is no file or too large."""
        real = os.path.realpath(path, strict=True)
        raw = read(Path(real))
        status = os.stat(real)
        return cls(real, raw, status.st_uid, status.st_gid, stat.S_IMODE(status.st_mode), _attributes(real))


def replace_file(path: Path, found: FoundFile, raw: bytes, chown: Chown = os.fchown) -> None:
    """Put `raw` in the file's place: after a crash either stands there, whole.

    Raises NotWrittenError, UnconfirmedError, ConfigError or OSError.
    """
    if not os.access(found.path, os.W_OK, effective_ids=True):
        raise NotWrittenError(f"you may not write {found.path}")
    folder, name = os.path.split(found.path)
    # The name is new each time, so that what a killed run has left behind is in nobody's way.
    handle, new = tempfile.mkstemp(prefix=f".{name}.", suffix=".new", dir=folder)
    try:
        with open(handle, "wb") as file:
            file.write(raw)
            _belong(file.fileno(), found, chown)
            file.flush()
            os.fsync(file.fileno())
        if FoundFile.at(path) != found:
            raise ChangedError("the file was changed by somebody else just now: try again")
        os.replace(new, found.path)
    except BaseException:
        with suppress(FileNotFoundError):
            os.unlink(new)
        raise
    confirm(folder)


def create_file(path: Path, raw: bytes, mode: int) -> None:
    """A new file, whole or not at all. Raises ChangedError where one is there, UnconfirmedError and OSError."""
    handle, new = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".new", dir=path.parent)
    try:
        with open(handle, "wb") as file:
            file.write(raw)
            os.fchmod(file.fileno(), mode)
            file.flush()
            os.fsync(file.fileno())
        os.link(new, path)
    except FileExistsError:
        raise ChangedError(f"{path} was written by somebody else just now: try again") from None
    finally:
        os.unlink(new)
    confirm(str(path.parent))


def confirm(folder: str) -> None:
    """Wait until the disk has taken the folder's entries. Raises UnconfirmedError."""
    try:
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
    except OSError as error:
        raise UnconfirmedError(f"the disk does not confirm it: {error.strerror}") from None


def _belong(handle: int, found: FoundFile, chown: Chown) -> None:
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
        raise NotWrittenError(
            f"{found.path} would not keep its owner, group and access list ({error.strerror}), and "
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
