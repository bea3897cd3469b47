"""What the card of a UPS showed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from ridethrough.core.model import Percent, Seconds, UpsId


@dataclass(frozen=True, slots=True)
class UpsKnown:
    """A UPS was seen on utility power for the first time: from now on its "battery" is believed."""

    at: Seconds
    ups: UpsId


@dataclass(frozen=True, slots=True)
class UtilityDoubted:
    """One poll says battery; a second one has to confirm it. `last_utility` is the last poll that said utility."""

    at: Seconds
    ups: UpsId
    since: Seconds
    last_utility: Seconds


@dataclass(frozen=True, slots=True)
class DoubtCleared:
    """The second poll said utility power: it was nothing."""

    at: Seconds
    ups: UpsId


@dataclass(frozen=True, slots=True)
class UtilityLost:
    """A UPS is on battery, confirmed.

    `since` is the first poll that showed it: host timers count from there. `last_utility` is the last poll that
    showed utility power: the card's own timers count from there at the earliest. `counts_at` is when the card begins
    its countdown, `off_at` when it cuts its output; None when it does not cut. `runtime` and `charge` as the card
    told them at `at`. `settle` is how long utility power must hold to count as back.
    """

    at: Seconds
    ups: UpsId
    since: Seconds
    last_utility: Seconds
    counts_at: Seconds | None
    off_at: Seconds | None
    runtime: Seconds | None
    charge: Percent | None
    settle: Seconds
    proof: str
    load: Percent | None = None


@dataclass(frozen=True, slots=True)
class UtilitySeen:
    """Utility power was seen again at `since`; it counts as back after it has held for `settle` seconds."""

    at: Seconds
    ups: UpsId
    since: Seconds
    settle: Seconds


@dataclass(frozen=True, slots=True)
class UtilityLostAgain:
    """Utility power went away again before it had settled. `since` keeps the time on battery so far."""

    at: Seconds
    ups: UpsId
    since: Seconds
    last_utility: Seconds
    counts_at: Seconds | None
    off_at: Seconds | None
    settle: Seconds
    runtime: Seconds | None = None
    charge: Percent | None = None
    load: Percent | None = None


@dataclass(frozen=True, slots=True)
class OutputOff:
    """Utility power had been seen again, but the card has cut its output all the same: it must hold anew afterwards."""

    at: Seconds
    ups: UpsId


@dataclass(frozen=True, slots=True)
class UtilityBack:
    """Utility power has settled: the outage of this UPS is over. `lasted` is the time on battery, seconds."""

    at: Seconds
    ups: UpsId
    lasted: Seconds


@dataclass(frozen=True, slots=True)
class RuntimeTold:
    """A reading worth keeping should the card fall silent or the controller restart.

    `load_before`: of the reading before it, for the load may have changed just now. `anew`: the card has reckoned anew,
    for no battery empties or fills so fast.
    """

    at: Seconds
    ups: UpsId
    runtime: Seconds | None
    charge: Percent | None
    load: Percent | None = None
    load_before: Percent | None = None
    anew: bool = False


@dataclass(frozen=True, slots=True)
class BatteryMeasured:
    """A battery has emptied far enough in an outage to show which share `held` of its card's promise it holds."""

    at: Seconds
    ups: UpsId
    held: float


@dataclass(frozen=True, slots=True)
class LowBattery:
    """A UPS on battery is low, confirmed; or silent for so long that it must be taken for low."""

    at: Seconds
    ups: UpsId
    proof: str
    by_silence: bool = False


@dataclass(frozen=True, slots=True)
class CountdownSeen:
    """The card counts down to cutting its output, at `cut_at`."""

    at: Seconds
    ups: UpsId
    cut_at: Seconds


@dataclass(frozen=True, slots=True)
class CountdownOver:
    """The card cancelled its countdown, or the cut time has passed."""

    at: Seconds
    ups: UpsId
    cancelled: bool


@dataclass(frozen=True, slots=True)
class UpsSilent:
    """A card stopped answering. `on_battery`: it was on battery when last heard."""

    at: Seconds
    ups: UpsId
    since: Seconds
    on_battery: bool


@dataclass(frozen=True, slots=True)
class UpsAnswers:
    """A silent card answers again."""

    at: Seconds
    ups: UpsId


@dataclass(frozen=True, slots=True)
class TrapHeard:
    """A UPS's card sent a trap or an inform, or somebody in its name: no evidence, it only caused a poll.

    `trap` is the notification's OID (RFC 3584 for v1), `says` the same in words. `untold`: more of this UPS that came
    since the last that was written down, and were not.
    """

    at: Seconds
    ups: UpsId
    trap: str
    says: str
    untold: int = 0


UpsEvent: TypeAlias = (
    UpsKnown
    | UtilityDoubted
    | DoubtCleared
    | UtilityLost
    | UtilitySeen
    | UtilityLostAgain
    | OutputOff
    | UtilityBack
    | RuntimeTold
    | BatteryMeasured
    | LowBattery
    | CountdownSeen
    | CountdownOver
    | UpsSilent
    | UpsAnswers
    | TrapHeard
)
