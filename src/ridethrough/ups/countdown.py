"""Which of a card's countdown values is a countdown that runs."""

from __future__ import annotations

from dataclasses import dataclass

from ridethrough.core.model import Seconds
from ridethrough.ups.clean import IDLE, LONGEST_COUNTDOWN

FROZEN_AFTER: Seconds = 30.0  # a value that stands still for so long counts nothing down
STILL_IDLE = IDLE - {0.0}  # 0 may also be the end of a countdown
SLACK: Seconds = 10.0  # cards refresh in steps: a value may fall this much more than time has passed


@dataclass(slots=True)
class Countdown:
    """One countdown object of one card, across polls.

    A value counts only once it has been seen to fall, or with a second sign (alarm 22 or 23, status "shutdown"):
    idle has four spellings, and a card may show a configured delay where the MIB says countdown. Once running it
    stays so until the card shows an idle value or the value stands still.
    """

    trusts_idle: bool  # -1, RFC 1628's spelling of idle, proves that this card implements the object
    zero_is_idle: bool = False  # 0 is how this object says that nothing runs, whatever other signs say
    pending: bool = False  # a value that is not idle, not yet seen to fall
    _believed: bool = False
    _raw: float | None = None
    _since: Seconds = 0.0  # when `_raw` was first seen
    _running: bool = False

    def see(self, raw: float | None, now: Seconds, sign: bool) -> Seconds | None:
        """Seconds until the cut, reckoned from when the value was first seen; None when nothing runs."""
        if raw == self._raw and raw in STILL_IDLE and not self._running:
            return None  # as before, whatever other signs say
        falls, ended = self._falls(raw, now), self._ended(raw, now)
        if raw != self._raw:
            self._raw, self._since = raw, now
        if raw == -1 and self.trusts_idle:
            self._believed = True
        if raw is None or (_is_idle(raw) and not (raw == 0 and (ended or (sign and not self.zero_is_idle)))):
            self._running = self.pending = False
            return None
        stands = now - self._since > FROZEN_AFTER
        self._running = sign or falls or (self._running and not stands)
        self.pending = not self._running and not stands
        self._believed = self._believed or self._running
        return max(raw - (now - self._since), 0.0) if self._running else None

    def tells(self) -> bool:
        """Whether a missing countdown means that none runs."""
        return self._believed and self._raw is not None and not self.pending

    def _falls(self, raw: float | None, now: Seconds) -> bool:
        """The value fell, and not by more than the time that has passed."""
        if raw is None or self._raw is None or _is_idle(self._raw):
            return False
        return 0 < self._raw - raw <= now - self._since + SLACK

    def _ended(self, raw: float | None, now: Seconds) -> bool:
        """A running countdown reached 0 about when it should, or has just stood at the 0 that it reached."""
        if raw != 0 or not self._running or self._raw is None:
            return False
        passed = now - self._since
        if self._raw == 0:
            return passed <= (SLACK if self.zero_is_idle else FROZEN_AFTER)
        return passed >= self._raw - SLACK


def _is_idle(raw: float) -> bool:
    return raw in IDLE or not 0 <= raw <= LONGEST_COUNTDOWN
