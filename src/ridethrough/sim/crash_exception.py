"""What may end otherwise in a scenario when the controller dies in it, and why: `[[crash_exception]]` of its file.

    between = [-20, "2m"]                 # it dies in these seconds of the scenario, both included; left out: ever
    away = [30, 120]                      # and is away for so many seconds; left out: however long
    after = ["ActionStarted"]             # right after a journal entry of these kinds; left out: anywhere
    differs = ["residence", "web1"]       # what may then end otherwise
    why = "power is back before the controller is: what has not moved by then stays where it is"

`differs` names hosts, guests and pools, and `ASPECTS`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import get_args

from ridethrough.core import events
from ridethrough.core.model import Seconds

from .quantity import seconds
from .reading import Table
from .world import World

ASPECTS = (
    "residence",  # on which host a guest runs, and how often it has moved: once at most all the same
    "crashed",  # hosts that lost their power while they ran
    "lost",  # guests that died with their host
    "records",  # whether every record of a pool is closed, and with which differences
)
KINDS = tuple(sorted(kind.__name__ for kind in get_args(events.Event)))


@dataclass(frozen=True, slots=True)
class CrashException:
    """A window of deaths, and what they may change at the end. Times in seconds since the scenario's beginning."""

    differs: frozenset[str]
    why: str
    between: tuple[Seconds, Seconds] | None = None
    away: frozenset[Seconds] = frozenset()
    after: frozenset[str] = frozenset()

    def holds(self, at: Seconds, away: Seconds, entry: str) -> bool:
        """Whether it speaks of this death. `entry`: the kind of the journal entry it follows; empty for a moment."""
        if self.between is not None and not self.between[0] <= at <= self.between[1]:
            return False
        return (not self.away or away in self.away) and (not self.after or entry in self.after)


def read_exception(t: Table, world: World) -> CrashException:
    """One table of `[[crash_exception]]`. Raises ScenarioError."""
    names = [*ASPECTS, *world.hosts, *world.pools, *(v.name for v in world.vms.values())]
    differs, why = t.names("differs", names), t.take("why", str).strip()
    found = CrashException(
        frozenset(differs), why, _window(t), frozenset(_times(t, "away")), frozenset(t.names("after", KINDS))
    )
    if not differs:
        raise t.wrong("differs", "must name what may end otherwise")
    if not why:
        raise t.wrong("why", "must say why nothing better can be done")
    t.end()
    return found


def _window(t: Table) -> tuple[Seconds, Seconds] | None:
    times = _times(t, "between")
    if times and (len(times) != 2 or times[0] >= times[1]):
        raise t.wrong("between", "must be two times, the earlier first")
    return (times[0], times[1]) if times else None


def _times(t: Table, name: str) -> list[Seconds]:
    try:
        return [_time(value) for value in t.take(name, list, [])]
    except ValueError as error:
        raise t.wrong(name, str(error)) from error


def _time(value: object) -> Seconds:
    """Seconds; below zero they are before the scenario's second 0, in its lead-in."""
    is_before = isinstance(value, int | float) and not isinstance(value, bool) and value < 0
    return float(value) if is_before else seconds(value)  # type: ignore[arg-type]
