"""How a battery empties and fills."""

from __future__ import annotations

from dataclasses import dataclass

from ridethrough.core.model import Percent, Seconds

SECONDS_PER_HOUR = 3600.0


@dataclass(frozen=True, slots=True)
class Battery:
    """Energy in watt hours: what fits in, and what is left. Losses of the inverter are part of the load."""

    capacity_wh: float
    stored_wh: float

    @classmethod
    def full(cls, capacity_wh: float) -> Battery:
        return cls(capacity_wh, capacity_wh)

    def after(self, seconds: Seconds, watts: float) -> Battery:
        """The battery after `seconds` of a load of `watts`; a negative load charges it."""
        left = self.stored_wh - watts * seconds / SECONDS_PER_HOUR
        return Battery(self.capacity_wh, min(max(left, 0.0), self.capacity_wh))

    @property
    def charge(self) -> Percent:
        return self.stored_wh / self.capacity_wh * 100.0

    def falls_to(self, stored_wh: float, watts: float) -> Seconds | None:
        """Seconds until a load of `watts` has drawn it down to `stored_wh`; 0 if it is there, None if never."""
        if self.stored_wh <= stored_wh:
            return 0.0
        if watts <= 0.0:
            return None
        return (self.stored_wh - stored_wh) * SECONDS_PER_HOUR / watts
