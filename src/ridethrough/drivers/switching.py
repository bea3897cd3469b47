"""Switching a UPS's output off and cancelling that: the order of things, which every kind of UPS has in common."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import ClassVar, Generic, TypeVar

from ridethrough.core.actions import Action, CutOutput, KeepOutput
from ridethrough.core.model import Seconds
from ridethrough.core.observation import Source, UpsReading
from ridethrough.core.wording import duration
from ridethrough.ports import Clock, NotBegun, Refused, Unreachable, is_from_before_a_standstill
from ridethrough.ups.switching import LONGEST, SHORTEST, Abilities, Switch, Switched, is_as_asked

PAUSE: Seconds = 0.5  # between two looks at what was told


class Unclear(Unreachable):
    """It answers, and what it shows is neither a countdown nor none."""


@dataclass(frozen=True, slots=True)
class Known:
    """A UPS as it was just now."""

    reading: UpsReading
    abilities: Abilities


@dataclass(frozen=True, slots=True)
class Told:
    """One command, given once."""

    what: str  # in words
    lost: Unreachable | None = None  # its answer did not come: what it did must be read
    after: int | None = None  # the seconds that were asked for
    counted: bool = False  # a countdown was seen before it

    def as_step(self, who: str) -> str:
        said = "its answer was lost, and what it shows was read" if self.lost else f"{who} said yes"
        return f"{self.what}: {said}"


K = TypeVar("K", bound=Known)
T = TypeVar("T")


class Switching(ABC, Generic[K]):
    """A Switch whose order of things is the same for every kind of UPS: look, refuse, arrange, tell once, read.

    A kind says how each of these is done. No method may run beside another.
    """

    WHO: ClassVar[str]  # says yes: "it", "upsd"
    LOOKS: ClassVar[int]  # at what was told, until it is to be seen
    NOT_ON_BATTERY: ClassVar[str]  # why it is then not told

    def __init__(self, pause: Seconds) -> None:
        """`pause` lies between two looks."""
        self._pause = pause

    @property
    @abstractmethod
    def where(self) -> str:
        """Its address, for people."""

    @abstractmethod
    async def look(self) -> K:
        """What it is now, and can be told. Only asks."""

    @abstractmethod
    async def reading(self) -> UpsReading:
        """What it says now."""

    @abstractmethod
    async def left(self, known: K, told: Told | None = None) -> Seconds | None:
        """The countdown; None when it says that none runs; after what was `told`. Raises Unreachable otherwise."""

    @abstractmethod
    def must_be_allowed(self) -> None:
        """Raises Refused when site.toml gives nothing to command with."""

    @abstractmethod
    async def arrange(self, known: K, after: int) -> list[str]:
        """Set what must be set first, and read it back. Raises Refused where it does not keep it."""

    @abstractmethod
    async def tell_off(self, known: K, after: int) -> Told:
        """Begin the countdown."""

    @abstractmethod
    async def tell_cancel(self, known: K) -> Told:
        """End a countdown."""

    async def abilities(self) -> Abilities:
        """What it can be told. Only asks."""
        return (await self.look()).abilities

    async def countdown(self) -> Seconds | None:
        """Seconds until the output is cut. Only asks."""
        return await self.left(await self.look())

    async def off_and_restart(self, after: int, only_on_battery: bool = False) -> Switched:
        """Cut the output in `after` seconds: what must be set first; then the command; then the countdown is read."""
        if not SHORTEST <= after <= LONGEST:
            raise Refused("SECONDS", f"a UPS is switched off after {SHORTEST} to {LONGEST} seconds")
        known = await self.look()
        if not known.abilities.off:
            raise self._refused("CANNOT", f"its output cannot be switched off: {known.abilities.why}")
        self.must_be_allowed()
        on_battery = known.reading.source is Source.BATTERY and not known.reading.testing
        if not (known.abilities.on_utility or on_battery):
            raise self._refused("NOT_ON_BATTERY", f"it is not on battery, and {self.NOT_ON_BATTERY}")
        if only_on_battery and not on_battery:
            raise self._refused("NOT_ON_BATTERY", "it is not on battery")
        if (left := await self.left(known)) is not None:
            raise self._refused("COUNTS_DOWN", f"it counts down already, and cuts its output in {duration(left)}")
        steps = await self.arrange(known, after)
        began = asyncio.get_running_loop().time()
        told = await self.tell_off(known, after)
        shown = await self._shown(known, told, after)
        if not is_as_asked(shown, after, asyncio.get_running_loop().time() - began):
            asked = f"it was told {duration(after)}, and counts down from {duration(shown)}: believe what it shows"
            raise Unreachable(f"{self.where}: {asked}")
        return Switched((*steps, told.as_step(self.WHO)), shown)

    async def cancel(self) -> Switched:
        """End a countdown, and see it gone. A UPS that shows none is told all the same: not all of them show it."""
        known = await self.look()
        if not known.abilities.cancel:
            why = known.abilities.why or known.abilities.note
            raise self._refused("CANNOT", f"nothing can be cancelled: {why}")
        self.must_be_allowed()
        told = await self.tell_cancel(known)
        if told.lost is not None and not told.counted:
            raise Unreachable(f"{told.lost}; it showed no countdown before, and whether one runs is not known")
        left, unclear = None, ""
        try:
            try:
                left = await self.until(lambda: self.left(known, told), lambda left: left is None)
            except Unclear as answer:
                unclear = str(answer)
            reading = await self.reading()
        except Unreachable as silent:
            unclear = str(silent)
        else:
            if reading.source is Source.OFF:
                raise self._refused("OFF", "it has been told, and says that its output is off")
            if reading.link_lost:
                unclear = f"{self.where}: the card has lost its UPS"
        if unclear:
            raise Unreachable(f"{unclear}. It has been told, and whether its output stays on is not known")
        if left is not None:
            raise self._refused("COUNTS_DOWN", f"it still counts down, and cuts its output in {duration(left)}")
        seen = "its countdown is gone" if told.counted else "it showed no countdown, and shows none"
        return Switched((told.as_step(self.WHO), seen))

    def _refused(self, code: str, why: str) -> Refused:
        return Refused(code, f"{self.where}: {why}")

    async def _shown(self, known: K, told: Told, after: int) -> Seconds:
        """The countdown that was just begun. Raises Unreachable, with what is known, when it does not show it."""
        unknown = f"whether it cuts its output in {duration(after)} is not known"
        try:
            shown = await self.until(lambda: self.left(known, told), lambda left: left is not None)
        except Unreachable as silent:
            raise Unreachable(f"{silent}. It has been told, and {unknown}") from None
        if shown is None:
            said = "did not answer" if told.lost else "said yes"
            raise Unreachable(f"{self.where}: {self.WHO} {said}, and it shows no countdown: {unknown}")
        return shown

    async def until(self, look: Callable[[], Awaitable[T]], is_so: Callable[[T], bool]) -> T:
        """What is seen, once it is as wanted, or as it is after a while. Raises Unreachable while it is not known."""
        for _ in range(self.LOOKS - 1):
            with suppress(Unclear):
                if is_so(seen := await look()):
                    return seen
            await asyncio.sleep(self._pause)
        return await look()


class Commanded:
    """ports.Actor for one UPS: what the plan tells it. Connections are made for each command, and closed."""

    def __init__(self, switch: Callable[[], Switch], clock: Clock) -> None:
        self._switch, self._clock = switch, clock

    async def perform(self, action: Action) -> None:
        """Raises as the Switch does, and NotBegun. An output is cut on battery only, whatever the UPS could."""
        if not isinstance(action, CutOutput | KeepOutput):
            raise TypeError(f"a UPS does no {type(action).__name__}")
        if is_from_before_a_standstill(self._clock, self._clock.now()):
            raise NotBegun("decided before a standstill")
        switch = self._switch()
        try:
            if isinstance(action, CutOutput):
                await switch.off_and_restart(round(action.after), only_on_battery=True)
            else:
                await switch.cancel()
        finally:
            switch.close()
