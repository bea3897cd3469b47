"""Switching a UPS's output off, so that it comes back with utility power: what can be done, and what was."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from ridethrough.core.model import Seconds
from ridethrough.ups.clean import IDLE, LONGEST_COUNTDOWN

SHORTEST, LONGEST = 10, 6 * 3600  # seconds until the cut that any UPS is asked for; 65535 is none on some
EARLY: Seconds = 15.0  # a countdown that is read back may be this much shorter than it was set
LATE: Seconds = 2.0  # or this much longer


@dataclass(frozen=True, slots=True)
class Abilities:
    """What one UPS can be told, found without telling it anything."""

    by: str = ""  # whose objects or commands do it: "RFC 1628", "NUT"
    off: bool = False  # output off after some seconds, on again with utility power
    cancel: bool = False
    on_utility: bool = False  # off can be asked for on utility power, too, and it comes back then
    why: str = ""  # it has no `off`, or no `cancel`
    note: str = ""  # what a person must know beforehand

    def in_words(self) -> str:
        """ "off with restart (on battery only), cancel (RFC 1628)"; "none: ", and why."""
        off = "off with restart" + ("" if self.on_utility else " (on battery only)")
        can = ", ".join(word for word, able in ((off, self.off), ("cancel", self.cancel)) if able)
        if not can:
            return f"none: {self.why}"
        return f"{can} ({self.by})" + ("" if self.off else f"; no off: {self.why}")


@dataclass(frozen=True, slots=True)
class Switched:
    """What was done: each step as a sentence, and the countdown as the UPS shows it now."""

    steps: tuple[str, ...]
    countdown: Seconds | None = None


class Switch(Protocol):
    """One UPS, for what a person or the plan commands. Nothing here is sent by watching, finding or checking a UPS."""

    async def abilities(self) -> Abilities:
        """What it can be told. Only asks. Raises Unreachable or Refused when it is no UPS that answers."""

    async def off_and_restart(self, after: int, only_on_battery: bool = False) -> Switched:
        """Cut the output in `after` seconds, and restore it with utility power. Returns once the countdown was read.

        `only_on_battery`: refused on utility power, too, where it could be cut then.

        Raises Refused when nothing was begun, Unreachable when it is not known, or not sure, whether it was.
        """

    async def cancel(self) -> Switched:
        """End a countdown. Raises Refused when it goes on or the output is off, Unreachable when that is not known."""

    async def countdown(self) -> Seconds | None:
        """Seconds until the output is cut; None while it says that none runs. Only asks.

        Raises Unreachable when that is not known.
        """

    def close(self) -> None:
        """Close its connections."""


def is_as_asked(left: Seconds, after: Seconds, since: Seconds) -> bool:
    """Whether a countdown that was set to `after`, `since` seconds ago or less, may read `left` now."""
    return after - since - EARLY <= left <= after + LATE


def runs(value: float) -> bool:
    """Whether a value is a countdown that runs, of an object that shows one or none."""
    return value not in IDLE and 0 < value <= LONGEST_COUNTDOWN
