"""The policies, by the name that the tables give them. Each plays one story to its end and leaves the world behind."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ridethrough.sim.scenario import Scenario
from ridethrough.sim.world import World

from . import after_minutes, low_battery, manual, ours

Policy = Callable[[Scenario], World]

POLICIES: Mapping[str, Policy] = {
    "ridethrough": ours.play,
    "manual": manual.play,
    "low battery": low_battery.play,
    "after minutes": after_minutes.play,
}
NAMED: Mapping[str, Policy] = {**POLICIES, "without agents": ours.play_alone}  # which is played only when it is named
