"""What `ridethrough check` and `ups show` tell of one UPS."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from ridethrough.core.observation import UpsSeen
from ridethrough.ups.evidence import WORDS, Evidence
from ridethrough.ups.meaning import Field

# What a good UPS tells; check says which of these yours does not.
WANTED: tuple[Field, ...] = (
    "runtime",
    "charge",
    "load",
    "input_volts",
    "countdown",
    "alarms_present",
    "warning_period",
    "shutdown_delay",
    "action",
)


@dataclass(frozen=True, slots=True)
class UpsReport:
    """One UPS, as it answered once. Everything but `seen.trouble` is empty when it did not."""

    seen: UpsSeen
    family: str = ""  # "EPPC + RFC 1628", "NUT"
    why: str = ""  # it was taken for that
    missing: tuple[str, ...] = ()  # what it does not tell, by meaning: "runtime", "warning_period"
    evidence: tuple[Evidence, ...] = ()  # every object that was read, with what it says
    contradicts: tuple[str, ...] = ()  # of what two of them say different things, in words
    vendor: str = ""  # the maker that it tells, else the one that its card is known to be of

    @property
    def model(self) -> str:
        return self.seen.reading.model if self.seen.reading else ""

    @property
    def serial(self) -> str:
        return next((row.says for row in self.evidence if row.what == WORDS["serial"]), "")


def missing(told: Collection[Field]) -> tuple[str, ...]:
    """What of `WANTED` is not told. A countdown may be told as an off delay, too."""
    return tuple(field for field in WANTED if field not in told and not (field == "countdown" and "off_delay" in told))
