"""Which facts about the UPSs are new in this round."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from . import events as e
from .battery import Told, jumps, share_held
from .memory import FIRST_POLLS, UpsMemory
from .model import UNTOLD, CardTimers, Percent, Seconds, UpsId
from .observation import Source, UpsReading, UpsSeen
from .power import CUT_MARGIN, is_counting, is_silent, says_battery, says_utility
from .situation import Situation
from .wording import duration

CHARGE_STEP: Percent = 10.0  # a charge lower by this much is worth keeping
DOUBT_EXPIRES: Seconds = 60.0  # a doubt that no poll has confirmed for so long says nothing any more
REST: Seconds = 60.0  # between two answers with which a card reckons anew
HELD_STEP = 0.05  # a share held that differs by this much is worth keeping
RUNTIME_DRIFT = 0.25  # and so is a runtime this far from what the last one promised
_UNSEEN = UpsSeen()


def news(s: Situation) -> list[e.Event]:
    """What the cards say that the journal does not know yet, UPS by UPS in the order of their ids."""
    upses = [_Ups(s, u, s.memory.ups(u), s.seen.upses.get(u, _UNSEEN)) for u in sorted(s.site.upses)]
    return [event for ups in upses for event in ups.news()]


def card_timers(s: Situation, ups: UpsId) -> CardTimers:
    """The card's own timers: as it tells them, else as the owner entered them."""
    seen = s.seen.upses.get(ups)
    told = seen.reading.timers if seen and seen.reading else UNTOLD
    built = s.site.upses.get(ups)
    return told.or_else(built.timers if built else UNTOLD)


def off_times(timers: CardTimers, last_utility: Seconds) -> tuple[Seconds | None, Seconds | None]:
    """When the card begins to count and when it cuts at the earliest, had utility failed right after its last poll."""
    if timers.off_after is None or timers.warning_period is None:
        return None, None
    return last_utility + timers.warning_period, last_utility + timers.off_after


def back(s: Situation, ups: UpsId) -> e.UtilityBack:
    """The end of the UPS's outage, which ended when utility power was seen again."""
    m = s.memory.ups(ups)
    ended = m.utility_since if m.utility_since is not None else s.now
    began = m.on_battery_since if m.on_battery_since is not None else ended
    return e.UtilityBack(s.now, ups, max(ended - began, 0.0))


def _told(reading: UpsReading) -> Told:
    return Told(reading.at, reading.runtime, reading.charge, reading.load)


