"""What has become of each guest, in the order in which it happened."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from ridethrough.core.model import HostId, Seconds, VmId


class Fate(StrEnum):
    """How a guest began or ended to run, or went on elsewhere."""

    STARTS = "starts"  # or is resumed
    MOVES = "moves"
    STOPS = "stops"  # it shut down by itself, as asked
    SUSPENDED = "suspended"
    STOPPED_HARD = "stopped hard"
    CRASHES = "crashes"  # its host lost its power, was reset, or was switched off under it
    LOSES_DISK = "loses its disk"


LOST = (Fate.CRASHES, Fate.LOSES_DISK)


@dataclass(frozen=True, slots=True)
class Turn:
    """One turn in the life of a guest. `host`: where it ran, or runs from now on."""

    at: Seconds
    vm: VmId
    fate: Fate
    host: HostId | None
