"""What a controller sees of a scenario: its four values at one moment, or at every round."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from ridethrough.core.decide import Decision, decide
from ridethrough.core.memory import Memory
from ridethrough.core.model import Seconds
from ridethrough.core.observation import Snapshot
from ridethrough.core.site import Site
from ridethrough.core.situation import Situation

from .scenario import Expectation, Scenario, play


def situation_at(scenario: Scenario, at: Seconds = 0.0) -> Situation:
    """As it is after the last round up to this second of the scenario; before anything happened at second 0."""
    happened = tuple(h for h in scenario.timeline if h.at < at)
    short = replace(scenario, timeline=happened, until=max(at, 0.0), expect=Expectation(), crash_exceptions=())
    found: list[Situation] = []
    play(short, decide=watching(lambda s, _: found.append(s)))
    return found[-1]


def watching(round_done: Callable[[Situation, Decision], None]) -> Callable[..., Decision]:
    """The real decisions; `round_done` is told the situation behind each of them, and what was decided."""

    def deciding(now: Seconds, seen: Snapshot, memory: Memory, site: Site) -> Decision:
        decision = decide(now, seen, memory, site)
        round_done(Situation(now, seen, memory, site).after(list(decision.events)), decision)
        return decision

    return deciding
