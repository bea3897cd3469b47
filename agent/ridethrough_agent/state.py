"""What outlives the agent's own restart: one small file. A disk that takes nothing is told once, and done without."""

import json
import os
from typing import Any, Callable, Dict, Optional

from .model import Memory, Reading, Source

FILE, ARMED = "state.json", "armed"


class State:
    """The directory of one agent."""

    def __init__(self, folder: str, boot: str, say: Callable[[str], None]) -> None:
        self._folder, self._boot, self._say = folder, boot, say
        self._kept: Optional[Dict[str, Any]] = None
        self._failed = False

    def load(self) -> Memory:
        """What was known in this boot; nothing of an earlier one: the machine has been down since."""
        try:
            with open(os.path.join(self._folder, FILE), encoding="utf-8") as file:
                told = json.load(file)
            if told["boot"] != self._boot or not self._boot:
                return Memory()
            return _memory(told)
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return Memory()

    def keep(self, memory: Memory) -> None:
        """Write what has changed. Raises nothing."""
        told = _plain(memory)
        if told == self._kept:
            return
        self._kept = told
        path = os.path.join(self._folder, FILE)
        try:
            os.makedirs(self._folder, mode=0o700, exist_ok=True)
            with open(path + ".new", "w", encoding="utf-8") as file:
                json.dump(dict(told, boot=self._boot), file)
                file.flush()
                os.fsync(file.fileno())
            os.replace(path + ".new", path)
            self._failed = False
        except OSError as error:
            if not self._failed:
                self._say("{} cannot be written ({}): the agent goes on without".format(path, error.strerror))
            self._failed = True

    def is_armed(self) -> bool:
        """By `ridethrough-agent arm`."""
        return os.path.exists(os.path.join(self._folder, ARMED))

    def arm(self) -> None:
        """Raises OSError."""
        os.makedirs(self._folder, mode=0o700, exist_ok=True)
        with open(os.path.join(self._folder, ARMED), "w") as file:
            file.flush()
            os.fsync(file.fileno())

    def disarm(self) -> None:
        """Raises OSError."""
        try:
            os.unlink(os.path.join(self._folder, ARMED))
        except FileNotFoundError:
            pass


def _plain(memory: Memory) -> Dict[str, Any]:
    """What is worth a write: it changes with the outage, not with each look."""
    sources = {name: _source(s) for name, s in memory.sources}
    return {"phase": memory.phase, "since": memory.since, "cause": memory.cause, "sources": sources}


def _source(s: Source) -> Dict[str, Any]:
    outage = s.since is not None
    return {
        "good": s.good,
        "good_at": s.good_at if outage else None,
        "since": s.since,
        "confirmed": s.confirmed,
        "low_since": s.low_since,
        "forced": s.forced,
        "cut_at": round(s.cut_at) if s.cut_at is not None else None,
        "last": s.last._replace(runtime=s.last.runtime)._asdict() if outage and s.last is not None else None,
    }


def _memory(told: Dict[str, Any]) -> Memory:
    sources = []
    for name, kept in sorted(told["sources"].items()):
        last = kept.pop("last")
        sources.append((name, Source(**dict(kept, last=Reading(**last) if last is not None else None))))
    return Memory(tuple(sources), phase=str(told["phase"]), since=float(told["since"]), cause=str(told["cause"]))