@dataclass(frozen=True, slots=True)
class _Ups:
    """The rules for one UPS. Each yields the events of one row of behaviour.md §1."""

    s: Situation
    id: UpsId
    memory: UpsMemory
    seen: UpsSeen

    def news(self) -> Iterator[e.Event]:
        yield from self._silence()
        reading = self.seen.reading
        if reading is None or is_silent(self.s, self.id):
            yield from self._low_by_silence()
            yield from self._countdown_passed()
            return
        yield from self._test(reading)
        if self.memory.on_battery_since is None:
            yield from self._on_utility(reading)
        else:
            yield from self._in_outage(reading)
        yield from self._countdown(reading)

    # --- silence is a value -------------------------------------------------------------------------------------

    def _silence(self) -> Iterator[e.Event]:
        silent, told = is_silent(self.s, self.id), self.memory.silent_since is not None
        if silent and not told and self._has_been_asked():
            since = self.seen.answered_at if self.seen.answered_at is not None else self.s.now
            yield e.UpsSilent(self.s.now, self.id, since, self.memory.on_battery_since is not None)
        elif not silent and told:
            yield e.UpsAnswers(self.s.now, self.id)

    def _has_been_asked(self) -> bool:
        return self.seen.reading is not None or bool(self.seen.trouble)

    def _low_by_silence(self) -> Iterator[e.Event]:
        m = self.memory
        if m.on_battery_since is None or m.utility_since is not None or m.low_since is not None:
            return
        heard = max(self.seen.answered_at or m.on_battery_since, m.on_battery_since)
        if m.runtime is None and self.s.now - heard >= self.s.policy.silent_is_low:
            yield e.LowBattery(
                self.s.now, self.id, f"silent for {duration(self.s.now - heard)}, no runtime ever told", True
            )

    # --- on utility power ---------------------------------------------------------------------------------------

    def _on_utility(self, reading: UpsReading) -> Iterator[e.Event]:
        m = self.memory
        if self._says_utility(reading):
            if not m.known:
                yield e.UpsKnown(self.s.now, self.id)
            if m.doubted is not None:
                yield e.DoubtCleared(self.s.now, self.id)
            if not m.known or self._alert("profile unknown"):
                yield from self._clear("profile unknown")
        elif self._says_battery(reading):
            yield from self._battery(reading)

    def _battery(self, reading: UpsReading) -> Iterator[e.Event]:
        """Confirmed by two successive polls, or by one that also shows the input dead."""
        m, previous = self.memory, self.seen.previous
        if not m.known:
            yield from self._unknown_profile(reading)
        elif reading.input_dead:
            yield self._lost(reading, *self._began(reading), proof="the input is dead")
        elif m.doubted is not None and reading.at - m.doubted.since > DOUBT_EXPIRES:
            yield e.UtilityDoubted(self.s.now, self.id, reading.at, reading.at)
        elif m.doubted is not None and reading.at > m.doubted.since:
            yield self._lost(reading, m.doubted.since, m.doubted.last_utility, proof="two polls")
        elif m.doubted is None and previous is not None and self._says_battery(previous):
            yield self._lost(reading, *self._began(previous), proof="two polls")
        elif m.doubted is None:
            since, last_utility = self._began(reading)
            yield e.UtilityDoubted(self.s.now, self.id, since, last_utility)

    def _began(self, first: UpsReading) -> tuple[Seconds, Seconds]:
        """When the outage was first seen, and the last poll before that; a doubt has kept both."""
        if self.memory.doubted is not None:
            return self.memory.doubted.since, self.memory.doubted.last_utility
        previous = self.seen.previous
        if previous is not None and previous.at < first.at and self._says_utility(previous):
            return first.at, previous.at
        return first.at, self._last_watched(first)

    def _last_watched(self, first: UpsReading) -> Seconds:
        """The card was first heard on battery after this start: it may have failed at any time since a life that saw
        it on utility power, the last that is known to have lasted.

        But the card has not cut its output yet, so no earlier than its timers allow. In what that leaves, the middle:
        by the worst case guests would be stopped hard at once, for an outage that may have begun a moment ago.
        """
        poll, alive = first.at - self.s.policy.poll, self.s.memory.alive_until or 0.0
        if self.seen.previous is not None and first.at - self.s.memory.started_at >= FIRST_POLLS:
            return poll  # this life was watching already, whatever else the card said
        off_after = card_timers(self.s, self.id).off_after
        if alive >= poll or off_after is None:
            return poll
        return min(max(alive, first.at - off_after / 2), poll)

    def _unknown_profile(self, reading: UpsReading) -> Iterator[e.Event]:
        """Battery from first contact: some DC-fed devices always say so. Believed once something proves it."""
        m = self.memory
        fell = m.charge is not None and reading.charge is not None and reading.charge < m.charge
        if reading.input_dead or reading.low_battery or fell:
            proof = (
                "the input is dead" if reading.input_dead else "low battery" if reading.low_battery else "charge falls"
            )
            yield from self._clear("profile unknown")
            yield self._lost(reading, reading.at, reading.at, proof=proof)
            return
        if self._alert("profile unknown") is None:
            yield e.RuntimeTold(self.s.now, self.id, reading.runtime, reading.charge)
            text = (
                f"{self.id} says battery since first contact: nothing is done until its charge falls, "
                "its input is dead or it is low"
            )
            yield e.Alerted(self.s.now, self.id, "profile unknown", text)

    def _lost(self, reading: UpsReading, since: Seconds, last_utility: Seconds, proof: str) -> e.UtilityLost:
        """The outage. One that follows another inside a minute goes on counting, and has to settle for longer."""
        m, policy = self.memory, self.s.policy
        settle = policy.settle
        if m.back_at is not None and since - m.back_at < policy.flap_window:
            settle = min(max(m.settle, policy.settle) * 2, policy.settle_max)
            since -= m.lasted
        counts_at, off_at = off_times(card_timers(self.s, self.id), last_utility)
        told = (reading.runtime, reading.charge, settle, proof, reading.load)
        return e.UtilityLost(self.s.now, self.id, since, last_utility, counts_at, off_at, *told)

    # --- in an outage -------------------------------------------------------------------------------------------

    def _in_outage(self, reading: UpsReading) -> Iterator[e.Event]:
        m = self.memory
        if self._says_utility(reading):
            if m.utility_since is None:
                yield e.UtilitySeen(self.s.now, self.id, reading.at, m.settle or self.s.policy.settle)
                yield from self._measured()
            elif reading.at - m.utility_since >= m.settle and not is_counting(self.s, self.id):
                yield back(self.s, self.id)
        elif self._says_battery(reading) and self._is_another(reading):
            yield self._lost(reading, reading.at, reading.at, proof="an outage that began while nobody watched")
        elif self._says_battery(reading):
            if m.utility_since is not None:
                yield self._lost_again(reading, m.utility_since)
            yield from self._runtime(reading)
            yield from self._low(reading)
        elif reading.source is Source.OFF and m.utility_since is not None:
            yield e.OutputOff(self.s.now, self.id)

    def _is_another(self, reading: UpsReading) -> bool:
        """The first reading after a blind time says battery, and the outage of before cannot have lasted until now."""
        m = self.memory
        told_at = m.told_at if m.told_at is not None else m.on_battery_since
        if self.seen.previous is not None or told_at is None or self.s.now - told_at < self.s.policy.flap_window:
            return False
        cut = m.off_at is not None and self.s.now > m.off_at + 2 * self.s.policy.flap_window
        spent = m.runtime is not None and self.s.now - told_at > m.runtime
        charged = m.charge is not None and reading.charge is not None and reading.charge > m.charge
        return cut or spent or charged

    def _lost_again(self, reading: UpsReading, seen_at: Seconds) -> e.UtilityLostAgain:
        m, previous = self.memory, self.seen.previous
        last_utility = previous.at if previous is not None and self._says_utility(previous) else seen_at
        so_far = seen_at - (m.on_battery_since or seen_at)
        counts_at, off_at = off_times(card_timers(self.s, self.id), last_utility)
        over = previous is not None and m.off_at is not None and last_utility >= m.off_at + CUT_MARGIN
        if m.counts_at is not None and counts_at is not None and seen_at >= m.counts_at and not over:
            counts_at, off_at = m.counts_at, m.off_at  # it may have been counting already, and go on
        settle = min((m.settle or self.s.policy.settle) * 2, self.s.policy.settle_max)
        told = (reading.runtime, reading.charge, reading.load)
        since = reading.at - so_far
        return e.UtilityLostAgain(self.s.now, self.id, since, last_utility, counts_at, off_at, settle, *told)

    def _runtime(self, reading: UpsReading) -> Iterator[e.Event]:
        m = self.memory
        if reading.runtime is None and reading.charge is None:
            return
        fell = m.charge is None or (reading.charge is not None and m.charge - reading.charge >= CHARGE_STEP)
        anew = self._reckons_anew(reading)
        if anew or (fell and reading.charge is not None) or self._drifted(reading):
            before = self.seen.previous.load if self.seen.previous is not None else None
            yield e.RuntimeTold(self.s.now, self.id, reading.runtime, reading.charge, reading.load, before, anew)

    def _reckons_anew(self, reading: UpsReading) -> bool:
        """Not told again for a while: what jumps on and on shows nothing."""
        previous, discharge = self.seen.previous, self.memory.discharge
        if previous is None or discharge is None or previous.at < discharge.start.at or previous.at >= reading.at:
            return False
        rested = self.s.now - discharge.last.at >= REST or discharge.last == discharge.start
        return rested and reading.at > discharge.last.at and jumps(_told(previous), _told(reading))

    def _measured(self) -> Iterator[e.BatteryMeasured]:
        """What the battery has shown in this outage, where that is new."""
        previous, discharge = self.seen.previous, self.memory.discharge
        if discharge is None:
            return
        is_later = previous is not None and self._says_battery(previous) and previous.at >= discharge.last.at
        last = _told(previous) if previous is not None and is_later else discharge.last
        held, known = share_held(discharge, last), self.s.memory.learned.held.get(self.id, 1.0)
        if held is not None and abs(held - known) >= HELD_STEP:
            yield e.BatteryMeasured(self.s.now, self.id, held)

    def _drifted(self, reading: UpsReading) -> bool:
        m = self.memory
        if reading.runtime is None:
            return False
        if m.runtime is None or m.told_at is None:
            return True
        promised = max(m.runtime - (reading.at - m.told_at), 0.0)
        return abs(reading.runtime - promised) > max(RUNTIME_DRIFT * m.runtime, 60.0)

    def _low(self, reading: UpsReading) -> Iterator[e.Event]:
        """Low battery is confirmed by two polls unless the runtime is short too."""
        if not reading.low_battery or self.memory.low_since is not None:
            return
        previous = self.seen.previous
        twice = previous is not None and previous.low_battery and self._says_battery(previous)
        short = reading.runtime is not None and reading.runtime <= self.s.policy.low_battery_left
        if twice or short:
            yield e.LowBattery(self.s.now, self.id, "two polls" if twice else "its runtime is short")

    # --- the card's countdown -----------------------------------------------------------------------------------

    def _countdown(self, reading: UpsReading) -> Iterator[e.Event]:
        m = self.memory
        if reading.countdown is not None:
            cut_at = reading.at + reading.countdown
            if m.cut_at is None or abs(m.cut_at - cut_at) > 5.0:
                yield e.CountdownSeen(self.s.now, self.id, cut_at)
        elif m.cut_at is not None and reading.tells_countdown and reading.at < m.cut_at - 1.0:
            yield e.CountdownOver(self.s.now, self.id, cancelled=True)
        else:
            yield from self._countdown_passed()

    def _countdown_passed(self) -> Iterator[e.Event]:
        cut_at = self.memory.cut_at
        if cut_at is not None and self.s.now >= cut_at + CUT_MARGIN:
            yield e.CountdownOver(self.s.now, self.id, cancelled=False)

    # --- tests --------------------------------------------------------------------------------------------------

    def _test(self, reading: UpsReading) -> Iterator[e.Event]:
        told = self._alert("test") is not None
        if reading.testing and not told:
            yield e.Alerted(
                self.s.now, self.id, "test", f"{self.id} tests its battery: not an outage while its input is good"
            )
        elif not reading.testing and told:
            yield from self._clear("test")

    def _says_battery(self, reading: UpsReading) -> bool:
        return says_battery(reading, self._test_since(), self.s.policy.test_expires)

    def _says_utility(self, reading: UpsReading) -> bool:
        return says_utility(reading, self._test_since(), self.s.policy.test_expires)

    def _test_since(self) -> Seconds | None:
        alert = self._alert("test")
        return alert.at if alert else None

    def _alert(self, key: str) -> e.Alerted | None:
        return self.s.memory.alerts.get((self.id, key))

    def _clear(self, key: str) -> Iterator[e.Event]:
        if self._alert(key) is not None:
            yield e.AlertCleared(self.s.now, self.id, key)
