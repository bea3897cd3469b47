"""The controller itself: that it began, what was asked of its settings, and what it has to tell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from ridethrough.core.model import Seconds


@dataclass(frozen=True, slots=True)
class ControllerStarted:
    """The controller started. Every action still open was lost with the one before; its end is unknown.

    `alive_until`: the last time at which the one before is known to have lived; None: there was none.
    `part`: what is watched anew, where this controller ran before; empty: it has started as a whole.
    """

    at: Seconds
    version: str
    alive_until: Seconds | None = None
    part: str = ""


@dataclass(frozen=True, slots=True)
class ControllerResumed:
    """The controller stood still for `seconds` (frozen, suspended, paused). What it had seen before is old.

    `by_wall`: only the wall clock says so, which also a hand on it can do.
    """

    at: Seconds
    seconds: Seconds
    by_wall: bool = False


@dataclass(frozen=True, slots=True)
class Armed:
    """The owner armed the site: from now on Ridethrough acts."""

    at: Seconds
    by: str


@dataclass(frozen=True, slots=True)
class Disarmed:
    """The owner disarmed the site: dry run."""

    at: Seconds
    by: str


@dataclass(frozen=True, slots=True)
class SettingsTaken:
    """site.toml was read again: from now on its settings hold. `says`: what was changed, and why."""

    at: Seconds
    by: str
    says: str = ""


@dataclass(frozen=True, slots=True)
class Alerted:
    """Something that a person must know. `subject` and `key` together are told once until cleared."""

    at: Seconds
    subject: str
    key: str
    text: str


OFF = "off"  # the key of the alert that a UPS says off
RECHARGES = "recharges"  # and of the one that what was stopped waits for its battery


@dataclass(frozen=True, slots=True)
class AlertCleared:
    """An alert's cause is gone."""

    at: Seconds
    subject: str
    key: str


@dataclass(frozen=True, slots=True)
class RoundFailed:
    """A round ended in a bug of ours; the loop looks again."""

    at: Seconds
    text: str


@dataclass(frozen=True, slots=True)
class JournalCutBack:
    """The journal's end was damaged: what was behind entry `after` is lost to us, and kept in the files `kept`."""

    at: Seconds  # of the last good entry
    after: int
    kept: str


LifeEvent: TypeAlias = (
    ControllerStarted
    | ControllerResumed
    | Armed
    | Disarmed
    | SettingsTaken
    | Alerted
    | AlertCleared
    | RoundFailed
    | JournalCutBack
)
