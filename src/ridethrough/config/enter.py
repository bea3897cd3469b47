"""Secrets that people enter: kept as files, under names that site.toml then says; they never come out again."""

from __future__ import annotations

import os
import re
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

from .secrets import LONGEST, NAME, Secret
from .whole_file import UnconfirmedError, confirm


class EnterError(Exception):
    """Why a secret cannot be kept, and what to do."""


def fresh_name(wanted: str, directory: Path, taken: Collection[str] = ()) -> str:
    """A name that no file has yet: an earlier version of site.toml may still mean that of the same name."""
    plain = re.sub(r"[^A-Za-z0-9._-]+", "-", wanted).strip("-._")[:80] or "secret"
    counter, name = 1, plain
    while name in taken or os.path.lexists(directory / name):
        counter += 1
        name = f"{plain}-{counter}"
    return name


def check_secret(value: str) -> None:
    """Raise EnterError unless a file can hold it as it is."""
    try:
        size = len(value.encode())
    except UnicodeEncodeError:
        raise EnterError("the secret holds half a character: enter it again") from None
    if not value or size > LONGEST:
        raise EnterError("the secret is empty: enter it" if not value else "the secret is too long")
    if value.endswith(("\n", "\r")) or "\0" in value:
        raise EnterError("the secret ends with a line end, or holds a NUL: enter it again")


def check_directory(directory: Path | None) -> Path:
    """The directory for secrets. Raises EnterError where there is none, or none that may be written."""
    if directory is None:
        raise EnterError(
            "there is no place for secrets: start `ridethrough run` with --secrets DIR, a directory that only its user "
            "may read (chmod 700)"
        )
    if not directory.is_dir():
        raise EnterError(f"{directory} is no directory: make it, for the controller's user alone (chmod 700)")
    if not os.access(directory, os.W_OK | os.X_OK, effective_ids=True):
        raise EnterError(f"{directory} may not be written: give it to the controller's user")
    if directory.stat().st_mode & 0o002:
        raise EnterError(f"everyone may write in {directory}: run chmod 700 {directory}")
    return directory


def enter(secret: Secret, directory: Path) -> None:
    """Write a secret's file, for its owner alone. Raises EnterError; never touches one that is there."""
    if not NAME.fullmatch(secret.name):
        raise EnterError("the name of a secret holds letters, digits, dots, dashes and underscores only")
    check_secret(secret.value)
    path = directory / secret.name
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise EnterError(f"{path} cannot be written: {error.strerror}") from None
    try:
        with open(handle, "wb") as file:
            file.write(secret.value.encode())
            file.flush()
            os.fsync(file.fileno())
        confirm(str(directory))
    except (OSError, UnconfirmedError) as error:
        forget(secret, directory)
        raise EnterError(f"{path} cannot be written: {error}") from None


def forget(secret: Secret, directory: Path) -> None:
    """Take a secret's file away again, where the settings that name it were not taken."""
    with suppress(OSError):
        (directory / secret.name).unlink()
