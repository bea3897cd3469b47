"""The site as it is now: its file, and the snapshot that the controller wrote last."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

from ridethrough.config import ConfigError, Configuration, Secrets, load
from ridethrough.config.read import decoded, read
from ridethrough.core.site import Site
from ridethrough.runtime.seen_file import FILE, Seen, read_seen


class NothingSeen(Exception):  # noqa: N818 - a state of the world
    """There is no site to look at yet; the message tells why, and the remedy."""


class Present:
    """Reads site.toml and seen.json when they have changed. Used from any thread."""

    def __init__(self, site_file: Path, secrets: Secrets, state_dir: Path) -> None:
        self._site_file, self.secrets, self._state_dir = site_file, secrets, state_dir
        self._lock = threading.Lock()
        self._site: tuple[Any, Configuration] | None = None
        self._seen: tuple[Any, Seen] | None = None

    def configuration(self) -> Configuration:
        """Everything that site.toml says. Blocks; raises NothingSeen."""
        with self._lock:
            stamp = _stamp(self._site_file)
            if stamp is None:
                raise NothingSeen(f"there is no {self._site_file.name} yet: set the site up first")
            if self._site is None or self._site[0] != stamp:
                try:
                    self._site = (stamp, load(self._site_file, self.secrets))
                except ConfigError as error:
                    raise NothingSeen("; ".join(error.problems)) from error
            return self._site[1]

    def text(self) -> str:
        """What stands in site.toml, for who changes a copy of it. Blocks; raises ConfigError."""
        return decoded(read(self._site_file), self._site_file.name)

    def site(self) -> Site:
        """The site of site.toml, with this controller's name. Blocks; raises NothingSeen."""
        return with_controller(self.configuration())

    def seen(self) -> Seen:
        """The last snapshot. Blocks; raises NothingSeen."""
        with self._lock:
            stamp = _stamp(self._state_dir / FILE)
            if stamp is None or self._seen is None or self._seen[0] != stamp:
                found = read_seen(self._state_dir)
                if found is None:
                    raise NothingSeen("the controller has seen nothing yet: start it with `ridethrough run`")
                self._seen = (stamp, found)
            return self._seen[1]

    def look(self) -> tuple[Site, Seen]:
        """Both; at least one host has been seen. Blocks; raises NothingSeen."""
        site, seen = self.site(), self.seen()
        if not seen.snapshot.hosts:
            raise NothingSeen("no pool has answered yet: there is nothing to plan with. Run the findings")
        return site, seen


def with_controller(configuration: Configuration) -> Site:
    """The site as a controller plays it on a copy; the name that it has there reaches nobody."""
    site = configuration.site
    return replace(site, policy=replace(site.policy, controller=configuration.controller.name or "controller"))


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size
