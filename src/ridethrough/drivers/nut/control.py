"""Switching off the output of a UPS behind an upsd, with restart: every step is read back, none is repeated."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass

from ridethrough.core.model import Seconds
from ridethrough.core.observation import Source, UpsReading
from ridethrough.core.wording import duration
from ridethrough.drivers.nut.server import NutConfig, Server
from ridethrough.drivers.nut.variables import reading
from ridethrough.ports import Refused, Unreachable
from ridethrough.ups.clean import IDLE
from ridethrough.ups.meaning import decimal
from ridethrough.ups.reader import Reader
from ridethrough.ups.switching import LONGEST, SHORTEST, Abilities, Switched, is_as_asked, runs

# NUT docs/nut-names.txt: the load off after ups.delay.shutdown, on when power is back; the countdown; its end.
OFF, DELAY, TIMER, STOP = "shutdown.return", "ups.delay.shutdown", "ups.timer.shutdown", "shutdown.stop"
LOOKS = 10  # drivers look at their UPS every second or two
PAUSE: Seconds = 0.5


class _Unclear(Unreachable):
    """upsd answers, and what it shows is neither a countdown nor none."""


@dataclass(frozen=True, slots=True)
class _Known:
    variables: Mapping[str, str]
    reading: UpsReading
    settable: bool
    abilities: Abilities


class NutSwitch:
    """Implements ups.switching.Switch for one UPS. No method may run beside another."""

    def __init__(self, config: NutConfig, now: Callable[[], Seconds]) -> None:
        self._config = config
        self._now = now
        self._server = Server(config.server)

    async def abilities(self) -> Abilities:
        """What its driver can be told. Only asks."""
        return (await self._look()).abilities

    async def countdown(self) -> Seconds | None:
        """Seconds until the output is cut. Only asks."""
        return self._left(await self._variables())

    async def off_and_restart(self, after: int) -> Switched:
        """Cut the output in `after` seconds: the driver's delay first, read back; then the command; then the timer."""
        if not SHORTEST <= after <= LONGEST:
            raise Refused("SECONDS", f"a UPS is switched off after {SHORTEST} to {LONGEST} seconds")
        known = await self._look()
        if not known.abilities.off:
            raise Refused("CANNOT", f"{self._where}: its output cannot be switched off: {known.abilities.why}")
        if known.reading.source is not Source.BATTERY or known.reading.testing:
            why = "it is not on battery, and whether it would then come back by itself is its driver's affair"
            raise Refused("NOT_ON_BATTERY", f"{self._where}: {why}")
        if (left := self._left(known.variables)) is not None:
            raise Refused(
                "COUNTS_DOWN", f"{self._where}: it counts down already, and cuts its output in {duration(left)}"
            )
        steps = [await self._delayed(known, after)]
        began = asyncio.get_running_loop().time()
        lost = await self._tell("INSTCMD", self._config.name, OFF)
        unknown = f"whether it cuts its output in {duration(after)} is not known"
        try:
            shown = await self._until(lambda variables: self._left(variables) is not None)
            left = self._left(shown)
        except Unreachable as silent:
            raise Unreachable(f"{silent}. It has been told, and {unknown}") from None
        if left is None:
            said = "upsd did not answer" if lost else "upsd said yes"
            raise Unreachable(f"{self._where}: {said}, and {TIMER} shows no countdown: {unknown}")
        if not is_as_asked(left, after, asyncio.get_running_loop().time() - began):
            told = f"it was told {duration(after)}, and counts down from {duration(left)}: believe what it shows"
            raise Unreachable(f"{self._where}: {told}")
        return Switched((*steps, _said(OFF, lost)), left)

    async def cancel(self) -> Switched:
        """End a countdown, and see it gone. A UPS that shows none is told all the same: not all of them show it."""
        known = await self._look()
        if not known.abilities.cancel:
            raise Refused("CANNOT", f"{self._where}: nothing can be cancelled: its driver has no {STOP}")
        counted = TIMER in known.variables and self._left(known.variables) is not None
        lost = await self._tell("INSTCMD", self._config.name, STOP)
        if lost is not None and not counted:
            raise Unreachable(f"{lost}; it showed no countdown before, and whether one runs is not known")
        unknown = "whether its output stays on is not known"
        try:
            shown = await self._until(lambda variables: self._left(variables, counted) is None)
            if self._reading(shown).source is Source.OFF:
                raise Refused("OFF", f"{self._where}: it has been told, and says that its output is off")
            left = self._left(shown, counted)
        except Unreachable as silent:
            raise Unreachable(f"{silent}. It has been told, and {unknown}") from None
        if left is not None:
            raise Refused(
                "COUNTS_DOWN", f"{self._where}: it still counts down, and cuts its output in {duration(left)}"
            )
        return Switched(
            (_said(STOP, lost), "its countdown is gone" if counted else "it showed no countdown, and shows none")
        )

    def close(self) -> None:
        self._server.close()

    @property
    def _where(self) -> str:
        return f"{self._config.server.address}: {self._config.name}"

    async def _look(self) -> _Known:
        variables = await self._variables()
        commands = await self._server.commands(self._config.name)
        settable = DELAY in await self._server.writable(self._config.name)
        has = {OFF: OFF in commands, DELAY: DELAY in variables, TIMER: TIMER in variables}
        lacks = [name for name, there in has.items() if not there]
        why = f"its driver has no {' and no '.join(lacks)}" if lacks else ""
        note = "" if settable or lacks else f"only after {variables[DELAY]} s: its driver does not let that be set"
        return _Known(
            variables,
            self._reading(variables),
            settable,
            Abilities("NUT", off=not lacks, cancel=STOP in commands, why=why, note=note),
        )

    async def _delayed(self, known: _Known, after: int) -> str:
        """See to it that the driver's delay is as wanted, before the command is given that uses it."""
        before = known.variables[DELAY]
        if decimal(before) == after:
            return f"{DELAY} is {before}"
        if not known.settable:
            raise Refused("DELAY", f"{self._where}: its driver switches off after {before} s, and that cannot be set")
        lost = await self._tell("SET", "VAR", self._config.name, DELAY, str(after))
        now = await self._until(lambda variables: decimal(variables.get(DELAY)) == after)
        if decimal(now.get(DELAY)) != after:
            said = "did not answer" if lost else "said yes"
            raise Refused("NOT_SET", f"{self._where}: {DELAY} cannot be set: upsd {said}, and it is {now.get(DELAY)}")
        return f"{DELAY} was {before}, and is now {after}"

    async def _tell(self, *words: str) -> Unreachable | None:
        """Told once. None when upsd said yes. When its answer did not come, why: what was done must be read."""
        try:
            await self._server.tell(*words)
        except Unreachable as lost:
            return lost
        except Refused as refused:
            raise Refused(
                refused.code, f"{self._where}: {words[-1] if words[0] == 'INSTCMD' else DELAY}: {refused.detail}"
            ) from None
        return None

    async def _until(self, is_so: Callable[[Mapping[str, str]], bool]) -> Mapping[str, str]:
        """The variables, once they are as wanted, or as they are after a while."""
        variables = await self._variables()
        for _ in range(LOOKS - 1):
            with suppress(_Unclear):
                if is_so(variables):
                    break
            await asyncio.sleep(PAUSE)
            variables = await self._variables()
        return variables

    async def _variables(self) -> Mapping[str, str]:
        return await self._server.variables(self._config.name)

    def _reading(self, variables: Mapping[str, str]) -> UpsReading:
        return reading(self._config, variables, Reader(trusts_idle=True), self._now())

    def _left(self, variables: Mapping[str, str], counted: bool = False) -> Seconds | None:
        """The countdown; None where the timer says that none runs. Raises Unreachable where it says neither.

        0 ends a countdown that was seen just now in either way, and that is no answer.
        """
        left = decimal(variables.get(TIMER))
        if left is not None and runs(left):
            return left
        if left is None or left not in IDLE or (counted and left == 0):
            raise _Unclear(f"{self._where}: {TIMER} reads {variables.get(TIMER, 'nothing')}, which is no answer")
        return None


def _said(command: str, lost: Unreachable | None) -> str:
    return f"{command}: {'its answer was lost, and what it shows was read' if lost else 'upsd said yes'}"
