"""What is kept of a drill: written to the disk at each step, so that no end of this process loses it."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Any

import msgspec

KEPT = 100


class Kind(StrEnum):
    """What a drill does."""

    PREFLIGHT = "preflight"  # looks at everything
    OUTAGE = "outage"  # an outage of the live site, simulated
    MAINTENANCE = "maintenance"  # maintenance mode of one real host, in and out


class State(StrEnum):
    """Where a drill is."""

    RUNNING = "running"
    PASSED = "passed"
    FAILED = "failed"
    ABORTED = "aborted"  # by a person; the host was asked out of maintenance mode
    INTERRUPTED = "interrupted"  # the manager ended meanwhile; its next start asked the host out of maintenance mode
    UNFINISHED = "unfinished"  # nobody could ask the host out of maintenance mode: it may still be in it


class Point(msgspec.Struct, frozen=True):
    """One thing that was looked at. `remedy` says what to do where it is not good."""

    name: str
    good: bool
    text: str
    remedy: str = ""


class Step(msgspec.Struct, frozen=True):
    """One thing that happened; `at` in seconds since 1970."""

    at: float
    text: str


class Moved(msgspec.Struct, frozen=True, rename={"before": "from", "after": "to"}):
    """A VM that is elsewhere than before."""

    vm: str
    before: str | None
    after: str | None


class Drill(msgspec.Struct):
    """A drill and its report. Moments are seconds since 1970."""

    id: str
    kind: Kind
    by: str
    why: str
    at: float
    host: str = ""
    state: State = State.RUNNING
    ended_at: float | None = None
    trouble: str = ""
    entered: bool = False  # maintenance mode was asked for: it has to be left again
    points: list[Point] = []
    steps: list[Step] = []
    moved: list[Moved] = []
    differences: list[str] = []
    simulation: str | None = None
    summary: dict[str, Any] | None = None

    def shown(self) -> dict[str, Any]:
        """As plain values."""
        found: dict[str, Any] = msgspec.to_builtins(self)
        return found


class Store:
    """The last drills, one file each. Blocks for the disk."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keep(self, drill: Drill) -> None:
        """Write it; the oldest beyond `KEPT` go."""
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._folder / f"{drill.id}.json"
        fresh = path.with_suffix(".new")
        fresh.write_bytes(msgspec.json.encode(drill))
        fresh.replace(path)
        for old in sorted(self.all(), key=lambda d: -d.at)[KEPT:]:
            (self._folder / f"{old.id}.json").unlink(missing_ok=True)

    def all(self) -> list[Drill]:
        """Those that are kept, the latest first."""
        found = [drill for path in self._folder.glob("*.json") if (drill := _read(path)) is not None]
        return sorted(found, key=lambda drill: (-drill.at, drill.id))


def _read(path: Path) -> Drill | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=Drill)
    except (OSError, msgspec.DecodeError):
        return None
