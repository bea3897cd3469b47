"""Who is to be notified, as site.toml says it now."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path

from ridethrough.config import ConfigError, NotifyTarget, Secrets, load

log = logging.getLogger(__name__)

Mark = tuple[int, int, int] | None  # by which a change of a file or folder shows


class Targets:
    """Reads site.toml again when it or a secret has changed. While it is wrong, the last good one counts."""

    def __init__(self, site_file: Path, secrets: Secrets) -> None:
        self._site_file, self._secrets = site_file, secrets
        self._read: tuple[Mark, Mark] | None = None
        self._last: Mapping[str, NotifyTarget] = {}
        self.site = "Ridethrough"  # its name

    def now(self) -> Mapping[str, NotifyTarget]:
        """The targets by name. Blocks for the disk."""
        mark = _mark(self._site_file), _mark(self._secrets.directory)
        if mark != self._read and mark[0] is not None:
            try:
                configuration = load(self._site_file, self._secrets)
            except ConfigError as error:
                log.warning("notifications go on as before: %s", error.problems[0])
            else:
                self._last, self.site = configuration.notify, configuration.site.name
            self._read = mark  # last: another thread asks meanwhile
        return self._last


def _mark(path: Path | None) -> Mark:
    if path is None:
        return None
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size
