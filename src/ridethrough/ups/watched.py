"""A UPS as its driver has seen it lately, and whether a decision may depend on what was heard last."""

from __future__ import annotations

from dataclasses import dataclass, field

from ridethrough.core.observation import Source, UpsReading, UpsSeen


@dataclass(slots=True)
class Watched:
    """The last two good answers of one UPS. Both methods tell whether the loop is to be woken."""

    seen: UpsSeen = field(default_factory=UpsSeen)
    _answering: bool = False
    _heard: bool = False  # anything, silence too

    def answered(self, reading: UpsReading) -> bool:
        """A good answer came."""
        before = self.seen.reading
        self.seen = UpsSeen(reading, before, "")
        began, self._answering, self._heard = not self._answering, True, True
        return began or reading.source is Source.BATTERY or _changed(before, reading)

    def failed(self, why: str) -> bool:
        """No good answer came: `why`, for people. The last two good ones stay, and grow old."""
        self.seen = UpsSeen(self.seen.reading, self.seen.previous, why)
        stopped, self._answering, self._heard = self._answering or not self._heard, False, True
        return stopped


def _changed(before: UpsReading | None, after: UpsReading) -> bool:
    """Whether a decision may depend on the difference."""
    return before is None or _telling(before) != _telling(after)


def _telling(reading: UpsReading) -> tuple[object, ...]:
    return (
        reading.source,
        reading.testing,
        reading.low_battery,
        reading.input_good,
        reading.input_dead,
        reading.countdown,
        reading.timers,
    )
