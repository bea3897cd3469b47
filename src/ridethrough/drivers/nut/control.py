"""Switching off the output of a UPS behind an upsd, with restart: every step is read back, none is repeated."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from ridethrough.core.model import Seconds
from ridethrough.core.observation import UpsReading
from ridethrough.drivers.nut.server import NutConfig, Server
from ridethrough.drivers.nut.variables import reading, words
from ridethrough.drivers.switching import PAUSE, Known, Switching, Told, Unclear
from ridethrough.ports import Refused, Unreachable
from ridethrough.ups.clean import IDLE
from ridethrough.ups.meaning import decimal
from ridethrough.ups.reader import Reader
from ridethrough.ups.switching import Abilities, runs

# NUT docs/nut-names.txt: the load off after ups.delay.shutdown, on when power is back; the countdown; its end.
OFF, DELAY, TIMER, STOP = "shutdown.return", "ups.delay.shutdown", "ups.timer.shutdown", "shutdown.stop"
# Megatec's protocol tells no countdown, but that a shutdown is under way: these drivers show it as FSD in ups.status.
# Some UPSs say so always, and their owners let the driver ignore it.
BY_STATUS, IGNORED = frozenset({"nutdrv_qx", "blazer_ser", "blazer_usb"}), "driver.flag.ignoresab"


@dataclass(frozen=True, slots=True)
class _Known(Known):
    variables: Mapping[str, str]
    settable: bool


class NutSwitch(Switching[_Known]):
    """Implements ups.switching.Switch for one UPS. No method may run beside another."""

    WHO = "upsd"
    LOOKS = 10  # drivers look at their UPS every second or two
    NOT_ON_BATTERY = "whether it would then come back by itself is its driver's affair"

    def __init__(self, config: NutConfig, now: Callable[[], Seconds], pause: Seconds = PAUSE) -> None:
        super().__init__(pause)
        self._config = config
        self._now = now
        self._server = Server(config.server)

    @property
    def where(self) -> str:
        return f"{self._config.server.address}: {self._config.name}"

    async def look(self) -> _Known:
        variables = await self._variables()
        commands = await self._server.commands(self._config.name)
        settable = DELAY in await self._server.writable(self._config.name)
        has = {OFF: OFF in commands, DELAY: DELAY in variables, TIMER: _tells(variables), STOP: STOP in commands}
        lacks = [name for name, there in has.items() if not there]
        why = f"its driver has no {' and no '.join(lacks)}" if lacks else ""
        can_off = not {OFF, DELAY, TIMER} & {*lacks}
        note = (
            "" if settable or not can_off else f"only after {variables[DELAY]} s: its driver does not let that be set"
        )
        abilities = Abilities("NUT", off=can_off, cancel=has[STOP], why=why, note=note)
        return _Known(self._reading(variables), abilities, variables, settable)

    async def reading(self) -> UpsReading:
        return self._reading(await self._variables())

    def must_be_allowed(self) -> None:
        """upsd itself says who may command."""

    async def arrange(self, known: _Known, after: int) -> list[str]:
        """See to it that the driver's delay is as wanted, before the command is given that uses it."""
        before = known.variables[DELAY]
        if decimal(before) == after:
            return [f"{DELAY} is {before}"]
        if not known.settable:
            raise Refused("DELAY", f"{self.where}: its driver switches off after {before} s, and that cannot be set")
        told = await self._tell("SET", "VAR", self._config.name, DELAY, str(after))
        now = await self.until(self._variables, lambda variables: decimal(variables.get(DELAY)) == after)
        if decimal(now.get(DELAY)) != after:
            said = "did not answer" if told.lost else "said yes"
            raise Refused("NOT_SET", f"{self.where}: {DELAY} cannot be set: upsd {said}, and it is {now.get(DELAY)}")
        return [f"{DELAY} was {before}, and is now {after}"]

    async def tell_off(self, known: _Known, after: int) -> Told:
        return replace(await self._tell("INSTCMD", self._config.name, OFF), after=after)

    async def tell_cancel(self, known: _Known) -> Told:
        counted = _is_told_by_status(known.variables) and _is_under_way(known.variables)
        counted |= TIMER in known.variables and _left(self.where, known.variables) is not None
        return replace(await self._tell("INSTCMD", self._config.name, STOP), counted=counted)

    async def left(self, known: _Known, told: Told | None = None) -> Seconds | None:
        variables = await self._variables()
        if _is_told_by_status(variables):
            return self._by_status(variables, told)
        return _left(self.where, variables, told is not None and told.counted)

    def _by_status(self, variables: Mapping[str, str], told: Told | None) -> Seconds | None:
        """The seconds that it was told, once it says that it shuts down. Raises as `left`, Refused of an older one."""
        if not _is_under_way(variables):
            return None
        if told is None:
            remedy = "cancel it; or, if it always says so, write ignoresab into its section of ups.conf"
            says = f"it says that a shutdown is under way (FSD), and not when it ends: {remedy}"
            raise Refused("COUNTS_DOWN", f"{self.where}: {says}")
        if told.after is None:
            raise Unclear(f"{self.where}: it still says that a shutdown is under way (FSD)")
        return float(told.after)

    def close(self) -> None:
        self._server.close()

    async def _tell(self, *words: str) -> Told:
        """Told once."""
        what = words[-1] if words[0] == "INSTCMD" else DELAY
        try:
            await self._server.tell(*words)
        except Unreachable as lost:
            return Told(what, lost)
        except Refused as refused:
            raise Refused(refused.code, f"{self.where}: {what}: {refused.detail}") from None
        return Told(what)

    async def _variables(self) -> Mapping[str, str]:
        return await self._server.variables(self._config.name)

    def _reading(self, variables: Mapping[str, str]) -> UpsReading:
        return reading(self._config, variables, Reader(trusts_idle=True), self._now())


def _tells(variables: Mapping[str, str]) -> bool:
    """Whether a countdown that runs can be seen."""
    return TIMER in variables or _is_told_by_status(variables)


def _is_told_by_status(variables: Mapping[str, str]) -> bool:
    return TIMER not in variables and variables.get("driver.name") in BY_STATUS and IGNORED not in variables


def _is_under_way(variables: Mapping[str, str]) -> bool:
    return "FSD" in words(variables.get("ups.status"))


def _left(where: str, variables: Mapping[str, str], counted: bool = False) -> Seconds | None:
    """The countdown; None where the timer says that none runs. Raises Unclear where it says neither.

    0 ends a countdown that was seen just now in either way, and that is no answer.
    """
    left = decimal(variables.get(TIMER))
    if left is not None and runs(left):
        return left
    if left is None or left not in IDLE or (counted and left == 0):
        raise Unclear(f"{where}: {TIMER} reads {variables.get(TIMER, 'nothing')}, which is no answer")
    return None
