"""What will happen in a world, in the order of time, exactly."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from typing import TypeAlias

from ridethrough.core.model import Seconds


class Signal:
    """Something that happens once. Whoever watches is called when it has happened, or at once if it already has."""

    __slots__ = ("_watchers", "fired")

    def __init__(self) -> None:
        self.fired = False
        self._watchers: list[Callable[[], None]] = []

    def watch(self, call: Callable[[], None]) -> None:
        """Call `call` once, as soon as this has happened."""
        if self.fired:
            call()
        else:
            self._watchers.append(call)

    def fire(self) -> None:
        """It happened. A second time changes nothing."""
        if not self.fired:
            self.fired = True
            watchers, self._watchers = self._watchers, []
            for call in watchers:
                call()


@dataclass(slots=True, order=True)
class Appointment:
    """One thing that will happen. Cancelled ones are passed over."""

    at: Seconds
    order: int
    call: Callable[[], None] = field(compare=False)
    cancelled: bool = field(default=False, compare=False)

    def cancel(self) -> None:
        self.cancelled = True


Steps: TypeAlias = Generator["float | Signal", None, None]  # yields seconds to let pass, or a signal to wait for


class Agenda:
    """Time, and everything that is due. Two things due at the same moment happen in the order they were entered."""

    def __init__(self) -> None:
        self.now: Seconds = 0.0
        self._heap: list[Appointment] = []
        self._order = itertools.count()

    def at(self, when: Seconds, call: Callable[[], None]) -> Appointment:
        """Have `call` called at `when`, or now if that has passed."""
        entry = Appointment(max(when, self.now), next(self._order), call)
        heapq.heappush(self._heap, entry)
        return entry

    def after(self, seconds: Seconds, call: Callable[[], None]) -> Appointment:
        """Have `call` called `seconds` from now."""
        return self.at(self.now + seconds, call)

    def next(self) -> Seconds | None:
        """When the next thing happens; None when nothing will."""
        while self._heap and self._heap[0].cancelled:
            heapq.heappop(self._heap)
        return self._heap[0].at if self._heap else None

    def advance(self, to: Seconds) -> None:
        """Let everything up to and including `to` happen, each at its own moment."""
        while (when := self.next()) is not None and when <= to:
            entry = heapq.heappop(self._heap)
            self.now = max(self.now, entry.at)
            entry.call()
        self.now = max(self.now, to)

    def run(self, steps: Steps) -> Process:
        """Begin a course of steps; its first step happens now."""
        process = Process(self, steps)
        process.resume()
        return process


class Process:
    """A course of steps that takes time; `stop` ends it wherever it is."""

    def __init__(self, agenda: Agenda, steps: Steps) -> None:
        self._agenda = agenda
        self._steps = steps
        self._running = False
        self._stopped = False

    def resume(self) -> None:
        if self._stopped:
            return
        self._running = True
        try:
            wanted = next(self._steps)
        except StopIteration:
            self._stopped = True
            return
        finally:
            self._running = False
        if self._stopped:  # stopped from inside its own step
            self._steps.close()
        elif isinstance(wanted, Signal):
            wanted.watch(self._resume_next)
        else:
            self._agenda.after(wanted, self.resume)

    def _resume_next(self) -> None:
        self._agenda.after(0.0, self.resume)

    def stop(self) -> None:
        """End it now: its `finally` blocks run, nothing after them does."""
        self._stopped = True
        if not self._running:
            self._steps.close()
