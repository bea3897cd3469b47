"""How a request is handed to the controller, and how many wait for it at once."""

from __future__ import annotations

import threading
from typing import Protocol

from ridethrough.core.events import Ask
from ridethrough.runtime.mailbox import Answer, NoAnswer

AT_ONCE = 16  # of the 40 threads that the pages have for all that blocks


class Post(Protocol):
    """Hands a request to the controller."""

    def __call__(self, ask: Ask, subject: str, by: str, says: str, seconds: float | None = None) -> Answer:
        """Blocks until it is answered. `seconds`: for how long. Raises NoController or NoAnswer (runtime.mailbox)."""


class Bounded:
    """A post that so many wait for and no more: a controller that stands still keeps the pages from nothing else."""

    def __init__(self, post: Post) -> None:
        self._post, self._room = post, threading.BoundedSemaphore(AT_ONCE)

    def __call__(self, ask: Ask, subject: str, by: str, says: str, seconds: float | None = None) -> Answer:
        """As Post."""
        if not self._room.acquire(blocking=False):
            raise NoAnswer(f"{AT_ONCE} requests wait for the controller; it was not asked for this one. Ask again.")
        try:
            return self._post(ask, subject, by, says, seconds)
        finally:
            self._room.release()
