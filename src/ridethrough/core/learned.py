"""How long things have taken: the last of each kind, by what they were done to, and what to expect by that."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from .model import Bytes, HostId, PoolId, Seconds, UpsId, VmId
from .policy import Policy

KEPT = 20  # of each kind and subject
MOST = 5000  # subjects; the one that was longest ago goes first
ENOUGH = 3  # of its own may make an expectation shorter; a single one makes it longer
ENOUGH_OF_ALL = 5  # the same, of its pool's or its site's together
SHARE = 0.95
GROWTH = 1.5  # times what it got when it was broken off
GIB = 2**30

SHORTEST_STOP: Seconds = 5.0  # of a guest
SHORTEST_HOST_STOP: Seconds = 30.0  # ten seconds of delay, then its system
LONGEST_STOPS = 3  # times the owner's longest clean stop: a guest that always took longer gets no more
SILENT_BEFORE_OFF: Seconds = 10.0  # a host that stops is not heard any more before it is off


class Kind(StrEnum):
    """What was done. A move is kept as link-seconds for each GiB: as if it had had the link for itself."""

    STOP = "stop"
    START = "start"
    MOVE = "move"
    MOVE_FROM = "move from"
    MOVE_TO = "move to"
    HOST_STOP = "host stop"
    BOOT = "boot"


@dataclass(frozen=True, slots=True)
class Took:
    """One of them. `at_least`: it was broken off then, and would have taken longer."""

    seconds: Seconds
    at_least: bool = False


@dataclass(frozen=True, slots=True)
class Series:
    """The last of one kind, done to one subject; the oldest first.

    `whole`: how many were not broken off, and `usual` is what 95 % of those took at most. `least`: the longest of the
    others.
    """

    took: tuple[Took, ...] = ()
    whole: int = 0
    usual: Seconds = 0.0
    least: Seconds = 0.0

    def with_(self, one: Took) -> Series:
        """The series with one more; the oldest goes."""
        took = (*self.took, one)[-KEPT:]
        whole = sorted(t.seconds for t in took if not t.at_least)
        usual = whole[math.ceil(SHARE * len(whole)) - 1] if whole else 0.0
        return Series(took, len(whole), usual, max((t.seconds for t in took if t.at_least), default=0.0))


_NONE = Series()


_PREFIX = {kind: f"{kind.value}:" for kind in Kind}


def key(kind: Kind, subject: str = "") -> str:
    """Under which name a series is kept; without a subject: of the whole site."""
    return _PREFIX[kind] + subject


@dataclass(frozen=True, slots=True)
class Learned:
    """Every series by its key. It outlasts an outage: the journal is folded into it for as long as there is one."""

    series: Mapping[str, Series] = field(default_factory=dict)
    held: Mapping[UpsId, float] = field(default_factory=dict)  # the share of its card's promises, where it was measured

    def with_(self, one: Took, *keys: str) -> Learned:
        """What is known with one more, of all these subjects."""
        series = dict(self.series)
        for each in keys:
            series[each] = series.pop(each, _NONE).with_(one)  # last: the longest unheard of stands first
        while len(series) > MOST:
            del series[next(iter(series))]
        return replace(self, series=series)

    def joined(self, other: Learned) -> Learned:
        """Both; they are of different parts of a site."""
        return Learned({**self.series, **other.series}, {**self.held, **other.held})

    def expected(self, safe: Seconds, own: str, *others: str, patience: Seconds = math.inf) -> Seconds:
        """What its own past says; with too little of that the first of `others` with enough; else the safe constant.

        Slower is believed at once, faster only after several. What was broken off is expected to take longer than it
        got, but not longer than `patience`: it may never end.
        """
        series = self.series
        known = series.get(own, _NONE)
        least = min(GROWTH * known.least, patience)
        if known.whole >= ENOUGH:
            return max(known.usual, least)
        for other in others:
            if (wider := series.get(other, _NONE)).whole >= ENOUGH_OF_ALL:
                safe = wider.usual
                break
        return safe if known is _NONE else max(safe, known.usual, least)

    def knows(self, own: str) -> bool:
        """Whether anything is known of it."""
        return own in self.series


NOTHING_LEARNED = Learned()


@dataclass(frozen=True, slots=True)
class Durations:
    """What to expect of each, from what was learned, and from the safe constants of the policy until then."""

    policy: Policy
    learned: Learned = NOTHING_LEARNED

    def stop(self, vm: VmId, pool: PoolId) -> Seconds:
        """Of a guest, cleanly."""
        safe = self.policy.guest_stop_estimate
        patience = self.policy.guest_stop
        found = self.learned.expected(safe, key(Kind.STOP, vm), key(Kind.STOP, pool), patience=patience)
        longest = max(LONGEST_STOPS * self.policy.guest_stop, safe)
        return found if found == safe else min(max(found, SHORTEST_STOP), longest)

    def longest_stop(self, vm: VmId, pool: PoolId) -> Seconds:
        """How long a guest gets when nothing presses: the owner's time, or more where it always took longer."""
        longest = LONGEST_STOPS * self.policy.guest_stop
        return max(self.policy.guest_stop, min(1.5 * self.stop(vm, pool), longest))

    def start(self, vm: VmId, pool: PoolId) -> Seconds:
        """Of a guest, until it runs."""
        return self.learned.expected(self.policy.guest_start, key(Kind.START, vm), key(Kind.START, pool))

    def per_gib(self, vm: VmId, pool: PoolId, source: HostId | None) -> Seconds:
        """To move it with a link for itself, by its own moves, those off its host, or those in its pool."""
        safe = GIB / self.policy.link_speed
        of_link = self.link_out(source, pool) if source is not None else safe
        return self.learned.expected(of_link, key(Kind.MOVE, vm))

    def link_out(self, host: HostId, pool: PoolId) -> Seconds:
        """Seconds for each GiB that leaves a host."""
        return self._link(Kind.MOVE_FROM, host, pool)

    def link_in(self, host: HostId, pool: PoolId) -> Seconds:
        """Seconds for each GiB that arrives at a host."""
        return self._link(Kind.MOVE_TO, host, pool)

    def _link(self, kind: Kind, host: HostId, pool: PoolId) -> Seconds:
        return self.learned.expected(GIB / self.policy.link_speed, key(kind, host), key(Kind.MOVE, pool))

    def move(self, vm: VmId, size: Bytes, pool: PoolId, source: HostId | None) -> Seconds:
        """Of a VM, alone on its link."""
        return size / GIB * self.per_gib(vm, pool, source) + self.policy.move_overhead

    def host_stop(self, host: HostId) -> Seconds:
        """Of an empty host, from the order until it is off."""
        safe = self.policy.host_stop
        found = self.learned.expected(safe, key(Kind.HOST_STOP, host), key(Kind.HOST_STOP))
        return found if found == safe else max(found + SILENT_BEFORE_OFF, SHORTEST_HOST_STOP)

    def boot(self, host: HostId) -> Seconds:
        """Of a host, from its supply or the order to start until its pool has it back."""
        return self.learned.expected(self.policy.host_start, key(Kind.BOOT, host), key(Kind.BOOT))
