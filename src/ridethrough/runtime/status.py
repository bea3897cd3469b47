"""The controller's present as one small file, for commands that must not disturb it."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ridethrough.core.model import Seconds
from ridethrough.ports import Clock

log = logging.getLogger(__name__)

FILE = "status.json"
AT_LEAST_EVERY: Seconds = 10.0


class StatusFile:
    """Keeps `status.json` in step with a view. A reader sees the old file or the new one, never half of one."""

    def __init__(self, state_dir: Path, clock: Clock, view: Callable[[], Mapping[str, Any]]) -> None:
        """`view` gives the plain values to show; it is called once a second. `written_at` (site seconds) is added."""
        self._path = state_dir / FILE
        self._clock = clock
        self._view = view
        self._written: Mapping[str, Any] | None = None
        self._written_at: Seconds = 0.0
        self._failing = False

    async def run(self, every: float = 1.0) -> None:
        """Look every `every` seconds and write what changed, until cancelled. A failing disk is logged once."""
        while True:
            await self.keep()
            await asyncio.sleep(every)

    async def keep(self) -> bool:
        """Write the view if it changed or is ten seconds old; returns whether it was written. Raises nothing.

        The disk is waited for in a thread, and one write at a time: a hanging disk holds up nothing but this file.
        """
        try:
            now, view = self._clock.now(), self._view()
            if view == self._written and now - self._written_at < AT_LEAST_EVERY:
                return False
            await asyncio.to_thread(_replace, self._path, {**view, "written_at": now})
        except Exception as error:  # the disk's, or a bug of the view
            if not self._failing:
                bug = error if not isinstance(error, OSError) else None
                log.warning("%s cannot be written: %s", self._path, error, exc_info=bug)
            self._failing = True
            return False
        self._written, self._written_at, self._failing = view, now, False
        return True


def read_status(state_dir: Path) -> dict[str, Any] | None:
    """The last status that was written; None when there is none, or none that can be read.

    Compare `written_at` with the site's clock: older than about twenty seconds means that no controller keeps it.
    """
    try:
        status = json.loads((state_dir / FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return status if isinstance(status, dict) else None


def _replace(path: Path, status: Mapping[str, Any]) -> None:
    fresh = path.with_suffix(".new")
    fresh.write_text(json.dumps(status), encoding="utf-8")
    fresh.replace(path)
