"""What switches one host on past its pool."""

from __future__ import annotations

from collections.abc import Mapping

from ridethrough.core.actions import Action, PowerOnHost, WakeStorage
from ridethrough.core.model import PowerWay
from ridethrough.ports import Clock, NotBegun, Refused, is_from_before_a_standstill

from .bmc import Bmc
from .wake import Wake


class SwitchOn:
    """ports.Actor for one host. Done is: it was told. Whether it starts is seen by whether it answers."""

    def __init__(self, ways: Mapping[PowerWay, Bmc | Wake], clock: Clock) -> None:
        self._ways, self._clock = ways, clock

    async def perform(self, action: Action) -> None:
        """Raises as the way does, and NotBegun."""
        if not isinstance(action, PowerOnHost):
            raise TypeError(f"what switches a host on does no {type(action).__name__}")
        begun = self._clock.now()
        if is_from_before_a_standstill(self._clock, begun):
            raise NotBegun("decided before a standstill")
        way = self._ways.get(action.way)
        if way is None:
            raise Refused("NO_WAY", f"site.toml does not say how to switch {action.host} on by {action.way}")
        await way.switch_on(action.deadline - 1.0)


class WakeUp:
    """ports.Actor for one storage. Done is: the packets are sent."""

    def __init__(self, wake: Wake, clock: Clock) -> None:
        self._wake, self._clock = wake, clock

    async def perform(self, action: Action) -> None:
        """Raises as Wake does, and NotBegun."""
        if not isinstance(action, WakeStorage):
            raise TypeError(f"what wakes a storage does no {type(action).__name__}")
        if is_from_before_a_standstill(self._clock, self._clock.now()):
            raise NotBegun("decided before a standstill")
        await self._wake.switch_on(action.deadline - 1.0)
