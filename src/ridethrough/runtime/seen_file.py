"""The controller's latest snapshot as a file, for other processes that imagine what would happen next."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import msgspec

from ridethrough.core.learned import NOTHING_LEARNED, Learned
from ridethrough.core.model import Seconds
from ridethrough.core.observation import Snapshot

from .codec import readable

log = logging.getLogger(__name__)

FILE = "seen.json"
EVERY: Seconds = 5.0


@dataclass(frozen=True, slots=True)
class Seen:
    """The whole site as the last rounds saw it, with what the journal has taught. `at` is in site seconds."""

    at: Seconds
    snapshot: Snapshot
    learned: Learned = NOTHING_LEARNED


class SeenFile:
    """Keeps `seen.json` in step with what the rounds see. A reader sees the old file or the new one."""

    def __init__(self, state_dir: Path, look: Callable[[], Seen]) -> None:
        self._path = state_dir / FILE
        self._look = look
        self._written: tuple[Snapshot, Learned] | None = None
        self._failing = False

    async def run(self, every: float = EVERY) -> None:
        """Look every `every` seconds and write what changed, until cancelled. A failing disk is logged once."""
        while True:
            await self.keep()
            await asyncio.sleep(every)

    async def keep(self) -> None:
        """Write what was seen, if that is new. Raises nothing; the disk is waited for in a thread."""
        try:
            seen = self._look()
            if (seen.snapshot, seen.learned) == self._written:
                return
            await asyncio.to_thread(_replace, self._path, seen)
        except Exception as error:  # the disk's, or a bug
            if not self._failing:
                bug = error if not isinstance(error, OSError) else None
                log.warning("%s cannot be written: %s", self._path, error, exc_info=bug)
            self._failing = True
        else:
            self._written, self._failing = (seen.snapshot, seen.learned), False


def read_seen(state_dir: Path) -> Seen | None:
    """The last snapshot that was written; None when there is none, or none that this version can read."""
    try:
        return msgspec.json.decode((state_dir / FILE).read_bytes(), type=Seen)
    except (OSError, msgspec.DecodeError):
        return None


def _replace(path: Path, seen: Seen) -> None:
    fresh = path.with_suffix(".new")
    fresh.write_bytes(_encode(seen))
    fresh.replace(path)


def _encode(seen: Seen) -> bytes:
    try:
        return msgspec.json.encode(seen)
    except UnicodeEncodeError:
        return msgspec.json.encode(readable(msgspec.to_builtins(seen)))
