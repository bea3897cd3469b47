"""NUT's folder: its files read, replaced whole with the old ones kept, and put back."""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from ridethrough.config.read import ConfigError
from ridethrough.config.whole_file import Chown, FoundFile, NotWrittenError, UnconfirmedError, create_file, replace_file

from .files import NAMES, UPSD_USERS
from .plan import Change

NEW_MODE = 0o640  # root's, and NUT's group reads: passwords stand in some


class StoreError(Exception):
    """Why a file cannot be read or written, and what to do."""


class Folder:
    """One folder with NUT's files. `suffix` is that of the old ones, which are kept beside the new."""

    def __init__(self, path: Path, suffix: str, group: int | None = None, chown: Chown = os.fchown) -> None:
        """`group`: of new files; None: that of the folder."""
        self.path, self._suffix = path, suffix
        self._group, self._chown = group, chown
        self._found: dict[str, FoundFile] = {}
        self._written: dict[str, bytes] = {}
        self.kept: dict[str, Path] = {}  # old files by the names of the new ones

    def texts(self) -> dict[str, str | None]:
        """Every file's text, None for one that is not there. Raises StoreError."""
        if not self.path.is_dir():
            raise StoreError(f"{self.path} is not there: install NUT first, or name its folder with --nut-dir")
        found = {name: self._text(name) for name in NAMES}
        users = self._found.get(UPSD_USERS)
        if users is not None and users.mode & stat.S_IRWXO:
            where = self.path / UPSD_USERS
            raise StoreError(f"{where}: everyone may read it, and passwords stand in it: chmod 640, chgrp nut {where}")
        return found

    def must_be_writable(self) -> None:
        """Raises StoreError."""
        if not os.access(self.path, os.W_OK | os.X_OK, effective_ids=True):
            raise StoreError(f"you may not write in {self.path}: run this as root")

    def write(self, changes: Sequence[Change]) -> None:
        """Write every file, or none. Raises StoreError."""
        try:
            for change in changes:
                self._write(change.file, change.text.encode())
        except (StoreError, ConfigError, NotWrittenError, UnconfirmedError, OSError) as error:
            told = self.put_back()
            where = f" ({error.filename})" if isinstance(error, OSError) and error.filename else ""
            why = error.strerror if isinstance(error, OSError) else str(error)
            raise StoreError("; ".join([f"{self.path}: nothing was written: {why}{where}", *told])) from None

    def put_back(self) -> list[str]:
        """Let every file be as it was; what could not be, in words."""
        troubles = []
        for name, raw in reversed([*self._written.items()]):
            try:
                self._undo(name, raw)
            except (ConfigError, NotWrittenError, UnconfirmedError, OSError) as error:
                kept = f"; as it was it is {self.kept[name]}" if name in self.kept else ""
                troubles.append(f"{self.path / name} could not be put back ({error}){kept}")
        self._written.clear()
        return troubles

    def _text(self, name: str) -> str | None:
        path = self.path / name
        try:
            found = FoundFile.at(path)
            text = found.raw.decode()
        except FileNotFoundError:
            return None
        except UnicodeDecodeError:
            raise StoreError(f"{path} is no text in UTF-8: mend it first") from None
        except (ConfigError, OSError) as error:
            why = error.strerror if isinstance(error, OSError) else error
            raise StoreError(f"{path} cannot be read: {why}") from None
        self._found[name] = found
        return text

    def _write(self, name: str, raw: bytes) -> None:
        path, found = self.path / name, self._found.get(name)
        if found is None:
            create_file(path, raw, NEW_MODE)
            self._written[name] = raw
            folder = self.path.stat()
            os.chown(path, folder.st_uid, folder.st_gid if self._group is None else self._group)
            return
        self.kept[name] = self._keep(name, found)
        replace_file(path, found, raw, self._chown)
        self._written[name] = raw

    def _keep(self, name: str, found: FoundFile) -> Path:
        """The old file, beside the new one, for the same readers."""
        number = 1
        while os.path.lexists(path := self.path / f"{name}.{self._suffix}{'' if number == 1 else f'-{number}'}"):
            number += 1
        create_file(path, found.raw, found.mode)
        with suppress(PermissionError):  # who is not root keeps it for himself
            os.chown(path, found.owner, found.group)
        return path

    def _undo(self, name: str, raw: bytes) -> None:
        path, before = self.path / name, self._found.get(name)
        now = FoundFile.at(path)
        if now.raw != raw:
            raise NotWrittenError("somebody has changed it meanwhile")
        if before is None:
            path.unlink()
            return
        replace_file(path, now, before.raw, self._chown)
        self.kept.pop(name).unlink()
