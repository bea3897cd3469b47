"""From readings to the condition of each UPS, and from there to the supply of each host and storage."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from . import events as e
from .memory import UpsMemory
from .model import Controller, Host, HostId, Seconds, Storage, StorageId, Switch, SwitchId, UpsId
from .observation import Source, UpsReading
from .situation import Situation, once

CARRIED = frozenset({Source.UTILITY, Source.BYPASS, Source.BOOST, Source.TRIM, Source.ECO})
CUT_MARGIN: Seconds = 10.0  # a cut counts as passed this long after its time


class Feed(StrEnum):
    """What a UPS gives the machines on it."""

    GOOD = "good"  # utility power, or silent since utility power
    ON_BATTERY = "on battery"
    SETTLING = "settling"  # utility power seen again, not yet believed
    OFF = "off"  # the card says off or standby: does not count, starts nothing
    UNKNOWN = "unknown"  # never answered, or says battery without ever having been seen on utility power


class Supply(StrEnum):
    """What the feeds of a host add up to."""

    FULL = "full"
    REDUCED = "reduced"
    ASSUMED = "assumed"  # the host names no UPS
    SETTLING = "settling"
    ON_BATTERY = "on battery"
    LOST = "lost"
    UNKNOWN = "unknown"


POWERED = frozenset({Supply.FULL, Supply.REDUCED, Supply.ASSUMED})
FAILING = frozenset({Supply.ON_BATTERY, Supply.LOST})


@dataclass(frozen=True, slots=True)
class HostSupply:
    """A host's supply; `since` is when its outage clock started, None while it does not run."""

    state: Supply
    since: Seconds | None = None

    @property
    def powered(self) -> bool:
        return self.state in POWERED

    @property
    def failing(self) -> bool:
        return self.state in FAILING


def says_battery(reading: UpsReading, test_since: Seconds | None, test_expires: Seconds) -> bool:
    """Whether one reading alone speaks of an outage.

    A test or calibration is none while the input is within limits; its label expires (NUT issues 2104, 2168).
    """
    if reading.source is not Source.BATTERY:
        return False
    if not reading.testing:
        return True
    expired = test_since is not None and reading.at - test_since > test_expires and reading.input_good is not True
    return expired or reading.input_dead or reading.input_good is False


def says_utility(reading: UpsReading, test_since: Seconds | None, test_expires: Seconds) -> bool:
    """Whether one reading speaks of utility power."""
    if reading.source is Source.BATTERY:
        return not says_battery(reading, test_since, test_expires)
    return reading.source in CARRIED


def is_silent(s: Situation, ups: UpsId) -> bool:
    """No good answer for `silent_after` seconds."""
    seen = s.seen.upses.get(ups)
    at = seen.answered_at if seen else None
    return at is None or s.now - at > s.policy.silent_after


def is_counting(s: Situation, ups: UpsId) -> bool:
    """Whether the card counts down to cutting its output, or may be counting without our being able to tell.

    Cards exist that cancel when utility power returns, and cards that do not.
    """
    m = s.memory.ups(ups)
    if m.cut_at is not None:
        return s.now < m.cut_at + CUT_MARGIN
    if m.cut_due is not None and s.now < m.cut_due + CUT_MARGIN:
        return True  # we have told it to
    return counts_by_its_timers(s, ups)


def counts_by_its_timers(s: Situation, ups: UpsId) -> bool:
    """Whether the card may be counting down since its warning period has passed, and does not deny it."""
    m = s.memory.ups(ups)
    if m.on_battery_since is None or m.counts_at is None or m.off_at is None:
        return False
    if m.utility_since is not None and m.utility_since < m.counts_at:
        return False  # utility power was back before the card's warning period had passed
    slack = m.on_battery_since - m.last_utility  # the true failure lies between the two
    if not m.counts_at <= s.now < m.off_at + max(slack, 0.0) + CUT_MARGIN:
        return False
    return not _denies_countdown(s, ups)


def _denies_countdown(s: Situation, ups: UpsId) -> bool:
    """The card would show a running countdown, and shows none now."""
    seen = s.seen.upses.get(ups)
    reading = seen.reading if seen else None
    return reading is not None and not is_silent(s, ups) and reading.tells_countdown and reading.countdown is None


@once
def feed(s: Situation, ups: UpsId) -> Feed:
    """What this UPS gives now."""
    m = s.memory.ups(ups)
    if m.on_battery_since is not None:
        returns = m.utility_since is not None and not is_counting(s, ups)
        return Feed.SETTLING if returns or _is_not_asked_yet(s, ups) else Feed.ON_BATTERY
    seen = s.seen.upses.get(ups)
    reading = seen.reading if seen else None
    if reading is None and m.known and s.now - s.memory.started_at <= s.policy.feed_silent_after:
        return Feed.SETTLING  # a controller that has just started waits for the card's first answer
    if reading is None or not m.known:
        return Feed.UNKNOWN
    if reading.source is Source.OFF:
        return Feed.OFF
    return Feed.SETTLING if _was_off(s, ups, m) else Feed.GOOD


def _was_off(s: Situation, ups: UpsId, m: UpsMemory) -> bool:
    """Its output came back a moment ago: it must hold like utility power after an outage."""
    lately = m.off_until is not None and s.now - m.off_until < s.policy.settle
    return lately or (ups, e.OFF) in s.memory.alerts


