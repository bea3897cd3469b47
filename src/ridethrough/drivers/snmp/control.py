"""Switching a card's output off with restart, and cancelling that: every SET is read back, none is repeated."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from ridethrough.core.model import Seconds
from ridethrough.core.observation import UpsReading
from ridethrough.drivers.snmp.card import Card
from ridethrough.drivers.snmp.discovery import Profile, supported
from ridethrough.drivers.snmp.mibs import RFC1628, Mib
from ridethrough.drivers.snmp.mibs.table import Control, Setting
from ridethrough.drivers.snmp.session import CardConfig, Session
from ridethrough.drivers.snmp.set import Put, put
from ridethrough.drivers.switching import PAUSE, Known, Switching, Told, Unclear
from ridethrough.ports import Refused, Unreachable
from ridethrough.ups.meaning import Value, number
from ridethrough.ups.switching import Abilities, runs


@dataclass(frozen=True, slots=True)
class _Known(Known):
    """And the ways to tell it something that it has."""

    controls: tuple[Control, ...]

    @property
    def off(self) -> Control | None:
        return next((control for control in self.controls if control.off), None) if self.abilities.off else None


class CardSwitch(Switching[_Known]):
    """Implements ups.switching.Switch for one card. No method may run beside another."""

    WHO = "it"
    LOOKS = 6  # cards ask their UPS every second or two
    NOT_ON_BATTERY = "would then not come back by itself"

    def __init__(self, config: CardConfig, now: Callable[[], Seconds], pause: Seconds = PAUSE) -> None:
        super().__init__(pause)
        self._config = config
        self._card = Card(config, now)
        self._session = Session(config)

    @property
    def where(self) -> str:
        return self._config.address

    async def reading(self) -> UpsReading:
        return await self._card.poll()

    async def arrange(self, known: _Known, after: int) -> list[str]:
        return [await self._arrange(setting) for setting in (known.off.first if known.off else ())]

    async def tell_off(self, known: _Known, after: int) -> Told:
        assert known.off is not None
        return replace(await self._send(known.off.off, after), after=after)

    async def tell_cancel(self, known: _Known) -> Told:
        able = [control for control in known.controls if control.cancel is not None]
        counting = [control for control in able if await self._left([control]) is not None]
        would = [control for control in able if control is known.off]  # what `off` is told by
        oid, value = (counting or would or able)[0].cancel or ("", 0)
        return replace(await self._send(oid, value), counted=bool(counting))

    async def left(self, known: _Known, told: Told | None = None) -> Seconds | None:
        return await self._left(known.controls, told.after if told else None)

    def must_be_allowed(self) -> None:
        if self._config.user is None and not self._config.write_community:
            raise Refused("NO_WRITE_COMMUNITY", f"{self.where}: site.toml gives no write_community for this card")

    def close(self) -> None:
        self._card.close()
        self._session.close()

    async def look(self) -> _Known:
        reading = await self._card.poll()
        profile = self._card.profile
        if profile is None or reading.link_lost:
            raise Unreachable(f"{self.where}: the card answers, but has lost its UPS")
        controls = {mib.control for mib in (*profile.mibs, RFC1628) if mib.control is not None}
        oids = sorted({oid for control in controls for oid in (control.countdown, control.off) if oid})
        values = await supported(self._session, oids)
        mibs = tuple(dict.fromkeys((*profile.mibs, RFC1628)))
        usable = tuple(mib.control for mib in mibs if mib.control is not None and _keeps_to(mib.control, values))
        return _Known(reading, _abilities(profile, mibs, usable, values), usable)

    async def _arrange(self, setting: Setting) -> str:
        """See to it that an object reads what it must, before anything begins that depends on it."""
        before = await self._read(setting.oid)
        if before in setting.good:
            return f"{setting.name} is {before:g}"
        wanted = setting.good[0]
        lost = (await self._send(setting.oid, wanted)).lost
        if await self.until(lambda: self._read(setting.oid), lambda now: now == wanted) != wanted:
            said = "does not answer" if lost else "said yes"
            why = f"{setting.name} cannot be set to {wanted}: it {said}, and reads as before"
            raise Refused("NOT_SET", f"{self.where}: {why}")
        was = f"was {before:g}" if before is not None else "was not told"
        return f"{setting.name} {was}, and is now {wanted}" + (" (its answer was lost)" if lost else "")

    async def _send(self, oid: str, value: int) -> Told:
        """SET, once."""
        what = f"{oid} was set to {value}"
        try:
            await put(self._config, [Put(oid, value)])
        except Unreachable as lost:
            return Told(what, lost)
        except Refused as refused:
            raise Refused(refused.code, f"{self.where}: {refused.detail}") from None
        return Told(what)

    async def _left(self, controls: Sequence[Control], told: int | None = None) -> Seconds | None:
        """The shortest countdown that runs; None when every object says that none does. Raises Unreachable otherwise.

        It may run in the object that was set, too. What that reads right after it was `told` counts once it falls.
        """
        oids = sorted({oid for control in controls for oid in (control.countdown, control.off) if oid})
        values = await self._session.get(oids, required=oids) if oids else {}
        running: list[Seconds] = []
        for control in controls:
            left, own = number(values[control.countdown]), number(values.get(control.off))
            if left is None or not (left == control.idle or runs(left)):
                raise Unclear(
                    f"{self.where}: {control.countdown} reads {values[control.countdown]!r}, which is no answer"
                )
            if left != control.idle:
                running.append(left)
            if own is not None and control.off != control.countdown and runs(own) and (told is None or own < told):
                running.append(own)
        return min(running, default=None)

    async def _read(self, oid: str) -> float | None:
        return number((await self._session.get([oid])).get(oid))


def _keeps_to(control: Control, values: dict[str, Value]) -> bool:
    """Whether the card has these objects, and they read as they must: idle, or a countdown."""
    left = number(values.get(control.countdown))
    return left is not None and (left == control.idle or runs(left)) and (not control.off or control.off in values)


def _abilities(profile: Profile, mibs: Sequence[Mib], usable: Sequence[Control], values: dict[str, Value]) -> Abilities:
    off = next((control for control in usable if control.off), None)
    by = " + ".join(control.name for control in usable)
    if off is None:
        own = next((mib.no_off for mib in mibs if mib.no_off), "")
        standard = RFC1628.control
        answers = standard is not None and standard.countdown in values
        other = "upsShutdownAfterDelay reads what RFC 1628 does not allow" if answers else "RFC 1628's are not answered"
        why = f"{own}, and {other}" if own else f"{profile.family} has no object for it that is known, and {other}"
        return Abilities(by, cancel=any(control.cancel for control in usable), why=why)
    able = [control for control in usable if control.cancel is not None]
    counting = [control for control in able if runs(number(values[control.countdown]) or 0.0)]
    ends = counting if off.final else able
    by = " + ".join(dict.fromkeys((off.name, *(control.name for control in ends if off.final))))
    return Abilities(by, off=True, cancel=bool(ends), on_utility=off.on_utility, note=off.note)
