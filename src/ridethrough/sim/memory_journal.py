"""A journal in memory that outlives the controller that writes it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ridethrough.core.events import Event
from ridethrough.ports import JournalFailed


class Killed(BaseException):
    """The controller's process died at this very point. Nothing of it may run on."""


class MemoryJournal:
    """ports.Journal. Hand the same one to the next controller after a simulated crash.

    `after_entry` is called with the position of each entry once it is stored; it may raise Killed, and then the
    entries behind it in the same transaction are not stored and nothing acts on any of them.
    """

    def __init__(self, after_entry: Callable[[int], None] | None = None) -> None:
        self.entries: list[Event] = []
        self.fails = False  # a fault: the disk is gone
        self.after_entry = after_entry

    async def append(self, events: Sequence[Event]) -> Sequence[int]:
        if self.fails:
            raise JournalFailed("the journal's disk is gone")
        positions = []
        for event in events:
            self.entries.append(event)
            positions.append(len(self.entries))
            if self.after_entry:
                self.after_entry(len(self.entries))
        return positions

    async def read(self, after: int = 0) -> Sequence[tuple[int, Event]]:
        return list(enumerate(self.entries, start=1))[after:]

    async def close(self) -> None:
        """Nothing to close."""
