"""The UPS's section of site.toml, and the file of its secret."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from ridethrough.config import Configuration, Endpoint, Secrets, Upsd
from ridethrough.config.add import AddError, add_named, with_upses
from ridethrough.config.enter import EnterError, check_directory, enter, forget, fresh_name
from ridethrough.config.secrets import Secret
from ridethrough.config.sections import source

from .install import InstallError
from .plan import USER, ConflictError, Plan


@dataclass(frozen=True, slots=True)
class Entry:
    """What is written into site.toml; nothing where it is there already."""

    name: str
    keys: Mapping[str, str]
    secret: Secret | None = field(default=None, repr=False)
    there: bool = False

    @property
    def text(self) -> str:
        return with_upses(b"", {self.name: self.keys}).decode().lstrip("\n")


def entry(plan: Plan, known: Configuration | None, secrets: Path | None) -> Entry:
    """What site.toml gets, by what stands in it; with a folder for secrets upsd's user, too. Raises ConflictError."""
    keys = {"source": plan.source, "action": "disabled"}  # without a card it cuts nothing by itself
    there = known.upses.get(plan.name) if known is not None else None
    if there is not None:
        if there.at == Upsd(Endpoint(plan.host, plan.port), plan.name):
            return Entry(plan.name, keys, there=True)
        raise ConflictError(
            f"site.toml: [ups.{plan.name}] is there already, and is read at {source(there)}. Choose another name, or "
            "take that section out"
        )
    if secrets is None:
        return Entry(plan.name, keys)
    try:
        folder = check_directory(secrets)
    except EnterError as error:
        raise ConflictError(str(error)) from None
    secret = Secret(fresh_name(f"{plan.name}-upsd", folder), plan.password)
    return Entry(plan.name, {**keys, "username": USER, "password": str(secret)}, secret)


def write(new: Entry, site: Path, secrets: Path | None) -> None:
    """Write the secret, then the section; both or neither. Raises InstallError."""
    if new.there:
        return
    try:
        if new.secret is not None and secrets is not None:
            enter(new.secret, secrets)
            folder = secrets.stat()
            with suppress(PermissionError):  # run as root, it is for whom the folder belongs to: the controller
                os.chown(secrets / new.secret.name, folder.st_uid, folder.st_gid)
        add_named(site, new.name, new.keys, Secrets.of_process(secrets))
    except (AddError, EnterError) as error:
        if new.secret is not None and secrets is not None and isinstance(error, AddError):
            forget(new.secret, secrets)
        raise InstallError(f"{site}: {error}") from None