def _is_not_asked_yet(s: Situation, ups: UpsId) -> bool:
    """A controller that has just started or resumed knows of an outage from before; it may have ended meanwhile.

    Until the card's first answer, or the first that did not come, nothing begins by it and nothing is undone.
    """
    seen = s.seen.upses.get(ups)
    asked = seen is not None and (seen.reading is not None or bool(seen.trouble))
    return not asked and s.now - s.memory.started_at <= s.policy.silent_after


@dataclass(frozen=True, slots=True)
class Feeds:
    """The feeds of one host or storage, by what they are worth now. `gone` are those that do not count, with their
    moment.
    """

    good: tuple[UpsId, ...]
    settling: tuple[UpsId, ...]
    failing: tuple[UpsId, ...]
    gone: tuple[tuple[UpsId, Seconds], ...]


@once
def feeds_of(s: Situation, host: HostId | StorageId | SwitchId) -> Feeds:
    """Sort a machine's feeds. A silent one stops to count once another is on battery; so does one that says off."""
    built = s.site.fed(host)
    named = built.powered_by if built is not None else ()
    found = {ups: _worth(s, host, ups) for ups in named}
    failing = tuple(u for u, f in found.items() if f is Feed.ON_BATTERY)
    silent = {
        u for u, f in found.items() if f is Feed.GOOD and failing and _heard(s, u) is not None and _too_silent(s, u)
    }
    good = tuple(u for u, f in found.items() if f is Feed.GOOD and u not in silent)
    settling = tuple(u for u, f in found.items() if f is Feed.SETTLING)
    counted = good + settling + failing
    return Feeds(good, settling, failing, tuple((u, _gone_since(s, u)) for u in named if u not in counted))


def _worth(s: Situation, host: HostId, ups: UpsId) -> Feed:
    """As the UPS's feed, but for a host that started anew behind a card that fell silent and has cut: it has power."""
    found, returned = feed(s, ups), s.memory.host(host).returned_at
    if found is Feed.ON_BATTERY and returned is not None and is_silent(s, ups) and is_cut(s, ups):
        cut = s.memory.ups(ups).off_at
        return Feed.SETTLING if cut is not None and returned > cut else found
    return found


@once
def supply(s: Situation, host: HostId | StorageId | SwitchId) -> HostSupply:
    """What the feeds of a machine add up to. One that names no UPS is assumed powered."""
    built = s.site.fed(host)
    if built is None or not built.powered_by:
        return HostSupply(Supply.ASSUMED)
    feeds = feeds_of(s, host)
    if len(feeds.good) >= built.needs:
        return HostSupply(Supply.FULL if len(feeds.good) == len(built.powered_by) else Supply.REDUCED)
    if len(feeds.good) + len(feeds.settling) >= built.needs:
        return HostSupply(Supply.SETTLING)
    if not feeds.failing:
        return HostSupply(Supply.SETTLING if feeds.settling else Supply.UNKNOWN)
    state = Supply.LOST if all(is_cut(s, u) for u in feeds.failing) else Supply.ON_BATTERY
    return HostSupply(state, _clock_start(s, built, feeds))


def is_cut(s: Situation, ups: UpsId) -> bool:
    """Whether the time at which the card cuts its output has surely passed."""
    m = s.memory.ups(ups)
    if m.utility_since is not None:
        return False
    times = [t for t in (m.cut_at, _latest_off(m)) if t is not None]
    return bool(times) and s.now >= min(times) + CUT_MARGIN


def _latest_off(m: UpsMemory) -> Seconds | None:
    if m.off_at is None or m.on_battery_since is None:
        return None
    return m.off_at + max(m.on_battery_since - m.last_utility, 0.0)


def _too_silent(s: Situation, ups: UpsId) -> bool:
    """A feed silent for long does not count once another feed of the host is on battery."""
    return s.now - (_heard(s, ups) or 0.0) > s.policy.feed_silent_after


def _heard(s: Situation, ups: UpsId) -> Seconds | None:
    """When the card was last heard; since a start of ours that it has not answered yet, that start."""
    seen = s.seen.upses.get(ups)
    at = seen.answered_at if seen else None
    return at if at is not None else s.memory.started_at


def _gone_since(s: Situation, ups: UpsId) -> Seconds:
    """When a feed stopped to count: silence after its time, off and unknown when they were first told."""
    told = s.memory.alerts.get((ups, e.OFF)) or s.memory.alerts.get((ups, "degraded"))
    if told is not None:
        return told.at
    heard = _heard(s, ups)
    return heard + s.policy.feed_silent_after if heard is not None and _too_silent(s, ups) else s.now


def _clock_start(s: Situation, host: Host | Storage | Switch | Controller, feeds: Feeds) -> Seconds:
    """When the lost feeds became too many: the clock starts with the first that could not be spared."""
    begun = [s.memory.ups(u).on_battery_since for u in feeds.failing]
    lost = [s.now if at is None else at for at in begun] + [at for _, at in feeds.gone]
    spare = len(host.powered_by) - host.needs
    return sorted(lost)[min(max(spare, 0), len(lost) - 1)]


def backs_of(s: Situation, host: HostId | StorageId) -> list[Seconds]:
    """When utility power last came back to each of the host's or storage's feeds, and its battery was no longer waited
    for.
    """
    built = s.site.fed(host)
    upses = [s.memory.ups(u) for u in (built.powered_by if built else ())]
    return [max(u.back_at or 0.0, u.recharged_at or 0.0) for u in upses] or [0.0]
