"""Passwords and communities: named in site.toml, kept elsewhere, shown nowhere."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}", re.ASCII)
LONGEST = 64 * 1024  # bytes in a secret's file
PREFIX = "secret:"


@dataclass(frozen=True, slots=True)
class Secret:
    """A secret's `value`, which no repr, format or error shows. SNMP's "public" is none, and has no name."""

    name: str
    value: str = field(repr=False)

    def __str__(self) -> str:
        return f"{PREFIX}{self.name}"


@dataclass(frozen=True, slots=True)
class Secrets:
    """Where secrets are looked for, in this order. None: not there."""

    directory: Path | None = None  # --secrets DIR: one file a secret, readable by its owner alone
    credentials: Path | None = None  # systemd's LoadCredential
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    entered: Mapping[str, Secret] = field(default_factory=dict, repr=False)  # just now, and not kept yet: these win

    @classmethod
    def of_process(cls, directory: Path | None = None, environment: Mapping[str, str] = os.environ) -> Self:
        """The places of a running process: `directory`, $CREDENTIALS_DIRECTORY and its environment."""
        credentials = environment.get("CREDENTIALS_DIRECTORY")
        return cls(directory, Path(credentials) if credentials else None, environment)

    def find(self, name: str) -> Secret:
        """The secret of this name. Raises ValueError, with the remedy, when it is in no place or not well kept."""
        if not NAME.fullmatch(name):
            raise ValueError("the name after secret: may hold letters, digits, dots, dashes and underscores only")
        if name in self.entered:
            return self.entered[name]
        variable = "RIDETHROUGH_SECRET_" + re.sub(r"[.-]", "_", name).upper()
        value = None
        if self.directory is not None:
            value = _read(self.directory / name, private=True)
        if value is None and self.credentials is not None:
            value = _read(self.credentials / name, private=False)
        if value is None:
            value = self.environment.get(variable)
        if value is None:
            raise ValueError(f"{PREFIX}{name} was not found; looked for {self._places(name, variable)}")
        if not value:
            raise ValueError(f"{PREFIX}{name} is empty")
        return Secret(name, value)

    def _places(self, name: str, variable: str) -> str:
        directory = f"the file {self.directory / name}" if self.directory else "no file (no --secrets DIR was given)"
        credential = (
            f"the credential {self.credentials / name}"
            if self.credentials
            else "no credential ($CREDENTIALS_DIRECTORY is unset)"
        )
        return f"{directory}, {credential}, and the environment variable {variable}"


def _read(path: Path, *, private: bool) -> str | None:
    """The file's text without its last line end; None when there is no such file.

    `private`: refuse a file that everyone may read, or whose folder everyone may write. systemd keeps its own
    credentials safe, under modes of its own.
    """
    try:
        # Not blocking: a pipe of that name would hold the start-up for ever.
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise ValueError(f"{path} cannot be read: {error.strerror}") from None
    status = os.fstat(handle)
    if not stat.S_ISREG(status.st_mode):
        os.close(handle)
        raise ValueError(f"{path} is no ordinary file")
    with os.fdopen(handle, "rb") as file:
        if private and status.st_mode & (stat.S_IROTH | stat.S_IWOTH):
            raise ValueError(f"everyone may read {path}: run chmod 600 {path}")
        if private and path.parent.stat().st_mode & stat.S_IWOTH:
            raise ValueError(f"everyone may write in {path.parent}: run chmod 700 {path.parent}")
        raw = file.read(LONGEST + 1)
    if len(raw) > LONGEST:
        raise ValueError(f"{path} is too long for a secret")
    try:
        return raw.decode().removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError:
        raise ValueError(f"{path} is not UTF-8 text") from None
