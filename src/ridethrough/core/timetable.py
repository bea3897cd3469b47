"""When the steps of a host fall in an outage, beside its cards' own timers."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from .learned import GIB, NOTHING_LEARNED, Durations, Learned
from .model import CardTimers, Host, HostId, Seconds, UpsId
from .observation import Snapshot
from .policy import Timer
from .site import Site

MAINTENANCE, SHUTDOWN = "maintenance", "shutdown"


@dataclass(frozen=True, slots=True)
class Step:
    """What an option does: it `begins` after so many seconds on battery.

    `guests` VMs take `moves` seconds to move. Maintenance has moved them by `emptied`, if it comes first. `then`: what
    follows, in words.
    """

    option: str
    begins: Seconds
    guests: int
    moves: Seconds
    emptied: Seconds | None
    then: Mapping[str, Seconds]

    @property
    def parts(self) -> Mapping[str, Seconds]:
        """What it takes, in words."""
        left = self.moves if self.emptied is None else min(self.moves, max(0.0, self.emptied - self.begins))
        whole = "to move" if left == self.moves else "more to move"
        moving = {f"{whole} {self.guests} VM{'s' if self.guests > 1 else ''}": left} if left else {}
        return {**moving, **self.then}

    @property
    def takes(self) -> Seconds:
        """A sum for people, rougher than the budget that decides."""
        return sum(self.parts.values())

    @property
    def ends(self) -> Seconds:
        """When it is done."""
        return self.begins + self.takes

    def latest(self, warning_period: Seconds) -> int | None:
        """The longest timer with which it is done in a card's warning period; None when none is short enough."""
        latest = math.floor(warning_period - sum(self.then.values()))
        if self.emptied is None or self.emptied > latest:
            latest = math.floor(warning_period - sum(self.then.values()) - self.moves)
        return latest if latest >= 0 else None


def step(
    host: HostId, option: str, timer: Timer, site: Site, seen: Snapshot, learned: Learned = NOTHING_LEARNED
) -> Step:
    """The step of one option of a host, with the VMs that are on it now, as long as such things have taken before."""
    policy, past = site.policy, Durations(site.policy, learned)
    guests = seen.guests(host)
    moves = sum(vm.memory / GIB * past.per_gib(vm.id, vm.pool, host) for vm in guests)
    moves += math.ceil(len(guests) / policy.parallel) * policy.move_overhead
    if option == MAINTENANCE:
        return Step(option, timer.after, len(guests), moves, None, {})
    before = policy.of(host).maintenance
    emptied = before.after + moves if before.enabled else None
    then = {"to shut the host down": past.host_stop(host), "reserve": policy.reserve}
    return Step(option, timer.after, len(guests), moves, emptied, then)


def steps(host: HostId, site: Site, seen: Snapshot, learned: Learned = NOTHING_LEARNED) -> list[Step]:
    """The steps of a host's options that are enabled, in the order of the action table."""
    options = site.policy.of(host)
    enabled = [(o, t) for o, t in ((MAINTENANCE, options.maintenance), (SHUTDOWN, options.shutdown)) if t.enabled]
    return [step(host, option, timer, site, seen, learned) for option, timer in enabled]


def timers(ups: UpsId, site: Site, seen: Snapshot) -> CardTimers:
    """A card's timers: what it tells, else what the owner entered."""
    there = seen.upses.get(ups)
    entered = site.upses[ups].timers if ups in site.upses else CardTimers()
    return there.reading.timers.or_else(entered) if there and there.reading else entered


def shortest(host: Host, site: Site, seen: Snapshot) -> tuple[UpsId, CardTimers, Seconds] | None:
    """The card of a host's feeds with the shortest warning period, and that; None when none is known."""
    told = {ups: timers(ups, site, seen) for ups in host.powered_by}
    known = [(t.warning_period, ups, t) for ups, t in told.items() if t.warning_period is not None]
    if not known:
        return None
    period, ups, card = min(known, key=lambda entry: (entry[0], entry[1]))
    return ups, card, period
