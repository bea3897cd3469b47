"""Switching a card's output off with restart, and cancelling that: every SET is read back, none is repeated."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from ridethrough.core.model import Seconds
from ridethrough.core.observation import Source, UpsReading
from ridethrough.core.wording import duration
from ridethrough.drivers.snmp.card import Card
from ridethrough.drivers.snmp.discovery import Profile, supported
from ridethrough.drivers.snmp.mibs import RFC1628, Mib
from ridethrough.drivers.snmp.mibs.table import Control, Setting
from ridethrough.drivers.snmp.session import CardConfig, Session
from ridethrough.drivers.snmp.set import Put, put
from ridethrough.ports import Refused, Unreachable
from ridethrough.ups.meaning import Value, number
from ridethrough.ups.switching import LONGEST, SHORTEST, Abilities, Switched, is_as_asked, runs

LOOKS = 6  # at what was set, until it is to be seen: cards ask their UPS every second or two
PAUSE: Seconds = 0.5


class _Unclear(Unreachable):
    """The card answers, and what it shows is neither a countdown nor none."""


@dataclass(frozen=True, slots=True)
class _Known:
    """A card as it was just now: its state, and the ways to tell it something that it has."""

    reading: UpsReading
    controls: tuple[Control, ...]
    abilities: Abilities

    @property
    def off(self) -> Control | None:
        return next((control for control in self.controls if control.off), None) if self.abilities.off else None


class CardSwitch:
    """Implements ups.switching.Switch for one card. No method may run beside another."""

    def __init__(self, config: CardConfig, now: Callable[[], Seconds]) -> None:
        self._config = config
        self._card = Card(config, now)
        self._session = Session(config)

    async def abilities(self) -> Abilities:
        """What the card can be told. Only asks."""
        return (await self._look()).abilities

    async def countdown(self) -> Seconds | None:
        """Seconds until the output is cut. Only asks."""
        return await self._left((await self._look()).controls)

    async def off_and_restart(self, after: int) -> Switched:
        """Cut the output in `after` seconds: what must be set first, read back; then the delay; then the countdown."""
        if not SHORTEST <= after <= LONGEST:
            raise Refused("SECONDS", f"a UPS is switched off after {SHORTEST} to {LONGEST} seconds")
        known = await self._look()
        control = known.off
        if control is None:
            raise Refused("CANNOT", f"{self._where}: its output cannot be switched off: {known.abilities.why}")
        self._must_be_writable()
        if not control.on_utility and (known.reading.source is not Source.BATTERY or known.reading.testing):
            raise Refused(
                "NOT_ON_BATTERY", f"{self._where}: it is not on battery, and would then not come back by itself"
            )
        if (left := await self._left(known.controls)) is not None:
            raise Refused(
                "COUNTS_DOWN", f"{self._where}: it counts down already, and cuts its output in {duration(left)}"
            )
        steps = [await self._arrange(setting) for setting in control.first]
        began = asyncio.get_running_loop().time()
        lost = await self._send(control.off, after)
        shown = await self._seen(known, after, lost)
        if not is_as_asked(shown, after, asyncio.get_running_loop().time() - began):
            told = f"it was told {duration(after)}, and counts down from {duration(shown)}: believe what it shows"
            raise Unreachable(f"{self._where}: {told}")
        return Switched((*steps, _told(control.off, after, lost)), shown)

    async def cancel(self) -> Switched:
        """End a countdown, and see it gone. A card that shows none is told all the same: not all of them show it."""
        known = await self._look()
        if not known.abilities.cancel:
            raise Refused(
                "CANNOT", f"{self._where}: nothing can be cancelled: {known.abilities.why or known.abilities.note}"
            )
        self._must_be_writable()
        able = [control for control in known.controls if control.cancel is not None]
        counting = [control for control in able if await self._left([control]) is not None]
        would = [control for control in able if control is known.off]  # what `off` is told by
        oid, value = (counting or would or able)[0].cancel or ("", 0)
        lost = await self._send(oid, value)
        if lost is not None and not counting:
            raise Unreachable(f"{lost}; it showed no countdown before, and whether one runs is not known")
        left, unclear = None, ""
        try:
            try:
                left = await self._until(known.controls, lambda left: left is None)
            except _Unclear as answer:
                unclear = str(answer)
            reading = await self._card.poll()
        except Unreachable as silent:
            unclear = str(silent)
        else:
            if reading.source is Source.OFF:
                raise Refused("OFF", f"{self._where}: it has been told, and says that its output is off")
            if reading.link_lost:
                unclear = f"{self._where}: the card has lost its UPS"
        if unclear:
            raise Unreachable(f"{unclear}. It has been told, and whether its output stays on is not known")
        if left is not None:
            raise Refused(
                "COUNTS_DOWN", f"{self._where}: it still counts down, and cuts its output in {duration(left)}"
            )
        seen = "its countdown is gone" if counting else "it showed no countdown, and shows none"
        return Switched((_told(oid, value, lost), seen))

    def close(self) -> None:
        self._card.close()
        self._session.close()

    @property
    def _where(self) -> str:
        return self._config.address

    def _must_be_writable(self) -> None:
        if self._config.user is None and not self._config.write_community:
            raise Refused("NO_WRITE_COMMUNITY", f"{self._where}: site.toml gives no write_community for this card")

    async def _look(self) -> _Known:
        reading = await self._card.poll()
        profile = self._card.profile
        if profile is None or reading.link_lost:
            raise Unreachable(f"{self._where}: the card answers, but has lost its UPS")
        controls = {mib.control for mib in (*profile.mibs, RFC1628) if mib.control is not None}
        oids = sorted({oid for control in controls for oid in (control.countdown, control.off) if oid})
        values = await supported(self._session, oids)
        mibs = tuple(dict.fromkeys((*profile.mibs, RFC1628)))
        usable = tuple(mib.control for mib in mibs if mib.control is not None and _keeps_to(mib.control, values))
        return _Known(reading, usable, _abilities(profile, mibs, usable, values))

    async def _seen(self, known: _Known, after: int, lost: Unreachable | None) -> Seconds:
        """The countdown that was just set. Raises Unreachable, with what is known, when the card does not show it."""
        unknown = f"whether it cuts its output in {duration(after)} is not known"
        try:
            shown = await self._until(known.controls, lambda left: left is not None, told=after)
        except Unreachable as silent:
            raise Unreachable(f"{silent}. It has been told, and {unknown}") from None
        if shown is None:
            said = "it did not answer" if lost else "it said yes"
            raise Unreachable(f"{self._where}: {said}, and shows no countdown: {unknown}")
        return shown

    async def _arrange(self, setting: Setting) -> str:
        """See to it that an object reads what it must, before anything begins that depends on it."""
        before = await self._read(setting.oid)
        if before in setting.good:
            return f"{setting.name} is {before:g}"
        wanted = setting.good[0]
        lost = await self._send(setting.oid, wanted)
        for look in range(LOOKS):
            if look:
                await asyncio.sleep(PAUSE)
            if await self._read(setting.oid) == wanted:
                was = f"was {before:g}" if before is not None else "was not told"
                return f"{setting.name} {was}, and is now {wanted}" + (" (its answer was lost)" if lost else "")
        now = "does not answer" if lost else "said yes"
        raise Refused(
            "NOT_SET", f"{self._where}: {setting.name} cannot be set to {wanted}: it {now}, and reads as before"
        )

    async def _send(self, oid: str, value: int) -> Unreachable | None:
        """SET, once. None when the card said yes. When its answer did not come, why: what it did must be read."""
        try:
            await put(self._config, [Put(oid, value)])
        except Unreachable as lost:
            return lost
        except Refused as refused:
            raise Refused(refused.code, f"{self._where}: {refused.detail}") from None
        return None

    async def _until(
        self, controls: Sequence[Control], is_so: Callable[[Seconds | None], bool], told: int | None = None
    ) -> Seconds | None:
        """The countdown, once it is as wanted, or as it is after a while. Raises Unreachable while it is not known."""
        for _ in range(LOOKS - 1):
            with suppress(_Unclear):
                if is_so(left := await self._left(controls, told)):
                    return left
            await asyncio.sleep(PAUSE)
        return await self._left(controls, told)

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
                raise _Unclear(
                    f"{self._where}: {control.countdown} reads {values[control.countdown]!r}, which is no answer"
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


def _told(oid: str, value: int, lost: Unreachable | None) -> str:
    said = "its answer was lost, and what it shows was read" if lost else "it said yes"
    return f"{oid} was set to {value}: {said}"
