"""What a host had left, and needed, when its way down began."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from ridethrough.core.budget import need
from ridethrough.core.decide import Decision, decide
from ridethrough.core.ends import left
from ridethrough.core.events import EvacuationBegun, ShutdownBegun
from ridethrough.core.learned import NOTHING_LEARNED, Learned
from ridethrough.core.memory import Memory
from ridethrough.core.model import HostId, Seconds
from ridethrough.core.observation import Snapshot
from ridethrough.core.power import supply
from ridethrough.core.site import Site
from ridethrough.core.situation import Situation


@dataclass(frozen=True, slots=True)
class Begun:
    """The way down of a host began `at`, for this reason, with `left` seconds of power where `needed` were needed.

    `left` is None where nothing known limits it.
    """

    at: Seconds
    left: Seconds | None
    needed: Seconds
    why: str


@dataclass(slots=True, eq=False)
class Deciding:
    """The real decisions; notes beside them how each host's way down began, the first time."""

    learned: Learned = NOTHING_LEARNED  # what the live site's journal has of how long things take
    begun: dict[HostId, Begun] = field(default_factory=dict)

    def __call__(self, now: Seconds, seen: Snapshot, memory: Memory, site: Site) -> Decision:
        if self.learned.series or self.learned.held:
            memory = replace(memory, learned=self.learned)
        decision = decide(now, seen, memory, site)
        for host, found in _begun(Situation(now, seen, memory, site), decision):
            self.begun.setdefault(host, found)
        return decision


def _begun(s: Situation, decision: Decision) -> Iterator[tuple[HostId, Begun]]:
    for event in decision.events:
        if isinstance(event, EvacuationBegun | ShutdownBegun) and event.host in s.seen.hosts:
            host = s.seen.hosts[event.host]
            needs = need(s, host)
            wanted = needs.from_evacuation if isinstance(event, EvacuationBegun) else needs.from_stops
            seconds = left(s, host) if supply(s, host.id).failing else None
            yield event.host, Begun(s.now, seconds, wanted, event.why)
