"""Live migrations that share the hosts' links: exact, whatever begins or ends meanwhile."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from ridethrough.core.model import HostId, Seconds, VmId

from .agenda import Agenda, Appointment, Signal


@dataclass(slots=True, eq=False)
class Migration:
    """One guest's memory on its way. `done` fires when all is sent (`error` empty) or when it was broken off."""

    vm: VmId
    source: HostId
    target: HostId
    left: float  # bytes still to be sent, as of `settled_at`
    settled_at: Seconds
    stalled: bool = False
    rate: float = 0.0  # bytes per second now
    error: tuple[str, ...] = ()
    done: Signal = field(default_factory=Signal, repr=False)
    arrives: Appointment | None = field(default=None, repr=False)


class Links:
    """Every migration that is under way. A link's speed is shared evenly, each way by itself."""

    def __init__(self, agenda: Agenda, speeds: Mapping[HostId, float] | None = None) -> None:
        self._agenda = agenda
        self.speeds: dict[HostId, float] = dict(speeds or {})  # bytes per second
        self.moving: list[Migration] = []

    def send(self, vm: VmId, source: HostId, target: HostId, size: float, stalled: bool = False) -> Migration:
        """Begin to send `size` bytes. A `stalled` one takes part in nothing and never arrives."""
        migration = Migration(vm, source, target, size, self._agenda.now, stalled)
        self.moving.append(migration)
        self._share()
        return migration

    def drop(self, migration: Migration, *error: str) -> None:
        """Break a migration off; nothing happens if it has ended."""
        if migration in self.moving:
            migration.error = error
            self._end(migration)

    def drop_vm(self, vm: VmId, *error: str) -> None:
        for migration in [m for m in self.moving if m.vm == vm]:
            self.drop(migration, *error)

    def _end(self, migration: Migration) -> None:
        self.moving.remove(migration)
        if migration.arrives:
            migration.arrives.cancel()
        self._share()
        migration.done.fire()

    def _share(self) -> None:
        """Settle what has been sent at the old rates, then reckon the new ones."""
        now = self._agenda.now
        flowing = [m for m in self.moving if not m.stalled]
        out = Counter(m.source for m in flowing)
        into = Counter(m.target for m in flowing)
        for m in flowing:
            m.left = max(m.left - m.rate * (now - m.settled_at), 0.0)
            m.settled_at = now
            m.rate = min(self.speeds[m.source] / out[m.source], self.speeds[m.target] / into[m.target])
            if m.arrives:
                m.arrives.cancel()
            m.arrives = self._agenda.after(m.left / m.rate, lambda m=m: self._end(m))  # type: ignore[misc]
