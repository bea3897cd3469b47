"""Code that waits as real code does, on a world's time: it runs in a thread of its own, but never beside the world."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, TypeVar

from ridethrough.core.model import Seconds
from ridethrough.sim.agenda import Agenda

T = TypeVar("T")


class Ended(BaseException):
    """Its machine is off, or the run is over: nothing of it may go on."""


class Fiber:
    """`work` may call `wait` and `ask`. Whichever of the two threads has its turn, the other stands still."""

    def __init__(self, agenda: Agenda, work: Callable[[Fiber], None]) -> None:
        self._agenda, self._work = agenda, work
        self._turn, self._back = threading.Semaphore(0), threading.Semaphore(0)
        self._wanted: Seconds | Callable[[], Any] | None = None  # what it waits for; None: it has ended
        self._answer: Any = None
        self._ended = False
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        self._go()

    def wait(self, seconds: Seconds) -> None:
        """Let time pass. For `work`."""
        self._hand_over(seconds)

    def ask(self, call: Callable[[], T]) -> T:
        """Have `call` called where the world lives, and return or raise what it does. For `work`."""
        self._hand_over(call)
        answer, error = self._answer
        if error is not None:
            raise error
        return answer  # type: ignore[no-any-return]

    def end(self) -> None:
        """From outside: nothing of it happens any more."""
        if not self._ended:
            self._ended = True
            self._turn.release()
            self._thread.join()

    # --- in its thread

    def _run(self) -> None:
        self._turn.acquire()
        try:
            if not self._ended:
                self._work(self)
        except Ended:
            pass
        except BaseException as error:
            self._error = error
        self._wanted = None
        self._back.release()

    def _hand_over(self, wanted: Seconds | Callable[[], Any]) -> None:
        if not self._ended:
            self._wanted = wanted
            self._back.release()
            self._turn.acquire()
        if self._ended:
            raise Ended

    # --- in the world's

    def _go(self) -> None:
        """Let it run until it waits. Raises what `work` raises: that is a bug."""
        while not self._ended:
            self._turn.release()
            self._back.acquire()
            wanted = self._wanted
            if wanted is None:
                self._ended = True
                if self._error is not None:
                    raise self._error
            elif callable(wanted):
                try:
                    self._answer = wanted(), None
                except Exception as error:
                    self._answer = None, error
            else:
                self._agenda.after(wanted, self._go)
                return
