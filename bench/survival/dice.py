"""Seeded random choices."""

from __future__ import annotations

import math
import random
from typing import TypeVar

T = TypeVar("T")


class Dice(random.Random):
    """Chances in percent."""

    def chance(self, percent: float) -> bool:
        return self.random() * 100.0 < percent

    def weighed(self, choices: dict[T, float]) -> T:
        """One of `choices`, by weight."""
        return self.choices(list(choices), list(choices.values()))[0]

    def log_uniform(self, low: float, high: float) -> float:
        return math.exp(self.uniform(math.log(low), math.log(high)))

    def log_normal(self, median: float, sigma: float, low: float, high: float) -> float:
        return min(max(median * math.exp(self.gauss(0.0, sigma)), low), high)
