"""The controller's own machine as our driver would shut it down."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from ridethrough.core.actions import Action, ShutDownController
from ridethrough.ports import Clock, NotBegun, is_from_before_a_standstill


class OwnDoor:
    """ports.Actor for the machine that the controller runs on."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.is_cut = False
        self.go_down: Callable[[], None] = lambda: None

    async def perform(self, action: Action) -> None:
        """Has the controller end in order; who ends it shuts the machine down then. Never returns by itself."""
        if not isinstance(action, ShutDownController):
            raise TypeError(f"the controller's own machine does not do {type(action).__name__}")
        if is_from_before_a_standstill(self._clock, self._clock.now()):
            raise NotBegun("decided before a standstill")
        if not self.is_cut:
            self.go_down()
        await asyncio.Event().wait()
