"""How much of something may be done: so many at once, and so many a second after that."""

from __future__ import annotations

from dataclasses import dataclass

from ridethrough.core.model import Seconds


@dataclass(slots=True)
class Allowance:
    """A bucket that holds `at_once` and is filled by `a_second`."""

    at_once: float
    a_second: float
    _left: float | None = None  # None: it is full
    _at: Seconds = 0.0

    def take(self, now: Seconds) -> bool:
        """Whether one more may be done at `now`; it is then reckoned as done."""
        left = self.at_once if self._left is None else self._left + (now - self._at) * self.a_second
        self._left, self._at = min(left, self.at_once), now
        if self._left < 1.0:
            return False
        self._left -= 1.0
        return True
