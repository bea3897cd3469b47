"""The UPSs of a World as our drivers would tell them to cut their output, and to keep it."""

from __future__ import annotations

import asyncio

from ridethrough.core.actions import Action, CutOutput, KeepOutput
from ridethrough.core.model import Seconds
from ridethrough.ports import Clock, NotBegun, Refused, Unreachable, is_from_before_a_standstill

from . import power
from .cards import SimUps
from .families import CUT_BY_OWN, CUT_BY_RFC1628, CUT_UNSHOWN, Family
from .world import World

LOOKS_FOR: Seconds = 1.0  # before it tells, and until the countdown is read
ABLE: frozenset[Family] = frozenset((*CUT_BY_RFC1628, *CUT_UNSHOWN, *CUT_BY_OWN))


class UpsDoor:
    """ports.Actor for every UPS of the world."""

    def __init__(self, world: World, clock: Clock, looks_for: Seconds = LOOKS_FOR) -> None:
        self._world, self._clock, self._looks_for = world, clock, looks_for
        self.is_cut = False

    async def perform(self, action: Action) -> None:
        """Raises as the drivers do."""
        if not isinstance(action, CutOutput | KeepOutput):
            raise TypeError(f"a UPS does no {type(action).__name__}")
        begun, ups = self._clock.now(), self._world.upses[action.ups]
        await self._pass(ups)
        if is_from_before_a_standstill(self._clock, begun):
            raise NotBegun("decided before a standstill")
        if isinstance(action, CutOutput):
            self._cut(ups, action.after)
        else:
            self._keep(ups)
        await self._pass(ups)
        if isinstance(action, CutOutput) and ups.card.tells in CUT_UNSHOWN:
            raise Unreachable(f"{ups.id}'s card said yes, and shows no countdown")

    async def _pass(self, ups: SimUps) -> None:
        await asyncio.sleep(self._looks_for)
        if self.is_cut:
            raise asyncio.CancelledError
        if ups.card.silent or ups.card.link_lost:
            raise Unreachable(f"{ups.id}'s card does not answer")

    def _must_be_able(self, ups: SimUps) -> None:
        if ups.card.tells not in ABLE or ups.card.refuses:
            raise Refused("CANNOT", "its output cannot be switched")

    def _cut(self, ups: SimUps, after: Seconds) -> None:
        self._must_be_able(ups)
        if ups.input_good or not ups.on_battery:
            raise Refused("NOT_ON_BATTERY", "it is not on battery")
        if ups.card.cut_at is not None and ups.card.tells not in CUT_UNSHOWN:
            raise Refused("COUNTS_DOWN", "it counts down already")
        if ups.card.countdown_ends:
            ups.card.countdown_ends.cancel()
        self._world.tell(f"{ups.id}'s card is told to count down: output off in {after:.0f} s")
        power.count_down(self._world, ups, after, told=True, in_outage=ups.card.tells not in CUT_BY_OWN)

    def _keep(self, ups: SimUps) -> None:
        self._must_be_able(ups)
        if ups.card.cut_at is not None and ups.card.countdown_ends:
            self._world.tell(f"{ups.id}'s card is told to cancel its countdown")
            ups.card.cut_at = None
            ups.card.countdown_ends.cancel()
        if not ups.output:
            raise Refused("OFF", "it has been told, and says that its output is off")
