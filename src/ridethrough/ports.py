"""What the loop needs of the world outside, as protocols. Drivers and the simulator implement them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from ridethrough.core.actions import Action
from ridethrough.core.events import Event
from ridethrough.core.model import Seconds
from ridethrough.core.observation import Snapshot


class Unreachable(Exception):  # noqa: N818 - a state of the world, not a bug
    """The other side did not answer, or not in time. Trying again later may help. The call may have been executed."""


class NotBegun(Unreachable):
    """The process stood still between the decision and the call, which was not sent: decide anew."""


class Refused(Exception):  # noqa: N818
    """The other side said no; asking again will not help. `code` as the other side names it."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(f"{code}: {detail}" if detail else code)
        self.code = code
        self.detail = detail


class JournalFailed(Exception):  # noqa: N818
    """The journal's disk failed or did not answer in time. The events were not, or not provably, written."""


@dataclass(frozen=True, slots=True)
class StoodStill:
    """This process was found at `at` to have stood still for `seconds`: frozen, suspended or paused.

    `by_wall`: only the wall clock says so, which also a hand on it can do.
    """

    at: Seconds
    seconds: Seconds
    by_wall: bool = False


class Clock(Protocol):
    """Time of the site: seconds that never go back, across restarts of the controller too."""

    @property
    def stood_still(self) -> StoodStill | None:
        """The last time that `now` found this process to have stood still; None: never.

        What was seen, asked or decided before then is as old as that, however young it looks.
        """

    def now(self) -> Seconds:
        """Seconds since the epoch of the journal's first start, by a clock that no one sets."""

    async def sleep(self, seconds: Seconds) -> None:
        """Let `seconds` pass."""


def is_from_before_a_standstill(clock: Clock, at: Seconds) -> bool:
    """Whether the process has stood still since `at`."""
    clock.now()  # a look at the clock is what finds it
    return clock.stood_still is not None and clock.stood_still.at > at


class Observer(Protocol):
    """Watches one part of the site: all cards, or one pool. Runs its own polling between `start` and `stop`."""

    async def start(self, wake: Callable[[], None]) -> None:
        """Begin to watch. `wake` is to be called whenever something changed that a decision may depend on."""

    async def stop(self) -> None:
        """End watching and close every connection. Never raises."""

    def observe(self, urgent: bool) -> Snapshot:
        """The latest of what this observer knows, from memory and at once: called in each round, it never waits.

        `urgent`: a UPS of the island is on battery, so poll at the fast pace (2 s instead of 5 s) until told otherwise.
        Never raises for a silent device: silence is part of the snapshot.
        """


class Actor(Protocol):
    """Carries out actions on one pool."""

    async def perform(self, action: Action) -> None:
        """Carry out `action` and return when its end state is reached, within `action.deadline` seconds.

        Raises Refused when asking again will not help, Unreachable when the answer did not come or may come later,
        NotBegun when the process has stood still since the decision: an old decision is never carried out.
        The executor cancels it (asyncio.CancelledError) when the deadline has passed; the driver then leaves
        nothing running that it can cancel. Safe to repeat: an end state already reached is success.
        """


class Journal(Protocol):
    """The durable past."""

    async def append(self, events: Sequence[Event]) -> Sequence[int]:
        """Write all events in one transaction, wait for the disk, and return their positions.

        Raises JournalFailed when the disk failed or did not answer within two seconds.
        """

    async def read(self, after: int = 0) -> Sequence[tuple[int, Event]]:
        """Every event with a position above `after`, in order."""

    async def close(self) -> None:
        """Flush and close."""


class Notifier(Protocol):
    """Tells people. Never on the critical path: it returns at once and never raises."""

    def tell(self, position: int, event: Event, sentence: str) -> None:
        """One event of the journal and its sentence."""
